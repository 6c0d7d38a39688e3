"""What a lock is to answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from wheelbridge.api.solving import Settings
from wheelbridge.api.specs import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for on one target.

    Attributes:
        name: what people call the target.
        request: what is to be there.
        settings: what it is solved under, the target included.
        variables: environment variables to set on activation.
    """

    name: str
    request: Request
    settings: Settings
    variables: Mapping[str, str] = field(default_factory=dict)
