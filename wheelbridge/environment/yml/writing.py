"""``environment.yml`` written anew, as CEP 24 has it."""

import shlex
from collections.abc import Iterator

from wheelbridge.environment.locks.yaml_form import Inline, render_yaml
from wheelbridge.environment.manifest import Manifest

_NO_DEFAULTS = "nodefaults"


def render_environment(manifest: Manifest) -> str:
    """Return the text of an ``environment.yml`` that asks for what *manifest* does.

    >>> from wheelbridge.environment.manifest import Stated
    >>> specs, requirements = (Stated("python=3.12", ""),), (Stated("rich>=13", ""),)
    >>> manifest = Manifest(files=(), name="web", channels=("conda-forge",), specs=specs, requirements=requirements)
    >>> print(render_environment(manifest), end="")
    name: web
    channels:
    - conda-forge
    dependencies:
    - python=3.12
    - pip:
      - rich>=13
    """
    channels = [*manifest.channels, *(() if manifest.defaults else (_NO_DEFAULTS,))]
    dependencies: list[object] = [stated.text for stated in manifest.specs]
    if pip := [*_pip_lines(manifest)]:
        dependencies.append({"pip": pip})
    document: dict[str, object] = {"name": manifest.name, "channels": channels, "dependencies": dependencies}
    document["variables"] = dict(manifest.variables)
    document["wheelbridge"] = {
        key: Inline(value) if isinstance(value, dict) else value for key, value in manifest.settings.items()
    }
    return render_yaml({key: value for key, value in document.items() if value or key == "dependencies"})


def _pip_lines(manifest: Manifest) -> Iterator[str]:
    """Yield what pip reads: options before the requirements that they are for."""
    if not (manifest.requirements or manifest.constraints):
        return
    if manifest.only_indexes and not manifest.indexes:
        yield "--no-index"
    yield from (f"--find-links {shlex.quote(path)}" for path in manifest.find_links)
    for place, url in enumerate(manifest.indexes):
        yield f"{'--extra-index-url' if place or not manifest.only_indexes else '--index-url'} {url}"
    yield from (stated.text for stated in manifest.requirements)
