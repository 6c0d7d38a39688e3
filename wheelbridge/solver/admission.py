"""Which files of a page may be taken from a source at all, whatever their version."""

from collections.abc import Callable, Collection

from wheelbridge.model.attestation import refuse_unattested
from wheelbridge.model.boundaries import find_breach
from wheelbridge.model.distribution import DistributionFile, ProjectPage
from wheelbridge.model.record import Refusal
from wheelbridge.model.source import Source
from wheelbridge.translate.variant_documents import is_variants_file

Admission = Callable[[DistributionFile], Refusal | None]
"""Returns why a file is not taken; None where it is."""


def admit_any(file: DistributionFile) -> None:
    """Admit *file*."""
    del file


def admission_of(source: Source, page: ProjectPage) -> Admission:
    """Return the rule for the files of *page*: where they may be, that they have hashes, what they must prove.

    PEP 503: "Repositories SHOULD provide hashes"; where one does for some of its files, it must for all that are taken.
    What the user links to was named file by file.
    """
    if source.linked:
        return admit_any
    has_hashes = any(file.hashes for file in page.files)

    def admit(file: DistributionFile) -> Refusal | None:
        if breach := find_breach(file.url, source.url, source.trusted_hosts):
            return Refusal(file.filename, breach.code, breach.reason)
        if has_hashes and not file.hashes:
            return Refusal(file.filename, "no-hash", "the index publishes hashes, and none for this file")
        return refuse_unattested(file, source.attestations)

    return admit


def only_hashed(admit: Admission, digests: Collection[str]) -> Admission:
    """Return *admit* narrowed to files with one of *digests*, each ``algorithm:digest``.

    Variant metadata, which is no distribution, stays as it is.
    """

    def admit_hashed(file: DistributionFile) -> Refusal | None:
        hashes = file.hashes
        if not is_variants_file(file.filename) and not any(f"{name}:{hashes[name]}" in digests for name in hashes):
            return Refusal(file.filename, "hash-not-listed", "its hash is none of those that the request lists")
        return admit(file)

    return admit_hashed
