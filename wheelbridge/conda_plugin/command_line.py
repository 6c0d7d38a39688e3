"""What conda's own command line says; conda tells readers and writers of files nothing of it."""

from conda.base.context import context


def said(option: str) -> object:
    """Return the value of an option of the command that runs; None where it has no such option, or nothing was said."""
    return (getattr(context, "_argparse_args", None) or {}).get(option)


def named(option: str) -> tuple[str, ...]:
    """Return the values of an option that may be given several times."""
    values = said(option)
    return tuple(map(str, values)) if isinstance(values, list | tuple) else ()
