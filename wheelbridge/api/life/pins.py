"""Pins: what must hold for a package wherever it is installed (``conda-meta/pinned``, ``pinned_packages``)."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name
from rattler import MatchSpec, RepoDataRecord
from rattler.exceptions import InvalidMatchSpecError

from wheelbridge.errors import WheelbridgeError
from wheelbridge.model.pin import Pin

_PINNED = "conda-meta/pinned"
_COMMENT = "#"
_SHOWN_REASON = "it is no MatchSpec of one name"
_LONG_REASON = "there is more behind its name than a version and a build"


class InvalidPinnedSpecError(WheelbridgeError):
    """A pin cannot be read."""

    code = "invalid-pinned-spec"

    def __init__(self, pin: Pin, reason: str) -> None:
        super().__init__(
            f"{pin.place} pins {pin.spec!r}, which cannot be read: {reason}",
            hint="A pin is a conda MatchSpec, one a line, such as numpy<2. To do without pins: --no-pin.",
        )
        self.pin = pin.spec
        self.place = pin.place


class PinConflictError(WheelbridgeError):
    """What is asked for cannot be had while the pins hold.

    conda: ``SpecsConfigurationConflictError``, "Requested specs conflict with configured specs."
    """

    code = "pin-conflict"

    def __init__(self, requested: Sequence[str], pins: Sequence[Pin]) -> None:
        held = " and ".join(f"{pin.spec!r} ({pin.place})" for pin in pins)
        super().__init__(
            f"What is asked for ({', '.join(requested)}) contradicts what is pinned: {held}",
            hint="Ask for what the pin allows, change the pin where it is stated, or do without pins: --no-pin.",
        )
        self.requested = list(requested)
        self.pins = [{"spec": pin.spec, "place": pin.place} for pin in pins]


def load_pins(prefix: Path) -> tuple[Pin, ...]:
    """Read ``conda-meta/pinned`` of the environment at *prefix*; none where there is no such file.

    conda reads one spec a line, and passes over empty lines and those that begin with ``#``.

    Raises:
        InvalidPinnedSpecError: if a line is no MatchSpec of one name.
    """
    path = prefix / _PINNED
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return read_pins(text, str(path))


def read_pins(text: str, place: str) -> tuple[Pin, ...]:
    r"""Read the lines of a pinned file; *place* is its name, for messages.

    >>> [(pin.spec, pin.place) for pin in read_pins("# held back\nnumpy<2\n", "pinned")]
    [('numpy<2', 'pinned:2')]

    Raises:
        InvalidPinnedSpecError: if a line is no MatchSpec of one name.
    """
    lines = ((number, line.strip()) for number, line in enumerate(text.splitlines(), start=1))
    pins = tuple(Pin(line, f"{place}:{number}") for number, line in lines if line and not line.startswith(_COMMENT))
    pin_specs(pins)
    return pins


def pin_specs(pins: Iterable[Pin]) -> tuple[str, ...]:
    """Return the MatchSpecs of *pins*.

    Raises:
        InvalidPinnedSpecError: if one is no MatchSpec of one name.
    """
    return tuple(_checked(pin) for pin in pins)


def broken_pins(pins: Iterable[Pin], records: Iterable[RepoDataRecord]) -> tuple[Pin, ...]:
    """Return the *pins* that *records* do not meet; a pin on what is not among them is met."""
    known = {record.name.normalized: record for record in records}
    return tuple(pin for pin in pins if (record := known.get(pin_name(pin))) and not _allows(pin, record))


def idle_pins(pins: Iterable[Pin], packages: Mapping[str, str | None]) -> tuple[str, ...]:
    """Return a note for each of *pins* that calls a wheel by another name than the solver does, and so holds nothing.

    >>> idle_pins([Pin("My_Pkg ==1.0", "pinned:1")], {"my-pkg": "my-pkg", "python": None})
    ("The pin 'My_Pkg ==1.0' (pinned:1) holds nothing here; to hold the wheel of my-pkg, it must be on 'my-pkg'.",)

    Args:
        pins: what is pinned.
        packages: name -> project of an index, if it is one.
    """
    homes = {project: name for name, project in packages.items() if project}
    others = ((pin, canonicalize_name(name)) for pin in pins if (name := pin_name(pin)) not in packages)
    return tuple(
        f"The pin {pin.spec!r} ({pin.place}) holds nothing here; to hold the wheel of {project}, it must be on "
        f"{homes[project]!r}."
        for pin, project in others
        if project in homes
    )


def pin_name(pin: Pin) -> str:
    """Return the name that a pin is about."""
    return MatchSpec(pin.spec).name.normalized or ""


def _allows(pin: Pin, record: RepoDataRecord) -> bool:
    return MatchSpec(without_source(pin.spec)).matches(record)


def without_source(spec: str) -> str:
    """Return a MatchSpec without the channel before its name: a record says its channel in other words.

    >>> without_source("conda-forge::numpy<2")
    'numpy<2'
    """
    return spec.rpartition("::")[2]


def _checked(pin: Pin) -> str:
    try:
        spec = MatchSpec(pin.spec)
    except InvalidMatchSpecError as error:
        raise InvalidPinnedSpecError(pin, str(error)) from error
    if not spec.name.normalized or spec.namespace:
        raise InvalidPinnedSpecError(pin, _SHOWN_REASON)
    if len(str(spec.build or "").split()) > 1:  # which rattler takes for a build with blanks
        raise InvalidPinnedSpecError(pin, _LONG_REASON)
    return pin.spec
