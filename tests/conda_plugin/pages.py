"""The pages of ``conda wheelbridge``'s commands, made of what its parsers are made of; run as a module, it writes them.

python -m tests.conda_plugin.pages
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wheelbridge.conda_plugin.arguments import find_command, parameters
from wheelbridge.conda_plugin.offered import conda_options
from wheelbridge.conda_plugin.subcommand import COMMANDS

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "conda"
_MADE = "<!-- made by python -m tests.conda_plugin.pages -->\n"


def render_pages() -> dict[str, str]:
    """Return file name -> Markdown, a page for each command."""
    return {f"{name}.md": "\n".join(_page((name,))) for name in COMMANDS}


def _page(path: tuple[str, ...]) -> Iterator[str]:
    command, top = find_command(path), len(path) == 1
    yield f"{'#' if top else '##'} conda wheelbridge {' '.join(path)}\n"
    if top:
        yield _MADE
    yield f"{' '.join((command.help or '').split())}\n"
    inner = getattr(command, "commands", {})
    arguments = [_argument(param) for param in parameters(command) if _is_argument(param)]
    usage = [*path, *(["COMMAND"] if inner else []), *arguments]
    yield f"```console\n$ conda wheelbridge {' '.join(usage)} [OPTIONS]\n```\n"
    yield from _options(command)
    for name in inner:
        yield from _page((*path, name))


def _options(command: Any) -> Iterator[str]:
    taken = conda_options({param.name: param for param in command.params})
    own: dict[str, list[str]] = {}
    for param in parameters(command, taken):
        title = "Arguments" if _is_argument(param) else getattr(param, "rich_help_panel", None) or "Options"
        own.setdefault(title, []).append(_line(param))
    for title in sorted(own, key=["Arguments", "Options"].__contains__, reverse=True):
        yield "\n".join([f"**{title}**\n", *own[title], ""])
    if shared := [_line(param) for param in command.params if param.name in taken]:
        yield "\n".join(["**As everywhere in conda**\n", *shared, ""])


def _is_argument(param: Any) -> bool:
    return bool(param.param_type_name == "argument")


def _argument(param: Any) -> str:
    name = _name(param)
    several = "…" if param.nargs == -1 else ""
    return f"{name}{several}" if param.required else f"[{name}{several}]"


def _name(param: Any) -> str:
    return str(param.metavar or param.name.upper()).strip("[]").removesuffix("...")


def _line(param: Any) -> str:
    several = " May be given several times." if param.multiple else ""
    if _is_argument(param):
        return f"- `{_name(param)}`: {param.help or 'see above.'}"
    takes = "" if param.is_flag or param.count else f" {param.metavar or param.name.upper()}"
    takes = takes.replace(" [=", "[=")
    names = ", ".join(f"`{flag}{takes}`" for flag in sorted((*param.opts, *param.secondary_opts), key=len))
    return f"- {names}: {' '.join((param.help or '').split())}{several}"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, text in render_pages().items():
        (FOLDER / file).write_text(text, encoding="utf-8")
