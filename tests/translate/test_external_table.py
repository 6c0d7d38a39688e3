"""The ``[external]`` table (PEP 725): its seven keys, and no other; groups as in PEP 735."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheelbridge.mapping.external.generations import KEYS
from wheelbridge.translate.external_table import (
    ExternalTable,
    InvalidExternalTableError,
    OutdatedExternalTableError,
    UnknownExternalGroupError,
)

WHOLE: dict[str, Any] = {
    "build-requires": ["dep:virtual/compiler/c", "dep:generic/ninja; sys_platform == 'linux'"],
    "host-requires": ["dep:generic/zlib@>=1.2"],
    "dependencies": ["dep:generic/git"],
    "optional-build-requires": {"Extra_One": ["dep:generic/cmake"]},
    "optional-host-requires": {"extra.one": ["dep:generic/tk"], "two": ["dep:generic/lcms2"]},
    "optional-dependencies": {"two": ["dep:cran/nat", "dep:generic/git"]},
    "dependency-groups": {
        "Test": ["dep:generic/catch2", {"include-group": "de_bug"}],
        "De.Bug": ["dep:generic/valgrind", "dep:generic/catch2"],
    },
}


def texts(selected: Any) -> dict[str, list[str]]:
    """Return what was selected as texts."""
    return {category: [str(one) for one in found] for category, found in selected.items()}


class TestSelecting:
    """Required, optional, groups."""

    def test_what_is_required(self) -> None:
        """Without extras and groups, by category, markers kept."""
        assert texts(ExternalTable.parse(WHOLE).select()) == {
            "build": ["dep:virtual/compiler/c", 'dep:generic/ninja; sys_platform == "linux"'],
            "host": ["dep:generic/zlib@>=1.2"],
            "run": ["dep:generic/git"],
        }

    def test_an_extra_may_be_in_several_tables(self) -> None:
        """However it is spelled; what is there twice is needed once."""
        assert texts(ExternalTable.parse(WHOLE).select(["EXTRA-one", "two"])) == {
            "build": ["dep:virtual/compiler/c", 'dep:generic/ninja; sys_platform == "linux"', "dep:generic/cmake"],
            "host": ["dep:generic/zlib@>=1.2", "dep:generic/tk", "dep:generic/lcms2"],
            "run": ["dep:generic/git", "dep:cran/nat"],
        }

    def test_a_group_is_needed_to_run_with_what_it_includes(self) -> None:
        """PEP 735, the contents of an include stand in its place."""
        table = ExternalTable.parse(WHOLE)

        assert [str(one) for one in table.groups["test"]] == ["dep:generic/catch2", "dep:generic/valgrind"]
        assert texts(table.select(groups=["TEST"]))["run"] == [
            "dep:generic/git",
            "dep:generic/catch2",
            "dep:generic/valgrind",
        ]

    @pytest.mark.parametrize(
        ("asked", "kind", "known"),
        [
            ({"extras": ["three"]}, "extra", ("extra-one", "two")),
            ({"groups": ["two"]}, "dependency group", ("de-bug", "test")),
        ],
    )
    def test_what_is_not_there_is_an_error(self, asked: dict[str, Any], kind: str, known: tuple[str, ...]) -> None:
        """It lists what there is."""
        with pytest.raises(UnknownExternalGroupError) as caught:
            ExternalTable.parse(WHOLE).select(**asked)

        assert (caught.value.kind, caught.value.known) == (kind, known)
        assert all(name in str(caught.value.hint) for name in known)

    def test_an_empty_table_needs_nothing(self) -> None:
        """As a table that is not there."""
        assert texts(ExternalTable.parse({}).select()) == {"build": [], "host": [], "run": []}


class TestRefusing:
    """PEP 725: "If metadata is improperly specified then tools MUST raise an error"."""

    @pytest.mark.parametrize(
        ("data", "path", "words"),
        [
            ([], "external", "expected a table, got list"),
            (None, "external", "expected a table, got nothing"),
            ({"requires": []}, "external.requires", "there is no such key"),
            ({"host-requires": "dep:generic/x"}, "external.host-requires", "expected an array of texts, got str"),
            ({"host-requires": ["dep:generic/x", 1]}, "external.host-requires[1]", "expected a text, got int"),
            ({"dependencies": [{"name": "nodejs"}]}, "external.dependencies[0]", "expected a text, got dict"),
            ({"build-requires": ["a", "b"]}, "external.build-requires[0]", "'a' is no external dependency"),
            ({"optional-dependencies": []}, "external.optional-dependencies", "expected a table"),
            ({"optional-dependencies": {"x": "y"}}, "external.optional-dependencies.x", "expected an array"),
            ({"optional-dependencies": {"-": []}}, "external.optional-dependencies.-", "'-' is no name"),
            (
                {"optional-dependencies": {"a_b": [], "A.B": []}},
                "external.optional-dependencies.A.B",
                "'A.B' is the same extra as 'a_b'",
            ),
            ({"dependency-groups": {"a": [{"include": "b"}]}}, "external.dependency-groups.a[0]", "no include"),
            ({"dependency-groups": {"a": [{"include-group": 1}]}}, "external.dependency-groups.a[0]", "no include"),
            (
                {"dependency-groups": {"a": [{"include-group": "b"}], "b": ["dep:generic/x", {"include-group": "c"}]}},
                "external.dependency-groups.b[1]",
                "there is no group 'c': a -> b -> c",
            ),
            (
                {"dependency-groups": {"a": [{"include-group": "B"}], "b": [{"include-group": "A"}]}},
                "external.dependency-groups.b[0]",
                "the group includes itself: a -> b -> a",
            ),
            (
                {"dependency-groups": {"a": [], "A": []}},
                "external.dependency-groups.A",
                "'A' is the same dependency group as 'a'",
            ),
            (
                {"host-requires": [], "build-host-requires": ["nonsense"]},
                "external.build-host-requires[0]",
                "it does not begin with 'dep:'",
            ),
        ],
    )
    def test_the_error_says_where(self, data: object, path: str, words: str) -> None:
        """The path leads to it, and the message begins with it."""
        with pytest.raises(InvalidExternalTableError) as caught:
            ExternalTable.parse(data)

        assert type(caught.value) is InvalidExternalTableError
        assert caught.value.path == path
        assert caught.value.message.startswith(f"{path}: ")
        assert words in caught.value.message

    def test_what_is_only_old_is_listed_as_a_whole(self) -> None:
        """All there is to do, in one go; the seven keys of today are what results."""
        with pytest.raises(OutdatedExternalTableError) as caught:
            ExternalTable.parse(
                {
                    "build_requires": ["virtual:compiler/cpp", "dep:generic/ninja"],
                    "build-host-requires": ["pkg:generic/zlib (>=1.2)"],
                    "optional-build-host-requires": {"x": ["pkg:generic/tk"]},
                    "dependency-groups": {"g": ["pkg:generic/git"]},
                }
            )
        found = {(one.path, one.old, one.new) for one in caught.value.upgrades}

        assert found == {
            ("external.build_requires", "build_requires", "build-requires"),
            ("external.build_requires[0]", "virtual:compiler/cpp", "dep:virtual/compiler/cxx"),
            ("external.build-host-requires", "build-host-requires", "host-requires"),
            ("external.build-host-requires[0]", "pkg:generic/zlib (>=1.2)", "dep:generic/zlib@>=1.2"),
            ("external.optional-build-host-requires", "optional-build-host-requires", "optional-host-requires"),
            ("external.optional-build-host-requires.x[0]", "pkg:generic/tk", "dep:generic/tk"),
            ("external.dependency-groups.g[0]", "pkg:generic/git", "dep:generic/git"),
        }
        assert caught.value.as_json()["upgrades"]
        assert "external upgrade" in str(caught.value.hint)

    @pytest.mark.parametrize("keys", [("host-requires", "build-host-requires"), ("host_requires", "host-requires")])
    def test_a_key_in_two_spellings_is_old(self, keys: tuple[str, str]) -> None:
        """An upgrade makes one of them; it is offered as for every old table."""
        one, other = keys
        with pytest.raises(OutdatedExternalTableError) as caught:
            ExternalTable.parse({one: ["pkg:generic/a"], other: ["pkg:generic/b"]})

        assert {"dep:generic/a", "dep:generic/b", "host-requires"} == {one.new for one in caught.value.upgrades}

    def test_a_text_in_the_place_of_a_list(self) -> None:
        """The hint has the list."""
        with pytest.raises(InvalidExternalTableError) as caught:
            ExternalTable.parse({"host-requires": "dep:generic/zlib"})

        assert caught.value.hint == 'Write a list: ["dep:generic/zlib"].'

    def test_what_is_wrong_besides_comes_first(self) -> None:
        """An upgrade would not help."""
        with pytest.raises(InvalidExternalTableError) as caught:
            ExternalTable.parse({"build_requires": ["virtual:compiler/c"], "dependencies": ["nonsense"]})

        assert type(caught.value) is InvalidExternalTableError

    def test_includes_cannot_be_nested_without_end(self) -> None:
        """A chain that is longer than any is refused, not a crash."""
        groups = {f"g{number}": [{"include-group": f"g{number + 1}"}] for number in range(5000)} | {"g5000": []}

        with pytest.raises(InvalidExternalTableError, match="nested too deeply"):
            ExternalTable.parse({"dependency-groups": groups})

    def test_includes_that_double_do_not_grow(self) -> None:
        """Each group has each specifier once."""
        groups: dict[str, Any] = {"g0": ["dep:generic/x"]}
        groups |= {f"g{number}": [{"include-group": f"g{number - 1}"}] * 2 for number in range(1, 60)}

        assert len(ExternalTable.parse({"dependency-groups": groups}).groups["g59"]) == 1

    @given(
        st.dictionaries(
            st.sampled_from([*KEYS, "build_requires", "x"]),
            st.recursive(
                st.none() | st.integers() | st.text() | st.sampled_from(["dep:generic/x", "pkg:generic/x"]),
                lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "A", "include-group"]), inner),
            ),
        )
    )
    def test_nothing_breaks(self, data: dict[str, Any]) -> None:
        """Whatever TOML may hold: a table with every specifier in it, or our error."""
        try:
            table = ExternalTable.parse(data)
        except InvalidExternalTableError as error:
            assert re.match(r"external\b", error.path)  # noqa: PT017 - either outcome is right
        else:
            assert set(data) <= set(KEYS)
            assert set(table.requires) == {"build", "host", "run"}
