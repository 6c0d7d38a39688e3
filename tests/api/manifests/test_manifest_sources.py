"""The channels and indexes of environment files among those that are configured."""

from pathlib import Path

import pytest

from wheelbridge.api.manifests.settings import Files, read_settings
from wheelbridge.api.manifests.sources import add_files
from wheelbridge.api.sources import DEFAULTS, SourceChoice, SourceList, gather_sources
from wheelbridge.configuration.levels import Levels
from wheelbridge.configuration.values import Configuration, RouteChoice, RouteEntry, SourceEntry
from wheelbridge.environment.manifest import Manifest, Stated
from wheelbridge.environment.merging import ConflictingFilesError
from wheelbridge.errors import UsageError
from wheelbridge.model.source import Claim
from wheelbridge.model.target import Target

LINUX = Target(subdir="linux-64")


def gather(
    manifest: Manifest,
    settings: dict[str, object] | None = None,
    configured: tuple[Configuration, ...] = (),
    choice: SourceChoice | None = None,
) -> SourceList:
    """Merge a file, its table, what is configured, and a command line."""
    files = Files(manifest, read_settings(settings or {}, "env.yml", Path("/nowhere")))
    return gather_sources(choice or SourceChoice(), add_files(Levels(places=configured), files, DEFAULTS), LINUX)


def names(listed: SourceList) -> list[str]:
    """Return the names of the sources, in order; those that serve routes alone in brackets."""
    return [f"({source.name})" if source.explicit else source.name for source in listed.sources]


def file(**fields: object) -> Manifest:
    """Return what a file says."""
    return Manifest(files=("env.yml",), **fields)  # type: ignore[arg-type]  # the fields of a manifest


class TestCep24:
    """CEP 24: "The default channel configuration MUST be appended, unless the special name nodefaults is present."."""

    def test_the_default_channels_are_appended(self) -> None:
        """What is configured, or the default, comes below the channels of the file."""
        assert names(gather(file(channels=("pytorch",)))) == ["pytorch", "conda-forge", "pypi"]

    def test_nodefaults_leaves_them_out(self) -> None:
        """With ``nodefaults``, the file's channels are all there are."""
        assert names(gather(file(channels=("pytorch",), defaults=False))) == ["pytorch", "pypi"]

    def test_configured_channels_keep_their_order_and_their_claims(self) -> None:
        """The nearest place that has channels decides which are appended; conda's priority goes along."""
        entries = tuple(SourceEntry(kind="channel", text=text, origin=".condarc") for text in ("conda-forge", "nvidia"))
        conda = Configuration(origin=".condarc", sources=entries, fallback="strict")
        listed = gather(file(channels=("nvidia",)), configured=(conda,))

        assert names(listed) == ["nvidia", "conda-forge", "pypi"]
        assert {source.name: source.claim for source in listed.sources}["conda-forge"] == "strict"

    def test_a_file_without_channels_uses_what_is_configured(self) -> None:
        """CEP 24: "If not specified, the conda client MUST use the default configuration."."""
        assert names(gather(file())) == ["conda-forge", "pypi"]


class TestIndexes:
    """pip: ``--index-url`` replaces the index, ``--extra-index-url`` adds one."""

    def test_an_extra_index_comes_before_the_default_one(self) -> None:
        """A private index comes first and, as every unknown one, claims strictly: nobody takes its names over."""
        listed = gather(file(indexes=("https://corp.example/simple",)))

        assert names(listed) == ["conda-forge", "corp.example", "pypi"]
        assert listed.sources[1].claim == "strict"

    def test_the_main_index_replaces_the_default_one(self) -> None:
        """With ``--index-url``, the public index is not asked."""
        listed = gather(file(indexes=("https://corp.example/simple",), only_indexes=True))

        assert names(listed) == ["conda-forge", "corp.example"]

    def test_a_page_of_links_is_refused_by_name(self) -> None:
        """``--find-links URL`` is a page that no simple API has; a login in it is not shown."""
        with pytest.raises(UsageError, match=r"--find-links https://.*host\.example/whl\.html is a page") as caught:
            gather(file(find_links=("https://me:secret@host.example/whl.html",)))

        assert "secret" not in caught.value.message

    def test_a_folder_of_wheels_comes_first(self, tmp_path: Path) -> None:
        """``--find-links FOLDER`` is an index of its own."""
        listed = gather(file(find_links=(str(tmp_path),)))

        assert next(source.url for source in listed.sources if source.kind == "index") == tmp_path.as_uri()

    def test_the_table_says_more_of_an_index(self) -> None:
        """An index that both the pip section and the table name is one source, with the table's settings."""
        url = "https://corp.example/simple"
        listed = gather(file(indexes=(url,)), {"indexes": [{"url": url, "name": "corp", "claim": "flexible"}]})

        assert names(listed) == ["conda-forge", "corp", "pypi"]
        assert listed.sources[1].claim == "flexible"

    def test_one_list_of_both_kinds_keeps_its_order(self) -> None:
        """``sources`` says the order of channels and indexes together."""
        both: dict[str, object] = {"sources": [{"index": "pypi"}, {"channel": "conda-forge"}]}

        assert names(gather(file(defaults=False), both)) == ["pypi", "conda-forge"]


