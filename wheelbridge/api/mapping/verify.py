"""What real conda packages say of the name tables: which rows they confirm, and which they contradict.

A package costs one range request for its ``info/paths.json``, and where it has just one dist-info, and is not too big,
another one for the METADATA of that; see `wheelbridge.api.mapping.package_contents`.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlsplit, urlunsplit

from rattler import Client, RepoDataRecord, VersionWithSource

from wheelbridge.api.clients import check_records, open_client, split_channel_credentials
from wheelbridge.api.mapping.package_contents import (
    Access,
    BrokenPackageError,
    PackageContents,
    UnreadablePackageError,
    read_contents,
    read_payload,
    show_place,
)
from wheelbridge.api.places import Caches
from wheelbridge.api.running import run_to_end
from wheelbridge.api.sources import read_sources
from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.carried import (
    Evidence4,
    find_carried,
    find_recipe_source,
    find_sonames,
    judge,
    only_evidence,
    read_name,
)
from wheelbridge.mapping.lookup import LayeredNameTable
from wheelbridge.mapping.verdicts import Status, Verdict, compare_all
from wheelbridge.model.boundaries import check_url
from wheelbridge.model.name import CondaName, canonicalize_name
from wheelbridge.model.redaction import MASK, redact_unreadable
from wheelbridge.model.source import Source
from wheelbridge.solver.channels import ChannelAccess, Channels
from wheelbridge.solver.errors import PackageNotFoundError
from wheelbridge.solver.problem import Progress
from wheelbridge.solver.records import needed_name

_CONCURRENT = 8
_PATIENCE = 600.0
"""Seconds that one package may take."""
_SYSTEMS = ((".dll", "win-*"), (".dylib", "osx-*"), (".so.", "linux-*"))
"""How sonames end -> where they do."""
_NO_PLACE = "its URL is none of a package in a channel"
_PLACE = (
    "Write it as …/CHANNEL/SUBDIR/NAME-VERSION-BUILD.conda, with nothing behind it; encode a login's '/', '?' and '#'."
)
_REVOKED = "package_has_been_revoked"
"""The dependency that a channel gives to what it takes back, so that nothing can install it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyRequest:
    """What to verify.

    Attributes:
        names: of conda packages; the newest build that is not revoked is read.
        every: all packages of the channels, besides.
        limit: read no more packages than these; None: all.
        packages: files and URLs of packages.
        thorough: read METADATA out of packages of any size.
    """

    names: Sequence[str] = ()
    every: bool = False
    limit: int | None = None
    packages: Sequence[str] = ()
    thorough: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifySettings:
    """Where packages and tables come from.

    Attributes:
        sources: the channels, in order of priority: the first one that has a name is asked.
        subdir: of the target; noarch counts too.
    """

    sources: tuple[Source, ...]
    subdir: str
    table: LayeredNameTable
    caches: Caches
    offline: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageReport:
    """What one package says, or the *error* that keeps it from saying anything.

    Attributes:
        asked: the name, file or URL that it was asked for by; it shows no secret.
        place: where it was read; it shows no secret.
        sonames: of the libraries that it carries.
    """

    asked: str
    place: str = ""
    build: str = ""
    subdir: str = ""
    access: Access = "unknown"
    evidence: Evidence4 | None = None
    verdicts: tuple[Verdict, ...] = ()
    sonames: tuple[str, ...] = ()
    error: WheelbridgeError | None = None

    @property
    def is_contradiction(self) -> bool:
        """Whether a row of the tables does not hold."""
        return any(verdict.status is Status.CONTRADICTED for verdict in self.verdicts)

    def as_json(self) -> dict[str, object]:
        """Return it as JSON has it."""
        if self.evidence is None:
            return {"asked": self.asked, "error": self.error.as_json() if self.error else None}
        return {
            "asked": self.asked,
            **_evidence_json(self.evidence),
            "build": self.build,
            "subdir": self.subdir,
            "place": self.place,
            "access": self.access,
            "verdicts": [_verdict_json(verdict) for verdict in self.verdicts],
            "sonames": list(self.sonames),
        }


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What all packages say; *left_out* counts those that the limit left out."""

    packages: tuple[PackageReport, ...]
    left_out: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether every package was read, and none contradicts the tables."""
        return not any(report.error or report.is_contradiction for report in self.packages)

    def soname_rows(self) -> list[dict[str, object]]:
        """Return the rows of ``mappings/sonames`` that the packages tell of: one for a soname of a package, sorted."""
        found: dict[tuple[str, CondaName], list[PackageReport]] = defaultdict(list)
        for report in self.packages:
            if report.evidence is not None:
                for soname in report.sonames:
                    found[soname, report.evidence.conda].append(report)
        return [_soname_row(*key, found[key]) for key in sorted(found)]

    def as_json(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {"packages": [report.as_json() for report in self.packages], "left_out": self.left_out}


@dataclass(frozen=True, slots=True)
class _Given:
    """A package that was named by its place: a path, or a URL of *source* without its login; or why it cannot be."""

    place: str
    source: Source | None = None
    error: WheelbridgeError | None = None


def verify_tables(request: VerifyRequest, settings: VerifySettings, progress: Progress) -> VerifyReport:
    """Read packages, and say which rows of the tables they confirm or contradict.

    What goes wrong with one package stands in its report and does not stop the others.

    Raises:
        RepodataError: if a channel cannot be read.
        BreachError: if a channel is reached without TLS, and may not be.
        LoginStoreError: if rattler's store of logins cannot be read.
    """
    given = [_read_place(text, number) for number, text in enumerate(request.packages, 1)]
    homes = [one.source for one in given if one.source is not None]
    client = open_client((*settings.sources, *homes))
    return run_to_end(_Verifier(request, settings, client, progress).verify(given))


def _read_place(text: str, number: int) -> _Given:
    """Split the login from the URL of a package: it is that of the channel, two folders above.

    A URL of which nothing can be shown is called by its *number* on the command line.
    """
    if "://" not in text or text.startswith("file:"):
        return _Given(text)
    try:
        clean, login = split_channel_credentials(text)
        (source,) = read_sources([("channel", _two_above(login or clean))], defaults=False)
    except (WheelbridgeError, ValueError):
        shown = redact_unreadable(text).replace(MASK, f"--package number {number}")
        return _Given(shown, error=UnreadablePackageError(shown, _NO_PLACE, hint=_PLACE))
    return _Given(clean, source)


def _two_above(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path="/".join(parts.path.split("/")[:-2])))


