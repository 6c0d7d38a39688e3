"""The mapping tables on disk: loaded for look-up, written for maintainers.

``python -m wheelbridge.tables generate --from DIR`` writes the bulk table out of the public tables in *DIR*;
``python -m wheelbridge.tables compile`` writes the curated rows out of ``overrides.yaml``.
"""

import mmap
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from wheelbridge.errors import WheelbridgeError
from wheelbridge.mapping.known_names import KnownNames
from wheelbridge.mapping.lines import SortedLines
from wheelbridge.mapping.lookup import Layer, LayeredNameTable

CHANNEL = "conda-forge"
"""The channel whose names the tables hold."""

_PACKAGE = Path(__file__).parent
_LAYERS = ((f"overrides.{CHANNEL}", "curated"), (CHANNEL, "generated"))


class MissingTableError(WheelbridgeError):
    """The installed package lacks a file of the mapping tables."""

    code = "missing-table"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The mapping table {str(path)!r} is missing",
            hint="Reinstall wheelbridge; in a checkout, run 'python -m wheelbridge.tables compile'.",
        )
        self.path = str(path)


def find_mappings(package: Path = _PACKAGE) -> Path:
    """Return the folder of the tables: inside an installed *package*, beside it in a checkout.

    Raises:
        MissingTableError: if it is in neither place.
    """
    for folder in (package / "_mappings", package.parent / "mappings"):
        if (folder / "names").is_dir():
            return folder
    raise MissingTableError(package / "_mappings")


def load_names(mappings: Path | None = None, *, above: Iterable[Layer] = ()) -> LayeredNameTable:
    """Open the name tables; nothing is read before it is asked for.

    Args:
        mappings: the folder of the tables; by default the one that came with wheelbridge.
        above: layers that win over the ones that came with it, the first one over all.

    Raises:
        MissingTableError: if a file is missing.
    """
    folder = (mappings or find_mappings()) / "names" / "generated"
    layers = (_load_layer(folder, stem, name) for stem, name in _LAYERS)
    return LayeredNameTable((*above, *layers))


def load_known_names(mappings: Path | None = None) -> KnownNames:
    """Read the names of all projects in the tables, for questions about many names: it takes two milliseconds.

    Raises:
        MissingTableError: if a file is missing.
    """
    folder = (mappings or find_mappings()) / "names" / "generated"
    paths = [_layer_paths(folder, stem)[0] for stem, _ in reversed(_LAYERS)]
    try:
        return KnownNames.parse(*(path.read_bytes() for path in paths))
    except FileNotFoundError as error:
        raise MissingTableError(Path(error.filename)) from None


def generate_names(source: Path, out: Path, *, channel: str = CHANNEL) -> tuple[Path, Path]:
    """Write the bulk table of *channel* into *out*; return the files.

    Args:
        source: a folder with ``names/regro-grayskull.json``, ``names/grayskull-exceptions.yaml``,
            ``names/parselmouth-v0-<channel>.json`` and ``<channel>-purls.json``.
        out: the folder to write to.
        channel: the channel whose names are wanted.
    """
    from wheelbridge.mapping.evidence import parse_evidence  # noqa: PLC0415 -- a look-up must not pay for it
    from wheelbridge.mapping.generate import generate_channel  # noqa: PLC0415 -- same

    paths = {
        "regro": source / "names" / "regro-grayskull.json",
        "grayskull": source / "names" / "grayskull-exceptions.yaml",
        "parselmouth": source / "names" / f"parselmouth-v0-{channel}.json",
        "purls": source / f"{channel}-purls.json",
    }
    evidence = parse_evidence(**{name: _load_data(path) for name, path in paths.items()})
    files = generate_channel(evidence, channel, _digests(paths.values()))
    return _write_layer(out, channel, files.projects, files.packages)


def compile_names(mappings: Path, *, channel: str = CHANNEL) -> tuple[Path, Path]:
    """Write the look-up files of ``names/overrides.yaml`` beside the bulk table; return the files.

    Raises:
        InvalidOverrideError: if a row breaks a rule.
    """
    from wheelbridge.mapping.generate import generate_overrides  # noqa: PLC0415 -- a look-up must not pay for it
    from wheelbridge.mapping.overrides import parse_overrides  # noqa: PLC0415 -- same

    path = mappings / "names" / "overrides.yaml"
    files = generate_overrides(parse_overrides(_load_data(path)), channel, _digests([path]))
    return _write_layer(mappings / "names" / "generated", f"overrides.{channel}", files.projects, files.packages)


def main(arguments: list[str]) -> None:
    """Run the maintainers' entry until ``wheelbridge map`` exists."""
    import argparse  # noqa: PLC0415 -- a look-up must not pay for it

    parser = argparse.ArgumentParser(prog="python -m wheelbridge.tables", description="Write the mapping tables.")
    commands = parser.add_subparsers(dest="command", required=True)
    generate = commands.add_parser("generate", help="write the bulk table out of the public tables")
    generate.add_argument("--from", dest="source", type=Path, required=True, help="the folder of the public tables")
    generate.add_argument("--out", type=Path, default=Path("mappings/names/generated"))
    compiling = commands.add_parser("compile", help="write the look-up files of overrides.yaml")
    compiling.add_argument("--mappings", type=Path, default=Path("mappings"))
    options = parser.parse_args(arguments)
    if options.command == "generate":
        written = generate_names(options.source, options.out)
    else:
        written = compile_names(options.mappings)
    sys.stdout.writelines(f"{path}\n" for path in written)


def _load_layer(folder: Path, stem: str, name: str) -> Layer:
    projects, packages = _layer_paths(folder, stem)
    return Layer(name, _open_lines(projects), _open_lines(packages))


def _open_lines(path: Path) -> SortedLines:
    try:
        with path.open("rb") as file:
            return SortedLines(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except FileNotFoundError:
        raise MissingTableError(path) from None


def _layer_paths(folder: Path, stem: str) -> tuple[Path, Path]:
    return folder / f"{stem}.tsv", folder / f"{stem}.inverse.tsv"


def _write_layer(folder: Path, stem: str, projects: str, packages: str) -> tuple[Path, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = _layer_paths(folder, stem)
    for path, text in zip(paths, (projects, packages), strict=True):
        path.write_bytes(text.encode())
    return paths


def _load_data(path: Path) -> Any:  # noqa: ANN401 -- whatever the file holds; the parsers check it
    if path.suffix == ".json":
        import json  # noqa: PLC0415 -- a look-up must not pay for it

        return json.loads(path.read_bytes())
    from ruamel.yaml import YAML  # noqa: PLC0415 -- same

    return YAML(typ="safe").load(path)


def _digests(paths: Iterable[Path]) -> Mapping[str, str]:
    import hashlib  # noqa: PLC0415 -- a look-up must not pay for it

    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


if __name__ == "__main__":
    main(sys.argv[1:])
