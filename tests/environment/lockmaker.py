"""Locks for tests: a small one that has one of everything, and any that hypothesis can think of."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from wheelbridge.environment.lock import (
    Lock,
    LockedFile,
    LockedPackage,
    LockedRequest,
    LockedSource,
    LockedTarget,
)
from wheelbridge.model.target import Target, VirtualPackage
from wheelbridge.model.variant import VariantProperty, WheelVariant

FORGE = "https://forge.example/forge"
INDEX = "https://index.example/simple"
SHA = "0123456789abcdef" * 4
MD5 = "0123456789abcdef" * 2
SCHEMA = "https://variants.example/peps/825/v0.1.1.json"
UPLOADED = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)

LINUX = Target(subdir="linux-64", virtual_packages=(VirtualPackage("__glibc", "2.36"),))
LINUX_CUDA = Target(
    subdir="linux-64",
    virtual_packages=(VirtualPackage("__cuda", "12.8"), VirtualPackage("__glibc", "2.36", "gnu")),
    variants={"nvidia": {"cuda_version_lower_bound": ("12.8", "12.0")}},
)
MAC = Target(subdir="osx-arm64", virtual_packages=(VirtualPackage("__osx", "14.0"),))

SOURCES = (
    LockedSource(name="forge", kind="channel", url=FORGE, tier=0, claim="flexible"),
    LockedSource(name="corp", kind="index", url=INDEX, tier=1, claim="strict"),
)
DECISION: Mapping[str, object] = {"source": "forge", "tier": 0, "route": None, "also": [{"source": "corp"}]}


def conda(name: str, version: str = "1.0", *, build: str = "h0_0", subdir: str = "linux-64") -> LockedPackage:
    """Return a conda package of the channel."""
    filename = f"{name}-{version}-{build}.conda"
    return LockedPackage(
        kind="conda",
        name=name,
        version=version,
        file=LockedFile(
            filename=filename,
            url=f"{FORGE}/{subdir}/{filename}",
            hashes={"sha256": SHA, "md5": MD5},
            size=1234,
        ),
        record={
            "name": name,
            "version": version,
            "build": build,
            "build_number": 0,
            "subdir": subdir,
            "depends": ["__glibc >=2.17,<3.0.a0"],
            "sha256": SHA,
            "md5": MD5,
            "size": 1234,
            "license": "MIT",
            "timestamp": 1700000000000,
        },
        source="forge",
        channel=FORGE,
        decision=DECISION,
    )


def wheel(name: str, version: str = "1.0", *, tags: str = "py3-none-any", label: str = "") -> LockedPackage:
    """Return a wheel of the index; a variant wheel where it has a label."""
    file = wheel_file(name, version, tags=tags, label=label)
    package = LockedPackage(
        kind="wheel",
        name=name,
        version=version,
        file=file,
        record={
            "name": name,
            "version": version,
            "build": "py3_0",
            "build_number": 0,
            "subdir": "linux-64",
            "noarch": "python",
            "depends": ["python[version='>=3.9']"],
            "flags": ["wheel"],
        },
        source="corp",
        channel=INDEX,
        decision={"source": "corp"},
        pypi_name=name,
        requires_dist=("typing-extensions>=4; python_version < '3.11'", "pytest; extra == 'test'"),
        requires_python=">=3.9",
    )
    return package if not label else as_variant(package, label)


def wheel_file(name: str, version: str, *, tags: str = "py3-none-any", label: str = "") -> LockedFile:
    """Return a wheel file of the index."""
    filename = f"{name.replace('-', '_')}-{version}-{tags}{f'-{label}' if label else ''}.whl"
    return LockedFile(
        filename=filename,
        url=f"https://files.example/{name}/{filename}",
        hashes={"sha256": SHA},
        size=99,
        upload_time=UPLOADED,
    )


def as_variant(package: LockedPackage, label: str) -> LockedPackage:
    """Return the package as a variant wheel of a release that has a plain wheel, too."""
    prop = VariantProperty("nvidia", "cuda_version_lower_bound", "12.8")
    return replace(
        package,
        variant=WheelVariant(
            label=label, properties=frozenset({prop}), supported=frozenset({prop}), depends=("__cuda >=12.8",)
        ),
        variants_json={
            "$schema": SCHEMA,
            "default-priorities": {"namespace": ["nvidia"]},
            "variants": {label: {"nvidia": {"cuda_version_lower_bound": ["12.8"]}}, "null": {}},
        },
        alternatives=(
            wheel_file(package.name, package.version),
            wheel_file(package.name, package.version, label="null"),
        ),
    )


REQUEST = LockedRequest(
    specs=("python >=3.11", "zlib"),
    requirements=("requests[socks]>=2",),
    constraints=("urllib3<3",),
    links=("./libs/mine",),
    routes=("torch=corp; sys_platform == 'linux'",),
    variants={"prefer": ["nvidia"], "mode": "strict"},
    prereleases=True,
    builds=("pyodbc",),
    no_external=(":all:",),
    exclude_newer=datetime(2025, 1, 1, tzinfo=UTC),
    variables={"GREETING": "it's: here", "N": "1"},
)


def small_lock() -> Lock:
    """Return a lock of two machines."""
    return Lock(
        targets=(
            LockedTarget(
                name="linux-64",
                target=LINUX,
                requested=("python >=3.11",),
                packages=(conda("python", "3.12.1"), wheel("requests", "2.32.0"), conda("zlib")),
            ),
            LockedTarget(
                name="osx-arm64",
                target=MAC,
                packages=(conda("python", "3.12.1", subdir="osx-arm64"), wheel("requests", "2.32.0")),
            ),
        ),
        sources=SOURCES,
        request=REQUEST,
    )


# --- any lock

_NAMES = st.sampled_from(["alpha", "beta", "gamma-ray", "delta", "epsilon"])
_VERSIONS = st.sampled_from(["1.0", "2", "1!3.0", "2024a0", "1_0", "1.0+local", "1e5"])
_TEXTS = st.one_of(
    st.sampled_from(["", "yes", "null", "1.0", "0x1", "a: b", "- a", "é", "\u2028", "'''", '"', "\\", "{null = true}"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
_HEX = st.sampled_from(["0", "9", "a", "e", "1e"]).map(lambda digit: (digit * 64)[:64])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b c", "é", "1"]), inner, max_size=3)
    ),
    max_leaves=5,
)
_TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them without
_BOUNDS = st.dictionaries(st.sampled_from(["sha256", "md5", "blake2b"]), _HEX, min_size=1)
_MAPPINGS = st.dictionaries(st.sampled_from(["a", "b", "license"]), _JSON, max_size=3)


@st.composite
def _records(draw: st.DrawFn, name: str, version: str, subdir: str) -> dict[str, object]:
    record: dict[str, object] = {
        "name": name,
        "version": version,
        "build": draw(st.sampled_from(["h0_0", "py_3", "7", "abc"])),
        "build_number": draw(st.integers(0, 9)),
        "subdir": draw(st.sampled_from(["noarch", subdir])),
        "depends": draw(st.lists(_TEXTS, max_size=3)),
    }
    for key in draw(
        st.sets(st.sampled_from(["license", "purls", "noarch", "track_features", "size", "odd", "features"]))
    ):
        record[key] = draw(_JSON) if key == "odd" else _USUAL[key]
    return record


_USUAL: Mapping[str, object] = {
    "license": "MIT",
    "purls": ["pkg:pypi/b", "pkg:pypi/a"],
    "noarch": "python",
    "track_features": "a b",
    "size": 3,
    "features": None,
}


@st.composite
def _packages(draw: st.DrawFn, name: str, version: str) -> LockedPackage:
    if draw(st.booleans()):
        return draw(_conda_packages(name, version))
    return draw(_wheels(name, version))


@st.composite
def _conda_packages(draw: st.DrawFn, name: str, version: str) -> LockedPackage:
    subdir = draw(st.sampled_from(["linux-64", "noarch"]))
    package = conda(name, version, build=draw(st.sampled_from(["h0_0", "py_3"])), subdir=subdir)
    return replace(
        package,
        file=replace(package.file, hashes=draw(_BOUNDS), size=draw(st.none() | st.integers(0, 9))),
        record=draw(st.none() | _records(name, version, subdir)),
        source=draw(st.sampled_from(["forge", None])),
        channel=draw(st.sampled_from([FORGE, "https://other.example/x", ""])),
        decision=draw(st.none() | _MAPPINGS),
    )


@st.composite
def _wheels(draw: st.DrawFn, name: str, version: str) -> LockedPackage:
    version = version.replace("_", ".").replace("e", ".")  # as PEP 440 has it
    package = wheel(name, version, label=draw(st.sampled_from(["", "cu12"])))
    return replace(
        package,
        name=draw(st.sampled_from([name, f"pypi.{name}"])),
        file=replace(package.file, hashes=draw(_BOUNDS), upload_time=draw(st.none() | _TIMES)),
        record=draw(st.none() | _records(name, version, "linux-64")),
        requires_dist=tuple(draw(st.lists(st.sampled_from(["a>=1", "no requirement!", "b; python_version<'3'"])))),
        requires_python=draw(st.sampled_from([None, ">=3.9", "nonsense"])),
        decision=draw(st.none() | _MAPPINGS),
        variants_json=draw(st.sampled_from([package.variants_json, None])),
    )


@st.composite
def _targets(draw: st.DrawFn, name: str, target: Target, versions: Mapping[str, str]) -> LockedTarget:
    chosen = draw(st.sets(_NAMES))
    packages = [draw(_packages(package, versions[package])) for package in chosen]
    return LockedTarget(
        name=name,
        target=target,
        requested=tuple(draw(st.lists(_TEXTS, max_size=2))),
        packages=tuple(sorted(packages, key=lambda package: (package.name, package.file.url))),
    )


@st.composite
def locks(draw: st.DrawFn) -> Lock:
    """Return any lock of up to two machines that markers can tell apart."""
    machines = {"linux-64": LINUX, "linux/cuda": LINUX_CUDA, "osx-arm64": MAC}
    names = draw(st.sampled_from([(), ("linux-64",), ("osx-arm64", "linux/cuda"), ("linux-64", "osx-arm64")]))
    targets = []
    for name in names:
        versions = {package: draw(_VERSIONS) for package in ("alpha", "beta", "gamma-ray", "delta", "epsilon")}
        targets.append(draw(_targets(name, machines[name], versions)))
    return Lock(
        targets=tuple(targets),
        sources=draw(st.sampled_from([SOURCES, SOURCES[:1], ()])),
        request=draw(st.sampled_from([None, LockedRequest(), REQUEST])),
    )
