"""The conda specs of environment files, checked one by one, each with its place."""

import re
from dataclasses import replace

from wheelbridge.api.specs import InvalidSpecError, check_spec
from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.manifest import Manifest, Stated

_WITH_EXTRAS = re.compile(r"(?P<name>[A-Za-z0-9._-]+)\[(?P<extras>[A-Za-z0-9._,\s-]+)\](?P<rest>[^\[\]]*)")


def check_specs(manifest: Manifest) -> Manifest:
    """Return *manifest* with specs that the solver can read; what is passed over stands in its notes.

    ``nbconvert[execute]>=6``, which pip would read otherwise, is ``nbconvert>=6`` to conda, and here.

    Raises:
        InvalidEnvironmentFileError: with the place of a spec that is no MatchSpec.
    """
    notes: list[str] = []
    specs = tuple(_check(stated, notes) for stated in manifest.specs)
    return replace(manifest, specs=specs, notes=(*manifest.notes, *notes))


def _check(stated: Stated, notes: list[str]) -> Stated:
    text = stated.text
    if found := _WITH_EXTRAS.fullmatch(text):
        text = f"{found['name']}{found['rest']}"
        notes.append(
            f"{stated.place}: [{found['extras']}] of {stated.text!r} is passed over, as conda does: its packages have "
            f"no extras. To have them, name it in the section 'pip'."
        )
    try:
        check_spec(text)
    except InvalidSpecError as error:
        raise InvalidEnvironmentFileError(stated.place, "", error.message, hint=_hint(text)) from error
    return Stated(text, stated.place)


def _hint(text: str) -> str:
    if "'" in text or '"' in text:
        return "Leave out the quotes inside of it: a spec is written like python=3.12."
    return "A requirement of an index belongs in the section 'pip'."
