"""``conda wheelbridge``: the commands of ``wheelbridge`` behind conda's own door.

conda builds the parsers of all plugins for every command it runs, so a command's parser is filled when it is used.
"""

from argparse import SUPPRESS, ArgumentParser, Namespace

COMMANDS = {
    "add": "Add lines to a file that people write, or change what is there; every other byte of it stays.",
    "adopt": "Take over what pip, or another tool, put into an environment, so that solves know it.",
    "check": "Say what is wrong with an environment, by its files, records and metadata; with --fix, mend it.",
    "create": "Make a new environment.",
    "demo": "Show the main job without a network: a channel, an index, one solve, one transaction.",
    "drop": "Take lines out of a file that people write; every other byte of it stays.",
    "export": "Write an environment as a file that makes it anew.",
    "external": "External dependencies of a project (PEP 725): packages that are no Python packages.",
    "inspect": "Say what wheels are on a target, which libraries they load, and which of those they do not carry.",
    "install": "Add packages to an environment; what is there is kept unless it must move.",
    "list": "List the packages of an environment, and where each came from; or its revisions.",
    "lock": "Write down exactly what files ask for, for one target or several; what an earlier lock has is preferred.",
    "map": "Look into the mapping tables, and maintain them.",
    "remove": "Remove packages, what depends on them, and what nobody needs any more; or all of an environment.",
    "solve": "Say what `create` would install; touch nothing.",
    "sources": "Show the sources that a solve would use, in order, and where each setting comes from.",
    "sync": "Make an environment exactly what a lock says: nothing is solved, and what the lock does not have goes.",
    "target": "Describe this machine, or another, as the solver sees it.",
    "translate": "Translate PyPA metadata to conda's words; one JSON object per line.",
    "update": "Move packages to their newest versions that fit; the rest changes where it must.",
    "variants": "Say which variants of a release run on the target, in which order, and why the others do not.",
    "why": "Say why a package is in an environment, what keeps another version of it out, or who needs whom.",
}
"""The commands and what they do; a test holds them to those of ``wheelbridge``."""


def configure(parser: ArgumentParser) -> None:
    """Give conda's *parser* the commands; nothing of them is imported yet."""
    from conda.cli.helpers import add_parser_help

    from wheelbridge.conda_plugin.lazy import CommandParser, FrontParser

    parser.__class__ = FrontParser  # conda made it, and offers no other way to say of what class
    add_parser_help(parser)
    parser.add_argument("--json", action="store_true", default=SUPPRESS, help=SUPPRESS)
    commands = parser.add_subparsers(
        dest="wheelbridge_command", metavar="COMMAND", title="commands", parser_class=CommandParser, required=True
    )
    for name, summary in COMMANDS.items():
        commands.add_parser(name, help=summary, description=summary, add_help=False).path = (name,)


def run(args: Namespace) -> int:
    """Run the command that *args* are of; return its exit code."""
    from wheelbridge.conda_plugin.running import run_command

    return run_command(args)
