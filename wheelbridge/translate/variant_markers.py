"""Variant markers (PEP 825): which dependencies a wheel has because of the variant it is.

They are decided for each wheel before its requirements are read: `packaging` does not know them.
"""

import re
from dataclasses import dataclass, field

from wheelbridge.model.variant import ABI_DEPENDENCY, Properties
from wheelbridge.translate.errors import MarkerNotExpressibleError

_STRING = r"\"[^\"]*\"|'[^']*'"
_SETS = r"variant_namespaces|variant_features|variant_properties"
_OPERATOR = r"==|!=|in\b|not\s+in\b"
_ATOM = re.compile(
    rf"(?P<item>{_STRING})\s*(?P<not>not\s+)?in\s+(?P<set>{_SETS})\b"
    rf"|\bvariant_label\s*(?P<op1>{_OPERATOR})\s*(?P<right>{_STRING})"
    rf"|(?P<left>{_STRING})\s*(?P<op2>{_OPERATOR})\s*variant_label\b"
    rf"|{_STRING}"
)
_LEFT_OVER = re.compile(r"\bvariant_\w+")
_TRUE, _FALSE = 'os_name != ""', 'os_name == ""'


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantEnvironment:
    """What variant markers see of a wheel; the defaults are those of a non-variant wheel.

    Attributes:
        label: empty for a non-variant wheel.
        supported: those of the wheel's properties that the target supports.
    """

    label: str = ""
    supported: Properties = field(default_factory=frozenset)


def resolve_variant_markers(requirement: str, environment: VariantEnvironment) -> str:
    """Replace the variant markers of a Requires-Dist line by what they amount to.

    >>> resolve_variant_markers("a; 'nvidia' in variant_namespaces", VariantEnvironment())
    'a; os_name == ""'

    PEP 825: the properties of the label are "filtered to the variant properties that the target system supports".
    A text is compared with the label, or looked for in it; it is looked for in the sets.

    Raises:
        MarkerNotExpressibleError: if a variant marker is used in another way than PEP 825 allows.
    """
    head, separator, marker = requirement.partition(";")
    if "variant_" not in marker:
        return requirement
    resolved = _ATOM.sub(lambda match: _resolve(match, environment), marker)
    if left := _LEFT_OVER.search(re.sub(_STRING, "''", resolved)):
        raise MarkerNotExpressibleError(marker.strip(), f"{left[0]} is used in a way that PEP 825 does not know")
    return f"{head}{separator}{resolved}"


def _resolve(match: re.Match[str], environment: VariantEnvironment) -> str:
    if match["set"]:
        item = " :: ".join(map(str.strip, match["item"][1:-1].split("::")))
        _check_decided(item, environment)
        found = item in _members(match["set"], environment)
        return _TRUE if found is not bool(match["not"]) else _FALSE
    operator = match["op1"] or match["op2"]
    if operator is None:
        return match[0]
    left = match["left"][1:-1] if match["left"] else environment.label
    right = match["right"][1:-1] if match["right"] else environment.label
    holds = left == right if "=" in operator else left in right
    positive = operator[0] not in "!n"
    return _TRUE if holds is positive else _FALSE


def _check_decided(item: str, environment: VariantEnvironment) -> None:
    """Refuse to look for one of several versions of an ``abi_dependency``: only the solution decides which it is."""
    group = [other for other in environment.supported if other.namespace == ABI_DEPENDENCY]
    for asked in (other for other in group if str(other) == item):
        if any(other != asked and other.feature == asked.feature for other in group):
            raise MarkerNotExpressibleError(
                item, "the wheel fits several versions, and the solution decides which it is"
            )


def _members(name: str, environment: VariantEnvironment) -> set[str]:
    if name == "variant_namespaces":
        return {item.namespace for item in environment.supported}
    if name == "variant_features":
        return {f"{item.namespace} :: {item.feature}" for item in environment.supported}
    return set(map(str, environment.supported))
