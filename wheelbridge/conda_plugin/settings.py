"""What ``.condarc`` may say below ``plugins``; conda asks on every command: nothing else of ours is imported here.

``context.plugins.<name>`` has the value; conda checks it when it is first read. A list that nobody gave is empty, a
text that nobody gave is None.
"""

from types import NoneType

from conda.common.configuration import PrimitiveParameter, SequenceParameter
from conda.plugins.types import CondaSetting

EXTRACT_WHEELS = ("auto", "always", "never")
"""When conda unpacks wheels with wheelbridge: where nothing else does, whatever else does, or never."""


def _check_index(text: str) -> bool | str:
    """Refuse what can be no index. What may hold a password is looked at later: conda shows what is refused here."""
    return bool(text.strip()) or "An index is a URL, a NAME or NAME=URL."


def _check_file(text: str | None) -> bool | str:
    if text is None or text.strip():
        return "://" not in (text or "") or "It must be a file: download it, look at it, and name the copy."
    return "It must name a file."


def _check_claim(text: str | None) -> bool | str:
    if text is None:
        return True
    from wheelbridge.model.source import CLAIMS

    return text in CLAIMS or f"It must be one of {', '.join(CLAIMS)}."


def _check_extraction(text: str) -> bool | str:
    return text in EXTRACT_WHEELS or f"It must be one of {', '.join(EXTRACT_WHEELS)}."


def _check_pattern(text: str) -> bool | str:
    from wheelbridge.errors import WheelbridgeError
    from wheelbridge.model.variant_policy import VariantPattern

    try:
        VariantPattern.parse(text)
    except WheelbridgeError as error:
        return f"{error.message}. {error.hint}"
    return True


def _text(check: object) -> PrimitiveParameter:
    return PrimitiveParameter(None, element_type=(str, NoneType), validation=check)


def _texts(check: object) -> SequenceParameter:
    return SequenceParameter(PrimitiveParameter("", element_type=str, validation=check))


SETTINGS = (
    CondaSetting(
        name="wheelbridge_indexes",
        description="Python package indexes, each a URL, a NAME or NAME=URL, in the order in which they are asked. "
        "They stand behind the channels.",
        parameter=_texts(_check_index),
    ),
    CondaSetting(
        name="wheelbridge_priority",
        description="What the first channel or index that has a project leaves to those below it: nothing (strict), "
        "what no version of its own meets (flexible), or all (disabled). By default large public sources leave what "
        "they cannot meet, all others nothing.",
        parameter=_text(_check_claim),
    ),
    CondaSetting(
        name="wheelbridge_maps",
        description="Files with rows of your own that say what PyPI projects are called in conda; they win over the "
        "tables that come with wheelbridge.",
        parameter=_texts(_check_file),
    ),
    CondaSetting(
        name="wheelbridge_variant_prefer",
        description="Variants of wheels to prefer: a namespace, 'namespace :: feature' or "
        "'namespace :: feature :: value'.",
        parameter=_texts(_check_pattern),
    ),
    CondaSetting(
        name="wheelbridge_variant_ban",
        description="Variants of wheels never to take, written as for wheelbridge_variant_prefer.",
        parameter=_texts(_check_pattern),
    ),
    CondaSetting(
        name="wheelbridge_extract_wheels",
        description="Whether conda unpacks wheels with wheelbridge: where no other plugin does (auto), in the place of "
        "any other (always), or never.",
        parameter=PrimitiveParameter("auto", validation=_check_extraction),
    ),
    CondaSetting(
        name="wheelbridge_verify_wheels",
        description="Refuse to install wheels that were built for another python or platform.",
        parameter=PrimitiveParameter(default=True),
    ),
    CondaSetting(
        name="wheelbridge_notices",
        description="Tell when a solve of conda would replace or remove a wheel.",
        parameter=PrimitiveParameter(default=False),
    ),
    CondaSetting(
        name="wheelbridge_config",
        description="A wheelbridge.toml to read in the place of the project's.",
        parameter=_text(_check_file),
    ),
)
"""What conda asks for as the plugin's settings."""
