"""Wheels of a file, fetched by us into conda's package cache.

The logins of an index, the hosts that it may lead to and what its files must prove are ours to know. Then conda unpacks
and links them like everything else.
"""

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from conda.core.package_cache_data import ProgressiveFetchExtract
from conda.models.records import PackageRecord
from conda.reporters import get_spinner

from wheelbridge.conda_plugin.conda_records import complete_record

Fetch = Callable[[Collection[str]], Mapping[str, Path]]
"""Fetches the wheels of URLs: URL -> the file on this machine; checks all that is new, whoever has fetched it."""


def fetch_packages(records: Sequence[PackageRecord], fetch: Fetch) -> None:
    """Bring *records* into conda's package cache, wheels by *fetch*; what is there already is not fetched."""
    fetched = ProgressiveFetchExtract(records)
    fetched.prepare()
    places: dict[str, Path] = {}
    announced = {record.url: record for record in records}
    for record, (download, extract) in list(fetched.paired_actions.items()):
        if download is not None and record.fn.endswith(".whl"):
            places[record.url] = Path(download.target_full_path)
            fetched.paired_actions[record] = (None, extract)
    with get_spinner("Downloading wheels") if places else nullcontext():
        wheels = fetch(places.keys())
    for url, place in places.items():
        shutil.copyfile(wheels[url], place)
        complete_record(announced[url], wheels[url])
    fetched.execute()
