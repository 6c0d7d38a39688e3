"""``wheelbridge why``."""

from pathlib import Path

from wheelbridge.api.explaining import Explanation, explain_package
from wheelbridge.cli.output import out, print_json


def run(prefix: Path, name: str, *, as_json: bool) -> int:
    """Say why a package is in the environment at *prefix*, and as which variant."""
    explanation = explain_package(prefix, name)
    if as_json:
        print_json({"success": True, "prefix": str(prefix), **explanation.as_json()})
    else:
        _show(explanation)
    return 0


def _show(explanation: Explanation) -> None:
    package = explanation.package
    out().print(f"{package.name} {package.version} ({package.kind}), {package.fn}")
    out().print(f"  from {package.channel or 'nowhere that was recorded'}")
    if explanation.built_of:
        out().print(f"  built here of {explanation.built_of}")
    if explanation.decision:
        out().print(f"  {explanation.decision.describe()}")
    if explanation.requested:
        out().print(f"  you asked for it: {explanation.requested}")
    for owner, spec in explanation.needed_by.items():
        out().print(f"  {owner} needs {spec}")
    for chain in explanation.chains:
        out().print(f"  you asked for {chain[0]}: {' -> '.join(chain)}")
    if not (explanation.requested or explanation.needed_by):
        out().print("  nobody asked for it, and nothing needs it")
    if variant := package.variant:
        properties = ", ".join(map(str, sorted(variant.properties))) or "no properties: it runs everywhere"
        out().print(f"  variant {variant.label}: {properties}")
        machine = [spec for spec in explanation.needs if spec.startswith("__")]
        out().print(
            f"  it runs where there is: {', '.join(machine)}" if machine else "  its record requires no machine"
        )
