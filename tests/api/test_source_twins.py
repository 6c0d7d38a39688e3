"""One source that several places speak of: the same kind and URL, whatever it is called."""

from dataclasses import replace

import pytest

from tests.api.test_sources import CORP, CU, FORGE, LINUX, PYPI, condarc, document, gather, names
from wheelbridge.api.sources import SourceChoice, SourceList, gather_sources
from wheelbridge.configuration.errors import InvalidConfigurationError
from wheelbridge.configuration.levels import Levels
from wheelbridge.configuration.values import Configuration
from wheelbridge.errors import UsageError
from wheelbridge.model.attestation import AttestationPolicy
from wheelbridge.model.source import Source

URL = "https://corp.example/simple"
BARE = f'[[sources]]\nindex = "{URL}"\n'
SETTINGS = (
    'claim = "disabled"\ntrusted-hosts = ["files.example"]\nexclude-newer = 2026-01-31\nmissing-codes = [403]\n'
    'attestations = {publishers = {"*" = "github:corp/*"}}\n'
)
ANYBODY = "attestations = true\n"
NONE = "attestations = false\n"
OTHERS = 'attestations = {publishers = {"*" = "github:other/*"}}\n'
MINE = 'attestations = {publishers = {"*" = "github:corp/*"}}\n'
POLICY = AttestationPolicy(publishers=(("*", "github:corp/*"),))


def source(found: SourceList, url: str = URL) -> Source:
    """Return the one source at *url*."""
    (only,) = [one for one in found.sources if one.url == url]
    return only


def settings(one: Source) -> tuple[object, ...]:
    """Return what a configuration can say of a source."""
    hosts, codes = one.trusted_hosts, sorted(one.missing_codes)
    return one.claim, one.explicit, hosts, str(one.exclude_newer)[:10], codes, one.attestations


ALL = ("disabled", False, ("files.example",), "2026-01-31", [403], POLICY)


class TestGiven:
    """On a command line, the URL of a configured source means that source, as its name does."""

    @pytest.mark.parametrize("text", [URL, f"{URL}/", "https://CORP.example:443/simple", f"corp={URL}", "corp"])
    @pytest.mark.parametrize("more", [(), ("-O",)], ids=["", "alone"])
    def test_it_has_its_settings(self, text: str, more: tuple[str, ...]) -> None:
        """However it is written."""
        found = gather(*more, f"-i {text}", user=CORP + SETTINGS)

        assert [one.name for one in found.sources if one.kind == "index"] == ["corp"]
        assert settings(found.sources[-1]) == ALL
        assert found.reasons["corp"] == "claim in user.toml"

    def test_who_said_what_is_told(self) -> None:
        """The command line, and whose settings it has."""
        assert source(gather(f"-i {URL}", user=CORP)).origin == "the command line, with settings of user.toml"
        assert source(gather("-i corp", user=CORP)).origin == "user.toml"

    def test_its_login_opens_it(self) -> None:
        """Unless another one is given."""
        user = CORP.replace("//", "//me:s3cret@")

        assert source(gather(f"-i {URL}", user=user)).login_url == "https://me:s3cret@corp.example/simple"
        given = source(gather("-i https://you:other@corp.example/simple", user=user))
        assert (given.name, given.login_url) == ("corp", "https://you:other@corp.example/simple")

    def test_a_name_of_its_own(self) -> None:
        """The configured name still means it: in routes of files, in claims, for hosts."""
        choice = SourceChoice(priorities=("corp=strict",), trusted_hosts=("corp=h.example",))
        found = gather(f"-i mine={URL}", user=CORP + SETTINGS + '[routes]\nx = "corp"', choice=choice)

        assert names(found) == ["conda-forge", "mine"]
        assert (found.sources[1].claim, found.sources[1].trusted_hosts) == ("strict", ("files.example", "h.example"))
        assert found.routes[0].sources == ("mine",)

    def test_a_channel(self) -> None:
        """By the URL that its name stands for; conda's priority is a setting too."""
        user = '[[sources]]\nname = "cf"\nchannel = "conda-forge"\n' + ANYBODY
        forge = gather("-c https://conda.anaconda.org/conda-forge", user=user).sources[0]

        assert (forge.name, forge.attestations) == ("cf", AttestationPolicy())
        x = gather("-c https://conda.anaconda.org/x", conda=condarc("x", fallback="disabled")).sources[0]
        assert (x.name, x.claim) == ("x", "disabled")

    def test_a_member_of_what_is_given(self) -> None:
        """``defaults`` has a channel that is configured by itself."""
        user = '[[sources]]\nchannel = "https://repo.anaconda.com/pkgs/r"\nclaim = "strict"\n' + ANYBODY
        main, r = gather("-O", "-c defaults", user=user).sources

        assert (main.attestations, r.attestations) == (None, AttestationPolicy())
        assert (main.tier, main.claim) == (r.tier, r.claim) == (0, "flexible")
        assert r.origin == "the command line, with settings of user.toml"

    def test_one_of_a_group(self) -> None:
        """By its URL as by its name, it is of its group."""
        group = "".join(f'[[sources]]\nname = "{n}"\nindex = "https://{n}.example/s"\ngroup = "g"\n' for n in "ab")

        for given in (("-i a", "-i b"), ("-i https://a.example/s", "-i b")):
            found = gather("-O", *given, user=group)
            assert [(one.name, one.tier) for one in found.sources] == [("a", 0), ("b", 0)]

    def test_an_explicit_one(self) -> None:
        """It serves what is routed to it, and nothing else."""
        assert names(gather("-i https://cu.example/whl", user=CU)) == ["conda-forge", "pypi", "cu!"]

    def test_another_url_is_another_source(self) -> None:
        """What is below, above or beside it, or of the other kind, has nothing of it."""
        for text in (
            f"{URL}/corp",
            "https://corp.example",
            "https://corp.example:8443/simple",
            "http://corp.example/simple",
        ):
            assert settings(gather("-O", f"-i {text}", user=CORP + SETTINGS).sources[0])[2:] == ((), "None", [], None)
        assert gather("-O", f"-c {URL}", user=CORP + SETTINGS).sources[0].attestations is None


