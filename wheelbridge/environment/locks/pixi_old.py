"""``pixi.lock`` of versions 4 to 6, brought into the shape of version 7."""

from collections.abc import Iterator

from wheelbridge.environment.locks.fields import Fields

_SHAPED_SINCE = 6
_KINDS = ("conda", "pypi")


def modern(top: Fields, version: int) -> Fields:
    """Return the top of a lock as version 7 has it.

    >>> old = {"kind": "conda", "name": "a", "url": "https://host.example/noarch/a-1-0.conda"}
    >>> modern(Fields({"packages": [old]}), 5).data["packages"]
    [{'conda': 'https://host.example/noarch/a-1-0.conda', 'name': 'a'}]

    Raises:
        UnexpectedFormError: if a package has another form.
    """
    if version >= _SHAPED_SINCE:
        return top
    return Fields({**top.data, "packages": list(_packages(top))})


def _packages(top: Fields) -> Iterator[dict[str, object]]:
    for package in top.parts("packages"):
        kind = package.text("kind")
        if kind not in _KINDS:
            raise package.fail("kind", "conda or pypi")
        location = package.optional_text("url") or package.text("path")
        yield {kind: location, **{key: value for key, value in package.data.items() if key not in _PLACES}}


_PLACES = frozenset({"kind", "url", "path"})
