"""The reference lists what the code has, and nothing else."""

import inspect
import pkgutil
import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

import pytest

import wheelbridge
from wheelbridge.errors import WheelbridgeError
from wheelbridge.model import attestation
from wheelbridge.solver import admission, builds, candidates, catalogue, channel_wheels, variant_choice

CLI = Path(__file__).parents[1] / "docs" / "reference" / "cli.md"


def subclasses(parent: type[WheelbridgeError]) -> Iterator[type[WheelbridgeError]]:
    """Find the error classes below *parent*, those of tests left out."""
    for child in parent.__subclasses__():
        if child.__module__.partition(".")[0] == wheelbridge.__name__:
            yield child
        yield from subclasses(child)


def fields(error: type[WheelbridgeError]) -> set[str]:
    """Read off which attributes the constructor of *error* adds to those of every error."""
    return set(re.findall(r"\bself\.([a-z]\w*) =", inspect.getsource(error.__init__))) - {"message", "hint"}


def section(title: str) -> str:
    """Return the text of the reference below the heading *title*, up to the next heading of its kind."""
    level = re.escape(title.partition(" ")[0])
    return re.split(rf"^{level} ", CLI.read_text("utf-8").partition(f"\n{title}")[2], flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of the table rows that begin with a code."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:3] == "| `"]


def unquote(cell: str) -> set[str]:
    """Return the words between backticks."""
    return set(re.findall(r"`([^`]+)`", cell))


@contextmanager
def without_conda() -> Iterator[None]:
    """Pass over what conda alone can import; the plugin's errors stand in modules that need no conda."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "conda":
            raise


@pytest.fixture(scope="module")
def errors() -> dict[str, list[type[WheelbridgeError]]]:
    """Code -> the classes that have it, after all modules were imported."""
    for module in pkgutil.walk_packages(wheelbridge.__path__, "wheelbridge."):
        if not module.name.endswith(".__main__"):
            with without_conda():
                import_module(module.name)
    found: dict[str, list[type[WheelbridgeError]]] = {}
    for error in subclasses(WheelbridgeError):
        found.setdefault(error.code, []).append(error)
    return found


def refusal_codes() -> set[str]:
    """Return the codes that the choice of candidates itself gives a file."""
    text = "".join(map(inspect.getsource, (candidates, admission, catalogue, channel_wheels)))
    literal = set(re.findall(r'(?:_refuse\(\w+|Refusal\([\w.]+), "([a-z-]+)"', text))
    return literal | {
        attestation.NO_PROVENANCE,
        builds.NOT_BUILT,
        candidates.OTHER_PYTHON,
        variant_choice.INCOMPATIBLE_VARIANT,
        variant_choice.UNWANTED_VARIANT,
    }


class TestErrorCodes:
    """docs/reference/cli.md: "The `code` of an error is stable; programs may rely on it"."""

    def test_the_tables_list_every_code_once(self, errors: dict[str, list[type[WheelbridgeError]]]) -> None:
        """No code is missing, none is listed that does not exist, and none twice."""
        listed = [cell[1:-1] for cell, *_ in rows(section("## Error codes"))]

        assert set(listed) == {*errors, *refusal_codes()}
        assert len(listed) == len(set(listed))

    def test_the_exit_codes_are_those_of_the_classes(self, errors: dict[str, list[type[WheelbridgeError]]]) -> None:
        """Where the table says 1, a program gets 1; and the list of exit codes is complete."""
        listed = {code[1:-1]: exit_code for code, exit_code, *rest in rows(section("## Error codes")) if rest}
        codes = {code: str(errors[code][0].exit_code) for code in listed}

        assert listed == codes
        assert set(re.findall(r"^\| ([\d, ]+) \|", section("## Exit codes"), re.MULTILINE)) == {"0", *codes.values()}

    def test_the_fields_are_those_that_the_constructors_set(
        self, errors: dict[str, list[type[WheelbridgeError]]]
    ) -> None:
        """Two classes may share a code; then the fields of both are listed."""
        listed = {code[1:-1]: unquote(rest[-1]) for code, _, *rest in rows(section("## Error codes")) if rest}

        assert listed == {code: set().union(*map(fields, errors[code])) for code in listed}
