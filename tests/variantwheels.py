"""Real wheels made into variants: repacked from what is installed here, relabelled, with the metadata of PEP 825."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import distribution
from pathlib import Path
from typing import Any
from zipfile import ZipFile

SCHEMA = "https://variants-schema.wheelnext.dev/peps/9999/v0.2.0.json"
X86_64 = {"requires": ["provider-variant-x86-64"], "plugin-api": "provider_variant_x86_64.plugin:X8664Plugin"}
NVIDIA = {
    "requires": ["nvidia-variant-provider>=0.0.2"],
    "plugin-api": "nvidia_variant_provider.plugin:NvidiaVariantPlugin",
}


def make_document(
    namespaces: Sequence[str], providers: Mapping[str, object], variants: Mapping[str, object]
) -> dict[str, Any]:
    """Return index-level variant metadata."""
    return {
        "$schema": SCHEMA,
        "default-priorities": {"namespace": [*namespaces]},
        "providers": dict(providers),
        "variants": dict(variants),
    }


def repack_installed(project: str, folder: Path) -> Path:
    """Write the wheel of an installed pure distribution anew, out of its own files."""
    found = distribution(project)
    info = f"{project}-{found.version}.dist-info"
    path = folder / f"{project}-{found.version}-py3-none-any.whl"
    contents = {
        str(file): Path(str(found.locate_file(file))).read_bytes()
        for file in found.files or ()
        if not str(file).startswith("..")
        and "__pycache__" not in file.parts
        and file.name not in {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
    }
    _write(path, contents, info)
    return path


def relabel(wheel: Path, label: str, document: Mapping[str, Any], *, own: Mapping[str, Any] | None = None) -> Path:
    """Write *wheel* again as the variant *label* of *document*; its own ``variant.json`` says so, or *own*."""
    name, version = wheel.name.split("-")[:2]
    info = f"{name}-{version}.dist-info"
    with ZipFile(wheel) as archive:
        contents = {member: archive.read(member) for member in archive.namelist() if not member.endswith("/RECORD")}
    inner = own or {**document, "variants": {label: document["variants"][label]}}
    contents[f"{info}/variant.json"] = json.dumps(inner).encode()
    path = wheel.with_name(f"{wheel.stem}-{label}.whl")
    _write(path, contents, info)
    return path


def write_document(wheel: Path, document: Mapping[str, Any]) -> Path:
    """Write the index-level metadata of the release that *wheel* belongs to, beside it."""
    path = wheel.with_name(f"{'-'.join(wheel.name.split('-')[:2])}-variants.json")
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _write(path: Path, contents: Mapping[str, bytes], info: str) -> None:
    lines = [f"{member},sha256={_digest(data)},{len(data)}\n" for member, data in contents.items()]
    with ZipFile(path, "w") as archive:
        for member, data in contents.items():
            archive.writestr(member, data)
        archive.writestr(f"{info}/RECORD", "".join((*lines, f"{info}/RECORD,,\n")))


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
