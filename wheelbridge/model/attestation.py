"""What the files of a source must prove about who published them (PEP 740, CEP 27)."""

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationPolicy:
    """Every file must carry an attestation that verifies.

    Attributes:
        publishers: (glob over project or package names, glob over publishers such as ``github:owner/repository``); a
            name that no glob matches may have any publisher, one that several match needs one of theirs.
    """

    publishers: tuple[tuple[str, str], ...] = ()

    def admits(self, name: str, publisher: str) -> bool:
        """Tell whether *publisher* may publish *name*.

        >>> policy = AttestationPolicy(publishers=(("corp-*", "github:corp/*"),))
        >>> policy.admits("corp-a", "github:corp/a"), policy.admits("corp-a", "github:evil/a"), policy.admits("b", "x")
        (True, False, True)
        """
        named = [glob for pattern, glob in self.publishers if fnmatchcase(name, pattern)]
        return not named or any(fnmatchcase(publisher, glob) for glob in named)
