"""Look-up of names as people write them: ``pypi:torch``, ``conda:pytorch``, ``dep:generic/zlib``, or a bare name."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from packaging.utils import InvalidName

from wheelbridge.api.mapping.answers import answer_json
from wheelbridge.api.natives import LayeredWheelRow, NativeRows
from wheelbridge.errors import UsageError
from wheelbridge.mapping.lookup import LayeredNameTable
from wheelbridge.mapping.rows import NameAnswer
from wheelbridge.model.name import CondaName, NormalizedName, canonicalize_name, is_conda_name

World = Literal["pypi", "conda", "dep"]
_FORM = "Write it like pypi:torch, conda:pytorch or dep:generic/zlib; a bare name is looked up as both of the first."
_PREFIXES, _SUFFIXES = ("python-", "py-", "py"), ("-python", "-py", "-base", "-core")


@dataclass(frozen=True, slots=True)
class Subject:
    """A name of one world; *text* is what was asked for."""

    text: str
    world: World
    name: str

    def __str__(self) -> str:
        """Write it with its world; an id of an external dependency says that itself."""
        return self.name if self.world == "dep" else f"{self.world}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the tables say of a name.

    Attributes:
        known: some layer speaks of the name.
        guesses: conda packages that are called alike; the solver never takes them for the project.
        wheels: of a project, what its wheels need besides what their metadata say.
    """

    subject: Subject
    answer: NameAnswer
    known: bool
    guesses: tuple[CondaName, ...] = ()
    wheels: tuple[LayeredWheelRow, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return it as ``translate name`` does, with what was asked for before it."""
        wheels = {"wheels": [one.as_json() for one in self.wheels]} if self.subject.world == "pypi" else {}
        return {
            "input": self.subject.text,
            "name": str(self.subject),
            **answer_json(self.answer, self.subject.world),
            "known": self.known,
            "guesses": [{"name": name, "confidence": "guess"} for name in self.guesses],
            **wheels,
        }


def read_subjects(text: str) -> tuple[Subject, ...]:
    """Return the names that *text* may mean, the PyPI project first.

    >>> [str(subject) for subject in read_subjects("Torch")], str(read_subjects("pypi:Foo_Bar")[0])
    (['pypi:torch', 'conda:torch'], 'pypi:foo-bar')

    Raises:
        UsageError: if it can be none.
    """
    world, separator, name = text.partition(":")
    if separator and world.lower() == "dep":
        return (Subject(text, "dep", text),)
    if separator and world not in {"pypi", "conda"}:
        raise UsageError(f"{text!r} is no name", hint=_FORM)
    subjects = tuple(_subjects(text, (name if separator else text).strip(), world if separator else ""))
    if not subjects:
        raise UsageError(f"{text!r} is no name", hint=_FORM)
    return subjects


def _subjects(text: str, name: str, world: str) -> Iterator[Subject]:
    if world != "conda":
        with suppress(InvalidName):
            yield Subject(text, "pypi", canonicalize_name(name, validate=True))
    if world != "pypi" and is_conda_name(name.lower()):
        yield Subject(text, "conda", name.lower())


def look_up(
    subject: Subject, table: LayeredNameTable, *, natives: NativeRows | None = None, guess: bool = False
) -> Found:
    """Return what *table* says of a project or a package; with *guess*, also what a project without a row may be.

    With *natives*, also what wheels of a project need.
    """
    if subject.world == "conda":
        package = CondaName(subject.name)
        return Found(subject=subject, answer=table.by_conda(package), known=table.is_conda_name(package))
    project = canonicalize_name(subject.name)
    answer = table.by_project(project)
    known = bool(answer.rows or answer.ambiguous)
    guesses = guess_packages(project, table) if guess and not answer.rows else ()
    wheels = natives.rows(project) if natives else ()
    return Found(subject=subject, answer=answer, known=known, guesses=guesses, wheels=wheels)


def guess_packages(project: NormalizedName, table: LayeredNameTable) -> tuple[CondaName, ...]:
    """Return the conda packages that are called as *project* is, or nearly so, and that no row makes another's.

    A guess is for people alone: such a name is often that of a C library or of a program.
    """
    rejected = {name for said in table.trace(project) if said.row for name in said.row.rejected}
    found = dict.fromkeys(name for name in _alike(project) if table.is_conda_name(name) and name not in rejected)
    return tuple(name for name in found if not table.by_conda(name).rows)


def _alike(project: NormalizedName) -> Iterator[CondaName]:
    names = [project, *(f"{prefix}{project}" for prefix in _PREFIXES), *(f"{project}{suffix}" for suffix in _SUFFIXES)]
    names += [project.removeprefix(prefix) for prefix in _PREFIXES]
    names += [project.removesuffix(suffix) for suffix in _SUFFIXES]
    for name in names:
        for sign in "-_.":
            yield CondaName(name.replace("-", sign))
