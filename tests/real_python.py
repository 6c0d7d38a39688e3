"""A conda channel with the running CPython as a real ``python`` package: what makes tests real without a network."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest
from rattler import RepoDataRecord, Subdir
from rattler.index import index_fs

from wheelbridge.installer.repack import repack_interpreter


@dataclass(frozen=True, slots=True)
class RealChannel:
    """A channel in a folder, and the record of the interpreter in it."""

    folder: Path
    python: RepoDataRecord

    @property
    def url(self) -> str:
        """The channel as a URL, without a slash at its end."""
        return self.folder.as_uri()


def make_real_channel(folder: Path) -> RealChannel:
    """Make the channel in *folder*; takes a second or two."""
    subdir = str(Subdir.current())
    package = repack_interpreter(folder, subdir)
    asyncio.run(index_fs(folder))
    python = asyncio.run(RepoDataRecord.from_package_archive(package))
    python.channel = folder.as_uri()
    return RealChannel(folder, python)


@pytest.fixture(scope="session")
def real_channel(tmp_path_factory: pytest.TempPathFactory) -> RealChannel:
    """A channel with the running interpreter, made once in a session."""
    return make_real_channel(tmp_path_factory.mktemp("real-channel"))
