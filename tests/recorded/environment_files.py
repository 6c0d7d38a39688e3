"""Real environment files on the recorded data: what is asked, what the recording lacks, what the rest comes to.

``python -m tests.recorded.environment_files`` writes the table of the documentation.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import zstandard
from packaging.utils import canonicalize_name
from rattler import Channel, MatchSpec, PackageName, SparseRepoData

from tests.loopback import RECORDED, LoopbackIndex, unpack_recorded
from wheelbridge.api.manifests.reading import read_files
from wheelbridge.api.manifests.settings import Files
from wheelbridge.api.manifests.sources import add_files
from wheelbridge.api.places import Caches
from wheelbridge.api.solving import Settings, Silent, solve_request
from wheelbridge.api.sources import DEFAULTS, SourceChoice, gather_sources
from wheelbridge.api.specs import Request
from wheelbridge.configuration.conda_channels import CondaChannels
from wheelbridge.configuration.levels import Levels
from wheelbridge.environment.manifest import Stated
from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.source import Source
from wheelbridge.solver.errors import NoWheelError, PackageNotFoundError
from wheelbridge.solver.problem import Solution
from wheelbridge.target.detect import detect_target
from wheelbridge.translate.requirement import parse_requirement

DATA = RECORDED.parent
FILES = DATA / "environments"
TABLE = Path(__file__).parents[2] / "docs" / "reference" / "environment-files.md"
FACTS = ("__glibc=2.36", "__cuda=12.8")
_SUBDIRS = ("linux-64", "noarch")
_INTRODUCTION = """# Real environment files

