"""One list out of the command line, configurations and defaults."""

import tomllib
from contextlib import suppress
from pathlib import Path
from typing import cast

import pytest

from wheelbridge.api.sources import SourceChoice, SourceList, gather_sources, read_sources
from wheelbridge.configuration.conda_channels import CondaChannels
from wheelbridge.configuration.documents import read_document
from wheelbridge.configuration.errors import ChannelNotAllowedError, InvalidConfigurationError
from wheelbridge.configuration.levels import Levels
from wheelbridge.configuration.values import Configuration, SourceEntry
from wheelbridge.errors import UsageError, WheelbridgeError
from wheelbridge.index.client import resolve_index_url
from wheelbridge.model.source import Claim, Route, Source, SourceKind
from wheelbridge.model.target import Target

LINUX, WINDOWS = Target(subdir="linux-64"), Target(subdir="win-64")
CORP = '[[sources]]\nname = "corp"\nindex = "https://corp.example/simple"\n'
CU = '[[sources]]\nname = "cu"\nindex = "https://cu.example/whl"\nexplicit = true\n'
PYPI = '[[sources]]\nindex = "pypi"\n'
FORGE = '[[sources]]\nchannel = "conda-forge"\n'
BIO = '[[sources]]\nchannel = "bioconda"\n'


def document(text: str, origin: str = "wheelbridge.toml") -> Configuration:
    """Read a configuration."""
    return read_document(tomllib.loads(text), origin, Path("/nowhere"))


def condarc(*channels: str, fallback: Claim | None = None) -> Configuration:
    """Return what a ``.condarc`` with *channels* comes to."""
    entries = tuple(SourceEntry(kind="channel", text=channel, origin=".condarc") for channel in channels)
    return Configuration(origin=".condarc", sources=entries, fallback=fallback)


def gather(
    *given: str,
    project: str = "",
    user: str = "",
    conda: Configuration | None = None,
    choice: SourceChoice | None = None,
) -> SourceList:
    """Merge a command line, given as ``-c x`` and ``-i x``, and configurations."""
    kinds = {"-c": "channel", "-i": "index"}
    sources = tuple((cast("SourceKind", kinds[text[:2]]), text[3:]) for text in given if text != "-O")
    places = (document(project), document(user, "user.toml"), *((conda,) if conda else ()))
    settings = choice or SourceChoice()
    full = SourceChoice(
        sources=sources,
        defaults="-O" not in given,
        priorities=settings.priorities,
        routes=settings.routes,
        trusted_hosts=settings.trusted_hosts,
        relations=settings.relations,
    )
    return gather_sources(full, Levels(places=places), LINUX)


def names(found: SourceList) -> list[str]:
    """Return the names in order; a bang says that a source is explicit."""
    return [source.name + ("!" if source.explicit else "") for source in found.sources]


