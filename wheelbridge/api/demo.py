"""The main job without a network: a channel with this interpreter, an index folder, one solve, one transaction."""

import base64
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from rattler.index import index_fs

from wheelbridge.api.installing import Prepared, carry_out, prepare
from wheelbridge.api.places import Caches
from wheelbridge.api.running import run_to_end
from wheelbridge.api.solving import Settings, Silent, solve_request
from wheelbridge.api.sources import read_sources
from wheelbridge.api.specs import read_request
from wheelbridge.installer.layout import find_layout
from wheelbridge.installer.repack import repack_interpreter
from wheelbridge.installer.reporter import Reporter
from wheelbridge.model.target import Target
from wheelbridge.target.detect import detect_target, parse_virtual_package

REQUEST = ("python", "pypi:greeter[loud]", "pypi:greeter-chip")
_WORDS = "TEXT = 'Hello from {0}'\n"
_GREETER = """\
import sys

from greeter_chip import BUILT_FOR
from greeter_words import TEXT


def main():
    from greeter_voice import say
    say(f"{TEXT}, built for {BUILT_FOR}, in {sys.prefix}")
"""
_CHIPS = {
    "x86_64": ("level", ("v3", "v2"), ("haswell", "nehalem", "x86_64")),
    "aarch64": ("version", ("8.4a", "8.1a"), ("m1", "thunderx2", "aarch64")),
}
"""CPU family -> the feature of its variants, two values of it, and a chip for each of them and for none."""
_PROVIDERS = {
    "x86_64": ("provider-variant-x86-64", "provider_variant_x86_64.plugin:X8664Plugin"),
    "aarch64": ("provider-variant-aarch64", "provider_variant_aarch64.plugin:AArch64Plugin"),
}
_VOICE = "def say(text):\n    print(text + '!')\n"


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What the demo did: the environment, the plan it followed, and what the new python said.

    *chips* are other CPUs of the family, each with the label of the variant that it would get.
    """

    prefix: Path
    prepared: Prepared
    said: str
    chips: Mapping[str, str]


def demonstrate(folder: Path, say: Callable[[str], None], facts: Sequence[str] = ()) -> Demonstration:
    """Build a channel and an index in *folder*, solve, link and run; *say* is told each step.

    *facts* are virtual packages of the target, such as ``__archspec=haswell``.

    Raises:
        WheelbridgeError: if a step fails.
    """
    target = detect_target(virtual_packages=facts)
    say("Packing the interpreter that runs this as a conda package ...")
    channel, index, prefix = folder / "channel", folder / "index", folder / "environment"
    channel.mkdir(parents=True)
    repack_interpreter(channel, target.subdir)
    run_to_end(index_fs(channel))
    say("Building an index: a folder of wheels ...")
    make_index(index, _family(target))
    say(f"Solving {' '.join(REQUEST)} over the channel and the index, once ...")
    sources = read_sources([("channel", str(channel)), ("index", str(index))])
    settings = Settings(target=target, sources=sources, caches=Caches(folder / "cache"))
    prepared = prepare(prefix, read_request(REQUEST), settings, Silent(), create=True)
    say("Linking conda's python and the wheels in one transaction ...")
    carry_out(prepared, settings, Reporter())
    say("Running the new python ...")
    layout = find_layout(prepared.transaction.records, target.subdir)
    python = prefix / ("python.exe" if layout and layout.windows else "bin/python")
    code = "import greeter, greeter_words; greeter.main()"
    run = subprocess.run([python, "-I", "-c", code], check=True, capture_output=True, text=True)  # noqa: S603 - our own
    say("Solving again for other chips ...")
    chips = {chip: _label_on(chip, settings) for chip in _CHIPS[_family(target)][2]}
    return Demonstration(prefix, prepared, run.stdout.strip(), chips)


def _family(target: Target) -> str:
    return "aarch64" if target.subdir.endswith(("aarch64", "arm64")) else "x86_64"


def _label_on(chip: str, settings: Settings) -> str:
    """Return the label of the variant that a target with another chip gets."""
    target = settings.target.override([parse_virtual_package(f"__archspec={chip}")])
    solution = solve_request(read_request(REQUEST), replace(settings, target=target), Silent())
    wheels = (package.wheel for package in solution.packages if package.pypi_name == "greeter-chip")
    return next((wheel.variant.label for wheel in wheels if wheel and wheel.variant), "none")


def make_index(folder: Path, family: str = "x86_64") -> None:
    """Build the demo's wheels into *folder*.

    There are releases, a pre-release, an extra, a wheel for another platform, and variants for two kinds of CPUs of
    *family* beside the null one.
    """
    folder.mkdir(parents=True)
    feature, levels, _ = _CHIPS[family]
    document = _variants_document(family, feature, levels)
    for label in document["variants"]:
        own = {**document, "variants": {label: document["variants"][label]}}
        code = {"greeter_chip.py": f"BUILT_FOR = {label!r}\n"}
        build_wheel(folder, "greeter_chip", "1.0", code, label=label, variant_json=own)
    (folder / "greeter_chip-1.0-variants.json").write_text(json.dumps(document, indent=2), encoding="utf-8")
    needs = (
        "Requires-Dist: greeter-words>=1\nRequires-Dist: greeter-chip\n"
        "Provides-Extra: loud\nRequires-Dist: greeter-voice; extra == 'loud'\n"
    )
    scripts = {"greeter-1.0.dist-info/entry_points.txt": "[console_scripts]\ngreet = greeter:main\n"}
    build_wheel(folder, "greeter", "1.0", {"greeter.py": _GREETER, **scripts}, needs)
    for version in ("1.0", "1.1", "2.0rc1"):
        build_wheel(folder, "greeter_words", version, {"greeter_words.py": _WORDS.format(f"greeter-words {version}")})
    build_wheel(folder, "greeter_voice", "0.1", {"greeter_voice.py": _VOICE}, "Requires-Python: >=3.9\n")
    build_wheel(folder, "greeter_voice", "0.2", {"greeter_voice.py": _VOICE}, tag="cp27-cp27mu-manylinux1_ppc64")


def _variants_document(family: str, feature: str, levels: Sequence[str]) -> dict[str, Any]:
    package, plugin_api = _PROVIDERS[family]
    return {
        "$schema": "https://variants-schema.wheelnext.dev/peps/9999/v0.2.0.json",
        "default-priorities": {"namespace": [family]},
        "providers": {family: {"requires": [package], "plugin-api": plugin_api}},
        "variants": {**{f"{family}_{level}": {family: {feature: [level]}} for level in levels}, "null": {}},
    }


def build_wheel(  # noqa: PLR0913 - one keyword for each part of a wheel
    folder: Path,
    name: str,
    version: str,
    files: Mapping[str, str | bytes],
    headers: str = "",
    *,
    tag: str = "py3-none-any",
    label: str | None = None,
    variant_json: object = None,
) -> Path:
    """Write a wheel of *files* into *folder* (PEP 427).

    *headers* are added to its METADATA; with a *label* it is a variant wheel (PEP 825), *variant_json* what it says.
    """
    path = folder / f"{name}-{version}-{tag}{f'-{label}' if label else ''}.whl"
    info = f"{name}-{version}.dist-info"
    contents: dict[str, str | bytes] = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{headers}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: wheelbridge\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    if variant_json is not None:
        contents[f"{info}/variant.json"] = json.dumps(variant_json, indent=2)
    lines = [_record_line(place, content) for place, content in contents.items()]
    with ZipFile(path, "w") as archive:
        for place, content in contents.items():
            archive.writestr(place, content)
        archive.writestr(f"{info}/RECORD", "".join((*lines, f"{info}/RECORD,,\n")))
    return path


def _record_line(place: str, content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    digest = base64.urlsafe_b64encode(sha256(data).digest()).decode().rstrip("=")
    return f"{place},sha256={digest},{len(data)}\n"
