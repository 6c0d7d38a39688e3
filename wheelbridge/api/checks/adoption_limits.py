"""What keeps a distribution from being adopted that could be a record: what other packages of the environment have."""

from collections.abc import Mapping

from wheelbridge.api.checks.adoption_records import Refused, Written
from wheelbridge.api.checks.contests import contested_files
from wheelbridge.api.checks.findings import Environment
from wheelbridge.installer.distributions import Distribution
from wheelbridge.model.name import CondaName, NormalizedName


class Limits:
    """Looks at what other packages of an environment have; *displaced* gives the package whose place a project took."""

    def __init__(self, environment: Environment, displaced: Mapping[NormalizedName, CondaName]) -> None:
        self._environment = environment
        self._displaced = displaced
        self._names = {record.name.normalized for record in environment.records}

    def refuse(self, one: Distribution) -> Refused | None:
        """Say what keeps *one* from being adopted; None where nothing does."""
        reason = self._double(one) or self._shared(one) or self._contested(one)
        return Refused(one, reason) if reason else None

    def admit(self, made: Written | Refused) -> Written | Refused:
        """Refuse a record whose name another package has, which is the same project by the tables."""
        if isinstance(made, Refused):
            return made
        one, name = made.distribution, made.record.name.normalized
        if name in self._names and self._displaced.get(one.project) != name:
            return Refused(one, f"the package {name} is there, too, and by the tables it is the same project")
        return made

    def _double(self, one: Distribution) -> str | None:
        """Refuse what a package has already in another folder: the project would have two records."""
        others = (other for other in self._environment.distributions if other.project == one.project)
        owned = next((other for other in others if other.owner is not None), None)
        return f"{owned} is there, too, and the package {owned.owner} has it" if owned else None

    def _shared(self, one: Distribution) -> str | None:
        """Refuse what took a place in a package that has other distributions, which would lose their record."""
        name = self._displaced.get(one.project)
        others = [other.project for other in self._environment.distributions if name and other.owner == name]
        return f"the package {name}, in whose place it is, has {', '.join(others)}, too" if others else None

    def _contested(self, one: Distribution) -> str | None:
        """Refuse what shares a file with others and differs there: to mend either of them would damage the other."""
        found = contested_files(self._environment, one, self._displaced.get(one.project))
        return next((f"it and {owner} both have {path}, with different contents" for owner, path in found), None)