class TestFiles:
    """What a project's file leaves unsaid of a source, the user's may have said."""

    @pytest.mark.parametrize("project", [CORP, BARE], ids=["named", "unnamed"])
    def test_all_settings_of_the_farther_place(self, project: str) -> None:
        """The entry without settings has them all, and it is shown whose they are."""
        found = gather(project=project + PYPI, user=CORP + SETTINGS)

        assert names(found) == ["conda-forge", "corp", "pypi"]
        assert settings(source(found)) == ALL
        assert source(found).origin == "wheelbridge.toml, with settings of user.toml"
        assert found.reasons["corp"] == "claim in user.toml"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('claim = "flexible"', ("flexible", *ALL[1:])),
            ("explicit = true", ("disabled", True, *ALL[2:])),
            ("trusted-hosts = []", (*ALL[:2], (), *ALL[3:])),
            ("exclude-newer = 2025-12-31", (*ALL[:3], "2025-12-31", *ALL[4:])),
            ("missing-codes = []", (*ALL[:4], [], POLICY)),
        ],
    )
    def test_the_nearer_word_holds(self, text: str, expected: tuple[object, ...]) -> None:
        """For the setting that it is about, also where it says that there is nothing."""
        found = gather(project=CORP + text, user=CORP + SETTINGS)

        assert settings(source(found)) == expected

    def test_not_explicit_here(self) -> None:
        """The user's file calls it explicit, the project's does not."""
        here = CU.replace("true", "false")

        assert names(gather(project=here, user=CU)) == ["conda-forge", "cu"]
        assert names(gather(project=CU.replace("explicit = true", ""), user=CU)) == ["conda-forge", "pypi", "cu!"]

    def test_what_is_explicit_here_is_so(self) -> None:
        """Also where a farther place, or the default list, has it for everything."""
        explicit = "explicit = true\n" + ANYBODY
        found = gather(project=PYPI + explicit)

        assert names(found) == ["conda-forge", "pypi!"]
        assert found.sources[1].attestations == AttestationPolicy()
        assert names(gather(project=BARE + explicit, user=CORP)) == ["conda-forge", "corp!"]

    def test_three_places(self) -> None:
        """Each adds what nearer ones leave unsaid."""
        found = gather(f"-i {URL}", project=CORP + 'claim = "flexible"', user=CORP + SETTINGS)

        assert settings(source(found)) == ("flexible", *ALL[1:])
        assert source(found).origin == "the command line, with settings of wheelbridge.toml, user.toml"
        assert found.reasons["corp"] == "claim in wheelbridge.toml"

    def test_names_of_both_places(self) -> None:
        """The nearer name shows; routes of both files lead there."""
        project = BARE + 'name = "work"\n[routes]\na = "work"'
        found = gather(project=project, user=CORP + '[routes]\nb = "corp"')

        assert names(found) == ["conda-forge", "work"]
        assert [(route.pattern, route.sources) for route in found.routes] == [("a", ("work",)), ("b", ("work",))]

    def test_the_farther_name_means_the_nearer_entry(self) -> None:
        """So nothing that the project says of it is lost."""
        project = BARE + 'name = "work"\nclaim = "flexible"'
        found = gather("-i corp", project=project, user=CORP + SETTINGS)

        assert names(found) == ["conda-forge", "work"]
        assert settings(source(found)) == ("flexible", *ALL[1:])

    def test_it_is_there_once(self) -> None:
        """Explicit sources of farther places stay available, but not beside themselves."""
        here = '[[sources]]\nname = "mine"\nindex = "https://cu.example/whl"\nexplicit = false'

        assert names(gather(project=here, user=CU)) == ["conda-forge", "mine"]

    def test_another_name_gives_way_to_a_name(self) -> None:
        """A claim for ``corp`` is for what is called so in the list, not for what the user calls so elsewhere."""
        project = BARE + 'name = "work"\nexplicit = true'
        choice = SourceChoice(priorities=("corp=disabled",))
        found = gather("-i corp=https://new.example/simple", project=project, user=CORP, choice=choice)

        assert [(one.name, one.claim) for one in found.sources[1:]] == [("corp", "disabled"), ("work", "strict")]

    def test_a_name_of_a_group(self) -> None:
        """What leads to the user's group leads to the one of its sources that the project has."""
        group = "".join(f'[[sources]]\nname = "{n}"\nindex = "https://{n}.example/s"\ngroup = "g"\n' for n in "ab")
        found = gather(project='[[sources]]\nindex = "https://a.example/s"', user=group + '[routes]\nx = "g"')

        assert names(found) == ["conda-forge", "a"]
        assert found.routes[0].sources == ("a",)

    def test_a_name_that_means_another_source_here(self) -> None:
        """It stays that one's."""
        project = '[[sources]]\nname = "corp"\nindex = "https://new.example/simple"\n' + BARE + '[routes]\nx = "corp"'
        found = gather(project=project, user=CORP + ANYBODY)

        assert [(one.name, one.url) for one in found.sources[1:]] == [
            ("corp", "https://new.example/simple"),
            ("corp.example", URL),
        ]
        assert [one.attestations for one in found.sources[1:]] == [None, AttestationPolicy()]
        assert found.routes[0].sources == ("corp",)

    def test_its_login_opens_it(self) -> None:
        """A login goes to the URL that it was written for."""
        found = gather(project=CORP, user=CORP.replace("//", "//me:s3cret@"))

        assert source(found).login_url == "https://me:s3cret@corp.example/simple"

    def test_condas_priority_stays_with_condas_list(self) -> None:
        """A project's channel is no channel of ``.condarc``."""
        found = gather(project=FORGE, conda=condarc("conda-forge", fallback="strict"))

        assert (found.sources[0].claim, found.sources[0].origin) == ("flexible", "wheelbridge.toml")

    def test_a_group_stays_one(self) -> None:
        """Where the farther place says different things of its sources, somebody must say which holds."""
        group = "".join(f'[[sources]]\nname = "{n}"\nindex = "https://{n}.example/s"\ngroup = "g"\n' for n in "ab")
        user = '[[sources]]\nname = "a"\nindex = "https://a.example/s"\ngroup = "g"\nclaim = "disabled"\n'

        with pytest.raises(InvalidConfigurationError, match="different things") as caught:
            gather(project=group, user=user)
        assert caught.value.path == "sources[0]"
        assert "claim" in str(caught.value.hint)
        other = user.replace('"g"', '"h"') + ANYBODY
        found = gather(project=group, user=other)
        assert [(one.claim, one.tier) for one in found.sources[1:]] == [("strict", 1), ("strict", 1)]
        assert [one.attestations for one in found.sources[1:]] == [AttestationPolicy(), None]


