import re
from ast import literal_eval
from pathlib import Path

import pytest
from rattler import MatchSpec

from tests.installer.wheelmaker import Made, Workshop, make_package, make_wheel
from wheelbridge.installer.history import (
    canonical_channel,
    conda_spec,
    distribution,
    load_history,
    parse_history,
    requested_specs,
    states_of,
)

CONDA_SPECS = re.compile(r"#\s*(\w+)\s*specs:\s*(.+)?")
"""``conda.history.History.spec_pat``"""


@pytest.fixture
def thing(workshop: Workshop) -> Made:
    """A wheel."""
    return make_wheel(workshop.folder / "dist", "thing")


def read(workshop: Workshop) -> str:
    """Return the history of the prefix."""
    return (workshop.prefix / "conda-meta/history").read_text()


class TestWriting:
    """Sections are what conda's own parser reads."""

    def test_a_section(self, workshop: Workshop, thing: Made) -> None:
        """Head, command, version, distributions, specs: in conda's order."""
        specs = ["python >=3", "thing[extras=[fast]]"]
        workshop.run(
            workshop.request(thing, create=True, requested=specs, command=("wheelbridge", "create", "-p", "x"))
        )

        head, command, version, *distributions, exact, update = read(workshop).splitlines()
        assert re.fullmatch(r"==> \d{4}-\d\d-\d\d \d\d:\d\d:\d\d <==", head)
        assert command == "# cmd: wheelbridge create -p x"
        assert version.startswith("# wheelbridge version: ")
        python = workshop.channel.python
        assert distributions == [
            f"+{workshop.channel.url}/{python.subdir}::python-{python.version}-0_cpython",
            f"+https://index.example/simple/{thing.record.subdir}::thing-1.0-py3_none_any_0",
        ]
        match = CONDA_SPECS.match(update)
        assert match is not None
        assert literal_eval(match.group(2)) == ["python[version='>=3']", "thing"]
        assert exact == "# wheelbridge specs: ['thing[extras=[fast]]']"
        kept = requested_specs(load_history(workshop.prefix), ["python", "thing"], exact=True)
        assert kept == {"python": "python[version='>=3']", "thing": "thing[extras=[fast]]"}

    def test_removal(self, workshop: Workshop, thing: Made) -> None:
        """What is removed is no longer asked for, and its distribution is gone."""
        workshop.create(thing, requested=["python", "thing"])
        workshop.change(removed=("thing",))

        last = load_history(workshop.prefix)[-1]
        assert [line[:1] for line in last.distributions] == ["-"]
        assert last.comments[-1] == "# remove specs: ['thing']"
        assert requested_specs(load_history(workshop.prefix), ["python", "thing"]) == {"python": "python"}

    def test_asking_for_what_is_there_is_remembered(self, workshop: Workshop, thing: Made) -> None:
        """A dependency that the user asks for later is not pruned with what needed it."""
        workshop.create(thing, requested=["python"])
        workshop.change(thing, requested=["thing"])

        assert requested_specs(load_history(workshop.prefix), ["python", "thing"]).keys() == {"python", "thing"}

    def test_asking_alone_leaves_everything_there(self, workshop: Workshop, thing: Made) -> None:
        """conda: a section without any sign is the whole state; an empty one would say that all went."""
        workshop.create(thing, requested=["python"])
        workshop.change(thing, requested=["thing"])
        first, second = states_of(load_history(workshop.prefix))

        assert first == second
        assert len(first.distributions) == 2

    def test_two_requests_for_one_package_are_both_remembered(self, workshop: Workshop, thing: Made) -> None:
        """A spec with bounds, and a bare requirement that the tables lead to the same package."""
        workshop.create(thing, requested=["python", "thing <2", "thing[extras=[x]]", "thing >=1"])
        history = load_history(workshop.prefix)

        assert requested_specs(history, ["thing"]) == {"thing": "thing[version='<2,>=1']"}
        assert requested_specs(history, ["thing"], exact=True) == {"thing": 'thing[version="<2,>=1",extras=[x]]'}


