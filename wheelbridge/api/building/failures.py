"""Errors of a build, told so that people know which one it was and what they can do."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName

from wheelbridge.api.building.errors import ANOTHER_VERSION, BuildFailedError, UnmappedExternalsError
from wheelbridge.errors import TranslationError, WheelbridgeError
from wheelbridge.solver.builds import not_unasked
from wheelbridge.solver.errors import PackageNotFoundError, UnsatisfiableError

_OWN_HINTS = (BuildFailedError, UnmappedExternalsError)
"""What is said of a source distribution already."""
_NEEDED = "{} is what is built here, and a wheel of it is needed for that"


@dataclass(frozen=True, slots=True)
class BuildStory:
    """What is being built: a source distribution of a project, in a workshop."""

    sdist: str
    project: NormalizedName
    workshop: Path

    @contextmanager
    def told(self) -> Iterator[None]:
        """Say of errors that arise in the block what was to be built; their codes and fields stay."""
        try:
            yield
        except WheelbridgeError as error:
            self._tell(error)
            raise

    @contextmanager
    def own(self) -> Iterator[None]:
        """Say of errors that arise while the project itself is read that another version of it may do."""
        try:
            yield
        except WheelbridgeError as error:
            if not isinstance(error, _OWN_HINTS):
                error.hint = ANOTHER_VERSION
            raise

    def _tell(self, error: WheelbridgeError) -> None:
        for field, value in vars(error).items():
            if isinstance(value, str):
                setattr(error, field, self._shown(value))
        if self.sdist not in error.message.partition("\n")[0]:
            error.message = f"To build {self.sdist}: {error.message}"
        error.args = (error.message,)
        if isinstance(error, UnsatisfiableError):
            error.refused = [{key: self._shown(text) for key, text in one.items()} for one in error.refused]
        error.hint = self._hint(error)

    def _shown(self, text: str) -> str:
        """Leave out places that are gone when this is read, and the advice to build what is being built."""
        tree = next(iter(self.workshop.glob("tree/*")), self.workshop / "tree")
        for place, name in (
            (tree, self.sdist),
            (self.workshop / "env", "its build environment"),
            (self.workshop, "the folder of the build"),
        ):
            text = text.replace(str(place), name)
        return text.replace(not_unasked(self.project), _NEEDED.format(self.project))

    def _hint(self, error: WheelbridgeError) -> str | None:
        advised = re.search(rf"--build {re.escape(self.project)}(?![\w-])", error.hint or "")
        if advised or _NEEDED.format(self.project) in error.message:
            return (
                f"{self.project} needs itself to be built: add a source that has a wheel or a conda package of it, "
                "or ask for another version."
            )
        if isinstance(error, UnsatisfiableError | PackageNotFoundError) and _is_about_the_request(error):
            return f"The build asks for it. Add a source that has it, or ask for another version of {self.project}."
        if isinstance(error, TranslationError):
            return ANOTHER_VERSION
        return error.hint


def _is_about_the_request(error: WheelbridgeError) -> bool:
    """Tell whether the hint is to change what was asked for: that the project did, and no user."""
    return error.hint is None or error.hint.startswith("Loosen")