@pytest.mark.parametrize(
    ("given", "places", "expected"),
    [
        pytest.param((), {}, ["conda-forge", "pypi"], id="defaults"),
        pytest.param(("-i https://a.example/simple",), {}, ["conda-forge", "a.example"], id="an index given"),
        pytest.param(("-c a",), {}, ["a", "pypi"], id="a channel given"),
        pytest.param(("-i n=https://a.example/simple", "-c a"), {}, ["n", "a"], id="both given, in their order"),
        pytest.param(("-O", "-i pypi"), {}, ["pypi"], id="nothing but what is given"),
        pytest.param(("-O",), {"project": CORP}, [], id="nothing at all"),
        pytest.param((), {"project": CORP}, ["conda-forge", "corp"], id="project's index"),
        pytest.param((), {"project": CORP + FORGE + PYPI}, ["corp", "conda-forge", "pypi"], id="project's order"),
        pytest.param((), {"project": CORP, "user": BIO + PYPI}, ["bioconda", "corp"], id="kinds of two places"),
        pytest.param((), {"user": CORP}, ["conda-forge", "corp"], id="user's index"),
        pytest.param((), {"project": CORP, "user": CU}, ["conda-forge", "corp", "cu!"], id="explicit from afar"),
        pytest.param((), {"project": CU}, ["conda-forge", "pypi", "cu!"], id="explicit alone decides nothing"),
        pytest.param((), {"project": CU + CORP + PYPI}, ["conda-forge", "cu!", "corp", "pypi"], id="explicit in place"),
        pytest.param(
            (),
            {"project": CORP, "user": CU.replace('"cu"', '"corp"')},
            ["conda-forge", "corp"],
            id="explicit with a taken name",
        ),
        pytest.param(("-i corp",), {"project": CORP + PYPI + FORGE}, ["conda-forge", "corp"], id="a configured name"),
        pytest.param(("-i cu",), {"project": CU}, ["conda-forge", "pypi", "cu!"], id="a configured explicit name"),
        pytest.param(("-O", "-i corp"), {"user": CORP}, ["corp"], id="a configured name alone"),
        pytest.param((), {"conda": condarc("a", "b")}, ["a", "b", "pypi"], id="conda's channels"),
        pytest.param((), {"project": BIO, "conda": condarc("a")}, ["bioconda", "pypi"], id="project's before conda's"),
        pytest.param(("-c defaults",), {}, ["pkgs/main", "pkgs/r", "pypi"], id="defaults of conda"),
        pytest.param(("-c x", "-c x"), {}, ["x", "pypi"], id="twice"),
        pytest.param(("-c x", "-c https://conda.anaconda.org/x"), {}, ["x", "pypi"], id="twice, in other words"),
        pytest.param(
            ("-i a=https://h.example/a", "-i a=https://h.example/b"),
            {},
            ["conda-forge", "a", "https://h.example/b"],
            id="a name for two",
        ),
    ],
)
def test_the_list(given: tuple[str, ...], places: dict[str, str], expected: list[str]) -> None:
    """Of each kind from the nearest place; explicit ones stay available."""
    assert names(gather(*given, **places)) == expected  # type: ignore[arg-type] # pairs of the table


def test_a_configured_name_brings_its_settings() -> None:
    """Claim, hosts and login."""
    more = 'claim = "disabled"\ntrusted-hosts = ["files.example"]\nmissing-codes = [403]\n'
    project = CORP.replace("//", "//me:s3cret@") + more
    (source,) = gather("-O", "-i corp", project=project).sources

    assert (source.claim, source.trusted_hosts) == ("disabled", ("files.example",))
    assert source.missing_codes == {403}
    assert (source.url, source.login_url) == (
        "https://corp.example/simple",
        "https://me:s3cret@corp.example/simple",
    )
    assert source.origin == "wheelbridge.toml"
    assert "s3cret" not in repr(source)


