"""Attestations of conda packages (CEP 27), verified by rattler before a package is fetched."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rattler import Client, RepoDataRecord
from rattler.exceptions import AttestationError
from rattler.sigstore import ChannelCheck, TrustedRoot, VerificationPolicy, VerifiedAttestation, verify_attestation

from wheelbridge.installer.fetch import run_all
from wheelbridge.model.attestation import (
    AttestationInvalidError,
    AttestationMissingError,
    Subject,
    TrustedRootError,
    name_publisher,
    one_line,
)
from wheelbridge.model.redaction import redact_text

_CONCURRENT = 8
_NO_ROOT = "failed to load the Sigstore trusted root: "
_PUBLIC = "the public sigstore instance"


@dataclass(frozen=True, slots=True)
class Claim:
    """A package that must prove who published it."""

    record: RepoDataRecord
    subject: Subject


def check_advertised(claim: Claim) -> str:
    """Return the hash of the attestations that the channel advertises for a package, lower-case hexadecimal.

    rattler finds them through ``attestations_sha256`` of the record alone, beside the package under its name,
    ``.sigs.`` and that hash.

    Raises:
        AttestationMissingError: if it advertises none.
    """
    if (digest := claim.record.attestations_sha256) is None:
        raise AttestationMissingError(claim.subject)
    return digest.hex()


def load_trusted_root(path: Path | None, *, offline: bool) -> TrustedRoot | None:
    """Return the keys to verify with.

    Args:
        path: a ``trusted_root.json``; None: the public instance's.
        offline: the public instance's keys as they came with rattler; else it asks for the newest ones itself (None).

    Raises:
        TrustedRootError: if *path* is none.
    """
    if path is None:
        return TrustedRoot.embedded() if offline else None
    try:
        return TrustedRoot.from_path(path)
    except ValueError as error:
        raise TrustedRootError(str(path), one_line(str(error))) from error


async def verify_packages(
    claims: Iterable[Claim], trusted_root: TrustedRoot | None, *, client: Client | None = None
) -> dict[str, str]:
    """Verify an attestation of each package; return the package's URL -> its publisher.

    The bundle's signature, certificate and log entry are verified, and what CEP 27 asks for: "The ``subject[0].name``
    field MUST match the filename", "``subject[0].digest`` … MUST match the SHA256 hash", and
    "``predicate.targetChannel`` … SHOULD match the channel that the package was retrieved from".

    Raises:
        AttestationInvalidError: if none verifies.
        TrustedRootError: if the public instance's keys cannot be had.
    """
    publishers: dict[str, str] = {}
    slots = asyncio.Semaphore(_CONCURRENT)

    async def verify(claim: Claim) -> None:
        async with slots:
            publishers[claim.record.url] = await _verify(claim, trusted_root, client)

    await run_all([verify(claim) for claim in claims])
    return publishers


async def _verify(claim: Claim, trusted_root: TrustedRoot | None, client: Client | None) -> str:
    policy = VerificationPolicy.require(channel_check=ChannelCheck.REQUIRE)
    try:
        outcome = await verify_attestation(claim.record, policy, client, trusted_root)
    except AttestationError as error:
        reason = one_line(redact_text(str(error)))
        if reason.startswith(_NO_ROOT):
            raise TrustedRootError(_PUBLIC, reason.removeprefix(_NO_ROOT)) from error
        raise AttestationInvalidError(claim.subject, reason) from error
    if outcome.attestation is None:
        raise AttestationInvalidError(claim.subject, "; ".join(outcome.warnings) or "nothing was verified")
    return _publisher(outcome.attestation)


def _publisher(attestation: VerifiedAttestation) -> str:
    repository = attestation.claims.source_repository_uri if attestation.claims else None
    return name_publisher(attestation.issuer or "", repository, attestation.identity or "")
