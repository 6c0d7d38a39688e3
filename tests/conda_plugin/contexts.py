"""What wheelbridge makes of conda's context, asked inside a real conda."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from tests.realconda import Conda

HOST = "https://host.example"
ASK = """
import json, os, sys
from argparse import Namespace
from conda.base.context import context, reset_context
given = json.loads(sys.argv[1])
reset_context(argparse_args=Namespace(**given["arguments"]))
from wheelbridge.api.sources import SourceChoice, gather_sources
from wheelbridge.conda_plugin.configuration import levels_from_context
from wheelbridge.conda_plugin.context_caches import caches_from_context
from wheelbridge.conda_plugin.context_network import network_from_context
from wheelbridge.errors import WheelbridgeError
from wheelbridge.target.detect import detect_target
try:
    levels = levels_from_context(search=given["search"], project=given["project"])
    choice = SourceChoice(sources=tuple(map(tuple, given["sources"])), defaults=given["defaults"])
    listed = gather_sources(choice, levels, detect_target(context.subdir))
except WheelbridgeError as error:
    print(json.dumps({"error": error.as_json()}))
    sys.exit()
caches, network = caches_from_context(), network_from_context()
cutoff = lambda moment: moment and moment.isoformat()
print(json.dumps({
    "sources": [{"name": one.name, "kind": one.kind, "url": one.url, "login": one.login_url, "claim": one.claim,
                 "cutoff": cutoff(one.exclude_newer), "origin": one.origin} for one in listed.sources],
    "cutoff": cutoff(listed.exclude_newer),
    "maps": [str(entry.file) for entry in listed.maps],
    "pins": [[pin.spec, pin.place] for pin in listed.pins],
    "notes": listed.notes,
    "caches": {"root": str(caches.root), "packages": str(caches.packages), "wheels": str(caches.unpacked_wheels),
               "index": str(caches.index), "archives": list(map(str, caches.archives))},
    "network": {"offline": network.offline, "variables": dict(network.variables)},
}))
"""


@cache
def _python(command: tuple[str, ...]) -> str:
    if Path(command[0]).name.startswith("python"):
        return command[0]
    done = subprocess.run([*command, "info", "--json"], capture_output=True, text=True, check=True)
    return str(Path(json.loads(done.stdout)["root_prefix"], "python.exe" if sys.platform == "win32" else "bin/python"))


def run_inside(conda: Conda, code: str, *arguments: str) -> str:
    """Run *code* with conda's own python, in its surroundings; return what it prints."""
    command = [_python(tuple(conda.command)), "-c", code, *arguments]
    done = subprocess.run(command, env=conda.environment(), cwd=conda.home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(
    conda: Conda,
    *,
    arguments: dict[str, Any] | None = None,
    sources: tuple[tuple[str, str], ...] = (),
    defaults: bool = True,
    search: bool = True,
    project: bool = True,
) -> dict[str, Any]:
    """Return what the context comes to, with *arguments* as conda's parser makes them, and *sources* of ours."""
    given = {
        "arguments": arguments or {},
        "sources": sources,
        "defaults": defaults,
        "search": search,
        "project": project,
    }
    answer: dict[str, Any] = json.loads(run_inside(conda, ASK, json.dumps(given)))
    return answer