class TestClaims:
    """Who said what a source leaves to others."""

    def claim(self, listed: SourceList, name: str) -> Claim:
        """Return the claim of a source."""
        return next(source.claim for source in listed.sources if source.name == name)

    def test_the_table_of_claims_reaches_default_sources(self) -> None:
        """A file can say what a source claims that it does not list; the reason tells where that stands."""
        listed = gather(file(), {"claims": {"pypi": "strict"}})

        assert self.claim(listed, "pypi") == "strict"
        assert listed.reasons["pypi"] == "claims in env.yml"

    def test_the_command_line_comes_first(self) -> None:
        """``--priority`` beats the file."""
        choice = SourceChoice(priorities=("pypi=disabled",))

        assert self.claim(gather(file(), {"claims": {"pypi": "strict"}}, choice=choice), "pypi") == "disabled"

    def test_sources_of_the_command_line_replace_those_of_the_file(self) -> None:
        """As everywhere, the nearest place that has channels decides."""
        choice = SourceChoice(sources=(("channel", "bioconda"),))

        assert names(gather(file(channels=("pytorch",)), choice=choice)) == ["bioconda", "pypi"]


class TestChannelsInSpecs:
    """``channel::name``: conda asks any channel that a spec names; here, large public ones alone come along."""

    def test_a_public_channel_serves_that_spec_alone(self) -> None:
        """``bioconda::hmmer`` works without ``bioconda`` in the list, which then serves nothing else."""
        listed = gather(file(channels=("conda-forge",), specs=(Stated("bioconda::hmmer", "env.yml:7"),)))

        assert names(listed) == ["conda-forge", "(bioconda)", "pypi"]

    def test_an_unknown_channel_does_not(self) -> None:
        """A private channel's misspelt name must not go to strangers; the solve then says what to do."""
        listed = gather(file(channels=("conda-forge",), specs=(Stated("corp::tool", "env.yml:7"),)))

        assert names(listed) == ["conda-forge", "pypi"]


class TestNoSources:
    """``--no-index`` and ``nodefaults`` alone: there is no source of that kind, not the default one."""

    def test_no_index_alone_asks_no_index(self) -> None:
        """pip: "Ignore package index"; neither the default one nor a configured one is asked."""
        corp = SourceEntry(kind="index", text="https://corp.example/simple", name="corp", origin="c")
        route = RouteEntry(pattern="pypi:aa", choices=(RouteChoice("corp"),), origin="c")
        configured = (Configuration(origin="c", sources=(corp,), routes=(route,)),)
        listed = gather(file(only_indexes=True), configured=configured)

        assert names(listed) == ["conda-forge"]
        assert listed.routes == ()
        assert any("The route of pypi:aa in c is left out" in text for text in listed.notes)

    def test_nodefaults_alone_asks_no_channel(self) -> None:
        """CEP 24: "The default channel configuration MUST be appended, unless ``nodefaults`` is present"."""
        specs = (Stated("bioconda::hmmer", "env.yml:7"),)

        assert names(gather(file(defaults=False))) == ["pypi"]
        assert names(gather(file(defaults=False, specs=specs))) == ["pypi", "(bioconda)"]

    def test_the_command_line_may_name_one_all_the_same(self, tmp_path: Path) -> None:
        """It has the first word; and a folder of wheels is no package index to pip."""
        choice = SourceChoice(sources=(("index", "pypi"),))

        assert names(gather(file(only_indexes=True), choice=choice)) == ["conda-forge", "pypi"]
        assert len(names(gather(file(only_indexes=True, find_links=(str(tmp_path),))))) == len(
            ["conda-forge", "folder"]
        )

    def test_no_index_beside_an_index_of_the_table_is_refused(self) -> None:
        """One of the two lines would be passed over."""
        with pytest.raises(ConflictingFilesError, match="--no-index: one line wants no index, another names one"):
            gather(file(only_indexes=True), {"indexes": ["https://corp.example/simple"]})
