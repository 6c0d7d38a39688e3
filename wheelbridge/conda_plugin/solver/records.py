"""The solution as conda's records, and what those have no field for."""

from collections.abc import Mapping

from conda.base.context import context
from conda.models.records import PackageRecord

from wheelbridge.api.installing import Prepared
from wheelbridge.conda_plugin.conda_records import as_conda_records

PIP = "pip"


def final_records(prepared: Prepared, installed: Mapping[str, PackageRecord]) -> list[PackageRecord]:
    """Return all packages that the environment will have.

    Args:
        prepared: what was solved.
        installed: name -> record of what is there. What stays as it is is handed back: to conda two records of one
            package are equal only if their channels are called alike.
    """
    plan, records = prepared.plan, prepared.transaction.records
    stays = {record.name.normalized for record in (*plan.keep, *(change.old for change in plan.relink))} & set(
        installed
    )
    names = {record.name.normalized for record in records}
    fresh = as_conda_records(
        [record for record in records if record.name.normalized not in stays], prepared.solution.sources
    )
    for record in fresh:
        if record.name == "python" and PIP in names and context.add_pip_as_python_dependency:
            record.depends = (*record.depends, PIP)  # as conda does when it reads repodata
    return [*(installed[name] for name in stays), *fresh]