class TestAttestations:
    """What the user requires of a source, a project cannot take away; it can require more."""

    @pytest.mark.parametrize(
        ("project", "user", "policy"),
        [
            pytest.param("", MINE, POLICY, id="nothing said"),
            pytest.param(ANYBODY, MINE, POLICY, id="less than the user"),
            pytest.param(MINE, ANYBODY, POLICY, id="more than the user"),
            pytest.param(MINE, MINE, POLICY, id="the same"),
            pytest.param(MINE, "", POLICY, id="the user says nothing"),
            pytest.param(MINE, NONE, POLICY, id="the user needs none"),
            pytest.param(NONE, NONE, None, id="neither"),
            pytest.param("", NONE, None, id="none"),
        ],
    )
    def test_the_stricter_holds(self, project: str, user: str, policy: AttestationPolicy | None) -> None:
        """Whoever says it."""
        assert source(gather(project=CORP + project, user=CORP + user)).attestations == policy

    @pytest.mark.parametrize("project", [NONE, OTHERS])
    @pytest.mark.parametrize("entry", [CORP, BARE])
    def test_a_contradiction_is_refused(self, project: str, entry: str) -> None:
        """Neither is followed in silence."""
        with pytest.raises(InvalidConfigurationError, match=r"user\.toml requires") as caught:
            gather("-i pypi", project=entry + project, user=CORP + MINE)

        assert (caught.value.file, caught.value.path) == ("wheelbridge.toml", "sources[0].attestations")
        assert "user.toml" in str(caught.value.hint)


