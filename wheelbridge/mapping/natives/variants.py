"""Variants: which rules a variant provider's package goes by, and which runtime libraries come from where."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from wheelbridge.mapping.lines import join_items, split_items
from wheelbridge.mapping.natives.fields import (
    ACCOUNT,
    Accounted,
    Fields,
    InvalidTableRowError,
    check_once,
    check_order,
    parse_rows,
    read_rows,
    render_rows,
)
from wheelbridge.mapping.rows import Relation
from wheelbridge.model.name import CondaName, NormalizedName, canonicalize_name, is_conda_name

RULES = ("aarch64", "amd", "ascend", "intel", "nvidia", "x86_64")
"""The translations there are, by name."""

PROVIDER_FIELDS = ACCOUNT | {"package", "namespace", "plugin_api", "rules", "features"}
RUNTIME_COLUMNS = (
    "runtime",
    "kind",
    "pypi",
    "bundled_by",
    "bundled_when",
    "conda",
    "sonames",
    "when",
    "conflicts",
    "beside",
    "twice",
    "through",
    "idle",
)  # fmt: skip - as they stand in a line of the look-up file
RUNTIME_FIELDS = ACCOUNT | set(RUNTIME_COLUMNS)
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
_PACKAGE_GLOB = re.compile(r"[a-z0-9_.+*?-]+")
_SAYS = ": "
"""Between a rival and what happens beside it, in a look-up file."""


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
        bundled_when: globs over the subdirs whose wheels do.
        conda: MatchSpecs of the packages that are it.
        sonames: globs over the names of its files, of copies with a hash in the name as well.
        when: globs over the subdirs that have it.
        conflicts: other runtimes that no process should load beside it.
        beside: what happens beside some of `conflicts`, said by one of the two.
        twice: what happens where a copy of a wheel and conda's package of it are both loaded; empty: nothing is known.
        through: conda packages by which others ask for it, and for another one in another build.
        idle: globs over conda packages that depend on it, and load nothing of it themselves.
    """

    runtime: str
    kind: str
    pypi: tuple[NormalizedName, ...] = ()
    bundled_by: tuple[NormalizedName, ...] = ()
    bundled_when: tuple[str, ...] = ("*",)
    conda: tuple[str, ...] = ()
    sonames: tuple[str, ...] = ()
    when: tuple[str, ...] = ("*",)
    conflicts: tuple[str, ...] = ()
    beside: tuple[tuple[str, str], ...] = ()
    twice: str = ""
    through: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()

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
            bundled_when=fields.globs("bundled_when"),
            conda=fields.specs("conda"),
            sonames=fields.names("sonames", _is_soname_glob, "glob over names of files", ()),
            when=fields.globs(),
            conflicts=fields.texts("conflicts", ()),
            beside=_parse_beside(fields),
            twice=fields.text("twice", ""),
            through=fields.names("through", is_conda_name, "conda package (CEP 26)", ()),
            idle=fields.names("idle", _is_package_glob, "glob over conda packages", ()),
        )
        if _SLUG.fullmatch(row.runtime) is None:
            fields.fail(f"{row.runtime!r} is not written like 'cuda-cudart-12'", "runtime")
        if row.kind not in KINDS:
            fields.fail(f"{row.kind!r} is none of {', '.join(KINDS)}", "kind")
        if not row.sonames:
            fields.fail("it needs at least one", "sonames")
        if (row.relation is Relation.NONE) != (not row.conda):
            fields.fail("'conda' is empty exactly where the relation is 'none'", "conda")
        for rival, _ in row.beside:
            if rival not in row.conflicts:
                fields.fail(f"{rival!r} does not stand in 'conflicts'", "beside")
        return row

    def render_line(self) -> str:
        """Return the row as a line of the look-up file, without its end."""
        wheels = (self.pypi, self.bundled_by, self.bundled_when)
        lists = (*wheels, self.conda, self.sonames, self.when, self.conflicts)
        beside = join_items(f"{rival}{_SAYS}{text}" for rival, text in self.beside)
        own = (self.kind, *map(join_items, lists), beside, self.twice, join_items(self.through), join_items(self.idle))
        return render_rows(self.runtime, [(own, self)])

    @classmethod
    def parse_line(cls, fields: Sequence[str]) -> "RuntimeRow":
        """Read the fields of a line that `render_line` wrote."""
        ((own, account),) = read_rows(fields, len(RUNTIME_COLUMNS) - 1)
        values: dict[str, object] = dict(zip(RUNTIME_COLUMNS[1:], own, strict=True))
        lists = {name: split_items(str(values[name])) for name in _LISTS}
        beside = tuple((rival, text) for rival, _, text in (item.partition(_SAYS) for item in lists["beside"]))
        return account.of(cls, runtime=fields[0], **{**values, **lists, "beside": beside})


_LISTS = ("pypi", "bundled_by", "bundled_when", "conda", "sonames", "when", "conflicts", "beside", "through", "idle")


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


def _parse_beside(fields: Fields) -> tuple[tuple[str, str], ...]:
    if not fields.has("beside"):
        return ()
    said = fields.value("beside")
    if not isinstance(said, dict) or not said:
        fields.fail("expected a mapping of runtimes and what happens beside them", "beside")
    rivals = Fields(said, f"{fields.path}.beside", said)
    return tuple((str(rival), rivals.text(rival)) for rival in said)


def _is_api(text: str) -> bool:
    return _API.fullmatch(text) is not None


def _is_value(text: str) -> bool:
    return _VALUE.fullmatch(text) is not None


def _is_project(text: str) -> bool:
    return canonicalize_name(text) == text


def _is_package_glob(text: str) -> bool:
    return _PACKAGE_GLOB.fullmatch(text) is not None


def _is_soname_glob(text: str) -> bool:
    return _SONAME_GLOB.fullmatch(text) is not None
