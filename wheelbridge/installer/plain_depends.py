"""``depends`` in ``conda-meta`` in words that every conda reads: without extras, flags and conditions.

CEP 48 puts them into MatchSpecs: ``uvicorn[extras=[standard]]``, ``tomli[when="python <3.11"]``. conda reads them with
the ``rattler`` solver only; with any other, one such record in an environment ends each of its commands, ``conda list``
included. For an environment they have one meaning: its python is known, and which extras are asked for. So its records
say what is needed there, and keep what the package itself says under a key of ours, which conda passes over.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from rattler import MatchSpec, PackageRecord, PrefixRecord

from wheelbridge.installer.history import conda_spec
from wheelbridge.installer.record_files import record_path, write_record

OWN = "wheelbridge"
"""The key in a record that holds what is ours."""
_NEW_WORDS = re.compile(r"\b(?:extras|flags|when)=")
_CLASS = re.compile(r"\[(?:(?P<one>[+.])|(?P<first>\d)-(?P<last>\d))\]")
"""A class of characters as they stand in what variants require of a machine."""


def plain_depends(records: Iterable[PackageRecord], requested: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return name -> what it needs among *records*, of those that say it otherwise themselves.

    What an extra brings is needed by the package that has the extra, where a record or *requested* asks for it. A
    condition on python is decided; another one holds where what it guards is there.

    >>> from rattler.package import BuildString
    >>> needs = ["app[extras=[more]]", 'old[when="python<3"]']
    >>> tool = PackageRecord("tool", "1.0", BuildString("0"), 0, "noarch", depends=needs)
    >>> python = PackageRecord("python", "3.12.1", BuildString("0"), 0, "linux-64")
    >>> plain_depends([tool, python], [])
    {'tool': ('app',)}
    """
    chosen = {record.name.normalized: record for record in records}
    needs = {name: [*record.depends, *more] for name, record, more in _with_extras(chosen, requested)}
    plain = {name: _plain(name, texts, chosen) for name, texts in needs.items()}
    return {name: texts for name, texts in plain.items() if texts != tuple(chosen[name].depends)}


def _with_extras(
    chosen: Mapping[str, PackageRecord], requested: Iterable[str]
) -> Iterator[tuple[str, PackageRecord, list[str]]]:
    """Yield every package with what its extras need that are asked for."""
    more: dict[str, list[str]] = {name: [] for name in chosen}
    opened: dict[str, set[str]] = {name: set() for name in chosen}
    todo = [*requested, *(text for record in chosen.values() for text in record.depends)]
    while todo:
        if "extras=" not in (text := todo.pop()):
            continue
        spec = MatchSpec(text)
        name = spec.name.normalized or ""
        if name not in chosen or not _holds(spec, chosen):
            continue
        fresh = sorted(set(spec.extras or ()) - opened[name])
        opened[name].update(fresh)
        texts = [need for extra in fresh for need in chosen[name].extra_depends.get(extra, ())]
        more[name] += texts
        todo += texts
    return ((name, record, more[name]) for name, record in chosen.items())


def _plain(owner: str, texts: Iterable[str], chosen: Mapping[str, PackageRecord]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for text in texts:
        if _NEW_WORDS.search(text) is None:
            found[_CLASS.sub(_spell_out, text)] = None
        elif _holds(spec := MatchSpec(text), chosen) and spec.name.normalized != owner:
            found[conda_spec(spec)] = None
    return tuple(found)


def _spell_out(group: re.Match[str]) -> str:
    r"""Write a class of characters without brackets, as conda reads no spec that has brackets inside its brackets.

    >>> print(_CLASS.sub(_spell_out, '__variant_amd_rocm_version[build="^(.*[+])?(7[.][0-2])([+].*)?$"]'))
    __variant_amd_rocm_version[build="^(.*\+)?(7\.(0|1|2))(\+.*)?$"]
    """
    if group["one"]:
        return f"\\{group['one']}"
    return f"({'|'.join(map(str, range(int(group['first']), int(group['last']) + 1)))})"


def _holds(spec: MatchSpec, chosen: Mapping[str, PackageRecord]) -> bool:
    if spec.condition is None:
        return True
    parts = spec.condition.split(" or ")
    if not all(part.startswith("python") for part in parts):
        return (spec.name.normalized or "") in chosen
    python = chosen.get("python")
    return python is not None and any(MatchSpec(part).matches(python) for part in parts)


def write_depends(prefix: Path, records: Iterable[PackageRecord], requested: Iterable[str]) -> None:
    """Make the records in *prefix* say what *records*, which are theirs, need there; it may be repeated."""
    records = tuple(records)
    plain = plain_depends(records, requested)
    for record in records:
        name = record.name.normalized
        path = record_path(prefix, record)
        if name not in plain and not _is_marked(path):
            continue
        before = json.loads(path.read_bytes())
        after = {key: value for key, value in before.items() if key != OWN} | {"depends": [*record.depends]}
        if name in plain:
            after |= {"depends": [*plain[name]], OWN: {"depends": [*record.depends]}}
        if after != before:
            write_record(path, after)


def read_record(path: Path) -> PrefixRecord:
    """Read a record of ``conda-meta``, with ``depends`` as the package itself has them.

    rattler raises many kinds of errors, none of them with a common root; so does this.
    """
    record = PrefixRecord.from_path(path)
    if _is_marked(path) and (own := json.loads(path.read_bytes()).get(OWN)):
        record.depends = [str(text) for text in own.get("depends", record.depends)]
    return record


def _is_marked(path: Path) -> bool:
    """Tell whether a record may hold something of ours; most do not, and some are large."""
    return f'"{OWN}"'.encode() in path.read_bytes()
