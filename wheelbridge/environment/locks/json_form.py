"""The pieces of a lock as JSON, losslessly: in the key of our own in lock files, and in an environment's memory.

Fields without a value are left out, so that what is the same reads the same.
"""

from datetime import UTC, datetime
from typing import cast, get_args

from wheelbridge.environment.lock import LockedFile, LockedPackage, LockedRequest, LockedSource, LockedTarget
from wheelbridge.environment.locks.fields import Fields, UnexpectedFormError, as_fields
from wheelbridge.model.source import CLAIMS, SourceKind
from wheelbridge.model.target import InvalidTargetError, Target
from wheelbridge.model.variant import InvalidVariantPropertyError, Properties, VariantProperty, WheelVariant

Json = dict[str, object]


def source_to_json(source: LockedSource) -> Json:
    """Return a source as JSON.

    >>> source_to_json(LockedSource(name="corp", kind="index", url="https://host.example", tier=0, claim="strict"))
    {'name': 'corp', 'kind': 'index', 'url': 'https://host.example', 'tier': 0, 'claim': 'strict'}
    """
    return _filled(
        name=source.name,
        kind=source.kind,
        url=source.url,
        tier=source.tier,
        claim=source.claim,
        given=source.given,
        brought=source.brought or None,
    )


def source_from_json(data: object, place: str = "") -> LockedSource:
    """Read what `source_to_json` writes.

    Raises:
        UnexpectedFormError: if *data* has another form; it names the place.
    """
    fields = as_fields(data, place)
    kind, claim, tier = fields.text("kind"), fields.text("claim"), fields.integer("tier")
    if kind not in get_args(SourceKind):
        raise fields.fail("kind", "channel or index")
    if claim not in CLAIMS:
        raise fields.fail("claim", "strict, flexible or disabled")
    if tier is None:
        raise fields.fail("tier", "a whole number")
    return LockedSource(
        name=fields.text("name"),
        kind=cast("SourceKind", kind),
        url=fields.text("url"),
        tier=tier,
        claim=claim,
        given=fields.optional_text("given"),
        brought=fields.data.get("brought") is True,
    )


def file_to_json(file: LockedFile) -> Json:
    """Return a file as JSON.

    >>> file_to_json(LockedFile(filename="a-1-py3-none-any.whl", url="https://host.example/a", size=3))
    {'filename': 'a-1-py3-none-any.whl', 'url': 'https://host.example/a', 'size': 3}
    """
    return _filled(
        filename=file.filename,
        url=file.url,
        given=file.given,
        hashes=dict(sorted(file.hashes.items())) or None,
        size=file.size,
        upload_time=time_to_json(file.upload_time),
    )


def file_from_json(data: object, place: str = "") -> LockedFile:
    """Read what `file_to_json` writes.

    Raises:
        UnexpectedFormError: if *data* has another form; it names the place.
    """
    fields = as_fields(data, place)
    return LockedFile(
        filename=fields.text("filename"),
        url=fields.text("url"),
        given=fields.optional_text("given"),
        hashes=fields.text_map("hashes"),
        size=fields.integer("size"),
        upload_time=fields.time("upload_time"),
    )


def package_to_json(package: LockedPackage, *, leave_out: frozenset[str] = frozenset()) -> Json:
    """Return a package as JSON, without the fields that *leave_out* names: those that are stored elsewhere."""
    values = _filled(
        kind=package.kind,
        name=package.name,
        version=package.version,
        file=file_to_json(package.file),
        record=package.record,
        source=package.source,
        channel=package.channel or None,
        decision=package.decision,
        pypi_name=package.pypi_name,
        requires_dist=list(package.requires_dist) or None,
        requires_python=package.requires_python,
        variant=None if package.variant is None else variant_to_json(package.variant),
        variants_json=package.variants_json,
        alternatives=[file_to_json(file) for file in package.alternatives] or None,
        direct_url=package.direct_url,
        marker=package.marker,
    )
    return {key: value for key, value in values.items() if key not in leave_out}


def package_from_json(data: object, place: str = "") -> LockedPackage:
    """Read what `package_to_json` writes.

    Raises:
        UnexpectedFormError: if *data* has another form; it names the place.
    """
    fields = as_fields(data, place)
    kind = fields.text("kind")
    if kind not in {"conda", "wheel"}:
        raise fields.fail("kind", "conda or wheel")
    return LockedPackage(
        kind="conda" if kind == "conda" else "wheel",
        name=fields.text("name"),
        version=fields.text("version"),
        file=file_from_json(fields.mapping("file"), fields.at("file")),
        record=fields.mapping("record"),
        source=fields.optional_text("source"),
        channel=fields.optional_text("channel") or "",
        decision=fields.mapping("decision"),
        pypi_name=fields.optional_text("pypi_name"),
        requires_dist=fields.texts("requires_dist"),
        requires_python=fields.optional_text("requires_python"),
        variant=None if fields.mapping("variant") is None else variant_from_json(fields.part("variant")),
        variants_json=fields.mapping("variants_json"),
        alternatives=tuple(file_from_json(part.data, part.place) for part in fields.parts("alternatives")),
        direct_url=fields.mapping("direct_url"),
        marker=fields.optional_text("marker"),
    )


