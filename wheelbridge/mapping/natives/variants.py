"""Variants: which rules a variant provider's package goes by, and which runtime libraries come from where."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from wheelbridge.mapping.natives.fields import (
    ACCOUNT,
    Accounted,
    Fields,
    InvalidTableRowError,
    check_once,
    check_order,
    parse_rows,
)
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.name import CondaName, NormalizedName, canonicalize_name

RULES = ("aarch64", "amd", "ascend", "intel", "nvidia", "x86_64")
"""The translations there are, by name."""

PROVIDER_FIELDS = ACCOUNT | {"package", "namespace", "plugin_api", "rules", "features"}
RUNTIME_FIELDS = ACCOUNT | {"runtime", "kind", "pypi", "bundled_by", "conda", "sonames", "when", "conflicts"}
KINDS = ("blas", "cuda", "mpi", "openmp")
"""What runtimes are for; of two that conflict, both have the same kind."""

_FEATURE_FIELDS = frozenset({"name", "virtual_package", "exact", "example"})
_EXAMPLE_FIELDS = frozenset({"values", "requires"})
_WORD = re.compile(r"[a-z0-9_]+")
_VIRTUAL = re.compile(r"__[a-z0-9][a-z0-9_]{0,61}")
_VALUE = re.compile(r"[a-z0-9_.]+")
_API = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9.]+)*")
_SONAME_GLOB = re.compile(r"[A-Za-z0-9_.+*?-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFeature:
    """One feature of a provider and the virtual package that decides it.

    Attributes:
        name: as properties call it.
        virtual_package: what a machine has it by.
        exact: whether the virtual package says just what the provider would.
        values: values of the feature, as an example.
        requires: the MatchSpec that they translate to.
    """

    name: str
    virtual_package: CondaName
    exact: bool
    values: tuple[str, ...]
    requires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRow(Accounted):
    """A variant provider that is known, by its package: the namespace alone says nothing.

    Attributes:
        package: the PyPI project of the plugin.
        namespace: the one that releases usually give it.
        plugin_api: the plugins in it that go by the rules; with another one it is not known.
        rules: the name of the translation, one of `RULES`.
        features: what it lists.
    """

    package: NormalizedName
    namespace: str
    plugin_api: tuple[str, ...]
    rules: str
    features: tuple[ProviderFeature, ...]

    @classmethod
    def parse(cls, data: object, path: str, *, own: bool = False) -> "ProviderRow":
        """Read one entry of the file as YAML loads it; *path* is its place, for messages.

        Raises:
            InvalidTableRowError: if it breaks a rule.
        """
        fields = Fields(data, path, PROVIDER_FIELDS)
        features = [
            _parse_feature(item, f"{path}.features[{number}]") for number, item in enumerate(fields.items("features"))
        ]
        row = fields.account((Relation.NONE,), own=own).of(
            cls,
            package=fields.text("package"),
            namespace=fields.text("namespace"),
            plugin_api=fields.names("plugin_api", _is_api, "plugin like 'package.module:Class'", ()),
            rules=fields.text("rules"),
            features=tuple(features),
        )
        if canonicalize_name(row.package) != row.package:
            fields.fail(f"the project {row.package!r} is not normalized (PEP 503)", "package")
        if _WORD.fullmatch(row.namespace) is None:
            fields.fail(f"{row.namespace!r} is no namespace (PEP 825)", "namespace")
        if row.rules not in RULES:
            fields.fail(f"{row.rules!r} is none of {', '.join(RULES)}", "rules")
        for field in ("plugin_api", "features"):
            if not getattr(row, field):
                fields.fail("it needs at least one", field)
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeRow(Accounted):
    """A runtime library: two copies of it in one process, or it beside its rivals, can break the process.

    Attributes:
        runtime: what it is called here.
        kind: what it is for, one of `KINDS`.
        pypi: projects that are it.
        bundled_by: projects whose wheels carry a copy of their own.
        conda: MatchSpecs of the packages that are it.
        sonames: globs over the names of its files, of copies with a hash in the name as well.
        when: globs over the subdirs that have it.
        conflicts: other runtimes that no process should load beside it.
    """

    runtime: str
    kind: str
    pypi: tuple[NormalizedName, ...] = ()
    bundled_by: tuple[NormalizedName, ...] = ()
    conda: tuple[str, ...] = ()
    sonames: tuple[str, ...] = ()
    when: tuple[str, ...] = ("*",)
    conflicts: tuple[str, ...] = ()

    @classmethod
    def parse(cls, data: object, path: str, *, own: bool = False) -> "RuntimeRow":
        """Read one entry of the file as YAML loads it; *path* is its place, for messages.

        Raises:
            InvalidTableRowError: if it breaks a rule.
        """
        fields = Fields(data, path, RUNTIME_FIELDS)
        row = fields.account((Relation.LIBRARY, Relation.NONE), own=own).of(
            cls,
            runtime=fields.text("runtime"),
            kind=fields.text("kind"),
            pypi=fields.names("pypi", _is_project, "normalized project (PEP 503)", ()),
            bundled_by=fields.names("bundled_by", _is_project, "normalized project (PEP 503)", ()),
            conda=fields.specs("conda"),
            sonames=fields.names("sonames", _is_soname_glob, "glob over names of files", ()),
            when=fields.globs(),
            conflicts=fields.texts("conflicts", ()),
        )
        if _SLUG.fullmatch(row.runtime) is None:
            fields.fail(f"{row.runtime!r} is not written like 'cuda-cudart-12'", "runtime")
        if row.kind not in KINDS:
            fields.fail(f"{row.kind!r} is none of {', '.join(KINDS)}", "kind")
        if not row.sonames:
            fields.fail("it needs at least one", "sonames")
        if (row.relation is Relation.NONE) != (not row.conda):
            fields.fail("'conda' is empty exactly where the relation is 'none'", "conda")
        return row


def parse_provider_rows(data: object, *, own: bool = False) -> tuple[ProviderRow, ...]:
    """Read ``providers.yaml`` as YAML loads it: one row a package, sorted by package.

    Raises:
        InvalidTableRowError: if a row breaks a rule.
    """
    rows = parse_rows(data, lambda item, path: ProviderRow.parse(item, path, own=own))
    check_order([(row.package,) for row in rows], own=own)
    check_once((row.package,) for row in rows)
    return rows


def parse_runtime_rows(data: object, *, own: bool = False) -> tuple[RuntimeRow, ...]:
    """Read ``runtimes.yaml`` as YAML loads it: one row a runtime, sorted; what one conflicts with conflicts with it.

    Raises:
        InvalidTableRowError: if a row breaks a rule.
    """
    rows = parse_rows(data, lambda item, path: RuntimeRow.parse(item, path, own=own))
    check_order([(row.runtime,) for row in rows], own=own)
    check_once((row.runtime,) for row in rows)
    _check_conflicts(rows)
    return rows


def runtimes_of_file(rows: Iterable[RuntimeRow], soname: str) -> tuple[RuntimeRow, ...]:
    """Return the runtimes that a file called *soname* may be, a copy that a wheel carries under a hashed name as well.

    >>> gomp = RuntimeRow(runtime="libgomp", kind="openmp", sonames=("libgomp*.so*",), relation=Relation.LIBRARY)
    >>> [row.runtime for row in runtimes_of_file([gomp], "libgomp-a34b3233.so.1.0.0")]
    ['libgomp']
    """
    return tuple(row for row in rows if any(fnmatchcase(soname, glob) for glob in row.sonames))


def runtimes_of_project(rows: Iterable[RuntimeRow], project: NormalizedName) -> tuple[RuntimeRow, ...]:
    """Return the runtimes that *project* is, or that its wheels carry."""
    return tuple(row for row in rows if project in {*row.pypi, *row.bundled_by})


def render_packages_module(rows: Iterable[ProviderRow]) -> str:
    """Return the source of ``wheelbridge/translate/providers/packages.py``, formatted."""
    lines = (line for row in sorted(rows, key=lambda row: row.package) for line in _module_lines(row))
    return _MODULE.format(entries="\n".join(lines))


_MODULE = '''\
"""Which rules each provider's package goes by: written from ``mappings/variants/providers.yaml``, never edited."""

