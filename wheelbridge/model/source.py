"""Sources: the channels and indexes that packages come from, in one ordered list."""

from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Source:
    """A channel or an index; *tier* 0 comes first.

    *url* ends without a slash: a channel's base URL (CEP 26), or the simple API's root (PEP 503).
    """

    name: str
    kind: Literal["channel", "index"]
    url: str
    tier: int

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return asdict(self)
