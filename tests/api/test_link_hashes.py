"""Hashes and links: what is listed for a project, or required of all, holds for what is linked to as well."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from tests.buildmaker import digest
from wheelbridge.api.direct.errors import LinkConflictError, UnhashedLinkError
from wheelbridge.api.direct.fetching import fetch_file
from wheelbridge.api.direct.hashes import check_listed, require_hashes
from wheelbridge.api.direct.opening import OpenedLink
from wheelbridge.api.direct.requirements import wanted_links
from wheelbridge.api.places import Caches
from wheelbridge.api.specs import Request
from wheelbridge.environment.manifest import Link
from wheelbridge.index.errors import HashMismatchError
from wheelbridge.model.distribution import DistributionFile
from wheelbridge.model.target import Target

LINUX = Target(subdir="linux-64")
TOOL = canonicalize_name("tool")
WHEEL = Link(kind="file", url="https://host.example/tool-1.0-py3-none-any.whl", place="a.txt:1")
FOLDER = Link(kind="folder", url="file:///there/tool", given="tool", place="b.txt:4")
REPOSITORY = Link(kind="vcs", vcs="git", url="https://host.example/tool.git", place="b.txt:5")


def hashed(link: Link, value: str, name: str = "sha256") -> Link:
    """Return *link* with a hash."""
    return replace(link, hashes={**link.hashes, name: value}, place="c.txt:9")


class TestUnited:
    """One link that stands twice has the hashes of both lines."""

    def test_the_hash_of_one_line_holds_for_the_other(self) -> None:
        """Whichever line comes first."""
        for links in ([WHEEL, hashed(WHEEL, "00")], [hashed(WHEEL, "00"), WHEEL]):
            assert [link.hashes for link in wanted_links(links, LINUX)] == [{"sha256": "00"}] * 2

    def test_two_algorithms_are_both_kept(self) -> None:
        """They do not contradict each other."""
        found = wanted_links([hashed(WHEEL, "00"), hashed(WHEEL, "11", "sha512")], LINUX)

        assert found[0].hashes == {"sha256": "00", "sha512": "11"}

    def test_two_digests_of_one_algorithm_are_refused(self) -> None:
        """No file has both; the message names both lines."""
        other = replace(hashed(WHEEL, "11"), place="d.txt:3")
        with pytest.raises(LinkConflictError, match=r"two sha256 hashes .*c\.txt:9 and .*d\.txt:3"):
            wanted_links([hashed(WHEEL, "00"), other], LINUX)

    def test_a_file_must_have_every_hash(self, tmp_path: Path) -> None:
        """A right sha512 does not excuse a wrong md5: somebody wrote both of this file."""
        wheel = tmp_path / "tool-1.0-py3-none-any.whl"
        wheel.write_bytes(b"x")
        link = Link(kind="file", url=wheel.as_uri(), hashes={"sha256": digest(wheel), "md5": "0" * 32})

        with pytest.raises(HashMismatchError, match="md5"):
            fetch_file(link, Caches(tmp_path / "cache"), offline=True)


def is_refused(link: Link, listed: Mapping[NormalizedName, frozenset[str]]) -> bool:
    """Tell whether a link has no hash, of its own or *listed*, where every one must."""
    try:
        require_hashes([link], Request((), (), hashes=listed, require_hashes=True))
    except UnhashedLinkError:
        return True
    return False


class TestRequired:
    """``--require-hashes``: "hash-checking is all or nothing"."""

    @pytest.mark.parametrize("link", [FOLDER, REPOSITORY, replace(FOLDER, editable=True), WHEEL])
    def test_what_has_no_hash_is_refused_by_name(self, link: Link) -> None:
        """pip: "VCS and editable requirements cannot be hashed"."""
        named = replace(link, project=TOOL)
        with pytest.raises(UnhashedLinkError, match=r"tool.*, [ab]\.txt:\d needs a hash"):
            require_hashes([named], Request((), (), require_hashes=True))
        require_hashes([named], Request((), ()))

    def test_a_hash_of_its_own_or_a_listed_one_will_do(self) -> None:
        """Both tell which file is meant."""
        named = replace(WHEEL, project=TOOL)
        listing = {TOOL: frozenset({"sha256:00"})}

        assert [is_refused(hashed(WHEEL, "00"), {}), is_refused(named, listing)] == [False, False]
        assert is_refused(named, {})

    def test_a_link_that_names_no_project_is_refused_once_it_is_known(self) -> None:
        """Before, a listed hash might have been its own."""
        listed = {canonicalize_name("other"): frozenset({"sha256:00"})}
        request = Request((), (), hashes=listed, require_hashes=True)
        require_hashes([WHEEL], request)

        with pytest.raises(UnhashedLinkError):
            check_listed([opened(WHEEL, None)], request)


class TestListed:
    """``tool --hash=…`` in one line, a link to tool in another."""

    def test_they_are_held_against_the_file(self, tmp_path: Path) -> None:
        """One of them is enough, as for pip; then they need not lead to an index any more."""
        file = tmp_path / "tool-1.0.tar.gz"
        file.write_bytes(b"x")
        right = Request((), (), hashes={TOOL: frozenset({f"sha256:{digest(file)}", "sha512:00"})})
        wrong = Request((), (), hashes={TOOL: frozenset({"sha256:00"})})

        assert check_listed([opened(WHEEL, file)], right).hashes == {}
        with pytest.raises(HashMismatchError):
            check_listed([opened(WHEEL, file)], wrong)

    def test_those_of_other_projects_stay(self) -> None:
        """They are for the indexes."""
        other = {canonicalize_name("other"): frozenset({"sha256:00"})}

        assert check_listed([opened(FOLDER, None)], Request((), (), hashes=other)).hashes == other

    @pytest.mark.parametrize("link", [FOLDER, REPOSITORY])
    def test_a_folder_and_a_repository_can_meet_none(self, link: Link) -> None:
        """Neither the index's file nor the folder is taken without a word; both places are named."""
        request = Request((), (), hashes={TOOL: frozenset({"sha256:00"})}, hash_places={TOOL: "a.txt:7"})
        with pytest.raises(LinkConflictError, match=r"tool: hashes are listed for it.* \(a\.txt:7 and .*b\.txt:\d\)"):
            check_listed([opened(link, None)], request)


def opened(link: Link, archive: Path | None) -> OpenedLink:
    """Return a link to ``tool`` as if it had been opened."""
    file = DistributionFile(filename="tool-1.0.tar.gz", url="direct://links/tool")
    return OpenedLink(link=link, project=TOOL, version=Version("1.0"), file=file, direct_url={}, archive=archive)
