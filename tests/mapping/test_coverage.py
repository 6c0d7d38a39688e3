from tests.fakes import FakeNames
from wheelbridge.mapping.coverage import Mention, NameCoverage, Status, measure
from wheelbridge.mapping.overrides import parse_overrides

ROWS = parse_overrides(
    [
        {"pypi": "cupy-cuda12x", "conda": "cupy", "relation": "equivalent", "specs": ["cuda-version 12.*"]},
        {"pypi": "cmake", "conda": "cmake", "relation": "tool"},
        {"pypi": "yaml", "conda": None, "relation": "none"},
    ],
    own=True,
)
TABLE = FakeNames({"rich": "rich"}, {"lib": ("lib-base", "pylib")}, frozenset({"libffi"}), ROWS)


def cover(*names: str, world: str = "pypi") -> dict[str, NameCoverage]:
    """Measure names that are asked for once."""
    mentions = [Mention("pypi" if world == "pypi" else "conda", name, "a file") for name in names]
    return {name.name: name for name in measure(mentions, TABLE, {}).names}


def test_a_project_has_the_best_that_the_tables_have() -> None:
    """Identity by its confidence, specs in its place, a reason, candidates, or nothing."""
    found = cover("rich", "cupy-cuda12x", "cmake", "yaml", "lib", "who")

    assert {name: (one.status, one.answer, one.candidates) for name, one in found.items()} == {
        "rich": (Status.CURATED, "rich", ()),
        "cupy-cuda12x": (Status.STAND_IN, "cupy", ()),
        "cmake": (Status.EXPLAINED, "cmake", ()),
        "yaml": (Status.EXPLAINED, None, ()),
        "lib": (Status.AMBIGUOUS, None, ("lib-base", "pylib")),
        "who": (Status.UNMAPPED, None, ()),
    }


def test_a_conda_package_is_a_project_or_known_to_be_none() -> None:
    """A gap is a name that nobody knows: libffi is known, and is no PyPI project."""
    found = cover("rich", "libffi", "who", world="conda")

    assert [found[name].status for name in ("rich", "libffi", "who")] == [
        Status.CURATED,
        Status.NO_PROJECT,
        Status.UNMAPPED,
    ]


def test_an_external_dependency_is_served_or_known_not_to_be() -> None:
    """An id without a row is a gap, one that nothing serves for is explained."""
    mentions = [Mention("external", name, "a") for name in ("dep:generic/zlib", "dep:generic/x", "dep:generic/no")]
    externals = {"dep:generic/zlib": "zlib", "dep:generic/no": None}
    found = {name.name: (name.status, name.answer) for name in measure(mentions, TABLE, externals).names}

    assert found == {
        "dep:generic/zlib": (Status.CURATED, "zlib"),
        "dep:generic/no": (Status.EXPLAINED, None),
        "dep:generic/x": (Status.UNMAPPED, None),
    }


def test_places_are_counted_and_the_most_wanted_come_first() -> None:
    """A file that asks twice counts once; equal names are sorted."""
    mentions = [Mention("pypi", name, place) for name, place in ("ba", "ba", "bb", "ca", "aa")]
    coverage = measure(mentions, TABLE, {})

    assert [(name.name, name.mentions) for name in coverage.wanted(Status.UNMAPPED)] == [("b", 2), ("a", 1), ("c", 1)]
    assert coverage.counts("pypi") == {Status.UNMAPPED: (3, 4)}
    assert coverage.counts("conda") == {}