def variant_to_json(variant: WheelVariant) -> Json:
    """Return what a wheel is as a variant as JSON.

    >>> variant_to_json(WheelVariant(label="v3", properties=frozenset({VariantProperty("x86_64", "level", "v3")})))
    {'label': 'v3', 'properties': ['x86_64 :: level :: v3']}
    """
    return _filled(
        label=variant.label,
        properties=[str(item) for item in sorted(variant.properties)] or None,
        supported=[str(item) for item in sorted(variant.supported)] or None,
        depends=list(variant.depends) or None,
        flags=list(variant.flags) or None,
    )


def variant_from_json(fields: Fields) -> WheelVariant:
    """Read what `variant_to_json` writes.

    Raises:
        UnexpectedFormError: if the fields have another form; it names the place.
    """
    return WheelVariant(
        label=fields.text("label"),
        properties=_properties(fields, "properties"),
        supported=_properties(fields, "supported"),
        depends=fields.texts("depends"),
        flags=fields.texts("flags"),
    )


def target_to_json(target: LockedTarget, *, with_packages: bool = True) -> Json:
    """Return one target of a lock as JSON."""
    packages = [package_to_json(package) for package in target.packages] if with_packages else []
    return _filled(
        name=target.name,
        target=target.target.as_json(),
        requested=list(target.requested) or None,
        packages=packages or None,
    )


def target_from_json(data: object, place: str = "") -> LockedTarget:
    """Read what `target_to_json` writes.

    Raises:
        UnexpectedFormError: if *data* has another form; it names the place.
    """
    fields = as_fields(data, place)
    try:
        target = Target.from_json(fields.mapping("target"))
    except InvalidTargetError as error:
        raise UnexpectedFormError(fields.at("target"), error.message) from error
    return LockedTarget(
        name=fields.text("name"),
        target=target,
        requested=fields.texts("requested"),
        packages=tuple(package_from_json(part.data, part.place) for part in fields.parts("packages")),
    )


def request_to_json(request: LockedRequest) -> Json:
    """Return what a lock answers as JSON.

    >>> request_to_json(LockedRequest(specs=("python",), variables={"B": "2", "A": "1"}))
    {'specs': ['python'], 'variables': {'A': '1', 'B': '2'}}
    """
    return _filled(
        specs=list(request.specs) or None,
        requirements=list(request.requirements) or None,
        constraints=list(request.constraints) or None,
        links=list(request.links) or None,
        routes=list(request.routes) or None,
        variants=dict(sorted(request.variants.items())) or None,
        prereleases=request.prereleases or None,
        builds=list(request.builds) or None,
        no_external=list(request.no_external) or None,
        exclude_newer=time_to_json(request.exclude_newer),
        variables=dict(sorted(request.variables.items())) or None,
    )


def request_from_json(data: object, place: str = "") -> LockedRequest:
    """Read what `request_to_json` writes.

    Raises:
        UnexpectedFormError: if *data* has another form; it names the place.
    """
    fields = as_fields(data, place)
    return LockedRequest(
        specs=fields.texts("specs"),
        requirements=fields.texts("requirements"),
        constraints=fields.texts("constraints"),
        links=fields.texts("links"),
        routes=fields.texts("routes"),
        variants=fields.mapping("variants") or {},
        prereleases=fields.data.get("prereleases") is True,
        builds=fields.texts("builds"),
        no_external=fields.texts("no_external"),
        exclude_newer=fields.time("exclude_newer"),
        variables=fields.text_map("variables"),
    )


def time_to_json(time: datetime | None) -> str | None:
    """Return a point in time in UTC as ISO 8601 has it.

    >>> time_to_json(datetime.fromisoformat("2025-01-01T02:00:00+02:00"))
    '2025-01-01T00:00:00Z'
    """
    return None if time is None else time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _properties(fields: Fields, key: str) -> Properties:
    try:
        return frozenset(VariantProperty.parse(text) for text in fields.texts(key))
    except InvalidVariantPropertyError as error:
        raise UnexpectedFormError(fields.at(key), error.message) from error


def _filled(**values: object) -> Json:
    return {key: value for key, value in values.items() if value is not None}
