import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.condapackages import Files, Link, PackageServer, dist_info, index_channel, make_conda
from tests.loopback import LoopbackIndex, authorization
from wheelbridge.api.mapping import package_contents
from wheelbridge.api.mapping.package_contents import BrokenPackageError, UnreadablePackageError
from wheelbridge.api.mapping.verify import PackageReport, VerifyReport, VerifyRequest, VerifySettings, verify_tables
from wheelbridge.api.places import Caches
from wheelbridge.api.solving import Silent
from wheelbridge.api.sources import read_sources
from wheelbridge.mapping.generate import render_layer
from wheelbridge.mapping.lines import SortedLines, TableRow
from wheelbridge.mapping.lookup import Layer, LayeredNameTable
from wheelbridge.mapping.natives.sonames import parse_soname_rows
from wheelbridge.mapping.rows import Confidence, Relation
from wheelbridge.model.name import CondaName, NormalizedName

Verify: TypeAlias = Callable[..., VerifyReport]

NAMES = {"foo": "foo", "bar": "python-bar", "baz": "baz"}
"""What the tables say."""
INDEX = json.dumps({"name": "foo", "version": "1.0", "build": "0", "build_number": 0, "depends": []})
MIB = 1 << 20
TOKEN = "ab-secret"  # noqa: S105 - nobody's


def table() -> LayeredNameTable:
    """Make the tables."""
    rows = [
        TableRow(
            pypi=NormalizedName(pypi),
            conda=CondaName(conda),
            relation=Relation.DIST,
            confidence=Confidence.OBSERVED,
        )
        for pypi, conda in NAMES.items()
    ]
    files = render_layer(rows)
    return LayeredNameTable(
        (Layer("test", SortedLines(files.projects.encode()), SortedLines(files.packages.encode())),)
    )


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    """An empty folder for a channel."""
    folder = tmp_path / "served" / "channel"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def server(channel: Path) -> Iterator[PackageServer]:
    """The channel over HTTP, with ranges."""
    with PackageServer(channel.parent) as running:
        yield running


@pytest.fixture
def verify(tmp_path: Path, channel: Path) -> Verify:
    """Verify names, or what else a request has, against a channel: by default the folder."""

    def call(
        *names: str, source: str | None = None, subdir: str = "linux-64", offline: bool = False, **request: object
    ) -> VerifyReport:
        settings = VerifySettings(
            sources=read_sources([("channel", source or str(channel))], defaults=False),
            subdir=subdir,
            table=table(),
            caches=Caches(tmp_path / "cache"),
            offline=offline,
        )
        asked = VerifyRequest(names=names, **request)  # type: ignore[arg-type] # the tests name its fields
        return verify_tables(asked, settings, Silent())

    return call


def said(report: PackageReport) -> list[tuple[str, str]]:
    """Return status and code of each verdict; of a failure, its code."""
    if report.error is not None:
        return [("error", report.error.code)]
    return [(verdict.status, verdict.code) for verdict in report.verdicts]


def noise(size: int) -> bytes:
    """Return bytes that cannot be packed."""
    return random.Random(1).randbytes(size)


