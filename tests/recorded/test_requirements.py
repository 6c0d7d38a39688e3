"""Every Requires-Dist line of the recorded index, compared with `packaging`'s own evaluation."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from rattler import MatchSpec, PackageRecord
from rattler.package import BuildString

from tests.oracle import ENVIRONMENTS, PYTHONS, evaluate, holds, python_record
from wheelbridge.errors import InvalidRequirementError, TranslationError
from wheelbridge.index.metadata import parse_metadata
from wheelbridge.model.name import CondaName
from wheelbridge.model.target import Target
from wheelbridge.translate.markers import translate_marker
from wheelbridge.translate.requirement import translate_requirement
from wheelbridge.translate.specifiers import exact_versions, translate_specifier, translate_version

pytestmark = pytest.mark.shared_data


@pytest.fixture(scope="module")
def lines(recorded: Path) -> list[str]:
    """The distinct Requires-Dist lines that follow PEP 508; the others are seen to be refused."""
    found = {
        line
        for path in (recorded / "metadata").iterdir()
        for line in parse_metadata(path.read_bytes(), path.name).requires_dist
    }
    valid = sorted(filter(_is_valid, found))
    for line in found.difference(valid):
        with pytest.raises(InvalidRequirementError):
            translate_requirement(line, Target(subdir="linux-64"), CondaName)
    print(f"lines: {len(found)} distinct, {len(found) - len(valid)} refused as packaging refuses them")
    return valid


def _is_valid(line: str) -> bool:
    try:
        Requirement(line)
    except InvalidRequirement:
        return False
    return True


@pytest.fixture(scope="module")
def versions(recorded: Path) -> list[Version]:
    """The distinct versions of the recorded wheels."""
    texts = {
        path.name.split("-")[1]
        for page in (recorded / "simple").iterdir()
        for path in map(Path, _filenames(page))
        if path.suffix == ".whl"
    }
    return sorted(Version(text) for text in texts)


def _filenames(page: Path) -> Iterator[str]:
    return (file["filename"] for file in json.loads(page.read_text(encoding="utf-8"))["files"])


def test_markers_agree_on_every_python_and_platform(lines: list[str]) -> None:
    """No line disagrees: pythons 3.9-3.14 x three platforms x no extra and every extra it names."""
    tried = refused = 0
    disagreements = []
    markers = {str(marker) for line in lines if (marker := Requirement(line).marker)}
    for text in sorted(markers):
        marker = Requirement(f"x; {text}").marker
        assert marker is not None
        for subdir in ENVIRONMENTS:
            try:
                translation = translate_marker(text, Target(subdir=subdir))
            except TranslationError:
                refused += 1
                continue
            for python in PYTHONS:
                record = python_record(python)
                for extra, condition in [("", translation.base), *translation.extras.items()]:
                    tried += 1
                    if holds(condition, record) != evaluate(marker, subdir, python, extra):
                        disagreements.append((text, subdir, python, extra))
    print(
        f"markers: {len(markers)} distinct, {tried} evaluations tried, {refused} refused, "
        f"{len(disagreements)} disagreed"
    )
    assert tried > 10_000
    assert refused == 0
    assert not disagreements


def test_specifiers_agree_on_every_version(lines: list[str], versions: list[Version]) -> None:
    """No specifier disagrees on any version that a recorded wheel has; lossy ones become lists of versions."""
    specifiers = {str(Requirement(line).specifier) for line in lines}
    records = {version: _record(translate_version(version)[0]) for version in versions}
    disagreements = []
    tried = lossy = 0
    for text in sorted(specifiers):
        specifier = SpecifierSet(text)
        translated = translate_specifier(specifier)
        lossy += translated.lossy
        conda = exact_versions(specifier, versions) if translated.lossy else translated.conda
        match = MatchSpec(f'x[version="{conda}"]' if conda else "x", strict=True)
        for version, record in records.items():
            tried += 1
            if match.matches(record) != specifier.contains(version.public, prereleases=True):
                disagreements.append((text, str(version)))
    print(
        f"specifiers: {len(specifiers)} distinct x {len(versions)} versions = {tried} tried, "
        f"{lossy} lossy, {len(disagreements)} disagreed"
    )
    assert not disagreements


def test_every_line_becomes_match_specs_that_rattler_reads(lines: list[str]) -> None:
    """CEP 48: in a record, a MatchSpec is a bare name or ``name[...]``; all of them parse strictly."""
    for line in lines:
        for subdir in ENVIRONMENTS:
            translation = translate_requirement(line, Target(subdir=subdir), CondaName)
            for spec in (*translation.base, *(spec for specs in translation.groups.values() for spec in specs)):
                assert MatchSpec(spec, strict=True).name.normalized == canonicalize_name(Requirement(line).name)
                assert spec == translation.name or spec.startswith(f"{translation.name}[")


def _record(version: str) -> PackageRecord:
    return PackageRecord("x", version, BuildString("0"), 0, "noarch")