{files} files that mix conda dependencies and a `pip:` section, out of public repositories, as wheelbridge reads them:
solved for `linux-64` on a recording of conda-forge, pytorch, nvidia and the public index. The recording is a part of
those: what it does not have is named, and the rest of the file is solved, conda's and pip's part in one solve. Links
(repositories, archives, the project's own folder) are not at hand here, either.

Of {met} files, the rest can be met together; of {unmet}, it cannot be met by what is recorded; {refused} are refused as
they are written. `python -m tests.recorded.environment_files` writes this page.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one file.

    Attributes:
        refused: why it was not read, empty where it was.
        asked: how many conda specs, requirements and links it has.
        lacking: what it asks for and the recording does not have.
        links: what it asks for by where that is: neither hosts nor the projects' own folders are at hand.
        packages: how many conda packages and wheels all the rest comes to; None where it cannot be met.
        conflict: why not.
    """

    file: str
    refused: str = ""
    asked: tuple[int, int, int] = (0, 0, 0)
    lacking: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    packages: tuple[int, int] | None = None
    conflict: str = ""


@dataclass
class Recording:
    """The recorded channels, unpacked below *root*, and the recorded index at *url*."""

    root: Path
    url: str
    cache: Path
    _data: dict[str, list[SparseRepoData]] = field(default_factory=dict)

    def has(self, channel: str) -> bool:
        """Tell whether a channel, by its URL, is recorded."""
        return channel.startswith(self.root.as_uri()) and (self.root / channel.rpartition("/")[2]).is_dir()

    def offers(self, spec: str, sources: Sequence[Source]) -> bool:
        """Tell whether a recorded channel of *sources* has a package that meets *spec*."""
        match = MatchSpec(spec)
        bare = MatchSpec(spec.rpartition("::")[2])
        name = match.name.normalized or ""
        if name.startswith("__"):
            return True
        wanted = match.channel.name if match.channel else None
        return any(
            bare.matches(record)
            for source in sources
            if source.kind == "channel" and wanted in (None, source.name)
            for data in self._open(source.url)
            for record in data.load_records(PackageName(name))
        )

    def _open(self, url: str) -> list[SparseRepoData]:
        if url not in self._data:
            folder = self.root / url.rpartition("/")[2]
            self._data[url] = [
                SparseRepoData(Channel(url), subdir, folder / subdir / "repodata.json") for subdir in _SUBDIRS
            ]
        return self._data[url]


def judge(path: Path, recording: Recording) -> Verdict:
    """Read one file, and solve what the recording has of it."""
    target = detect_target("linux-64", FACTS)
    try:
        files = read_files([str(path)], target)
    except WheelbridgeError as error:
        return Verdict(file=path.name, refused=error.message.replace(f"{path}:", "line ").replace(str(path), path.name))
    manifest = files.manifest
    listed = _list_sources(files, recording)
    sources = tuple(source for source in listed if source.kind == "index" or recording.has(source.url))
    lacking = [f"channel {source.name}" for source in listed if source not in sources]
    specs = [stated.text for stated in manifest.specs if recording.offers(stated.text, sources)]
    lacking += [stated.text for stated in manifest.specs if stated.text not in specs]
    settings = Settings(target=target, sources=sources, caches=Caches(recording.cache))
    request = Request(tuple(specs), _texts(manifest.requirements), limits=_texts(manifest.constraints))
    outcome = _solve_what_is_there(request, settings, lacking)
    verdict = Verdict(
        file=path.name,
        asked=(len(manifest.specs), len(manifest.requirements), len(manifest.links)),
        lacking=tuple(sorted(lacking)),
        links=tuple(link.given or link.url for link in manifest.links),
    )
    if isinstance(outcome, WheelbridgeError):
        return replace(verdict, conflict=outcome.message)
    wheels = sum(package.kind == "wheel" for package in outcome.packages)
    return replace(verdict, packages=(len(outcome.packages) - wheels, wheels))


def _list_sources(files: Files, recording: Recording) -> tuple[Source, ...]:
    """Return the file's sources as conda would with the recordings for a host, PyPI's recording in PyPI's place."""
    channels = CondaChannels(
        alias=recording.root.as_uri(), default_channels=(f"{recording.root.as_uri()}/conda-forge",)
    )
    levels = add_files(Levels(channels=channels), files, DEFAULTS)
    choice = SourceChoice(sources=(("index", f"pypi={recording.url}"),))
    return gather_sources(choice, levels, detect_target("linux-64", FACTS)).sources


def _texts(stated: Sequence[Stated]) -> tuple[str, ...]:
    return tuple(one.text for one in stated)


def _solve_what_is_there(request: Request, settings: Settings, lacking: list[str]) -> Solution | WheelbridgeError:
    """Solve *request* without the requirements that nothing recorded meets, which go to *lacking*; or say why not."""
    while request.specs or request.requirements:
        try:
            return solve_request(request, settings, Silent())
        except WheelbridgeError as error:
            absent = list(_find_absent(request.requirements, error))
            if not absent:
                return error
            lacking += [f"pypi:{text}" for text in absent]
            request = replace(request, requirements=tuple(text for text in request.requirements if text not in absent))
    return WheelbridgeError("The recording has nothing of it")


def _find_absent(requirements: Sequence[str], error: WheelbridgeError) -> Iterator[str]:
    """Yield the requirements that *error* says nothing meets, by name or by version."""
    if isinstance(error, PackageNotFoundError | NoWheelError):
        name = error.name if isinstance(error, PackageNotFoundError) else error.project
        yield from (text for text in requirements if _project(text) == canonicalize_name(name))
    elif "\nNo candidates were found for" in error.message:
        loosen = (error.hint or "").removeprefix("Loosen one of: ").removesuffix(".").split(", ")
        yield from (text for text in requirements if f"pypi:{text}" in loosen)


def _project(requirement: str) -> str:
    return canonicalize_name(parse_requirement(requirement).name)


def judge_all(recording: Recording) -> Iterator[Verdict]:
    """Judge every file, by name."""
    for path in sorted(FILES.glob("*.yml")):
        yield judge(path, recording)


def unpack_channels(folder: Path) -> Path:
    """Unpack the recorded channels into *folder*, each with ``noarch`` and the recorded platforms."""
    for packed in sorted((DATA / "channels").rglob("repodata.json.zst")):
        place = folder / packed.relative_to(DATA / "channels").parent
        place.mkdir(parents=True)
        with packed.open("rb") as stream:
            text = zstandard.ZstdDecompressor().stream_reader(stream).read()
        (place / "repodata.json").write_bytes(text)
    return folder


def render(verdicts: Iterable[Verdict]) -> str:
    """Return the page of the documentation."""
    read = [*verdicts]
    met = sum(verdict.packages is not None for verdict in read)
    refused = sum(bool(verdict.refused) for verdict in read)
    lines = [_INTRODUCTION.format(files=len(read), met=met, unmet=len(read) - met - refused, refused=refused)]
    lines += ["| file | specs, requirements, links | not recorded | outcome |", "|---|---|---|---|"]
    lines += [f"| {_row(verdict)} |" for verdict in read]
    return "\n".join(lines) + "\n"


def _row(verdict: Verdict) -> str:
    if verdict.refused:
        outcome = f"refused: {verdict.refused}"
    elif verdict.packages:
        conda, wheels = verdict.packages
        outcome = f"{conda} conda packages, {wheels} wheels"
    else:
        outcome = f"cannot be met: {_shorten(verdict.conflict)}"
    asked = "" if verdict.refused else ", ".join(map(str, verdict.asked))
    absent = ", ".join(f"`{text}`" for text in (*verdict.lacking, *verdict.links))
    return " | ".join(text.replace("|", "\\|") for text in (f"`{verdict.file}`", asked, absent, outcome))


def _shorten(conflict: str) -> str:
    """Return the first line that says something, without the tree below it."""
    lines = conflict.splitlines()
    return lines[1] if lines[1:] else lines[0]


def main() -> None:
    """Write the page of the documentation."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with LoopbackIndex(unpack_recorded(folder / "recorded")) as index:
            recording = Recording(unpack_channels(folder / "channels"), index.url, folder / "cache")
            TABLE.write_text(render(judge_all(recording)), encoding="utf-8")


if __name__ == "__main__":
    main()
