"""Attestations required: each new package of a source that must attest its files is verified, nothing touched."""

import json
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
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
from wheelbridge.solver.problem import ResolvedPackage
from wheelbridge.solver.records import record_channel

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
        return any(self.policy.admits(self.subject.project, publisher) for publisher in publishers)


def check_attestations(
    packages: Iterable[ResolvedPackage], plan: Plan, settings: Settings, providers: Mapping[str, Provider]
) -> None:
    """Verify what *plan* newly links from sources that must attest their files; nothing is touched.

    What is installed and stays is not verified. A file that verified before, under the same trusted root, is not
    verified again; whether its publisher is admitted is asked each time, since the policy may be newer.

    Args:
        packages: of the solution, each with the hash of what came.
        plan: what is to be done.
        settings: the sources, and where verdicts are kept.
        providers: index name -> where provenance objects are asked for.

    Raises:
        AttestationMissingError, AttestationInvalidError, AttestationUnwantedError: for the first package that fails.
        BreachError: if an attestation is where its source may not lead.
        OfflineError: if it is not in the cache, and the network is not to be used.
        AttestationsUnavailableError: if the libraries to verify wheels are not installed.
        TrustedRootError: if the keys to verify with cannot be had.
    """
    sources = {source.url: source for source in settings.sources if source.attestations is not None}
    new = {record.url for record in (*plan.link, *(change.new for change in plan.change))}
    asked = ((package, sources.get(record_channel(package.record))) for package in packages if package.url in new)
    cases = [_make_case(package, source) for package, source in asked if source is not None]
    if not cases:
        return
    root = _named_root()
    verdicts = _Verdicts(settings.caches.root / "attestations", root)
    open_cases = [case for case in cases if not case.admits(verdicts.recall(case))]
    of_channels = [case for case in open_cases if case.kind == "channel"]
    of_indexes = [case for case in open_cases if case.kind == "index"]
    verified = (
        *_verify_of_channels(of_channels, root, settings),
        *_verify_of_indexes(of_indexes, root, settings, providers),
    )
    for case, publishers in verified:
        if not case.admits(publishers):
            raise AttestationUnwantedError(case.subject, publishers, case.policy.wanted(case.subject.project))
        verdicts.remember(case, publishers)


def _make_case(package: ResolvedPackage, source: Source) -> _Case:
    """Gather what is known of a package without a network; the kind of *source* says how it is attested.

    Raises:
        AttestationMissingError: if its source shows no attestation of it.
        AttestationInvalidError: if it has no hash that an attestation could be about.
    """
    digest = package.record.sha256
    project = package.pypi_name if package.kind == "wheel" and package.pypi_name else package.name
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
    cases: list[_Case], root: Path | None, settings: Settings
) -> list[tuple[_Case, tuple[str, ...]]]:
    if not cases:
        return []
    if settings.offline and (far := next((case for case in cases if not case.package.url.startswith("file:")), None)):
        raise OfflineError(f"{far.package.url}.sigs.{check_advertised(Claim(far.package.record, far.subject))}")
    check = check_records(settings.sources)
    for case in cases:
        check(case.package.record)
    trusted = load_trusted_root(root, offline=settings.offline)
    claims = [Claim(case.package.record, case.subject) for case in cases]
    publishers = run_to_end(verify_packages(claims, trusted, client=open_client(settings.sources)))
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

    with ThreadPoolExecutor(_AT_ONCE) as executor:
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