class TestClaims:
    """A source's own claim, then the general one, then conda's, then the default."""

    @pytest.mark.parametrize(
        ("priorities", "project", "user", "claim", "reason"),
        [
            pytest.param((), CORP, "", "strict", "the default", id="default"),
            pytest.param((), CORP, 'priority = "flexible"', "flexible", "priority in user.toml", id="user's"),
            pytest.param(
                (),
                'priority = "disabled"\n' + CORP,
                'priority = "flexible"',
                "disabled",
                "priority in wheelbridge.toml",
                id="nearest",
            ),
            pytest.param(
                ("flexible",), 'priority = "disabled"\n' + CORP, "", "flexible", "--priority flexible", id="given"
            ),
            pytest.param(
                ("flexible",), CORP + 'claim = "disabled"', "", "disabled", "claim in wheelbridge.toml", id="own"
            ),
            pytest.param(
                ("corp=flexible",),
                CORP + 'claim = "disabled"',
                "",
                "flexible",
                "--priority corp=flexible",
                id="own given",
            ),
            pytest.param(("strict", "flexible"), CORP, "", "flexible", "--priority flexible", id="the last one"),
        ],
    )
    def test_whose_word_holds(
        self, priorities: tuple[str, ...], project: str, user: str, claim: str, reason: str
    ) -> None:
        """The claim of the index, and who said so."""
        found = gather(project=project, user=user, choice=SourceChoice(priorities=priorities))
        source = next(source for source in found.sources if source.name == "corp")

        assert source.claim == claim
        assert found.reasons["corp"].startswith(reason)

    @pytest.mark.parametrize(
        ("given", "claim"),
        [
            ("-c conda-forge", "flexible"),
            ("-c bioconda", "flexible"),
            ("-c https://mirror.example/conda-forge", "flexible"),
            ("-c conda-forge/label/rc", "flexible"),
            ("-c file:///nowhere/nvidia", "flexible"),
            ("-c https://repo.anaconda.com/pkgs/main", "flexible"),
            ("-c defaults", "flexible"),
            ("-c corp", "strict"),
            ("-c conda-forge-corp", "strict"),
            ("-i pypi", "flexible"),
            ("-i pypi=https://mirror.example/simple", "flexible"),
            ("-i https://mirror.example/simple", "strict"),
            ("-i corp=https://corp.example/pypi/simple", "strict"),
            ("-i https://download.pytorch.org/whl", "flexible"),
            ("-i cu130=https://download.pytorch.org/whl/cu130", "flexible"),
            ("-i https://download.pytorch.org/whl/nightly/cu130", "flexible"),
            ("-i https://PyPI.nvidia.com/", "flexible"),
            ("-i https://download.pytorch.org/whlx", "strict"),
            ("-i https://download.pytorch.org.evil.example/whl", "strict"),
            ("-i http://download.pytorch.org/whl", "strict"),
            ("-c https://pypi.nvidia.com", "strict"),
        ],
    )
    def test_by_name(self, given: str, claim: str) -> None:
        """A large public source leaves gaps to others, and so does what goes by its name; nothing else does."""
        assert {source.claim for source in gather("-O", given).sources} == {claim}

    def test_a_url_that_ends_like_a_public_name(self) -> None:
        """The index that nobody named goes by its host, and stays private."""
        found = gather("-O", "-i https://corp.example/pypi/simple")

        assert [(source.name, source.claim) for source in found.sources] == [("corp.example", "strict")]
        assert found.reasons["corp.example"] == "the default of all but large public sources"

    def test_the_public_index_by_its_url(self) -> None:
        """However it is written, it is the same one."""
        (source,) = gather("-O", f"-i {resolve_index_url('pypi')}/").sources

        assert (source.name, source.claim, source.trusted_hosts) == ("pypi", "flexible", ("*",))

    def test_condas_priority_is_for_condas_channels(self) -> None:
        """An index, and a channel of another place, do not hear of it."""
        found = gather(project=PYPI, conda=condarc("conda-forge", fallback="strict"))

        assert [(source.name, source.claim) for source in found.sources] == [
            ("conda-forge", "strict"),
            ("pypi", "flexible"),
        ]
        assert gather("-c bioconda", conda=condarc("x", fallback="strict")).sources[0].claim == "flexible"

    @pytest.mark.parametrize(
        ("text", "message"),
        [("strikt", "no priority"), ("=strict", "no priority"), ("corp=x", "no priority"), ("crop=strict", "'crop'")],
    )
    def test_what_is_no_priority(self, text: str, message: str) -> None:
        """An unknown claim, and an unknown source."""
        with pytest.raises(UsageError, match=message) as caught:
            gather(project=CORP, choice=SourceChoice(priorities=(text,)))
        assert caught.value.hint


