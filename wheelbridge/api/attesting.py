"""Attestations required: each new package of a source that must attest its files is verified, nothing touched."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from wheelbridge.api.clients import check_records, open_client
from wheelbridge.api.providers import Provider
from wheelbridge.api.running import run_to_end
from wheelbridge.api.solving import Settings
from wheelbridge.index.errors import OfflineError
from wheelbridge.index.transfer import write_atomically
from wheelbridge.installer.attestations import Claim, check_advertised, load_trusted_root, verify_packages
from wheelbridge.installer.plan import Plan
from wheelbridge.model.attestation import (
    AttestationInvalidError,
    AttestationMissingError,
    AttestationPolicy,
    AttestationUnwantedError,
    Subject,
    TrustedRootError,
)
from wheelbridge.model.source import Source, SourceKind
from wheelbridge.solver.problem import ResolvedPackage, Solution
from wheelbridge.solver.records import record_channel
from wheelbridge.solver.threads import Threads

TRUSTED_ROOT_VARIABLE = "WHEELBRIDGE_TRUSTED_ROOT"
"""Names a ``trusted_root.json`` to verify with, in place of the public sigstore instance's keys."""

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class _Case:
    """One package to be verified.

    Attributes:
        kind: that of the source.
        evidence: where its attestations are, and what else the verdict depends on beside its name and digest.
    """

    package: ResolvedPackage
    kind: SourceKind
    policy: AttestationPolicy
    subject: Subject
    evidence: str

    def admits(self, publishers: Iterable[str]) -> bool:
        """Tell whether one of *publishers* may publish the package."""
        return any(self.policy.admits(self.subject.project, publisher, self.kind) for publisher in publishers)


def check_attestations(solution: Solution, plan: Plan, settings: Settings, providers: Mapping[str, Provider]) -> None:
    """Verify what *plan* newly links from sources that must attest their files; nothing is touched.

    What is installed and stays is not verified. A file that verified before, under the same trusted root, is not
    verified again; whether its publisher is admitted is asked each time, since the policy may be newer.

    Args:
        solution: its packages, each with the hash of what came, and its sources, those that channels brought along
            among them.
        plan: what is to be done.
        settings: where verdicts are kept, and whether the network may be used.
        providers: index name -> where provenance objects are asked for.

    Raises:
        AttestationMissingError, AttestationInvalidError, AttestationUnwantedError: for the first package that fails.
        BreachError: if an attestation is where its source may not lead.
        OfflineError: if it is not in the cache, and the network is not to be used.
        AttestationsUnavailableError: if the libraries to verify wheels are not installed.
        TrustedRootError: if the keys to verify with cannot be had.
    """
    new = {record.url for record in (*plan.link, *(change.new for change in plan.change))}
    packages = [package for package in solution.packages if package.url in new]
    cases = [_make_case(package, source) for package in packages for source in _sources_of(package, solution.sources)]
    if not cases:
        return
    root = _named_root()
    verdicts = _Verdicts(settings.caches.root / "attestations", root)
    open_cases = [case for case in cases if not case.admits(verdicts.recall(case))]
    of_channels = [case for case in open_cases if case.kind == "channel"]
    of_indexes = [case for case in open_cases if case.kind == "index"]
    verified = (
        *_verify_of_channels(of_channels, root, solution.sources, offline=settings.offline),
        *_verify_of_indexes(of_indexes, root, settings, providers),
    )
    for case, publishers in verified:
        if not case.admits(publishers):
            wanted = case.policy.wanted(case.subject.project, case.kind)
            raise AttestationUnwantedError(case.subject, publishers, wanted)
        verdicts.remember(case, publishers)


def _sources_of(package: ResolvedPackage, sources: Iterable[Source]) -> Iterator[Source]:
    """Yield the sources whose policy *package* must meet.

    A record says where it came from by a URL alone, and a folder may be a channel and an index. Only an index has files
    of a page; a wheel without one is a channel's, or was installed before and is linked anew.
    """
    of_page: tuple[SourceKind, ...] = ("index",) if package.file else ("channel", "index")
    kinds = of_page if package.kind == "wheel" else ("channel",)
    url = record_channel(package.record)
    return (source for source in sources if source.attestations and source.kind in kinds and source.url == url)


