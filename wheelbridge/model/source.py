"""Sources: the channels and indexes that packages come from, in one ordered list."""

from dataclasses import dataclass, field
from typing import Literal

SourceKind = Literal["channel", "index"]


@dataclass(frozen=True, slots=True)
class Source:
    """A channel or an index; *tier* 0 comes first.

    *url* ends without a slash and holds no credentials: a channel's base URL (CEP 26), or the simple API's root
    (PEP 503). *login_url* is the URL as it was given, where it held credentials; it is shown and stored nowhere.
    """

    name: str
    kind: SourceKind
    url: str
    tier: int
    login_url: str | None = field(default=None, repr=False, compare=False)

    def as_json(self) -> dict[str, object]:
        """Return the fields as JSON has them."""
        return {"name": self.name, "kind": self.kind, "url": self.url, "tier": self.tier}
