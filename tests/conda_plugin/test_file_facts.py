"""What the wheels of files must prove, and what is remembered of them, in a real conda."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conda_plugin.conftest import Stage
from tests.conda_plugin.test_solver_transactions import index
from tests.loopback import LoopbackIndex
from tests.ran import Ran
from tests.realconda import conda_python

__all__ = ["index"]

ASKED = """\
import json, sys
from pathlib import Path
from conda.core.prefix_data import PrefixData
from wheelbridge.conda_plugin.file_memory import Facts, RememberFile, remember_later
prefix, told = Path(sys.argv[1]), []
records = list(PrefixData(str(prefix)).iter_records())
for names in ({"other"}, {record.name for record in records}):
    nothing = dict(asked=frozenset(), specs=(), exact=(), records=(), variables={})
    facts = Facts(file=prefix, names=frozenset(names), remember=lambda: told.append(1), **nothing)
    remember_later(prefix, facts)
    RememberFile(target_prefix=str(prefix), link_precs=records).execute()
    print(len(told))
"""
GONE = """\
import sys
from pathlib import Path
from conda.core.prefix_data import PrefixData
from wheelbridge.conda_plugin.remembering import RememberWheels
prefix = sys.argv[1]
RememberWheels(target_prefix=prefix, unlink_precs=list(PrefixData(prefix).iter_records())).execute()
print((Path(prefix) / "conda-meta/wheelbridge-past").exists())
"""


def fetch(stage: Stage, index: str, command: tuple[object, ...], file: Path, **said: str) -> Ran:
    """Bring the packages of a *file* into an empty cache, and no further; *said* of the index in a configuration."""
    lines = [f'[[sources]]\nindex = "{index}"\nname = "loop"\n', *(f"{key} = {text}\n" for key, text in said.items())]
    own = file.with_name("own.toml")
    own.write_text("".join(lines), encoding="utf-8")
    settings = {"plugins": {"wheelbridge_config": str(own)}, "pkgs_dirs": [str(file.with_name("pkgs"))]}
    conda = replace(stage.conda, settings={**stage.conda.settings, **settings})
    return conda(*command, "--file", file, "--download-only", "--json", "-y", code=1)


@pytest.mark.parametrize(
    ("project", "said", "code"),
    [("liar", {}, "variant-mismatch"), ("boast", {"attestations": "true"}, "attestation")],
)
def test_wheels_of_an_environment_file(
    stage: Stage, index: LoopbackIndex, tmp_path: Path, project: str, said: dict[str, str], code: str
) -> None:
    """What is not the variant that its index announced, or is not attested as it must be, is not linked."""
    file = tmp_path / "asked.wheelbridge.yml"
    file.write_text(f"dependencies:\n- pip:\n  - {project}\n", encoding="utf-8")

    ran = fetch(stage, index.url, ("install", "-p", stage.prefix), file, **said)

    assert ran.json["error"]["code"].startswith(code)  # attestations-unavailable where conda has no sigstore beside it


def test_wheels_of_a_lock(stage: Stage, tmp_path: Path) -> None:
    """A lock is no proof: what a source must attest is asked for."""
    lock = tmp_path / "pylock.toml"
    stage.conda("export", "-p", stage.prefix, "--file", lock)

    ran = fetch(stage, stage.index, ("create", "-p", tmp_path / "env"), lock, attestations="true")

    assert ran.json["error"]["code"].startswith("attestation")


def in_conda(stage: Stage, script: str, prefix: Path) -> list[Any]:
    """Run a script in conda's own python; return what it prints."""
    command = [conda_python(), "-c", script, str(prefix)]
    done = subprocess.run(command, env=stage.conda.environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line.lower()) for line in done.stdout.splitlines()]


def test_facts_of_a_file_are_for_its_own_transaction(stage: Stage) -> None:
    """Another one of the same process and the same environment links other packages."""
    assert in_conda(stage, ASKED, stage.prefix) == [0, 1]


def test_only_our_environments_remember_what_goes(stage: Stage, tmp_path: Path) -> None:
    """Nothing is written into an environment that wheelbridge never changed."""
    shutil.copytree(stage.prefix / "conda-meta", tmp_path / "conda-meta")
    ours = in_conda(stage, GONE, tmp_path)
    shutil.rmtree(tmp_path / "conda-meta/wheelbridge-past", ignore_errors=True)
    (tmp_path / "conda-meta/history").write_text("", encoding="utf-8")

    assert (ours, in_conda(stage, GONE, tmp_path)) == ([True], [False])
