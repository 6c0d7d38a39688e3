from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest
from keyring.backend import KeyringBackend
from keyring.credentials import Credential, SimpleCredential
from packaging.utils import canonicalize_name

from tests.loopback import RECORDED, LoopbackIndex, unpack_recorded
from wheelbridge.index.http import HttpIndex
from wheelbridge.index.keyring_logins import Keyring
from wheelbridge.index.patience import RetryPolicy

MakeWheel: TypeAlias = Callable[..., Path]
OpenHttp: TypeAlias = Callable[..., HttpIndex]

QUICK = RetryPolicy(total=2, backoff=0.01, timeout=1.0)
ENVIRONMENT = (
    *("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"),
    *("RATTLER_AUTH_FILE", "NETRC", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
)


class MemoryKeyring(KeyringBackend):
    """A keyring of this process: (service, user) -> password; *asked* tells which services it was asked for."""

    priority = 1.0

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # keyring's own has no types
        self.passwords: dict[tuple[str, str], str] = {}
        self.asked: list[str] = []

    def get_password(self, service: str, username: str) -> str | None:
        """Return what is there."""
        self.asked.append(service)
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        self.passwords[service, username] = password

    def get_credential(self, service: str, username: str | None) -> Credential | None:
        """Return the first login of a service where no user is named."""
        users = [user for known, user in self.passwords if known == service and username in (None, user)]
        self.asked.append(service)
        return SimpleCredential(users[0], self.passwords[service, users[0]]) if users else None


def write_wheel(
    folder: Path,
    name: str = "rich",
    version: str = "1.0",
    *,
    headers: str = "Requires-Dist: pygments>=2\nRequires-Python: >=3.8\nProvides-Extra: jupyter\n",
    tag: str = "py3-none-any",
    dist_info: str | None = None,
    padding: int = 0,
) -> Path:
    """Write a wheel with METADATA and *padding* incompressible bytes in front of it."""
    folder.mkdir(parents=True, exist_ok=True)
    distribution = canonicalize_name(name).replace("-", "_")
    path = folder / f"{distribution}-{version}-{tag}.whl"
    info = f"{distribution}-{version}.dist-info" if dist_info is None else dist_info
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr(f"{distribution}/__init__.py", "")
        archive.writestr(f"{distribution}/data.bin", b"\x00" * padding, ZIP_STORED)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{headers}\nThe description.\n"
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
    return path


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """Write a wheel of rich 1.0."""
    return write_wheel(tmp_path / "wheels")


@pytest.fixture
def server(wheel: Path) -> Iterator[LoopbackIndex]:
    """Serve that wheel."""
    with LoopbackIndex({"rich": [wheel]}) as index:
        yield index


@pytest.fixture
def open_http(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OpenHttp:
    """Open HTTP indexes that share a cache and do not see this machine's settings."""
    for name in ENVIRONMENT:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-netrc"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr("keyring.core._keyring_backend", MemoryKeyring())
    monkeypatch.setattr("wheelbridge.index.keyring_logins._keyring", Keyring())
    monkeypatch.setenv("WHEELBRIDGE_KEYRING", "1")

    def open_(url: str, *, policy: RetryPolicy = QUICK, **options: Any) -> HttpIndex:
        return HttpIndex("test", url, cache_dir=tmp_path / "cache", policy=policy, **options)

    return open_


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the recorded index once."""
    if not RECORDED.is_file():
        pytest.skip(f"the recorded index is not at {RECORDED}")
    return unpack_recorded(tmp_path_factory.mktemp("recorded"))
