"""Values of environment variables that must not come into files which are shared."""

from collections.abc import Iterable

from wheelbridge.environment.locks.places import SecretInLockError


def check_variables(name: str, variables: Iterable[str]) -> None:
    """Make sure that there are no *variables* in the path of the URL of *name*; of a login, nothing is written anyway.

    >>> check_variables("corp", ())

    Raises:
        SecretInLockError: with the first one.
    """
    for variable in variables:
        raise SecretInLockError(name, f"the value of ${{{variable}}}")
