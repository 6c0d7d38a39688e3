"""What was found in a wheel: the result of `wheelbridge.api.inspecting`."""

from collections.abc import Mapping
from dataclasses import dataclass

from packaging.utils import NormalizedName

from wheelbridge.mapping.natives.needs import Need
from wheelbridge.mapping.natives.variants import RuntimeRow
from wheelbridge.model.binary import Binary, Damaged
from wheelbridge.model.target import Target


@dataclass(frozen=True, slots=True)
class Runtime:
    """A file of a wheel that is a runtime library."""

    path: str
    row: RuntimeRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What was found in a wheel.

    Attributes:
        fn: the name of its file.
        subdirs: the platforms that its tags are for; empty for all.
        target: the machine that *translated* is for; libraries are judged for the wheel's own platform.
        translated: the record, or the refusal, as ``wheelbridge translate wheel`` has them.
        runtimes: the libraries that the wheel carries and that are known to be hard to have twice.
        declared: what its metadata and the table of wheels ask conda for already.
        proposed: rows for the table of wheels, as YAML loads them.
        optional: what plugins alone would get from conda: shown, and not proposed.
        damaged: what begins like a binary and cannot be read.
        for_conda: whether it may run on a python of conda; nothing is proposed for what cannot.
    """

    fn: str
    name: NormalizedName
    version: str
    tags: tuple[str, ...]
    subdirs: tuple[str, ...]
    target: Target
    translated: Mapping[str, object]
    binaries: tuple[Binary, ...]
    bundled: tuple[Binary, ...]
    external: tuple[Need, ...]
    runtimes: tuple[Runtime, ...]
    declared: tuple[Mapping[str, object], ...]
    proposed: tuple[dict[str, object], ...]
    optional: tuple[Need, ...] = ()
    damaged: tuple[Damaged, ...] = ()
    for_conda: bool = True

    def as_json(self) -> dict[str, object]:
        """Return what ``wheelbridge inspect --json`` prints."""
        return {
            "fn": self.fn,
            "name": self.name,
            "version": self.version,
            "tags": list(self.tags),
            "subdirs": list(self.subdirs),
            "for_conda": self.for_conda,
            "target": self.target.as_json(),
            "record": self.translated.get("record"),
            "refused": self.translated.get("refused"),
            "binaries": [_binary_json(one) for one in self.binaries],
            "external": [need.as_json() for need in self.external],
            "bundled": [
                {"path": one.path, "soname": one.soname or one.name, "runtime": self.runtime_of(one)}
                for one in self.bundled
            ],
            "runtimes": [
                {"runtime": one.row.runtime, "kind": one.row.kind, "path": one.path, "conda": list(one.row.conda)}
                for one in self.runtimes
            ],
            "declared": list(self.declared),
            "proposed": list(self.proposed),
            "damaged": [{"path": one.path, "reason": one.reason} for one in self.damaged],
        }

    def runtime_of(self, library: Binary) -> str | None:
        """Return the runtime that a bundled library is; None where it is none, or may be several."""
        names = [one.row.runtime for one in self.runtimes if one.path == library.path]
        return names[0] if len(names) == 1 else None


def _binary_json(one: Binary) -> dict[str, object]:
    return {
        "path": one.path,
        "format": one.format,
        "machine": one.machine,
        "soname": one.soname,
        "needed": list(one.needed),
    }