class TestTiers:
    """Sources of one group are one tier."""

    GROUP = "".join(
        f'[[sources]]\nname = "{name}"\nindex = "https://{name}.example/simple"\ngroup = "corp"\n'
        for name in ("m1", "m2")
    )

    def test_mirrors(self) -> None:
        """Neighbours of a group share a number."""
        found = gather(project=self.GROUP + PYPI + FORGE)

        assert [(s.name, s.tier) for s in found.sources] == [("m1", 0), ("m2", 0), ("pypi", 1), ("conda-forge", 2)]

    def test_the_groups_name_means_all(self) -> None:
        """On the command line, in a claim, in a route, and for hosts."""
        choice = SourceChoice(priorities=("corp=disabled",), routes=("x=corp",), trusted_hosts=("corp=h.example",))
        found = gather("-O", "-i corp", project=self.GROUP, choice=choice)

        assert [(s.name, s.claim, s.trusted_hosts) for s in found.sources] == [
            ("m1", "disabled", ("h.example",)),
            ("m2", "disabled", ("h.example",)),
        ]
        assert found.routes[0].sources == ("m1", "m2")

    def test_mirrors_of_conda(self) -> None:
        """A route to the channel leads to all of its mirrors."""
        channels = CondaChannels(mirrored={"a": ("https://m.example/a", "https://n.example/a")})
        choice = SourceChoice(sources=(("channel", "a"),), routes=("x=a",))
        found = gather_sources(choice, Levels(channels=channels), LINUX)

        assert [(s.name, s.tier) for s in found.sources] == [("a", 0), ("https://n.example/a", 0), ("pypi", 1)]
        assert found.routes[0].sources == ("a", "https://n.example/a")

    def test_one_of_a_group(self) -> None:
        """A claim for one mirror is one for all: they count as one."""
        found = gather(project=self.GROUP, choice=SourceChoice(priorities=("m2=disabled",)))

        assert [s.claim for s in found.sources if s.kind == "index"] == ["disabled", "disabled"]

    def test_a_multichannel(self) -> None:
        """conda: ``defaults`` is one channel to strict priority."""
        found = gather_sources(SourceChoice(sources=(("channel", "defaults"), ("channel", "x"))), Levels(), WINDOWS)

        assert [(s.name, s.tier) for s in found.sources] == [
            ("pkgs/main", 0),
            ("pkgs/r", 0),
            ("pkgs/msys2", 0),
            ("x", 1),
            ("pypi", 2),
        ]


class TestHosts:
    """Where a source may lead."""

    @pytest.mark.parametrize(
        ("given", "hosts"),
        [
            ("-c conda-forge", ("*",)),
            ("-c pytorch/label/nightly", ("*",)),
            ("-c https://repo.anaconda.com/pkgs/r", ("*",)),
            ("-i pypi", ("*",)),
            ("-c https://conda.anaconda.org/corp", ()),
            ("-c https://mirror.example/conda-forge", ()),
            ("-i pypi=https://mirror.example/simple", ()),
            ("-c https://repo.anaconda.com.evil.example/pkgs/r", ()),
            ("-i https://download.pytorch.org/whl/cpu", ("*",)),
            ("-i https://pypi.nvidia.com", ("*",)),
            ("-i https://host.example/whl/cpu", ()),
        ],
    )
    def test_only_the_public_ones_lead_anywhere(self, given: str, hosts: tuple[str, ...]) -> None:
        """A name is not enough."""
        assert gather("-O", given).sources[0].trusted_hosts == hosts

    @pytest.mark.parametrize(
        ("given", "project", "codes"),
        [
            ("https://download.pytorch.org/whl/cpu", "", [403]),
            ("https://pypi.nvidia.com", "", []),
            ("https://host.example/whl/cpu", "", []),
            ("pt", "missing-codes = [401]", [401]),
            ("pt", "missing-codes = []", []),
        ],
    )
    def test_what_means_that_a_project_is_missing(self, given: str, project: str, codes: list[int]) -> None:
        """PyTorch's index answers 403, and a file has the last word."""
        text = f'[[sources]]\nname = "pt"\nindex = "https://download.pytorch.org/whl/cu130"\n{project}'

        assert sorted(gather("-O", f"-i {given}", project=text).sources[0].missing_codes) == codes

    @pytest.mark.parametrize(
        ("url", "name"),
        [
            ("https://download.pytorch.org/whl/cu130", "cu130"),
            ("https://download.pytorch.org/whl", "whl"),
            ("https://pypi.nvidia.com", "pypi.nvidia.com"),
        ],
    )
    def test_large_indexes_keep_away_from_the_names_of_channels(self, url: str, name: str) -> None:
        """``pytorch`` and ``nvidia`` are channels."""
        found = gather("-c pytorch", "-c nvidia", f"-i {url}")

        assert names(found) == ["pytorch", "nvidia", name]

    def test_added_to_those_of_the_file(self) -> None:
        """``--trusted-host SOURCE=HOST``, also for a source that is called by its URL."""
        texts = ("corp=http://plain.example:80", "corp=*.cdn.example", "https://b.example/s=files.example")
        found = gather(
            "-i corp",
            "-i x=https://a.example/s",
            "-i x=https://b.example/s",
            project=CORP + 'trusted-hosts = ["files.corp.example"]',
            choice=SourceChoice(trusted_hosts=texts),
        )
        hosts = {source.name: source.trusted_hosts for source in found.sources}

        assert hosts["corp"] == ("files.corp.example", "http://plain.example:80", "*.cdn.example")
        assert hosts["https://b.example/s"] == ("files.example",)

    @pytest.mark.parametrize("text", ["host.example", "corp=", "corp=https://a/b", "crop=host.example", "=h"])
    def test_what_is_no_host(self, text: str) -> None:
        """An unknown source too."""
        with pytest.raises(UsageError):
            gather(project=CORP, choice=SourceChoice(trusted_hosts=(text,)))


