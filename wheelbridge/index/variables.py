"""What the environment says of one source: ``WHEELBRIDGE_SOURCE_<NAME>_USERNAME`` and its like.

A name says little of where a source is: a repository that was cloned may call an index of its own as yours is called,
and the name of a source that nobody named is what its URL happens to end with. So a name that the user gave is enough;
any other takes ``WHEELBRIDGE_SOURCE_<NAME>_HOST`` with the host that the login is for.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from wheelbridge.errors import UsageError
from wheelbridge.index.origins import origin_of
from wheelbridge.model.source import Source

_SECRETS = ("USERNAME", "PASSWORD", "TOKEN")
_CONDA_TOKEN = "CONDA_TOKEN"  # noqa: S105 - a name


@dataclass(frozen=True, slots=True)
class SourceVariables:
    """The values for one source; None: none."""

    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    conda_token: str | None = field(default=None, repr=False)


def source_variables(source: Source, environ: Mapping[str, str] | None = None) -> SourceVariables:
    """Read the variables of *source*: nothing where they are not for it; an empty one is as good as none.

    >>> corp = Source("my-corp", "index", "https://host.example/simple", 0)
    >>> secret = {"WHEELBRIDGE_SOURCE_MY_CORP_TOKEN": "t"}
    >>> source_variables(corp, secret).token
    >>> source_variables(corp, {**secret, "WHEELBRIDGE_SOURCE_MY_CORP_HOST": "host.example"}).token
    't'
    """
    environ = os.environ if environ is None else environ
    if _objection(source, environ):
        return SourceVariables()
    return SourceVariables(*(environ.get(f"{_prefix(source)}_{what}") or None for what in (*_SECRETS, _CONDA_TOKEN)))


def check_variables(sources: Iterable[Source], environ: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """See for whom the variables are; return what to tell people of sources that do not get those of their name.

    Raises:
        UsageError: if several sources would get one variable.
    """
    environ = os.environ if environ is None else environ
    taken: dict[str, str] = {}
    notes: list[str] = []
    for source in sources:
        variables = [name for name in _variables(source) if environ.get(name)]
        if variables and (objection := _objection(source, environ)):
            notes.append(objection)
        is_right = _is_host_right(source, environ)
        for variable in variables if is_right is not False else ():
            meant = source.name if is_right else _whose(variable, source)
            if (other := taken.setdefault(variable, meant)) != source.name:
                raise UsageError(
                    f"{variable} may be for {other} or for {source.name}",
                    hint=f"Give one of them another name, or set {_prefix(source)}_HOST to the host that it is for.",
                )
    return tuple(notes)


def _prefix(source: Source) -> str:
    return "WHEELBRIDGE_SOURCE_" + re.sub("[^A-Z0-9]", "_", source.name.upper())


def _variables(source: Source) -> Iterator[str]:
    """Yield the names of the variables that *source* would get a login from; what lies in files needs none."""
    if not source.url.startswith("file:"):
        yield from (f"{_prefix(source)}_{what}" for what in _SECRETS)
        if source.kind == "channel":
            yield f"{_prefix(source)}_{_CONDA_TOKEN}"


def _whose(variable: str, source: Source) -> str:
    """Return whose a variable is, read as if *source* were not there: the token of ``x-conda``, or x's conda token."""
    is_conda_token = variable == f"{_prefix(source)}_TOKEN" and variable.endswith(f"_{_CONDA_TOKEN}")
    return source.name[: -len("_conda")] if is_conda_token else source.name


def _is_host_right(source: Source, environ: Mapping[str, str]) -> bool | None:
    """Tell whether *source* is on the host that its variable names; None where there is no such variable."""
    scheme, host = origin_of(source.url)
    named = environ.get(f"{_prefix(source)}_HOST")
    return origin_of(f"{scheme}://{named}")[1] == host if named else None


def _objection(source: Source, environ: Mapping[str, str]) -> str:
    """Return why the variables of its name are not for *source*, and what to do; nothing where they are."""
    is_right = _is_host_right(source, environ)
    if is_right or (is_right is None and source.named):
        return ""
    variable, host = f"{_prefix(source)}_HOST", origin_of(source.url)[1]
    reason = (
        f"you did not give it its name (it is from {source.origin or 'elsewhere'})"
        if is_right is None
        else f"{variable} is {environ[variable]}"
    )
    return (
        f"The login in {_prefix(source)}_* is not sent to {source.name}, which is on {host}: {reason}. "
        f"If it is meant for that host, set {variable}={host}."
    )
