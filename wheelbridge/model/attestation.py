"""What the files of a source must prove about who published them (PEP 740, CEP 27)."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from packaging.utils import canonicalize_name

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.record import Refusal

NO_PROVENANCE = "no-provenance"
"""The code of a refusal: the source must attest its files, and its page names no attestation of this one."""

_SERVICES = {
    "https://token.actions.githubusercontent.com": ("github", "https://github.com/"),
    "https://gitlab.com": ("gitlab", "https://gitlab.com/"),
}
"""Issuer of identities -> the prefix of its publishers, and where its repositories are."""

_LONGEST_LINE = 300
_GOOGLE = "https://accounts.google.com"
_SHOWS_POLICY = "`wheelbridge sources` shows the policy."


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationPolicy:
    """Every file must carry an attestation that verifies.

    Attributes:
        publishers: (glob over project or package names, glob over publishers such as ``github:owner/repository``); a
            name that no glob matches may have any publisher, one that several match needs one of theirs.
    """

    publishers: tuple[tuple[str, str], ...] = ()

    def admits(self, name: str, publisher: str, kind: Literal["channel", "index"] = "index") -> bool:
        """Tell whether *publisher* may publish *name*; case decides nothing, as with the services' own names.

        >>> policy = AttestationPolicy(publishers=(("corp-*", "github:Corp/*"),))
        >>> policy.admits("corp-a", "github:corp/a"), policy.admits("corp-a", "github:evil/a"), policy.admits("b", "x")
        (True, False, True)
        """
        named = self.wanted(name, kind)
        return not named or any(fnmatchcase(publisher.lower(), glob.lower()) for glob in named)

    def wanted(self, name: str, kind: Literal["channel", "index"] = "index") -> tuple[str, ...]:
        """Return the globs over publishers that are for *name*; none: any will do.

        Projects of an index are the same in every spelling (PEP 503), packages of a channel in upper and lower case.

        >>> policy = AttestationPolicy(publishers=(("Corp_*", "github:corp/*"),))
        >>> policy.wanted("corp.a"), policy.wanted("corp_a", "channel"), policy.wanted("corp-a", "channel")
        (('github:corp/*',), ('github:corp/*',), ())
        """
        spell = canonicalize_name if kind == "index" else str.lower
        return tuple(glob for pattern, glob in self.publishers if fnmatchcase(spell(name), spell(pattern)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an attestation is about, in in-toto's word.

    Attributes:
        project: the project, or the conda package.
        file: the file's name.
        sha256: the digest of the file as it came, lower-case hexadecimal.
        source: the name of the source that it came from.
    """

    project: str
    file: str
    sha256: str
    source: str


class AttestationMissingError(WheelbridgeError):
    """A file has no attestation, and its source must attest its files."""

    code = "attestation-missing"

    def __init__(self, subject: Subject) -> None:
        self.project = subject.project
        self.file = subject.file
        self.source = subject.source
        super().__init__(
            f"{subject.file} has no attestation, and the source {subject.source!r} must attest its files; "
            "nothing was changed",
            hint="Ask for a version that has one, or require none: take the key 'attestations' off the source. "
            + _SHOWS_POLICY,
        )


class AttestationInvalidError(WheelbridgeError):
    """The attestation of a file does not verify."""

    code = "attestation-invalid"

    def __init__(self, subject: Subject, reason: str) -> None:
        self.project = subject.project
        self.file = subject.file
        self.source = subject.source
        self.reason = reason
        super().__init__(
            f"The attestation of {subject.file}, from {subject.source!r}, does not verify: {reason}; "
            "nothing was changed",
            hint="Use the file only when its publisher, or the operator of the source, has explained this. "
            "What a private sigstore signed needs its trusted_root.json in WHEELBRIDGE_TRUSTED_ROOT.",
        )


class AttestationUnwantedError(WheelbridgeError):
    """The attestation of a file verifies, and it is somebody else's than the policy admits."""

    code = "attestation-unwanted"

    def __init__(self, subject: Subject, publishers: tuple[str, ...], wanted: tuple[str, ...]) -> None:
        self.project = subject.project
        self.file = subject.file
        self.source = subject.source
        self.publishers = publishers
        self.wanted = wanted
        super().__init__(
            f"{subject.file}, from {subject.source!r}, was published by {' and '.join(publishers)}, and only "
            f"{' or '.join(wanted)} may publish {subject.project}; nothing was changed",
            hint=f"If you trust {publishers[0]}, add it to the publishers of the source. {_SHOWS_POLICY}",
        )


class AttestationsUnavailableError(WheelbridgeError):
    """Attestations are required, and what verifies them is not installed."""

    code = "attestations-unavailable"

    def __init__(self, source: str, missing: str) -> None:
        self.source = source
        self.missing = missing
        super().__init__(
            f"The source {source!r} must attest its wheels, and {missing!r}, which verifies that, is not installed",
            hint="Install it: pip install 'wheelbridge[attestations]'.",
        )


class TrustedRootError(WheelbridgeError):
    """The keys that attestations are verified with cannot be had."""

    code = "trusted-root-unavailable"

    def __init__(self, origin: str, reason: str) -> None:
        self.origin = origin
        self.reason = reason
        super().__init__(
            f"The trusted root of {origin} cannot be read: {reason}",
            hint="Check the network, or let WHEELBRIDGE_TRUSTED_ROOT name a trusted_root.json that you trust.",
        )


def name_publisher(issuer: str, repository: str | None, identity: str) -> str:
    """Return what a policy calls the holder of a verified certificate, in lower case.

    Args:
        issuer: who vouched for the identity, as in the certificate.
        repository: the URL of the source repository that it names, if any.
        identity: the subject that it names.

    >>> name_publisher("https://token.actions.githubusercontent.com", "https://github.com/Octo/Lib", "")
    'github:octo/lib'
    >>> name_publisher("https://accounts.google.com", None, "robot@host.example")
    'google:robot@host.example'
    >>> name_publisher("https://login.host.example", None, "me@host.example")
    'https://login.host.example:me@host.example'
    """
    service, home = _SERVICES.get(issuer, ("", ""))
    if service and repository is not None and repository.startswith(home):
        return f"{service}:{repository.removeprefix(home)}".lower()
    return f"{'google' if issuer == _GOOGLE else issuer}:{identity}".lower()


def one_line(text: str) -> str:
    """Return what a library says of bad attestations as part of a sentence: one line, no control characters, not long.

    >>> one_line("not this:" + chr(10) + "  " + chr(27) + "[31m")
    'not this: ?[31m'
    """
    line = "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]} ..."


def refuse_unattested(file: DistributionFile, policy: AttestationPolicy | None) -> Refusal | None:
    """Refuse *file* if its source must attest its files and its page names no provenance of this one.

    PEP 740: "When a provenance file is present, the index MAY include a ``data-provenance`` attribute on its file
    link". Whether the provenance holds is known only when the file is there.

    >>> file = DistributionFile(filename="a-1-py3-none-any.whl", url="https://host.example/a-1-py3-none-any.whl")
    >>> refuse_unattested(file, AttestationPolicy()).code
    'no-provenance'
    >>> refuse_unattested(file, None)
    """
    if policy is None or file.provenance is not None:
        return None
    return Refusal(file.filename, NO_PROVENANCE, "Its source must attest its files, and names no attestation of it")