from collections.abc import Mapping
from types import MappingProxyType

PACKAGES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {{
{entries}
    }}
)
"""Package -> plugin-api -> name of the rules; a package under its later and its earlier name."""
'''


def _module_lines(row: ProviderRow) -> Iterator[str]:
    yield f'        "{row.package}": {{'
    yield from (f'            "{api}": "{row.rules}",' for api in row.plugin_api)
    yield "        },"


def _parse_feature(data: object, path: str) -> ProviderFeature:
    fields = Fields(data, path, _FEATURE_FIELDS)
    example = Fields(fields.value("example"), f"{path}.example", _EXAMPLE_FIELDS)
    feature = ProviderFeature(
        name=fields.text("name"),
        virtual_package=CondaName(fields.text("virtual_package")),
        exact=fields.flag("exact"),
        values=example.names("values", _is_value, "value of a feature (PEP 825)", ()),
        requires=example.text("requires"),
    )
    if _WORD.fullmatch(feature.name) is None:
        fields.fail(f"{feature.name!r} is no feature (PEP 825)", "name")
    if _VIRTUAL.fullmatch(feature.virtual_package) is None:
        fields.fail(f"{feature.virtual_package!r} is no virtual package (CEP 30)", "virtual_package")
    if not feature.values:
        example.fail("it needs at least one", "values")
    if not feature.requires.startswith(feature.virtual_package):
        example.fail(f"{feature.requires!r} asks for something else than {feature.virtual_package}", "requires")
    return feature


def _check_conflicts(rows: Sequence[RuntimeRow]) -> None:
    known = {row.runtime: row for row in rows}
    for number, row in enumerate(rows):
        for place, name in enumerate(row.conflicts):
            other = known.get(name)
            if other is None or other is row or other.kind != row.kind or row.runtime not in other.conflicts:
                problem = f"{name!r} is no other runtime of the kind {row.kind} that conflicts with {row.runtime!r}"
                raise InvalidTableRowError(f"[{number}].conflicts[{place}]", problem)


def _is_api(text: str) -> bool:
    return _API.fullmatch(text) is not None


def _is_value(text: str) -> bool:
    return _VALUE.fullmatch(text) is not None


def _is_project(text: str) -> bool:
    return canonicalize_name(text) == text


def _is_soname_glob(text: str) -> bool:
    return _SONAME_GLOB.fullmatch(text) is not None