class TestTwice:
    """In one place, a source stands once."""

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            pytest.param(CORP + BARE + 'name = "b"', "with two names, corp and b", id="names"),
            pytest.param(BARE + CORP + ANYBODY, "with different settings", id="settings"),
            pytest.param(FORGE + FORGE + 'claim = "strict"', "with different settings", id="channels"),
            pytest.param(CU + CU.replace('"cu"', '"b"'), "with two names, cu and b", id="explicit"),
        ],
    )
    def test_in_a_file(self, text: str, message: str) -> None:
        """Which entry would hold?"""
        with pytest.raises(InvalidConfigurationError, match=message) as caught:
            gather(project=text)
        assert caught.value.path == "sources[1]"

    def test_on_the_command_line(self) -> None:
        """No login is shown."""
        with pytest.raises(UsageError, match=r"^The index https://corp\.example/simple is there twice") as caught:
            gather(f"-i a={URL}", "-i b=https://me:s3cret@corp.example/simple")
        assert "s3cret" not in str(caught.value.as_json())

    @pytest.mark.parametrize("given", [(URL, f"corp={URL}"), (f"corp={URL}", URL), (f"corp={URL}", f"corp={URL}/")])
    def test_the_same_again(self, given: tuple[str, str]) -> None:
        """It goes by the name that it was given."""
        found = gather("-O", *(f"-i {text}" for text in given))

        assert names(found) == ["corp"]

    def test_a_channel_and_an_index(self) -> None:
        """One URL may be both."""
        found = gather("-O", "-c https://h.example/x", "-i https://h.example/x")

        assert [(one.name, one.kind) for one in found.sources] == [("x", "channel"), ("https://h.example/x", "index")]
        with pytest.raises(UsageError, match=r"called https://h\.example/x"):
            gather("-O", "-c https://o.example/x", "-c https://h.example/x", "-i https://h.example/x")


class TestWhoNamedIt:
    """A login in variables goes by names, so it matters who gave one."""

    @pytest.mark.parametrize(
        ("given", "project", "user", "named"),
        [
            pytest.param("-i corp", "", CORP, True, id="the user's file"),
            pytest.param("-i corp", CORP, "", False, id="a project"),
            pytest.param("-i corp", CORP, CORP, True, id="both"),
            pytest.param("-i corp", BARE, CORP, True, id="the user's file, for a project's source"),
            pytest.param(f"-i corp={URL}", CORP, "", True, id="the command line"),
            pytest.param(f"-i {URL}", "", "", False, id="its URL"),
        ],
    )
    def test_named(self, given: str, project: str, user: str, named: bool) -> None:
        """By the user, or not."""
        places = (_of_project(document(project)), document(user, "user.toml"))
        choice = SourceChoice(sources=(("index", given[3:]),))
        found = gather_sources(choice, Levels(places=places), LINUX)

        assert source(found).named is named


def _of_project(configuration: Configuration) -> Configuration:
    return replace(configuration, sources=tuple(replace(entry, of_project=True) for entry in configuration.sources))
