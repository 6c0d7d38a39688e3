"""The command line: one module per command; `main` alone turns errors into exit codes."""

from wheelbridge.cli.main import main

__all__ = ["main"]