class _Verifier:
    """Reads packages, some at a time."""

    def __init__(self, request: VerifyRequest, settings: VerifySettings, client: Client, progress: Progress) -> None:
        self._request = request
        self._settings = settings
        self._client = client
        self._progress = progress
        self._slots = asyncio.Semaphore(_CONCURRENT)
        self._check_record = check_records(settings.sources)
        access = ChannelAccess(settings.caches.repodata, client)
        self._channels = Channels(settings.sources, settings.subdir, access, offline=settings.offline)

    async def verify(self, given: Sequence[_Given]) -> VerifyReport:
        """Read all that the request names: what is *given* by its place first."""
        request = self._request
        names: Sequence[str] = list(dict.fromkeys(request.names))
        if names or request.every:
            await self._channels.open()
        if request.every:
            names = sorted(self._channels.names.union(names))
        jobs = [(show_place(one.place), partial(self._read_given, one)) for one in given]
        jobs += [(name, partial(self._read_newest, name)) for name in names]
        chosen = jobs[: request.limit]
        reports = await asyncio.gather(*(self._report(asked, job) for asked, job in chosen))
        return VerifyReport(tuple(reports), left_out=len(jobs) - len(chosen))

    async def _report(self, asked: str, read: Callable[[], Awaitable[PackageReport]]) -> PackageReport:
        """Read one package when its turn has come, and report what goes wrong."""
        async with self._slots:
            self._progress.step(f"Reading {asked}")
            try:
                async with asyncio.timeout(_PATIENCE):
                    report = await read()
            except TimeoutError:
                return PackageReport(asked=asked, error=UnreadablePackageError(asked, f"{_PATIENCE:.0f} s went by"))
            except WheelbridgeError as error:
                return PackageReport(asked=asked, error=error)
        return replace(report, asked=asked)

    async def _read_given(self, given: _Given) -> PackageReport:
        if given.error is not None:
            raise given.error
        if (source := given.source) is not None:
            check_url(given.place, source.url, source.trusted_hosts, source=source.name)
        return await self._read(given.place)

    async def _read_newest(self, name: str) -> PackageReport:
        """Read the newest build of *name* that its channel does not take back."""
        by_url = await self._channels.records_of(name)
        owner = next((source for source in self._settings.sources if by_url.get(source.url)), None)
        found = by_url[owner.url] if owner else []
        records = [record for record in found if not _is_revoked(record)]
        if not records:
            hint = "Its channel took all builds of it back." if found else None
            raise PackageNotFoundError(name, [source.name for source in self._settings.sources], hint=hint)
        record = max(records, key=_age)
        self._check_record(record)
        report = await self._read(record.url)
        evidence = report.evidence
        if evidence is None or (evidence.conda, evidence.version) != (record.name.normalized, str(record.version)):
            raise BrokenPackageError(record.url, "it holds another package than the channel says")
        return report

    async def _read(self, place: str) -> PackageReport:
        if self._settings.offline and "://" in place and not place.startswith("file:"):
            raise UnreadablePackageError(place, "the network is not to be used", hint="Leave out --offline.")
        contents = await read_contents(place, self._client)
        evidence = await _gather_evidence(contents, place, thorough=self._request.thorough)
        return PackageReport(
            asked=place,
            place=show_place(place),
            build=contents.build,
            subdir=contents.subdir,
            access=contents.access,
            evidence=evidence,
            verdicts=_compare(evidence, self._settings.table),
            sonames=find_sonames(contents.paths),
        )


