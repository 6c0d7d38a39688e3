"""What conda finds: every hook, and nothing heavy. conda imports this module on each of its commands.

A hook imports what it hands out when it is asked. conda asks for package extractors with every spec it reads, and for
settings and subcommands on every command: those modules import nothing but what conda has imported already.
"""

from collections.abc import Iterable

from conda.plugins import hookimpl
from conda.plugins import types as t

_OLDEST = "26.7"

if not hasattr(t, "CondaErrorHint"):  # conda says this on one line, and goes on without the plugin
    raise ImportError(f"wheelbridge needs conda {_OLDEST} or newer")


@hookimpl
def conda_subcommands() -> Iterable[t.CondaSubcommand]:
    """Offer ``conda wheelbridge``."""
    from wheelbridge.conda_plugin.subcommand import configure, run

    yield t.CondaSubcommand(
        name="wheelbridge",
        summary="Conda packages and wheels in one environment: one solve, one transaction.",
        action=run,
        configure_parser=configure,
    )


@hookimpl
def conda_settings() -> Iterable[t.CondaSetting]:
    """Offer ``plugins.wheelbridge_*`` for ``.condarc``."""
    from wheelbridge.conda_plugin.settings import SETTINGS

    yield from SETTINGS


@hookimpl
def conda_solvers() -> Iterable[t.CondaSolver]:
    """Offer ``--solver wheelbridge``."""
    from wheelbridge.conda_plugin.solver.joint import JointSolver

    yield t.CondaSolver(name="wheelbridge", backend=JointSolver)


@hookimpl
def conda_package_extractors() -> Iterable[t.CondaPackageExtractor]:
    """Unpack wheels, where nothing else does; conda asks with every spec that it reads."""
    from wheelbridge.conda_plugin.extracting import extractors

    return extractors()


@hookimpl
def conda_virtual_packages() -> Iterable[t.CondaVirtualPackage]:
    """Say what this machine has that variants ask for."""
    from wheelbridge.conda_plugin.virtual_packages import virtual_packages

    yield from virtual_packages()


@hookimpl
def conda_error_hints(error: object) -> Iterable[t.CondaErrorHint]:
    """Say where a package is that conda did not find."""
    from wheelbridge.conda_plugin.hints import hints_of
    from wheelbridge.conda_plugin.revision_hints import hints_of_revision

    yield from hints_of_revision(error)
    yield from hints_of(error)


@hookimpl
def conda_health_checks() -> Iterable[t.CondaHealthCheck]:
    """Check wheels with ``conda doctor``."""
    from wheelbridge.conda_plugin.health import health_checks

    yield from health_checks()


@hookimpl
def conda_environment_specifiers() -> Iterable[t.CondaEnvironmentSpecifier]:
    """Read files that mix channels and indexes."""
    from wheelbridge.conda_plugin.specifiers import specifiers

    yield from specifiers()


@hookimpl
def conda_environment_exporters() -> Iterable[t.CondaEnvironmentExporter]:
    """Write files that keep wheels."""
    from wheelbridge.conda_plugin.exporters import exporters

    yield from exporters()


@hookimpl
def conda_post_transaction_actions() -> Iterable[t.CondaPostTransactionAction]:
    """Write down what conda does not know of: what a file or another environment says, and where wheels came from."""
    from wheelbridge.conda_plugin.file_memory import RememberFile
    from wheelbridge.conda_plugin.inheriting import InheritMemory
    from wheelbridge.conda_plugin.recording import RecordWheels

    yield t.CondaPostTransactionAction(name="wheelbridge-inherit-memory", action=InheritMemory)
    yield t.CondaPostTransactionAction(name="wheelbridge-remember-file", action=RememberFile)
    yield t.CondaPostTransactionAction(name="wheelbridge-record-wheels", action=RecordWheels)


@hookimpl
def conda_pre_transaction_actions() -> Iterable[t.CondaPreTransactionAction]:
    """Refuse wheels that cannot run in the environment, before anything is linked; remember those that go."""
    from wheelbridge.conda_plugin.remembering import RememberWheels
    from wheelbridge.conda_plugin.verifying import VerifyWheels

    yield t.CondaPreTransactionAction(name="wheelbridge-verify-wheels", action=VerifyWheels)
    yield t.CondaPreTransactionAction(name="wheelbridge-remember-wheels", action=RememberWheels)


@hookimpl
def conda_post_solves() -> Iterable[t.CondaPostSolve]:
    """Tell what a solve does to wheels, for those who want to know."""
    from wheelbridge.conda_plugin.noticing import notice

    yield t.CondaPostSolve(name="wheelbridge-notice", action=notice)