def _make_case(package: ResolvedPackage, source: Source) -> _Case:
    """Gather what is known of a package without a network; the kind of *source* says how it is attested.

    Raises:
        AttestationMissingError: if its source shows no attestation of it.
        AttestationInvalidError: if it has no hash that an attestation could be about.
    """
    digest = package.record.sha256
    project = package.pypi_name if source.kind == "index" and package.pypi_name else package.name
    subject = Subject(project=project, file=package.fn, sha256=digest.hex() if digest else "", source=source.name)
    if source.kind == "channel":
        evidence = f"{check_advertised(Claim(package.record, subject))} {package.record.channel}"
    elif package.file is None or package.file.provenance is None:
        raise AttestationMissingError(subject)
    else:
        evidence = package.file.provenance
    if not digest:
        raise AttestationInvalidError(subject, "its source publishes no sha256 of it")
    return _Case(package, source.kind, source.attestations or AttestationPolicy(), subject, evidence)


def _verify_of_channels(
    cases: list[_Case], root: Path | None, sources: Sequence[Source], *, offline: bool
) -> list[tuple[_Case, tuple[str, ...]]]:
    if not cases:
        return []
    if offline and (far := next((case for case in cases if not case.package.url.startswith("file:")), None)):
        raise OfflineError(f"{far.package.url}.sigs.{check_advertised(Claim(far.package.record, far.subject))}")
    check = check_records(sources)
    for case in cases:
        check(case.package.record)
    trusted = load_trusted_root(root, offline=offline)
    claims = [Claim(case.package.record, case.subject) for case in cases]
    publishers = run_to_end(verify_packages(claims, trusted, client=open_client(sources)))
    return [(case, (publishers[case.package.url],)) for case in cases]


def _verify_of_indexes(
    cases: list[_Case], root: Path | None, settings: Settings, providers: Mapping[str, Provider]
) -> list[tuple[_Case, tuple[str, ...]]]:
    if not cases:
        return []
    from wheelbridge.index.provenance import ProvenanceVerifier  # noqa: PLC0415 - few environments need it

    verifier = ProvenanceVerifier(root, source=cases[0].subject.source, offline=settings.offline)

    def verify(case: _Case) -> tuple[_Case, tuple[str, ...]]:
        file = case.package.file
        document = providers[case.subject.source].index.provenance(file) if file else None
        if document is None:
            raise AttestationMissingError(case.subject)
        return case, verifier.verify(document, case.subject)

    with Threads(_AT_ONCE) as executor:
        return list(executor.map(verify, cases))


def _named_root() -> Path | None:
    """Return the file that the environment names.

    Raises:
        TrustedRootError: if it is not there.
    """
    if not (named := os.environ.get(TRUSTED_ROOT_VARIABLE)):
        return None
    path = Path(named).expanduser().absolute()
    if not path.is_file():
        raise TrustedRootError(str(path), "there is no such file")
    return path


class _Verdicts:
    """Publishers that were proved before, on disk.

    A verdict is found by all that it depends on: the file's name and digest, where its attestations are, and the
    trusted root; so no source can put words into the mouth of another one. The policy is not among it.
    """

    def __init__(self, folder: Path, root: Path | None) -> None:
        self._folder = folder
        self._root = sha256(root.read_bytes()).hexdigest() if root else "public"

    def recall(self, case: _Case) -> tuple[str, ...]:
        """Return the publishers, none where there is no verdict."""
        try:
            publishers = json.loads(self._path(case).read_bytes())["publishers"]
            return tuple(map(str, publishers))
        except (OSError, ValueError, KeyError, TypeError):  # absent, or damaged and to be replaced
            return ()

    def remember(self, case: _Case, publishers: tuple[str, ...]) -> None:
        """Keep a verdict; the reader of the file is told what it is about."""
        verdict = {"file": case.subject.file, "sha256": case.subject.sha256, "publishers": publishers}
        write_atomically(self._path(case), json.dumps(verdict).encode())

    def _path(self, case: _Case) -> Path:
        subject = case.subject
        parts = (case.kind, subject.file, subject.sha256, case.evidence, self._root)
        key = sha256(json.dumps(parts).encode()).hexdigest()
        return self._folder / key[:2] / f"{key}.json"
