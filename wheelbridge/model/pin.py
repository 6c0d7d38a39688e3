"""What must hold for a package wherever it is installed, whoever asks for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pin:
    """A conda MatchSpec that installed packages must meet, and the place that states it.

    conda: "pinned specs"; a pin installs nothing by itself.
    """

    spec: str
    place: str
