"""Locks that somebody made to do harm, or that are damaged: refused with a reason, at no cost."""

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.environment.lockmaker import conda, small_lock, wheel
from wheelbridge.environment.errors import InvalidEnvironmentFileError
from wheelbridge.environment.lock import Lock, LockedPackage
from wheelbridge.environment.locks.documents import load_toml, load_yaml
from wheelbridge.environment.locks.files import LockFormat, read_lock, render_lock

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


def test_aliases_are_refused() -> None:
    """Nine lines of them are a value of half a thousand million texts to who prints it."""
    tracemalloc.start()
    with pytest.raises(InvalidEnvironmentFileError, match=r"pixi.lock: the alias \*a is refused"):
        load_yaml(f"{BOMB}version: *i\n", "pixi.lock")
    assert tracemalloc.get_traced_memory()[1] < 10**7
    tracemalloc.stop()


def test_what_looks_like_an_alias_is_none() -> None:
    """Ampersands and stars in texts, and an anchor that nobody uses."""
    assert load_yaml("a: x &b\nb: 'x: &b *b'\nc: python 3.12.*\nd: &d y\n", "pixi.lock").data == {
        "a": "x &b", "b": "x: &b *b", "c": "python 3.12.*", "d": "y"
    }  # fmt: skip


def test_a_number_of_no_size() -> None:
    """CPython reads no more than 4300 digits."""
    with pytest.raises(InvalidEnvironmentFileError, match="no TOML"):
        load_toml(f"x = {'9' * 5000}", "pylock.toml")


@pytest.mark.parametrize("name", ["pixi.lock", "pylock.toml", "explicit.txt"])
def test_a_url_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    """It is told with the file's name, in every format."""
    lock = small_lock()
    if name == "explicit.txt":
        text = "@EXPLICIT\nhttp://[127/forge/linux-64/zlib-1.0-h0_0.conda\n"
    else:
        form: LockFormat = "pixi" if name == "pixi.lock" else "pylock"
        text = render_lock(lock, form, tmp_path).replace("https://forge.example", "http://[127")
    (tmp_path / name).write_text(text, encoding="utf-8")

    with pytest.raises(InvalidEnvironmentFileError, match=name):
        read_lock(tmp_path / name)


def changed(package: LockedPackage, **file: Any) -> Lock:
    """Return a lock whose one package has another file."""
    lock = small_lock()
    return replace(
        lock, targets=(replace(lock.targets[0], packages=(replace(package, file=replace(package.file, **file)),)),)
    )


@pytest.mark.parametrize("filename", ["../../evil-1.0-h0_0.conda", "a\\b-1.0-h0_0.conda", "zlib-1.0-/../../x.conda"])
def test_a_file_name_that_leads_elsewhere(tmp_path: Path, filename: str) -> None:
    """Files are stored under their names."""
    path = tmp_path / "pixi.lock"
    path.write_text(render_lock(changed(conda("zlib"), filename=filename), "pixi", tmp_path), encoding="utf-8")

    with pytest.raises(InvalidEnvironmentFileError, match="no name of a file"):
        read_lock(path)


def test_a_place_that_is_none(tmp_path: Path) -> None:
    """NUL ends a path for the operating system."""
    lock = changed(wheel("a"), url="https://files.example/a\0-1.0-py3-none-any.whl")
    path = tmp_path / "pixi.lock"
    path.write_text(render_lock(lock, "pixi", tmp_path), encoding="utf-8")

    with pytest.raises(InvalidEnvironmentFileError, match=r"pixi\.lock"):
        read_lock(path)