async def _gather_evidence(contents: PackageContents, place: str, *, thorough: bool) -> Evidence4:
    """Judge a package; METADATA is read where it can make the difference: of the only distribution there is."""
    carried = find_carried(contents.paths)
    only, names = only_evidence(carried), dict[str, str]()
    if only is not None and only.metadata is not None:
        text = await read_payload(contents, only.metadata, place, thorough=thorough)
        if text is not None:
            names[only.metadata] = read_name(text)
    source = find_recipe_source(contents.recipe)
    return judge(CondaName(contents.name), contents.version, carried, names, source)


def _compare(evidence: Evidence4, table: LayeredNameTable) -> tuple[Verdict, ...]:
    """Compare with all that the tables say of the package, and of the projects that it is evidence for."""
    mentions = (project for layer in table.layers for project in layer.mentions(evidence.conda))
    projects = {canonicalize_name(evidence.conda), *mentions, *evidence.projects}
    answers = {project: table.by_project(project) for project in sorted(projects)}
    rows = [row for answer in answers.values() for row in answer.rows if row.conda == evidence.conda]
    return compare_all(rows, answers, evidence)


def _is_revoked(record: RepoDataRecord) -> bool:
    return any(needed_name(spec) == _REVOKED for spec in record.depends)


def _age(record: RepoDataRecord) -> tuple[VersionWithSource, bool, int, float]:
    """Return what a newer build has more of; what ``track_features`` sinks is not what people get."""
    moment = record.timestamp.timestamp() if record.timestamp else 0.0
    return record.version, not any(record.track_features), record.build_number, moment


def _soname_row(soname: str, conda: CondaName, reports: Sequence[PackageReport]) -> dict[str, object]:
    system = next(glob for ending, glob in _SYSTEMS if ending in soname)
    when = {system if report.subdir == "noarch" else report.subdir for report in reports}
    files = dict.fromkeys(f"carried by {report.place.rpartition('/')[2]} ({report.subdir})" for report in reports)
    return {
        "soname": soname,
        "when": sorted(when),
        "conda": str(conda),
        "relation": "library",
        "provenance": "generated",
        "confidence": "observed",
        "evidence": list(files),
    }


def _evidence_json(evidence: Evidence4) -> dict[str, object]:
    return {
        "name": evidence.conda,
        "version": evidence.version,
        "trust": evidence.trust,
        "projects": list(evidence.projects),
        "reasons": [{"code": reason.code, "text": reason.text} for reason in evidence.reasons],
        "dist_infos": [
            {
                "name": one.name,
                "version": one.version,
                "kind": one.kind,
                "directory": one.directory,
                "direct": one.is_direct,
            }
            for one in evidence.carried
        ],
    }


def _verdict_json(verdict: Verdict) -> dict[str, object]:
    row = verdict.row
    return {
        "status": verdict.status,
        "code": verdict.code,
        "text": verdict.text,
        "project": verdict.project,
        "row": None
        if row is None
        else {
            "pypi": row.pypi,
            "conda": row.conda,
            "relation": row.relation,
            "confidence": row.confidence.name.lower(),
            "layer": row.layer,
        },
    }
