"""Provenance objects (PEP 740), verified with pypi-attestations and sigstore.

Imported only where a source must attest its files; the two libraries are imported only when there is one to verify.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from wheelbridge.model.attestation import (
    AttestationInvalidError,
    AttestationMissingError,
    AttestationsUnavailableError,
    Subject,
    TrustedRootError,
    one_line,
)

if TYPE_CHECKING:
    from pypi_attestations import Attestation, AttestationBundle
    from sigstore.models import TrustedRoot
    from sigstore.verify import Verifier

_PUBLIC = "the public sigstore instance"
_STATEMENT = "application/vnd.in-toto+json"
_IDENTITIES = {
    "GitHub": ("github", "repository"),
    "GitLab": ("gitlab", "repository"),
    "Google": ("google", "email"),
    "CircleCI": ("circleci", "project_id"),
}
"""Kind of a publisher object -> what a policy calls it, and the field of its identity."""


class ProvenanceVerifier:
    """Verifies provenance objects against one trusted root, which is read when it is made.

    Everything that PEP 740 asks for is verified, and that the signature is in the transparency log. Nothing is asked
    over the network but, without *trusted_root* and unless *offline*, the keys of the public instance (TUF).
    """

    def __init__(self, trusted_root: Path | None, *, source: str, offline: bool = False) -> None:
        """Read the trusted root.

        Args:
            trusted_root: a ``trusted_root.json``; None: that of the public instance.
            source: who needs it, for the error.
            offline: the public instance's keys as they are cached, or came with the library.

        Raises:
            AttestationsUnavailableError: if a library is missing.
            TrustedRootError: if there is no trusted root.
        """
        try:
            import pypi_attestations  # noqa: F401, PLC0415 - half a second, and an optional dependency
            from sigstore.verify import Verifier  # noqa: PLC0415 - as above
        except ModuleNotFoundError as error:
            raise AttestationsUnavailableError(source, error.name or "sigstore") from error
        origin = str(trusted_root) if trusted_root else _PUBLIC
        self._verifier = _read_root(origin, lambda: Verifier(trusted_root=_load_root(trusted_root, offline=offline)))

    def verify(self, document: bytes, subject: Subject) -> tuple[str, ...]:
        """Return who published *subject*, as *document* proves: ``github:owner/repository`` and the like.

        Every attestation in it must verify, as with the field's own tool: one that does not is no good sign.

        Raises:
            AttestationMissingError: if it holds no attestation.
            AttestationInvalidError: if one does not verify.
        """
        from pypi_attestations import Provenance  # noqa: PLC0415 - see above

        try:
            bundles = Provenance.model_validate_json(document).attestation_bundles
            publishers = [self._verify_bundle(bundle, subject) for bundle in bundles if bundle.attestations]
        except Exception as error:  # the libraries raise of everything on what is hostile: none of it is a proof
            raise AttestationInvalidError(subject, _describe(error)) from error
        if not publishers:
            raise AttestationMissingError(subject)
        return tuple(dict.fromkeys(publishers))

    def _verify_bundle(self, bundle: "AttestationBundle", subject: Subject) -> str:
        """Return whose attestations these are, proved by the certificate of each."""
        kind, field = _IDENTITIES[bundle.publisher.kind]
        for attestation in bundle.attestations:
            self._verify_attestation(attestation, bundle, subject)
        return f"{kind}:{getattr(bundle.publisher, field)}".lower()

    def _verify_attestation(self, attestation: "Attestation", bundle: "AttestationBundle", subject: Subject) -> None:
        """Do what ``Attestation.verify`` does.

        That one takes no trusted root but the public ones, and no name of a variant wheel (PEP 825).
        """
        policy = bundle.publisher._as_policy()  # noqa: SLF001 - how the library itself turns a publisher into a policy
        kind, payload = self._verifier.verify_dsse(attestation.to_bundle(), policy)
        if kind != _STATEMENT:
            raise ValueError(f"it is {kind!r}, no in-toto statement")
        _check_statement(payload, subject)


def _check_statement(payload: bytes, subject: Subject) -> None:
    """Check what was signed.

    PEP 740: it "is a valid in-toto v1 Statement, with a subject and digest that MUST match the distribution's filename
    and contents"; "The in-toto ``subject`` MUST contain only a single subject".
    """
    from pypi_attestations import AttestationType  # noqa: PLC0415 - see above
    from sigstore.dsse import Statement  # noqa: PLC0415 - see above

    Statement(payload)
    statement = json.loads(payload)
    AttestationType(statement["predicateType"])
    attested, *more = statement["subject"]
    if more:
        raise ValueError("it has several subjects")
    if not _is_same_name(attested["name"], subject.file):
        raise ValueError(f"it is about {attested['name']!r}")
    if attested["digest"].get("sha256") != subject.sha256:
        raise ValueError(f"it is about a file with sha256 {attested['digest'].get('sha256')}, not {subject.sha256}")


def _is_same_name(attested: str, filename: str) -> bool:
    """Compare two file names.

    PEP 740: "matching MUST be performed by parsing using the appropriate source distribution or wheel filename format".
    The name of a variant wheel, which packaging does not parse, must be the very same.
    """
    if attested == filename:
        return True
    try:
        return parse_wheel_filename(attested) == parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return False


def _read_root(origin: str, read: "Callable[[], Verifier]") -> "Verifier":
    try:
        return read()
    except Exception as error:  # TUF, the network, the file, or what stands in it
        cause = f" ({_describe(error.__cause__)})" if error.__cause__ else ""
        raise TrustedRootError(origin, _describe(error) + cause) from error


def _load_root(path: Path | None, *, offline: bool) -> "TrustedRoot":
    from sigstore.models import ClientTrustConfig, TrustedRoot  # noqa: PLC0415 - see above

    return TrustedRoot.from_file(str(path)) if path else ClientTrustConfig.production(offline=offline).trusted_root


def _describe(error: BaseException) -> str:
    return one_line(str(error)) or type(error).__name__