class TestRoutes:
    """A route leads to sources, wherever they were configured."""

    @pytest.mark.parametrize(
        ("text", "pattern", "sources", "marker"),
        [
            ("torch=pypi", "torch", ("pypi",), None),
            ("corp-* = conda-forge , pypi", "corp-*", ("conda-forge", "pypi"), None),
            ("x=pypi; sys_platform == 'linux'", "x", ("pypi",), "sys_platform == 'linux'"),
        ],
    )
    def test_given(self, text: str, pattern: str, sources: tuple[str, ...], marker: str | None) -> None:
        """``PATTERN=SOURCE[,SOURCE...][; MARKER]``."""
        (route,) = gather(choice=SourceChoice(routes=(text,))).routes

        assert (route.pattern, route.sources, route.marker) == (pattern, sources, marker)
        assert route.origin == "the command line"

    @pytest.mark.parametrize(
        "text", ["torch", "=pypi", "torch=", "torch=pypi,", "a b=pypi", "x=pypi; linux", "x=pypi;"]
    )
    def test_what_is_no_route(self, text: str) -> None:
        """The hint says how to write one."""
        with pytest.raises(UsageError) as caught:
            gather(choice=SourceChoice(routes=(text,)))
        assert "--route" in str(caught.value.hint)

    @pytest.mark.parametrize("text", ["x=pypi; python_version < '3.12'", "x=pypi; extra == 'a'"])
    def test_a_marker_must_be_constant(self, text: str) -> None:
        """One that depends on python, or on an extra, would hold for a part of a solve."""
        with pytest.raises(UsageError, match="depends on") as caught:
            gather(choice=SourceChoice(routes=(text,)))
        assert "python_version" in str(caught.value.hint)

    @pytest.mark.parametrize(
        ("pattern", "name", "project", "matches"),
        [
            pytest.param("Foo_Bar", "foo-bar", "foo-bar", True, id="a project, as it is not spelled"),
            pytest.param("Foo_Bar", "foo_bar", None, True, id="a conda package, but for its case"),
            pytest.param("Foo_Bar", "foo-bar", None, False, id="another conda package"),
            pytest.param("pypi:Foo.*", "foo-bar", "foo-bar", True, id="a glob over projects"),
            pytest.param("PyPI:Foo", "foo", None, False, id="a project alone"),
            pytest.param("conda:Foo.Bar", "foo.bar", None, True, id="a conda package alone"),
            pytest.param("conda:foo_bar", "x", "foo-bar", False, id="no project"),
        ],
    )
    def test_from_python(self, pattern: str, name: str, project: str | None, matches: bool) -> None:
        """A pattern that no file and no command line has brought into the spelling of names."""
        assert Route(pattern=pattern, sources=("corp",)).matches(name, project) is matches

    def test_markers_choose(self) -> None:
        """Each source of a route may have one; without any that holds the route does not."""
        text = """
        [routes]
        a = [{source = "cu", marker = "sys_platform == 'linux'"}, "pypi"]
        b = [{source = "cu", marker = "sys_platform == 'win32'"}, "pypi"]
        c = [{source = "cu", marker = "sys_platform == 'win32'"}]
        """
        found = gather(project=CU + text)

        assert [(route.pattern, route.sources) for route in found.routes] == [("a", ("cu", "pypi")), ("b", ("pypi",))]
        assert [(route.pattern, route.sources) for route in found.idle_routes] == [("c", ("cu",))]

    def test_the_nearest_place_decides_on_a_pattern(self) -> None:
        """What the command line says of a name is all that is said of it."""
        found = gather(
            project=CU + '[routes]\ntorch = "cu"\nother = "cu"',
            user='[routes]\nother = "pypi"',
            choice=SourceChoice(routes=("torch=pypi", "torch=conda-forge")),
        )

        assert [(route.pattern, route.sources) for route in found.routes] == [
            ("torch", ("pypi",)),
            ("torch", ("conda-forge",)),
            ("other", ("cu",)),
        ]

    def test_a_source_that_is_out_of_the_list(self) -> None:
        """It stays there for its route: what is routed to it must not come from elsewhere."""
        found = gather("-i https://o.example/simple", project=CORP + '[routes]\n"corp-*" = "corp"')

        assert names(found) == ["conda-forge", "o.example", "corp!"]
        assert found.routes[0].sources == ("corp",)

    def test_nothing_but_what_is_given(self) -> None:
        """``-O``: routes of files hold as far as they can, and it is said which do not."""
        text = '[routes]\n"corp-*" = "corp"\nx = ["corp", "pypi"]'
        found = gather("-O", "-i pypi", project=CORP + text)

        assert [(route.pattern, route.sources) for route in found.routes] == [("x", ("pypi",))]
        assert names(found) == ["pypi"]
        assert len(found.notes) == 1
        assert "corp-*" in found.notes[0]

    def test_an_unknown_source_on_the_command_line(self) -> None:
        """The hint has the names, or the one that is near."""
        with pytest.raises(UsageError, match="'crop' is no source") as caught:
            gather(project=CORP, choice=SourceChoice(routes=("x=crop",)))
        assert caught.value.hint == "Did you mean 'corp'?"
        with pytest.raises(UsageError) as caught:
            gather(choice=SourceChoice(routes=("x=zzz",)))
        assert caught.value.hint == "Sources: conda-forge, pypi."

    def test_an_unknown_source_in_a_file(self) -> None:
        """The file and the key are named."""
        with pytest.raises(InvalidConfigurationError, match="'crop' is no source") as caught:
            gather(project=CORP + '[routes]\nx = "crop"')
        assert (caught.value.file, caught.value.path) == ("wheelbridge.toml", "routes.x")


