"""The main job without a network: a channel with this interpreter, an index folder, one solve, one transaction."""

import base64
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

from rattler.index import index_fs

from wheelbridge.api.installing import Prepared, carry_out, prepare
from wheelbridge.api.places import Caches
from wheelbridge.api.running import run_to_end
from wheelbridge.api.solving import Settings, Silent
from wheelbridge.api.sources import read_sources
from wheelbridge.api.specs import read_request
from wheelbridge.installer.layout import find_layout
from wheelbridge.installer.repack import repack_interpreter
from wheelbridge.installer.reporter import Reporter
from wheelbridge.target.detect import detect_target

REQUEST = ("python", "pypi:greeter[loud]")
_WORDS = "TEXT = 'Hello from {0}'\n"
_GREETER = """\
import sys

from greeter_words import TEXT


def main():
    from greeter_voice import say
    say(f"{TEXT}, in {sys.prefix}")
"""
_VOICE = "def say(text):\n    print(text + '!')\n"


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What the demo did: the environment, the plan it followed, and what the new python said."""

    prefix: Path
    prepared: Prepared
    said: str


def demonstrate(folder: Path, say: Callable[[str], None]) -> Demonstration:
    """Build a channel and an index in *folder*, solve, link and run; *say* is told each step.

    Raises:
        WheelbridgeError: if a step fails.
    """
    target = detect_target()
    say("Packing the interpreter that runs this as a conda package ...")
    channel, index, prefix = folder / "channel", folder / "index", folder / "environment"
    channel.mkdir(parents=True)
    repack_interpreter(channel, target.subdir)
    run_to_end(index_fs(channel))
    say("Building an index: a folder of wheels ...")
    make_index(index)
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
    return Demonstration(prefix, prepared, run.stdout.strip())


def make_index(folder: Path) -> None:
    """Build the demo's wheels into *folder*: releases, a pre-release, an extra, a wheel for another platform."""
    folder.mkdir(parents=True)
    needs = "Requires-Dist: greeter-words>=1\nProvides-Extra: loud\nRequires-Dist: greeter-voice; extra == 'loud'\n"
    scripts = {"greeter-1.0.dist-info/entry_points.txt": "[console_scripts]\ngreet = greeter:main\n"}
    build_wheel(folder, "greeter", "1.0", {"greeter.py": _GREETER, **scripts}, needs)
    for version in ("1.0", "1.1", "2.0rc1"):
        build_wheel(folder, "greeter_words", version, {"greeter_words.py": _WORDS.format(f"greeter-words {version}")})
    build_wheel(folder, "greeter_voice", "0.1", {"greeter_voice.py": _VOICE}, "Requires-Python: >=3.9\n")
    build_wheel(folder, "greeter_voice", "0.2", {"greeter_voice.py": _VOICE}, tag="cp27-cp27mu-manylinux1_ppc64")


def build_wheel(
    folder: Path, name: str, version: str, files: Mapping[str, str], headers: str = "", tag: str = "py3-none-any"
) -> Path:
    """Write a wheel of *files* into *folder* (PEP 427); *headers* are added to its METADATA."""
    path = folder / f"{name}-{version}-{tag}.whl"
    info = f"{name}-{version}.dist-info"
    contents = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{headers}",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: wheelbridge\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    lines = [_record_line(place, text) for place, text in contents.items()]
    with ZipFile(path, "w") as archive:
        for place, text in contents.items():
            archive.writestr(place, text)
        archive.writestr(f"{info}/RECORD", "".join((*lines, f"{info}/RECORD,,\n")))
    return path


def _record_line(place: str, text: str) -> str:
    data = text.encode()
    digest = base64.urlsafe_b64encode(sha256(data).digest()).decode().rstrip("=")
    return f"{place},sha256={digest},{len(data)}\n"
