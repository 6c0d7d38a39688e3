"""What a lock's own part says of a package beyond the format's part: so nothing is lost, and little is said twice."""

from collections.abc import Mapping

from wheelbridge.environment.locks.fields import UnexpectedFormError, as_fields

WITHOUT = "without"
"""The key under which stand the fields that the format's part seems to say, and that are not there."""
_NESTED = ("file", "record")


def difference(whole: Mapping[str, object], said: Mapping[str, object]) -> dict[str, object]:
    """Return what `complete` needs beside *said* to make *whole*.

    >>> difference({"name": "a", "record": {"build": "1"}}, {"name": "a", "record": {"build": "0", "size": 3}})
    {'record': {'build': '1', 'without': ['size']}}
    """
    found: dict[str, object] = {}
    for key, value in whole.items():
        before = said.get(key)
        if key in said and before == value:
            continue
        if key in _NESTED and isinstance(before, Mapping) and isinstance(value, Mapping):
            found[key] = difference(dict(sorted(value.items())), before)  # the order it was read in says nothing
        else:
            found[key] = value
    if gone := sorted(said.keys() - whole.keys()):
        found[WITHOUT] = gone
    return found


def complete(said: Mapping[str, object], rest: Mapping[str, object], place: str = "") -> dict[str, object]:
    """Return what *said* and *rest*, made by `difference`, say together.

    >>> complete({"record": {"build": "0", "size": 3}}, {"record": {"build": "1", "without": ["size"]}})
    {'record': {'build': '1'}}

    Raises:
        UnexpectedFormError: if *rest* has another form.
    """
    gone = as_fields(dict(rest), place).texts(WITHOUT)
    made = {key: value for key, value in said.items() if key not in gone}
    for key, value in rest.items():
        before = made.get(key)
        if key == WITHOUT:
            continue
        if key in _NESTED and isinstance(before, Mapping):
            if not isinstance(value, Mapping):
                raise UnexpectedFormError(f"{place}.{key}", "expected a mapping")
            made[key] = complete(before, value, f"{place}.{key}")
        else:
            made[key] = value
    return made