def test_settings_of_the_whole_solve() -> None:
    """The nearest place that says something."""
    project, user = "channel-relations = true", "channel-relations = false\nexclude-newer = 2026-01-31"
    found = gather(project=project, user=user)

    assert found.relations
    assert str(found.exclude_newer).startswith("2026-01-31 23:59:59")
    assert not gather(user=user).relations
    assert not gather(project=project, choice=SourceChoice(relations=False)).relations


@pytest.mark.parametrize("text", ["https://me:s3cret@h.example/c", "https://h.example/t/s3cret/c"])
def test_logins_of_channels(text: str) -> None:
    """They are kept apart from the URL that is shown, wherever they were given."""
    configured = gather("-O", "-c c", project=f'[[sources]]\nname = "c"\nchannel = "{text}"')
    for found in (configured, gather("-O", f"-c {text}")):
        (source,) = found.sources
        assert (source.name, source.url, source.login_url) == ("c", "https://h.example/c", text)
        assert "s3cret" not in repr(found)


def test_a_name_of_the_other_kind() -> None:
    """``-c corp`` would be a public channel of that name."""
    with pytest.raises(UsageError, match="corp is no channel") as caught:
        gather("-c corp", project=CORP)
    assert caught.value.hint == "Say -i corp."


def test_condas_lists_hold_for_every_channel() -> None:
    """For those of the command line, and for the default one."""
    levels = Levels(channels=CondaChannels(allowed=("good",)))

    with pytest.raises(ChannelNotAllowedError):
        gather_sources(SourceChoice(), levels, LINUX)
    with pytest.raises(ChannelNotAllowedError):
        gather_sources(SourceChoice(sources=(("channel", "bad"),)), levels, LINUX)
    assert gather_sources(SourceChoice(sources=(("channel", "good"),)), levels, LINUX).sources[0].name == "good"


