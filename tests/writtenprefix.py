"""Environments that are written down and hold no files: enough for what only reads ``conda-meta``."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

CHANNEL = "https://host.example/channel"


def write_prefix(prefix: Path, records: Iterable[Mapping[str, Any]], asked: Iterable[str] = ()) -> Path:
    """Write ``conda-meta`` of *records*, which name at least ``name`` and ``version``; return *prefix*."""
    meta = prefix / "conda-meta"
    meta.mkdir(parents=True)
    specs = f"# update specs: {list(asked)}\n" if asked else ""
    (meta / "history").write_text(f"==> 2026-01-01 00:00:00 <==\n{specs}", encoding="utf-8")
    for number, record in enumerate(records):
        fn = f"p{number}-1-0.conda"
        whole = {
            "build": "0",
            "build_number": 0,
            "subdir": "noarch",
            "depends": [],
            "constrains": [],
            "fn": fn,
            "url": f"{CHANNEL}/noarch/{fn}",
            "channel": CHANNEL,
            "files": [],
            "paths_data": {"paths_version": 1, "paths": []},
            "link": {"source": "", "type": 1},
            **record,
        }
        name = f"{whole['name']}-{whole['version']}-{whole['build']}.json".replace("/", "_")
        (meta / name).write_text(json.dumps(whole), encoding="utf-8")
    return prefix
