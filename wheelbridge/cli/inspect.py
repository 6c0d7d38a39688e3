"""``wheelbridge inspect``."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from wheelbridge.api.inspecting import Inspector
from wheelbridge.api.mapping.maps import take_maps
from wheelbridge.cli.output import out, print_json, printable, show_error
from wheelbridge.errors import WheelbridgeError
from wheelbridge.target.detect import detect_target

if TYPE_CHECKING:
    from rich.table import Table

    from wheelbridge.api.inspection import Inspection
    from wheelbridge.mapping.natives.needs import Need

_SHOWN = 1
"""Files that a table names before it counts the others."""

_LISTS = frozenset({"when", "depends", "one_of"})
"""Fields of a row that stand in one line."""
_WIDTH = 4096
_API_SETS = ("api-ms-", "ext-ms-")
_STYLES = {"unknown": "red", "ambiguous": "yellow", "package": "green"}


def run(
    wheels: Sequence[Path], platform: str | None, facts: Sequence[str], *, maps: Sequence[str] = (), as_json: bool
) -> int:
    """Say of each wheel what it is and what it loads; one that cannot be read does not stop the others."""
    inspector = Inspector(detect_target(platform, facts), take_maps(maps))
    results: list[dict[str, object]] = []
    failed = False
    for path in wheels:
        try:
            found = inspector.inspect(path)
        except WheelbridgeError as error:
            if len(wheels) == 1:
                raise
            failed = True
            results.append({"success": False, "fn": path.name, "error": error.as_json()})
            if not as_json:
                show_error(error)
            continue
        results.append({"success": True, **found.as_json()})
        if not as_json:
            _show(found)
    if as_json:
        print_json(results[0] if len(wheels) == 1 else {"success": not failed, "wheels": results})
    return int(failed)


def _show(found: "Inspection") -> None:
    """Print what was found for people."""
    _line(f"{found.fn}: {found.name} {found.version}")
    _line(f"  tags: {', '.join(found.tags)}")
    _line(f"  for: {', '.join(found.subdirs) or 'every platform'}")
    _show_record(found)
    formats = ", ".join(sorted({f"{one.format} {one.machine}" for one in found.binaries}))
    _line(f"  binaries: {len(found.binaries)}" + (f" ({formats})" if formats else ""))
    _show_external(found)
    _show_bundled(found)
    for one in found.damaged:
        _line(f"  damaged: {one.path}: {one.reason}")
    for said in found.declared:
        _line(f"  declared: {_declared(said)}")
    _show_proposed(found)
    _line("")


def _show_record(found: "Inspection") -> None:
    """Say what the wheel is on the target: a record, or refused."""
    match found.translated:
        case {"refused": {"reason": reason, "code": code}}:
            _line(f"  on {found.target.subdir}: refused: {reason} ({code})")
        case {"record": {"name": name, "version": version, "build": build, "depends": [*depends]}}:
            _line(f"  on {found.target.subdir}: {name} {version} {build}")
            _line(f"  depends: {', '.join(map(str, depends)) or 'nothing'}")


def _show_external(found: "Inspection") -> None:
    """Say what is loaded and not carried; what the system has takes a line, the others a table."""
    table = _table("Loaded and not carried", "library", "needed by", "from", "why")
    for need in found.external:
        if need.state != "system":
            source = f"{need.state}: {', '.join(need.conda)}" if need.conda else need.state
            cells = (need.soname, _shorten(need.needed_by), source, "; ".join(_why(need)))
            table.add_row(*map(printable, cells), style=_STYLES.get(need.state, ""))
    if table.row_count:
        out().print(table)
    system = [need.soname for need in found.external if need.state == "system"]
    plain = [name for name in system if not name.startswith(_API_SETS)]
    sets = len(system) - len(plain)
    if system:
        _line(f"  the system's: {', '.join([*plain, *([f'{sets} API sets of Windows'] if sets else [])])}")


def _why(need: "Need") -> Iterator[str]:
    """Yield what there is to say of where a library comes from."""
    if need.reason:
        yield need.reason
    if need.candidates:
        yield f"conda has it in {' or '.join(need.candidates)}"
    if need.out_of_reach and need.conda:
        yield f"not for {_shorten(need.out_of_reach)}, by RUNPATH"
    if need.plugins_only:
        yield "only plugins need it"
    if need.brought:
        yield need.brought


def _show_proposed(found: "Inspection") -> None:
    """Print the row to paste, and as a comment what it leaves to the reader."""
    if found.proposed:
        _line("Proposed for a map (--map extend=FILE); the rows alone, not indented, for mappings/wheels:")
        _line(render_rows(found.proposed))
    elif found.for_conda:
        _line("Nothing to propose.")
    else:
        _line("Nothing to propose: conda has no python that this wheel is for.")
    if found.optional:
        _line("# Only plugins need these; add what you use:")
        for need in found.optional:
            specs = ", ".join(need.conda) or f"one of {', '.join(need.candidates)}"
            _line(f"#   {specs}: {need.soname}, for {_shorten(need.served)}")


def _show_bundled(found: "Inspection") -> None:
    """Say what is carried; the runtimes have a table, as two copies of one can break a process."""
    table = _table("Carried runtimes", "library", "runtime", "conda's")
    for one in found.runtimes:
        row = one.row
        cells = (one.path, f"{row.runtime} ({row.kind})", ", ".join(row.conda))
        table.add_row(*map(printable, cells), style="yellow")
    if table.row_count:
        out().print(table)
    paths = {one.path for one in found.runtimes}
    if others := [one.name for one in found.bundled if one.path not in paths]:
        _line(f"  carried: {', '.join(others)}")


def _table(title: str, *headings: str) -> "Table":
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _shorten(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return f"{', '.join(paths[:_SHOWN])}{more}"


def _declared(said: Mapping[str, object]) -> str:
    what = said["dependency"] or "the table of wheels"
    specs = said["conda"] or said["one_of"]
    needs = f" -> {', '.join(map(str, specs))}" if isinstance(specs, list) and specs else ""
    return f"{what}{needs}" + (f": {said['reason']}" if said["reason"] else "")


def render_rows(rows: Iterable[Mapping[str, object]]) -> str:
    """Write rows of the table of wheels as YAML, in the section ``wheels`` of a map.

    >>> print(render_rows([{"pypi": "pyodbc", "depends": ["unixodbc"], "evidence": ["a wheel: needs it"]}]))
    wheels:
      - pypi: pyodbc
        depends: [unixodbc]
        evidence:
          - "a wheel: needs it"
    """
    from io import StringIO

    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    yaml, text = YAML(), StringIO()
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = _WIDTH
    written = [
        CommentedMap({**row, **{field: _in_a_line(row[field]) for field in row.keys() & _LISTS}}) for row in rows
    ]
    for row in written:
        row["evidence"] = [DoubleQuotedScalarString(item) for item in row["evidence"]]
    yaml.dump({"wheels": written}, text)
    return text.getvalue().rstrip()


def _in_a_line(items: object) -> object:
    from ruamel.yaml.comments import CommentedSeq

    written = CommentedSeq(items)
    written.fa.set_flow_style()
    return written


def _line(text: str) -> None:
    out().print("\n".join(map(printable, text.split("\n"))))