class TestCosts:
    """A package is read by range requests: what it costs does not grow with it."""

    def test_a_big_package_costs_a_few_kilobytes(self, channel: Path, server: PackageServer, verify: Verify) -> None:
        """Of a package without a distribution, the tail alone is read."""
        package = make_conda(channel, "libbig", "1.0", {"lib/libbig.so.1": noise(4 * MIB)}, subdir="linux-64")
        index_channel(channel)

        (report,) = verify("libbig", source=f"{server.url}/channel").packages

        assert package.stat().st_size > 4 * MIB
        assert server.sent(package.name) <= 64 * 1024
        assert (report.access, report.sonames) == ("sparse", ("libbig.so.1",))

    def test_of_the_payload_no_more_is_read_than_needed(self, channel: Path, verify: Verify) -> None:
        """METADATA lies before much else: what is sent then was on its way when the client had enough."""
        files = {**dist_info("foo", "1.0"), "site-packages/foo/big": noise(65 * MIB)}
        package = make_conda(channel, "foo", "1.0", files)
        with PackageServer(channel.parent) as server:
            url = f"{server.url}/channel/noarch/{package.name}"
            (quick,) = verify(packages=[url]).packages
            tail = server.sent(package.name)
            (thorough,) = verify(packages=[url], thorough=True).packages

        assert said(quick) == [("confirmed", "observed")]
        assert tail <= 64 * 1024
        assert said(thorough) == [("confirmed", "verified")]
        assert server.sent(package.name) < package.stat().st_size / 10

    def test_metadata_in_a_big_payload_is_not_looked_for(
        self, channel: Path, server: PackageServer, verify: Verify, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Then the package is no more than observed, and says why; a file on disk costs nothing."""
        monkeypatch.setattr(package_contents, "MOST_PAYLOAD", 1000)
        files = {"site-packages/foo/big": b"x" * 1001, **dist_info("foo", "1.0")}
        package = make_conda(channel, "foo", "1.0", files)
        small = make_conda(channel, "baz", "1.0", {"site-packages/baz/x": b"x" * 500, **dist_info("baz", "1.0")})
        root = f"{server.url}/channel/noarch"

        report = verify(packages=[f"{root}/{package.name}", f"{root}/{small.name}", str(package)])

        assert report.packages[0].evidence is not None
        assert [reason.code for reason in report.packages[0].evidence.reasons] == ["metadata-unread"]
        assert [said(one) for one in report.packages] == [
            [("confirmed", "observed")],
            [("confirmed", "verified")],
            [("confirmed", "verified")],
        ]

    def test_a_server_without_ranges(self, channel: Path, verify: Verify) -> None:
        """All of it is downloaded, and that is said."""
        package = make_conda(channel, "foo", "1.0", {**dist_info("foo", "1.0"), "big": noise(MIB)})
        with PackageServer(channel.parent, ranges=False) as server:
            (report,) = verify(packages=[f"{server.url}/channel/noarch/{package.name}"]).packages

        assert (report.access, said(report)) == ("spooled", [("confirmed", "verified")])
        assert server.sent(package.name) >= package.stat().st_size

    def test_the_older_format(self, channel: Path, server: PackageServer, verify: Verify) -> None:
        """A ``.tar.bz2`` can be read from its beginning only."""
        make_conda(channel, "foo", "1.0", dist_info("foo", "1.0"), suffix=".tar.bz2")
        index_channel(channel)

        (report,) = verify("foo", source=f"{server.url}/channel").packages

        assert (report.access, said(report)) == ("spooled", [("confirmed", "verified")])


class TestChoosing:
    """knowledge: the "newest non-broken build of the conda name"."""

    def test_the_newest_version_of_target_and_noarch(self, channel: Path, verify: Verify) -> None:
        """Versions count, not texts; other platforms do not."""
        for version, subdir in (("1.9", "linux-64"), ("1.10", "noarch"), ("2.0", "win-64")):
            make_conda(channel, "foo", version, dist_info("foo", version), subdir=subdir)
        index_channel(channel)

        assert [report.place.rpartition("/")[2] for report in verify("foo").packages] == ["foo-1.10-0.conda"]
        assert [report.subdir for report in verify("foo", subdir="win-64").packages] == ["win-64"]

    def test_the_newest_build(self, channel: Path, verify: Verify) -> None:
        """By number, then by time; what ``track_features`` sinks comes last."""
        builds = (("a", 0, 3, ""), ("b", 1, 1, ""), ("c", 1, 2, ""), ("d", 9, 9, "odd"))
        for build, number, moment, feature in builds:
            make_conda(
                channel,
                "foo",
                "1.0",
                {},
                build=build,
                build_number=number,
                timestamp=moment * 10**12,
                track_features=feature,
            )
        index_channel(channel)

        assert [report.build for report in verify("foo").packages] == ["c"]

    def test_what_the_channel_took_back_does_not_count(self, channel: Path, verify: Verify) -> None:
        """A revoked build depends on what nobody has."""
        make_conda(channel, "foo", "1.0", {})
        for name in ("foo", "bar"):
            make_conda(channel, name, "2.0", {}, depends=["python", "package_has_been_revoked"])
        index_channel(channel)

        foo, bar = verify("foo", "bar").packages

        assert foo.evidence is not None
        assert foo.evidence.version == "1.0"
        assert bar.error is not None
        assert (bar.error.code, bar.error.hint) == ("package-not-found", "Its channel took all builds of it back.")

    def test_all_and_some(self, channel: Path, verify: Verify) -> None:
        """All packages of a channel by name, as many as wanted; what is left out is counted."""
        for name in ("foo", "baz", "python-bar"):
            make_conda(channel, name, "1.0", {})
        index_channel(channel)

        whole, part = verify(every=True), verify(every=True, limit=2)

        assert [report.asked for report in whole.packages] == ["baz", "foo", "python-bar"]
        assert ([report.asked for report in part.packages], part.left_out) == (["baz", "foo"], 1)

    def test_another_package_than_the_channel_says(self, channel: Path, verify: Verify) -> None:
        """What a file holds is not taken for what was asked."""
        package = make_conda(channel, "foo", "1.0", {})
        index_channel(channel)
        other = make_conda(channel.parent, "baz", "1.0", {})
        other.replace(package)

        assert [said(report) for report in verify("foo").packages] == [[("error", "broken-package")]]


class TestVerdicts:
    """What packages carry, against the tables."""

    @pytest.mark.parametrize(
        ("name", "files", "expected"),
        [
            ("foo", dist_info("foo", "1.0"), [("confirmed", "verified")]),
            ("python-bar", dist_info("Bar", "1.0", folder="lib/python3.12/site-packages"), [("confirmed", "verified")]),
            ("foo", dist_info("foo", "0.9"), [("silent", "doubtful")]),
            ("foo", dist_info("foo", "1.0", metadata_name="foo-cpu"), [("silent", "doubtful")]),
            ("foo", {"bin/foo": ""}, [("contradicted", "no-dist-info")]),
            ("foo", dist_info("foo", "1.0", folder="site-packages/x/_vendor"), [("contradicted", "no-dist-info")]),
            ("foo", {**dist_info("foo", "1.0"), **dist_info("x", "7")}, [("confirmed", "observed")]),
            ("foo", {"site-packages/foo-1.0.egg-info/PKG-INFO": "Name: foo\n"}, [("confirmed", "observed")]),
            ("foo", dist_info("new", "1.0"), [("contradicted", "other-dist-info"), ("new", "unmapped")]),
            ("bar", dist_info("bar", "1.0"), [("new", "also-carried")]),
            ("bar", {}, [("silent", "none")]),
        ],
    )
    @pytest.mark.parametrize("suffix", [".conda", ".tar.bz2"])
    def test_packages(
        self,
        channel: Path,
        verify: Verify,
        name: str,
        files: dict[str, str],
        expected: list[tuple[str, str]],
        suffix: str,
    ) -> None:
        """Both formats say the same."""
        package = make_conda(channel, name, "1.0", files, suffix=suffix)

        (report,) = verify(packages=[str(package)]).packages

        assert said(report) == expected
        assert report.access == "local"

    @pytest.mark.parametrize("path", ["info/recipe/meta.yaml", "info/recipe/rendered_recipe.yaml"])
    def test_recipe_of_another_project(self, channel: Path, verify: Verify, path: str) -> None:
        """The name of a dist-info need not be the project's."""
        recipe = "source:\n  url: https://host.example/packages/source/f/foo-cpu/foo-cpu-1.0.tar.gz\n"
        package = make_conda(channel, "foo", "1.0", dist_info("foo", "1.0"), info={path: recipe})

        (report,) = verify(packages=[str(package)]).packages

        assert report.evidence is not None
        assert [reason.code for reason in report.evidence.reasons] == ["recipe-differs"]

    def test_sonames_are_rows(self, channel: Path, verify: Verify) -> None:
        """As ``mappings/sonames`` takes them, links included; builds for several platforms make one row."""
        files: Files = {"lib/libZ.so.1.3": b"", "lib/libZ.so.1": Link("libZ.so.1.3"), "lib/libZ.so": Link("libZ.so.1")}
        made = [make_conda(channel, "zlib", "1.3", files, subdir=subdir) for subdir in ("linux-64", "linux-aarch64")]
        made.append(make_conda(channel, "alib", "1", {"lib/libZ.so.1": b"", "Library/bin/Z.dll": b""}))

        rows = verify(packages=[str(path) for path in (*made, made[0])]).soname_rows()

        assert [(row["soname"], row["conda"], row["when"]) for row in rows] == [
            ("libZ.so.1", "alib", ["linux-*"]),
            ("libZ.so.1", "zlib", ["linux-64", "linux-aarch64"]),
            ("z.dll", "alib", ["win-*"]),
        ]
        assert rows[1]["evidence"] == [
            "carried by zlib-1.3-0.conda (linux-64)",
            "carried by zlib-1.3-0.conda (linux-aarch64)",
        ]
        assert [row.conda for row in parse_soname_rows(rows)] == ["alib", "zlib", "alib"]


class TestFailures:
    """One package that cannot be read stands beside the others, and stops none."""

    def test_beside_the_others(self, channel: Path, server: PackageServer, verify: Verify) -> None:
        """Gone, broken, unknown, no package at all: each has a code of its own."""
        make_conda(channel, "foo", "1.0", dist_info("foo", "1.0"))
        gone = make_conda(channel, "gone", "1.0", {})
        make_conda(channel, "torn", "1.0", {}, info={"info/paths.json": "{"})
        make_conda(channel, "bare", "1.0", {}, info={"info/paths.json": None})
        junk = make_conda(channel, "junk", "1.0", {})
        index_channel(channel)
        gone.unlink()
        junk.write_bytes(noise(200_000))

        report = verify("gone", "torn", "bare", "junk", "unknown", "foo", source=f"{server.url}/channel")

        assert {one.asked: said(one) for one in report.packages} == {
            "gone": [("error", "unreadable-package")],
            "torn": [("error", "broken-package")],
            "bare": [("error", "broken-package")],
            "junk": [("error", "unreadable-package")],
            "unknown": [("error", "package-not-found")],
            "foo": [("confirmed", "verified")],
        }
        assert not report.is_sound
        assert "404" in str(report.packages[0].error)

    def test_files(self, tmp_path: Path, channel: Path, verify: Verify) -> None:
        """Those that are not there, and those of no format."""
        (tmp_path / "x.zip").write_bytes(b"")
        good = make_conda(channel, "foo", "1.0", dist_info("foo", "1.0"))

        report = verify(packages=[str(tmp_path / "none.conda"), str(tmp_path / "x.zip"), good.as_uri()])

        assert [said(one) for one in report.packages] == [
            [("error", "unreadable-package")],
            [("error", "unreadable-package")],
            [("confirmed", "verified")],
        ]

    def test_paths_json_that_lists_what_is_not_there(self, channel: Path, verify: Verify) -> None:
        """The METADATA of a distribution must be there."""
        path = {"_path": "site-packages/foo-1.0.dist-info/METADATA", "path_type": "hardlink"}
        info = {"info/paths.json": json.dumps({"paths_version": 1, "paths": [path]})}
        package = make_conda(channel, "foo", "1.0", {}, info=info)

        assert [said(one) for one in verify(packages=[str(package)]).packages] == [[("error", "broken-package")]]

    def test_metadata_that_is_a_link(self, channel: Path, verify: Verify) -> None:
        """A link is not followed."""
        place = "site-packages/foo-1.0.dist-info"
        files: Files = {f"{place}/METADATA": Link("y"), f"{place}/y": "Name: foo\n"}
        package = make_conda(channel, "foo", "1.0", files)

        assert [said(one) for one in verify(packages=[str(package)]).packages] == [[("error", "unreadable-package")]]

    def test_no_subdir(self, channel: Path, verify: Verify) -> None:
        """Old packages do not say where they belong; their folder does."""
        package = make_conda(channel, "foo", "1.0", {}, subdir="linux-64", info={"info/index.json": INDEX})

        assert [one.subdir for one in verify(packages=[str(package), package.as_uri()]).packages] == ["linux-64"] * 2

    def test_offline(self, channel: Path, server: PackageServer, verify: Verify) -> None:
        """What is no file of this machine is not asked for."""
        package = make_conda(channel, "foo", "1.0", dist_info("foo", "1.0"))
        url = f"{server.url}/channel/noarch/{package.name}"

        report = verify(packages=[url, str(package)], offline=True)

        assert [said(one) for one in report.packages] == [
            [("error", "unreadable-package")],
            [("confirmed", "verified")],
        ]
        assert server.asked == []

    def test_without_tls(self, verify: Verify) -> None:
        """No package is fetched over plain HTTP from another machine."""
        (report,) = verify(packages=["http://host.example/channel/noarch/foo-1.0-0.conda"]).packages

        assert said(report) == [("error", "insecure-url")]


class TestSecrets:
    """What opens a channel goes to that channel, and into no text."""

    def test_a_login_opens_a_package(self, channel: Path, verify: Verify) -> None:
        """User and password of its URL are those of its channel."""
        package = make_conda(channel, "foo", "1.0", dist_info("foo", "1.0"))
        with LoopbackIndex({}, channel=channel) as index:
            index.fail("/channel/", authorization("Basic bWU6aHVudGVyMg=="))
            place = f"{index.root.removeprefix('http://')}/channel/noarch"
            urls = [
                f"http://me:hunter2@{place}/{package.name}",
                f"http://me:hunter3@{place.replace('/noarch', '/none')}/{package.name}",
            ]
            opened, refused = verify(packages=urls[:1]).packages, verify(packages=urls[1:]).packages

        assert [said(one) for one in opened] == [[("confirmed", "verified")]]
        assert [said(one) for one in refused] == [[("error", "unreadable-package")]]
        shown = f"{[one.as_json() for one in (*opened, *refused)]} {opened} {refused}"
        assert "hunter" not in shown
        assert "me:" not in shown

    def test_a_token_opens_a_channel(self, channel: Path, verify: Verify) -> None:
        """It stands in no report, and in none of its errors."""
        make_conda(channel, "foo", "1.0", dist_info("foo", "1.0"))
        gone = make_conda(channel, "gone", "1.0", {})
        index_channel(channel)
        gone.unlink()
        with LoopbackIndex({}, channel=channel) as index:
            index.token = TOKEN
            source = f"{index.root}/t/{TOKEN}/channel"
            report = verify("foo", "gone", packages=[f"{source}/noarch/none-1-0.conda"], source=source)

        assert [said(one)[0][0] for one in report.packages] == ["error", "confirmed", "error"]
        assert "404" in str(report.packages[0].error)
        assert "secret" not in f"{report.as_json()} {report}"

    def test_errors_show_no_secret_of_a_url(self) -> None:
        """A channel may lead to URLs that hold some."""
        url = "https://me:hunter2@host.example/t/ab-secret/c/noarch/x-1-0.conda?sig=hidden"
        shown = (
            f"{UnreadablePackageError(url, f'no answer from {url}').as_json()} {BrokenPackageError(url, 'x').as_json()}"
        )

        assert "x-1-0.conda" in shown
        assert not [secret for secret in ("hunter2", "secret", "hidden") if secret in shown]

    @pytest.mark.parametrize(
        ("url", "asked"),
        [
            ("https://host.example/c/noarch/x-1-0.conda?token=ter2", "https://host.example/c/noarch/x-1-0.conda"),
            ("https://host.example/c/noarch/x-1-0.conda#ter2", "https://host.example/c/noarch/x-1-0.conda"),
            ("https://me:hun/ter2@host.example/c/noarch/x-1-0.conda", "host.example/c/noarch/x-1-0.conda"),
            ("https://me:hun?ter2@host.example/c/noarch/x-1-0.conda", "--package number 1"),
            ("https://host.example:port/c/noarch/x-1-0.conda", None),
        ],
    )
    def test_a_url_that_cannot_be_read(self, channel: Path, verify: Verify, url: str, asked: str | None) -> None:
        """It is refused, not shown, and stops no other package."""
        good = make_conda(channel, "foo", "1.0", dist_info("foo", "1.0"))

        refused, read = verify(packages=[url, str(good)]).packages

        assert said(refused) == [("error", "unreadable-package")]
        assert said(read) == [("confirmed", "verified")]
        assert asked in (refused.asked, None)
        assert "ter2" not in f"{refused.as_json()} {refused}"
        assert "CHANNEL/SUBDIR" in str(refused.error and refused.error.hint)
