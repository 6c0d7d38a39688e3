"""``wheelbridge map survey``: which projects of the tables an index really has."""

from collections.abc import Sequence
from pathlib import Path

from wheelbridge.api.mapping.survey import SurveyRequest, survey_index, write_survey
from wheelbridge.cli.options import Output
from wheelbridge.cli.output import out, print_json
from wheelbridge.cli.progress import steps
from wheelbridge.tables import find_mappings
from wheelbridge.tables.shipped import refuse_shipped


def run(*, index: str, source: Path | None, repodata: Sequence[Path], mappings: Path | None, as_json: bool) -> int:
    """Ask the index, and keep what it said as an input of the tables."""
    refuse_shipped(mappings, hint="Work in a checkout, or name a folder with --mappings.")
    folder = (mappings or find_mappings()).absolute()
    request = SurveyRequest(mappings=folder, index=index, source=source, repodata=tuple(repodata))
    with steps(Output(as_json=as_json)) as progress:
        survey = survey_index(request, progress)
    path = write_survey(folder, survey)
    if as_json:
        counts = {"present": len(survey.present), "foreign": len(survey.foreign)}
        print_json({"success": True, "file": str(path), "asked": survey.asked, "counts": counts})
        return 0
    out().print(f"{len(survey.present)} projects are there; {len(survey.foreign)} share no version with conda's.")
    out().print(f"Written to {path}; now: wheelbridge map sync")
    return 0
