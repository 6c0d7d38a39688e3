"""The solution as conda's records, and what those have no field for."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from conda.base.context import context
from conda.models.records import PackageRecord

from wheelbridge.api.installing import Prepared
from wheelbridge.conda_plugin.conda_records import as_conda_records
from wheelbridge.conda_plugin.file_writing import keep_extras
from wheelbridge.installer.plain_depends import plain_depends, write_depends

PIP = "pip"


def final_records(
    prepared: Prepared, installed: Mapping[str, PackageRecord], requested: Iterable[str]
) -> list[PackageRecord]:
    """Return all packages that the environment will have.

    What they need is said in words that every solver of conda reads: see `wheelbridge.installer.plain_depends`.

    Args:
        prepared: what was solved.
        installed: name -> record of what is there. What stays as it is is handed back: to conda two records of one
            package are equal only if their channels are called alike.
        requested: what was asked for, now and before, with extras.
    """
    plan, records = prepared.plan, prepared.transaction.records
    stays = {record.name.normalized for record in (*plan.keep, *(change.old for change in plan.relink))} & set(
        installed
    )
    needs = dict(plain_depends(records, requested))
    names = {record.name.normalized for record in records}
    if context.add_pip_as_python_dependency and {"python", PIP} <= names:  # as conda does when it reads repodata
        python = next(record for record in records if record.name.normalized == "python")
        needs["python"] = (*needs.get("python", python.depends), PIP)
    fresh = [record for record in records if record.name.normalized not in stays]
    return [*(installed[name] for name in stays), *as_conda_records(fresh, needs, prepared.solution.sources)]


def complete_records(prefix: Path, prepared: Prepared, requested: Iterable[str]) -> None:
    """Write into the records that conda has made what the packages themselves say they need, for later solves of ours.

    Raises:
        WheelbridgeError: if one cannot be written.
    """
    for record in prepared.plan.to_link:
        if record.extra_depends:
            keep_extras(prefix, record)
    write_depends(prefix, prepared.transaction.records, requested)