class TestReading:
    """As ``History.get_requested_specs_map`` reads."""

    def test_a_section_that_names_no_package_changes_none(self) -> None:
        """One that says only what was asked for; it must not read as an empty environment."""
        revisions = parse_history("==> x <==\n+c::a-1-0\n==> y <==\n# update specs: ['a']\n==> z <==\n+c::b-1-0\n")

        assert [sorted(state.distributions) for state in states_of(revisions)[1:]] == [
            ["c::a-1-0"],
            ["c::a-1-0", "c::b-1-0"],
        ]

    def test_conda_is_told_all_where_it_lost_count(self, workshop: Workshop, thing: Made) -> None:
        """After a section of its own that names nothing, which it takes for an empty environment."""
        workshop.create(requested=["python"])
        history = workshop.prefix / "conda-meta" / "history"
        with history.open("a") as file:
            file.write("==> 2024-01-01 00:00:00 <==\n# conda version: 25.1.0\n# update specs: ['python']\n")
        workshop.change(thing, requested=["thing"])

        state = states_of(load_history(workshop.prefix))[-1]
        assert state.of_conda == state.distributions
        assert len(state.distributions) == 2

    @pytest.mark.parametrize("channel", ["https://host.example/c", "https://host.example/c/noarch"])
    def test_the_subdir_is_named_once(self, tmp_path: Path, channel: str) -> None:
        """In ``conda-meta`` of conda the channel has it, elsewhere not."""
        record = make_package(tmp_path, "a", {}, noarch="generic")
        record.channel = channel

        assert distribution(record) == "https://host.example/c/noarch::a-1.0-0"

    def test_all_kinds_of_lines(self) -> None:
        """Old and new forms, later ones win, and what is not installed is not asked for."""
        text = (
            "# ignored before the first head\n"
            "==> 2020-01-01 00:00:00 <==\n# cmd: conda create\n# conda version: 4.4.0\n+defaults::a-1-0\n"
            "# install specs: a>=1,b=2\n"
            "==> 2021-01-01 00:00:00 <==\n# update specs: ['c', \"d[version='>=1']\", 'conda-forge::e', 'gone@']\n"
            "==> 2022-01-01 00:00:00 <==\n# remove specs: ['c']\n# neutered specs: ['d']\n# update specs: [broken\n"
        )
        specs = requested_specs(parse_history(text), ["a", "b", "c", "d", "e"])

        assert specs == {"a": "a>=1", "b": "b=2", "d": "d", "e": "conda-forge::e"}


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("thing[when='python >=3']", "thing"),
        ("thing[extras=[a,b]]", "thing"),
        ("thing >=1,<2 py*", "thing[version='>=1,<2',build='py*']"),
        ("thing 1.0|1.1", "thing[version='==1.0|==1.1']"),
    ],
)
def test_specs_are_written_for_conda(spec: str, text: str) -> None:
    """Conda knows no extras, conditions and flags."""
    assert conda_spec(MatchSpec(spec)) == text


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("https://conda.anaconda.org/t/secret/me/label/dev", "me/label/dev"),
        ("https://repo.anaconda.com/pkgs/main/", "defaults"),
        ("https://host/t/secret/channel", "https://host/channel"),
        ("conda-forge", "conda-forge"),
    ],
)
def test_channels_have_condas_names_and_no_secrets(channel: str, name: str) -> None:
    """The history is readable by everybody who can read the environment."""
    assert canonical_channel(channel) == name


class TestExtras:
    """Extras stand in a comment of ours, which conda reads past; its own sections have no words for them."""

    OURS = "==> a <==\n# wheelbridge version: 1\n# wheelbridge specs: ['app[extras=[x]]']\n# update specs: ['app']\n"

    @pytest.mark.parametrize(
        ("later", "expected"),
        [
            pytest.param("# conda version: 26.7.1\n# update specs: ['app']", "app[extras=[x]]", id="a bare name"),
            pytest.param(
                "# conda version: 26.7.1\n# update specs: ['<unknown>/noarch::app==1.0=py_0']",
                'app[version="==1.0",build="py_0",extras=[x]]',
                id="a file",
            ),
            pytest.param(
                "# conda version: 26.7.1\n# update specs: ['app[extras=[y]]']", "app[extras=[y]]", id="others"
            ),
            pytest.param("# conda version: 26.7.1\n# remove specs: ['app']", None, id="a removal"),
            pytest.param("# wheelbridge version: 1\n# update specs: ['app']", "app", id="a section of ours"),
        ],
    )
    def test_outlast_what_conda_writes(self, later: str, expected: str | None) -> None:
        """Only wheelbridge, which has words for them, takes them back."""
        found = requested_specs(parse_history(f"{self.OURS}==> b <==\n{later}\n"), ["app"], exact=True)

        assert found.get("app") == expected
