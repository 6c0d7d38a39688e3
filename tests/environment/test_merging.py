"""Several files made one: conda's rules where it has some, a refusal where any choice would break a file."""

from pathlib import Path
from typing import Any

import pytest
from packaging.utils import NormalizedName

from wheelbridge.environment.manifest import Link, Manifest, Stated
from wheelbridge.environment.merging import ConflictingFilesError, merge_manifests

FOO = NormalizedName("foo")


def a(**said: Any) -> Manifest:
    """What ``a.yml`` says."""
    return Manifest(files=("a.yml",), **said)


def b(**said: Any) -> Manifest:
    """What ``b.yml`` says."""
    return Manifest(files=("b.yml",), **said)


def test_one_is_itself() -> None:
    """Nothing is made anew."""
    manifest = a(name="x")
    assert merge_manifests([manifest]) is manifest


def test_lists_are_joined_in_order() -> None:
    """What both say stands there once, at its first place."""
    shared, other = Stated("numpy", "a.yml:1"), Stated("scipy", "b.yml:2")
    merged = merge_manifests(
        [
            a(specs=(shared,), platforms=("linux-64",), builds=("x",), find_links=("/w",), notes=("n",)),
            b(specs=(Stated("numpy", "b.yml:1"), other), platforms=("osx-64", "linux-64"), pre=True, notes=("n", "m")),
        ]
    )

    assert merged == Manifest(
        files=("a.yml", "b.yml"),
        specs=(shared, other),
        platforms=("linux-64", "osx-64"),
        builds=("x",),
        find_links=("/w",),
        pre=True,
        notes=("n", "m"),
    )


def test_the_same_link_counts_once() -> None:
    """Wherever it is stated, and however its path is written there."""
    link = Link(kind="folder", url="file:///p", given="./p", place="a.yml:3")
    other = Link(kind="folder", url="file:///p", given="../p", place="b.yml:3")
    editable = Link(kind="folder", url="file:///p", editable=True)

    assert merge_manifests([a(links=(link,)), b(links=(other, editable))]).links == (link, editable)


class TestConda:
    """conda: "name, prefix: last wins (later env overrides earlier)", "channels: last wins for priority"."""

    def test_the_last_name_is_taken_and_told(self) -> None:
        """With the lines that say them."""
        merged = merge_manifests([a(name="x", places={"name": "a.yml:1"}), b(name="y"), Manifest(files=("c.yml",))])

        assert merged.name == "y"
        assert merged.notes == ("The name is 'y' (b.yml), not 'x' (a.yml:1): the last file that says one has it.",)

    def test_so_is_the_last_prefix(self) -> None:
        """The same one in both is no conflict."""
        merged = merge_manifests([a(prefix=Path("/x")), b(prefix=Path("/x"))])
        assert (merged.prefix, merged.notes) == (Path("/x"), ())

    def test_channels_of_later_files_come_first(self) -> None:
        """An order that is not kept is told."""
        assert merge_manifests([a(channels=("x", "y")), b(channels=("z",))]).channels == ("z", "x", "y")
        merged = merge_manifests([a(channels=("x", "y")), b(channels=("y", "x"))])
        assert merged.channels == ("y", "x")
        assert merged.notes == ("The channel 'y' comes before 'x': a later file says so, not a.yml.",)

    def test_one_nodefaults_is_enough(self) -> None:
        """As if both lists were one."""
        assert not merge_manifests([a(defaults=False), b()]).defaults

    def test_of_two_categories_there_is_none(self) -> None:
        """Nothing of the environment is both."""
        merged = merge_manifests([a(category="dev"), b(category="test")])
        assert merged.category is None
        assert merged.notes == ("There is no category: 'dev' (a.yml), 'test' (b.yml).",)


class TestConflicts:
    """Where any choice would break what one of the files asks for, both places are named."""

    def conflict(self, *manifests: Manifest) -> ConflictingFilesError:
        """Return why they cannot be merged, in either order."""
        with pytest.raises(ConflictingFilesError):
            merge_manifests(manifests[::-1])
        with pytest.raises(ConflictingFilesError) as caught:
            merge_manifests(manifests)
        assert caught.value.hint
        return caught.value

    def test_variables_that_differ(self) -> None:
        """Without their values, which may be secret; equal ones are fine."""
        first = a(variables={"X": "s3cret", "Y": "1"}, places={"variables.X": "a.yml:7"})
        error = self.conflict(first, b(variables={"X": "2"}))

        assert str(error) == "variables.X: it has two values (a.yml:7 and b.yml)"
        assert error.as_json()["places"] == ("a.yml:7", "b.yml")
        assert merge_manifests([first, b(variables={"Y": "1"})]).variables == {"X": "s3cret", "Y": "1"}

    def test_hashes_that_no_file_has(self) -> None:
        """A file must be in both lists."""
        assert str(
            self.conflict(a(hashes={FOO: frozenset({"sha256:0"})}), b(hashes={FOO: frozenset({"sha256:1"})}))
        ) == ("foo: no file of it is in both lists of hashes (a.yml and b.yml)")
        both = [a(hashes={FOO: frozenset({"x", "y"})}), b(hashes={FOO: frozenset({"y", "z"})})]
        assert merge_manifests(both).hashes == {FOO: {"y"}}

    def test_two_main_indexes(self) -> None:
        """And one beside none; further ones go behind it."""
        assert "another main index" in str(
            self.conflict(a(indexes=("x",), only_indexes=True), b(indexes=("y",), only_indexes=True))
        )
        assert "wants no index" in str(self.conflict(a(only_indexes=True), b(indexes=("y",))))
        merged = merge_manifests([a(indexes=("y",)), b(indexes=("x", "z"), only_indexes=True)])
        assert (merged.indexes, merged.only_indexes) == (("x", "z", "y"), True)

    def test_what_is_to_be_built_and_not(self) -> None:
        """One file's ``--no-binary`` and the other's ``--only-binary``."""
        assert "foo: one file wants it built" in str(self.conflict(a(builds=("foo",)), b(only_wheels=("foo",))))

    def test_two_projects(self) -> None:
        """Each has external dependencies of its own."""
        assert "external: " in str(self.conflict(a(external={"x": 1}), b(external={"x": 2})))
        assert merge_manifests([a(), b(external={"x": 2})]).external == {"x": 2}