def test_condas_alias_holds_for_every_name() -> None:
    """The default channel too comes from the mirror that conda is configured to."""
    levels = Levels(channels=CondaChannels(alias="https://mirror.example/conda"))
    source = gather_sources(SourceChoice(), levels, LINUX).sources[0]

    assert (source.name, source.url) == ("conda-forge", "https://mirror.example/conda/conda-forge")
    assert (source.claim, source.trusted_hosts) == ("flexible", ())


def test_overriding_may_be_forbidden() -> None:
    """conda: ``override_channels_enabled: false``."""
    levels = Levels(override_allowed=False)

    with pytest.raises(UsageError, match="override_channels_enabled"):
        gather_sources(SourceChoice(defaults=False), levels, LINUX)
    assert gather_sources(SourceChoice(), levels, LINUX).sources


def test_a_library_call_reads_no_files(alone: Path) -> None:
    """What lies in the working directory is the command line's business."""
    (alone / "work" / "wheelbridge.toml").write_text(CORP)
    (alone / ".condarc").write_text("channels: [x]")

    assert [source.name for source in read_sources(())] == ["conda-forge", "pypi"]


@pytest.mark.parametrize("folder", ["channel", "conda-forge"])
def test_a_folder(alone: Path, folder: str) -> None:
    """A channel in a folder goes by the folder's name."""
    (alone / "work" / folder / "noarch").mkdir(parents=True)
    (source, _) = read_sources([("channel", folder)])

    assert source == Source(
        folder,
        "channel",
        (alone / "work" / folder).as_uri(),
        0,
        claim="flexible" if folder == "conda-forge" else "strict",
    )


def test_a_source_that_cannot_be_read() -> None:
    """The file and the way to it are named, and no secret is."""
    project = FORGE + '[[sources]]\nindex = "ftp://me:s3cret@h.example/x"'
    with pytest.raises(InvalidConfigurationError) as caught:
        gather(project=project)

    assert (caught.value.file, caught.value.path) == ("wheelbridge.toml", "sources[1]")
    assert "s3cret" not in str(caught.value.as_json())


@pytest.mark.parametrize("kind", ["channel", "index"])
@pytest.mark.parametrize("text", ["", " ", "a b", "https://", "https://[::1/x", "-", "local", "x\ny", "ftp://h/x"])
def test_errors_are_ours(kind: SourceKind, text: str) -> None:
    """Whatever is written, no other error comes out."""
    with suppress(WheelbridgeError):
        assert read_sources([(kind, text)])
