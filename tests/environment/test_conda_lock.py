"""conda-lock.yml, version 1: read as CEP 37 has it."""

from dataclasses import replace

import pytest

from tests.environment.lockmaker import (
    FORGE,
    MD5,
    SHA,
    wheel,
)
from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.lock import LockedFile
from wheelbridge.environment.locks.conda_lock import read_conda_lock

CONDA_LOCK = f"""
version: 1
metadata:
  content_hash:
    linux-64: {SHA}
  channels:
  - url: forge
    used_env_vars: []
  platforms:
  - linux-64
  sources:
  - environment.yml
package:
- name: python
  version: 3.12.1
  manager: conda
  platform: linux-64
  dependencies:
    libc: '>=2.17,<3.0.a0'
    tzdata: ''
  url: {FORGE}/linux-64/python-3.12.1-h1_2_cpython.conda
  hash:
    md5: {MD5}
    sha256: {SHA}
  category: main
  optional: false
- name: Some_Wheel
  version: '1.10'
  manager: pip
  platform: linux-64
  dependencies: {{}}
  url: https://files.example/some_wheel-1.10-py3-none-any.whl
  hash:
    sha256: {SHA}
  category: main
  optional: false
- name: pytest
  version: '8'
  manager: pip
  platform: linux-64
  dependencies: {{}}
  url: https://files.example/pytest-8-py3-none-any.whl
  hash:
    sha256: {SHA}
  category: dev
  optional: true
"""


class TestCondaLock:
    """CEP 37: "The ``package`` list enumerates two types of packages via the ``manager`` field"."""

    def test_both_managers_are_read(self) -> None:
        """The channel is that of the packages, optional ones are counted, and packages tell their own records."""
        lock = read_conda_lock(CONDA_LOCK, "conda-lock.yml")
        (target,) = lock.targets
        python, some = target.packages

        assert (python.name, python.version, python.record) == ("python", "3.12.1", None)
        assert python.file.hashes == {"md5": MD5, "sha256": SHA}
        assert (python.source, python.channel, lock.sources[0].url) == ("forge", FORGE, FORGE)
        assert some == replace(
            wheel("some-wheel", "1.10"),
            file=LockedFile(
                filename="some_wheel-1.10-py3-none-any.whl",
                url="https://files.example/some_wheel-1.10-py3-none-any.whl",
                hashes={"sha256": SHA},
            ),
            record=None, source=None, channel="", decision=None, requires_dist=(), requires_python=None,
        )  # fmt: skip
        assert lock.notes == (
            "conda-lock.yml: 1 packages are optional or of other categories than main, and not taken.",
        )

    @pytest.mark.parametrize(
        ("old", "new", "reason"),
        [
            ("version: 1\nm", "version: 2\nm", "version: CEP 37 has version 1 alone, not 2"),
            ("manager: pip", "manager: npm", "package[1].manager: expected conda or pip, got 'npm'"),
            ("  platforms:\n  - linux-64", "  platforms:\n  - osx-64", "'linux-64' is not among the platforms"),
            ("  url: https://files", "  uri: https://files", "package[1].url: expected a text, got nothing"),
        ],
    )
    def test_what_cannot_be_read_is_told(self, old: str, new: str, reason: str) -> None:
        """The message names the file, the place in it and the reason."""
        with pytest.raises(InvalidEnvironmentFileError) as caught:
            read_conda_lock(CONDA_LOCK.replace(old, new), "conda-lock.yml")

        assert caught.value.message == f"conda-lock.yml: {reason}" or reason in caught.value.message
