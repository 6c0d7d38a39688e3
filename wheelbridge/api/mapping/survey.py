"""The survey of an index: each project that a dist-info is named after is asked for, once."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from wheelbridge.api.mapping.sync import PinFetcher
from wheelbridge.api.places import Caches
from wheelbridge.api.providers import Provider, open_providers
from wheelbridge.api.sources import read_sources
from wheelbridge.errors import UsageError
from wheelbridge.mapping.decide import decide_all
from wheelbridge.mapping.evidence import Evidence
from wheelbridge.mapping.pins import Pin, Role
from wheelbridge.mapping.survey import Survey, is_foreign, read_versions
from wheelbridge.model.name import CondaName, NormalizedName
from wheelbridge.solver.problem import Progress
from wheelbridge.solver.threads import Threads
from wheelbridge.tables.bulk import Input, make_table
from wheelbridge.tables.load import CHANNEL
from wheelbridge.tables.pinned import PINS, check_input, kept_path, read_input, read_pins, render_pins
from wheelbridge.tables.writing import write_file

_THREADS = 16
_STEP = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyRequest:
    """What to ask.

    Attributes:
        mappings: the folder of the tables.
        index: the index, as ``--index`` takes it.
        source: a folder with the inputs of the tables; None: they are fetched.
        repodata: folders of a channel's subdirs, whose versions are compared.
    """

    mappings: Path
    index: str
    source: Path | None = None
    repodata: tuple[Path, ...] = ()


def survey_index(request: SurveyRequest, progress: Progress) -> Survey:
    """Ask the index for every project that the inputs of the tables know.

    Raises:
        UsageError: if the index has none of them: it is another one than was meant.
        WheelbridgeError: if an input is missing, or the index does not answer: half a survey would drop names.
    """
    pins = [pin for pin in read_pins(request.mappings) if CHANNEL in pin.channels and pin.role is not Role.SURVEY]
    evidence = make_table(request.mappings, CHANNEL, map(partial(_load, request), pins)).evidence
    versions = _read_repodata(request.repodata)
    answers = {row.pypi: row.conda for row in decide_all(evidence) if row.conda}
    present, foreign = set(), set()
    provider = _open(request.index)
    for project, files in _ask(provider, sorted(_asked(evidence)), progress):
        if files:
            present.add(project)
            if is_foreign(read_versions(files), versions.get(answers.get(project) or CondaName(""), ())):
                foreign.add(project)
    if not present:
        raise UsageError(f"The index {request.index!r} has none of the projects", hint="Check its URL.")
    return Survey(asked=_today(), present=frozenset(present), foreign=frozenset(foreign))


def write_survey(mappings: Path, survey: Survey) -> Path:
    """Keep a survey beside the pins, and pin it; return the file.

    Raises:
        UsageError: if no pin is for it.
    """
    pin = next((pin for pin in read_pins(mappings) if pin.role is Role.SURVEY), None)
    if pin is None:
        raise UsageError(f"No pin of {PINS} has the role 'survey'", hint="Add one, local, as its head explains.")
    data = survey.render().encode()
    path = kept_path(mappings, pin)
    write_file(path, data)
    moved: Mapping[str, Pin] = {pin.name: replace(pin, sha256=hashlib.sha256(data).hexdigest())}
    write_file(mappings / PINS, render_pins(mappings, moved))
    return path


def _load(request: SurveyRequest, pin: Pin) -> Input:
    data = read_input(request.mappings, pin, request.source)
    return Input(pin, check_input(PinFetcher()(pin) if data is None else data, pin))


def _asked(evidence: Evidence) -> Collection[NormalizedName]:
    return evidence.projects.union(*evidence.locked.values())


def _open(index: str) -> Provider:
    (source,) = read_sources([("index", index)], defaults=False)
    return open_providers([source], Caches.default(), offline=False)[source.name]


def _ask(
    provider: Provider, projects: Collection[NormalizedName], progress: Progress
) -> Iterable[tuple[NormalizedName, list[str]]]:
    """Yield every project, and the names of its files; none where the index does not have it."""
    with Threads(_THREADS) as executor:
        pages = executor.map(provider.project_page, projects)
        for number, (project, page) in enumerate(zip(projects, pages, strict=True)):
            if number % _STEP == 0:
                progress.step(f"Asking the index ({number} of {len(projects)})")
            yield project, [file.filename for file in page.files] if page else []


def _read_repodata(folders: Iterable[Path]) -> Mapping[CondaName, set[str]]:
    """Return conda name -> versions, of ``*/repodata.json``."""
    versions: dict[CondaName, set[str]] = defaultdict(set)
    for path in (path for folder in folders for path in sorted(folder.glob("*/repodata.json"))):
        data = json.loads(path.read_bytes())
        for record in (*data.get("packages", {}).values(), *data.get("packages.conda", {}).values()):
            versions[CondaName(record["name"])].add(record["version"])
    return versions


def _today() -> str:
    return date.today().isoformat()  # noqa: DTZ011 - the day where it was asked
