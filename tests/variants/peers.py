"""Asking variantlib and uv which variants run, and in which order."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest
from variantlib.api import get_variants_by_priority
from variantlib.models.variant import VariantDescription, VariantProperty
from variantlib.resolver.lib import sort_and_filter_supported_variants

from tests.variants.cases import Case, Properties
from wheelbridge.api.demo import build_wheel


def order_by_variantlib(document: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """Return label -> supported properties, the best label first; the null variant that variantlib adds left out."""
    with pytest.MonkeyPatch.context() as patch:
        _hide_environment(patch)
        found = get_variants_by_priority(variants_json=document)
    return _read(found, document["variants"])


def order_by_resolver(
    variants: Mapping[str, Properties],
    namespaces: Sequence[str],
    supported: Iterable[tuple[str, str, str]],
    installed: Mapping[str, str] | None = None,
) -> dict[str, frozenset[str]]:
    """Ask variantlib's own filter and sort, past its reader.

    Args:
        variants: as the metadata has them.
        namespaces: in order of priority.
        supported: namespace, feature and value, features and values in order of priority.
        installed: what decides ``abi_dependency``.
    """
    renamed = {label if properties else "null": properties for label, properties in variants.items()}
    descriptions = [VariantDescription.from_dict(properties, label) for label, properties in renamed.items()]
    with pytest.MonkeyPatch.context() as patch:
        _hide_environment(patch)
        patch.setenv("VARIANT_ABI_DEPENDENCY", ",".join(f"{name}=={text}" for name, text in (installed or {}).items()))
        found = sort_and_filter_supported_variants(
            descriptions,
            [VariantProperty(*item) for item in supported],
            namespace_priorities=list(namespaces),
            filter_values=True,
        )
    return _read(found, renamed)


def order_by_uv(uv: str, cases: Mapping[str, Case], folder: Path) -> dict[str, list[str]]:
    """Return project -> labels, the best first: uv installs one, its wheel is taken away, and so on.

    The end is reached where it takes the wheel that is no variant.
    """
    links = folder / "links"
    links.mkdir()
    for project, case in cases.items():
        write_release(links, project, case)
    orders: dict[str, list[str]] = {project: [] for project in cases}
    while open_projects := [project for project, order in orders.items() if order[-1:] != [""]]:
        for project, label in _install(uv, open_projects, links, folder / "site").items():
            orders[project].append(label)
            if label:
                (links / f"{project}-1.0-py3-none-any-{label}.whl").unlink()
    return {project: order[:-1] for project, order in orders.items()}


def write_release(folder: Path, project: str, case: Case) -> None:
    """Write the wheels of a release and its metadata as a folder for ``--find-links`` has them."""
    build_wheel(folder, project, "1.0", {f"{project}/label": ""})
    for label in case.variants:
        files = {f"{project}/label": label}
        build_wheel(folder, project, "1.0", files, label=label, variant_json=case.document([label]))
    (folder / f"{project}-1.0-variants.json").write_text(json.dumps(case.document()), encoding="utf-8")


def _install(uv: str, projects: Sequence[str], links: Path, site: Path) -> dict[str, str]:
    """Install all *projects* at once; return the label of each."""
    rmtree(site, ignore_errors=True)
    environment = ["--python", sys.executable, "--no-config", "--no-cache", "--link-mode", "copy"]
    what = ["--no-index", "--find-links", str(links), "--no-deps", "--target", str(site), *projects]
    subprocess.run(
        [uv, "pip", "install", "--preview-features", "wheel-variants", *environment, *what],
        check=True,
        capture_output=True,
    )
    return {project: (site / project / "label").read_text(encoding="utf-8") for project in projects}


def _hide_environment(patch: pytest.MonkeyPatch) -> None:
    """Keep what is installed beside the tests out of ``abi_dependency``."""
    patch.setattr("importlib.metadata.distributions", lambda: ())
    patch.delenv("VARIANT_ABI_DEPENDENCY", raising=False)


def _read(found: Iterable[VariantDescription], variants: Mapping[str, object]) -> dict[str, frozenset[str]]:
    return {
        variant.label: frozenset(item.to_str() for item in variant.properties)
        for variant in found
        if variant.label in variants
    }
