"""A wheel as the installer reads it, with nothing believed before it was checked."""

import configparser
import errno
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import IO

from installer.exceptions import InstallerError, InvalidWheelSource
from installer.records import parse_record_file
from installer.sources import WheelContentElement, WheelFile, WheelSource
from installer.utils import canonicalize_name, parse_entrypoints, parse_metadata_file, parse_wheel_filename

from wheelbridge.installer.errors import InvalidWheelError, RecordMismatchError, UnsafePathError
from wheelbridge.installer.layout import is_inside
from wheelbridge.translate.wheel import split_label

_WRITTEN_BY_US = frozenset({"INSTALLER", "REQUESTED", "direct_url.json"})
_UNRECORDED = ("RECORD.jws", "RECORD.p7s")
_PROJECT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_COMMAND = re.compile(r"[^./\\\0\s][^/\\\0=]*")
_DOTTED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_RESERVED = frozenset({"info", "conda-meta", "site-packages", "python-scripts", "__clobbers__", ".trash"})


class CheckedWheel(WheelFile):
    """A wheel that was checked by `open_wheel`.

    Its name is the one the index gave, not the one it has on disk.
    """

    def __init__(self, archive: zipfile.ZipFile, fn: str) -> None:
        parsed = parse_wheel_filename(split_label(fn)[0])
        WheelSource.__init__(self, distribution=parsed.distribution, version=parsed.version)
        self._zipfile = archive
        self.fn = fn

    @cached_property
    def data_dir(self) -> str:
        """The name of the data directory as the archive spells it, which need not be the file name's spelling."""
        ours = canonicalize_name(self.distribution)
        found = {name.partition("/")[0] for name in self._zipfile.namelist()}
        names = (name for name in sorted(found) if name.endswith(".data"))
        return next((name for name in names if canonicalize_name(name.split("-")[0]) == ours), super().data_dir)

    @property
    def project(self) -> str:
        """The ``Name`` of the core metadata, which must be the file name's: it becomes a directory of headers."""
        name = str(parse_metadata_file(self.read_dist_info("METADATA"))["Name"])
        if _PROJECT.fullmatch(name) is None or canonicalize_name(name) != canonicalize_name(self.distribution):
            raise InvalidWheelError(self.fn, f"its metadata name it {name!r}")
        return name

    @property
    def has_headers(self) -> bool:
        """Whether some of the files belong to an ``include`` directory, whose name has the python version in it."""
        return any(name.startswith(f"{self.data_dir}/headers/") for name in self._zipfile.namelist())

    def get_contents(self) -> Iterator[WheelContentElement]:
        """Yield the files to install: no byte code, and none of the files that the installing tool writes.

        Recording installed projects: "This file [INSTALLER, REQUESTED, direct_url.json] ... is created by
        installers"; a wheel's byte code would be run instead of its sources.
        """
        ours = {f"{self.dist_info_dir}/{name}" for name in _WRITTEN_BY_US}
        for record, stream, is_executable in super().get_contents():
            if record[0] not in ours and "__pycache__" not in record[0].split("/")[:-1]:
                yield record, stream, is_executable

    def check_dist_info(self) -> None:
        """Refuse a wheel of several distributions, or of none.

        Raises:
            InvalidWheelError: if it has not one ``.dist-info`` folder.
        """
        tops = {name.partition("/")[0] for name in self._zipfile.namelist()}
        found = sorted(name for name in tops if name.endswith(".dist-info"))
        if len(found) != 1:
            told = f"it has {len(found)} .dist-info folders instead of one"
            raise InvalidWheelError(self.fn, f"{told}: {', '.join(found)}" if found else told)

    def check_paths(self) -> None:
        """Refuse members that would land outside their place.

        Raises:
            UnsafePathError: if one is absolute, climbs, is a link, or is data in a place with a meaning to conda.
        """
        for item in self._zipfile.infolist():
            if not is_inside(item.filename.removesuffix("/")):
                raise UnsafePathError(self.fn, item.filename, "leads outside the environment")
            if stat.S_ISLNK(item.external_attr >> 16):
                raise UnsafePathError(self.fn, item.filename, "is a symbolic link")
            data = item.filename.removeprefix(f"{self.data_dir}/data/")
            if data != item.filename and data.partition("/")[0].casefold() in _RESERVED:
                raise UnsafePathError(self.fn, item.filename, "is data in a directory that conda keeps for itself")

    def check_entry_points(self) -> None:
        """Refuse commands that are no file name, or run anything but a function of a module.

        Entry points specification: "the object reference points to a function", ``importable.module:object.attr``.

        Raises:
            InvalidWheelError: if there is one, or the file cannot be read.
        """
        if "entry_points.txt" not in self.dist_info_filenames:
            return
        try:
            points = list(parse_entrypoints(self.read_dist_info("entry_points.txt")))
        except configparser.Error as error:
            raise InvalidWheelError(self.fn, f"its entry_points.txt cannot be read: {error}") from error
        except AssertionError as error:  # how the library says it
            raise InvalidWheelError(self.fn, "an entry point has not the form command = module:function") from error
        for name, module, attr, _section in points:
            if not (_COMMAND.fullmatch(name) and _DOTTED.fullmatch(module) and _DOTTED.fullmatch(attr)):
                raise InvalidWheelError(self.fn, f"the entry point {name} = {module}:{attr} cannot be made a command")

    def check_record(self) -> None:
        """Compare RECORD with the files.

        Binary distribution format: "Apart from RECORD and its signatures, installation will fail if any file in the
        archive is not both mentioned and correctly hashed in RECORD."

        Raises:
            RecordMismatchError: if a file is not mentioned, not there, or has another hash or size.
        """
        issues: list[str] = []
        try:
            self.validate_record(validate_contents=True)
        except self.validation_error as error:
            issues.extend(getattr(error, "issues", [str(error)]))
        else:
            listed = (row[0] for row in parse_record_file(self.read_dist_info("RECORD").splitlines()))
            gone = sorted({name for name in listed if not name.endswith("/")} - set(self._zipfile.namelist()))
            issues.extend(f"{name} is not in the wheel" for name in gone if not name.endswith(_UNRECORDED))
        if issues:
            where = f"In {self._zipfile.filename}, "
            raise RecordMismatchError(self.fn, tuple(issue.removeprefix(where) for issue in issues))


@contextmanager
def open_wheel(stream: IO[bytes], fn: str) -> Iterator[CheckedWheel]:
    """Open a wheel whose paths, RECORD and entry points hold; problems found while it is open become errors, too.

    Raises:
        UnsafePathError: if a member would land outside its place.
        RecordMismatchError: if RECORD does not describe the files.
        InvalidWheelError: if it is no wheel at all or of several distributions, or an entry point is no command.
    """
    try:
        with zipfile.ZipFile(stream) as archive:
            wheel = CheckedWheel(archive, fn)
            wheel.check_dist_info()
            wheel.check_paths()
            wheel.check_record()
            wheel.check_entry_points()
            yield wheel
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, AssertionError, InstallerError) as error:
        reason = error.args[-1] if isinstance(error, InvalidWheelSource) else error
        raise InvalidWheelError(fn, str(reason).strip("'\".") or type(error).__name__) from error
    except OSError as error:  # an archive with something cut out makes zipfile look before its beginning
        if error.errno != errno.EINVAL:
            raise
        raise InvalidWheelError(fn, "the archive is damaged") from error
    except NotImplementedError as error:  # a compression that zipfile does not know
        raise InvalidWheelError(fn, str(error)) from error
