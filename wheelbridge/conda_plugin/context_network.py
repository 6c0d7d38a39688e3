"""How conda is to reach the network: proxies, certificates, patience, said in the variables that wheelbridge goes by.

The client of channels, that of indexes and the builds that a command starts all read the environment, so what conda's
configuration says is put there while a command runs. A variable that the user has set wins, as it does in conda.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from conda.base.context import context

_PROXIES = ("http", "https", "all")
_TRUSTSTORE = "truststore"
_PATIENCE = {
    "remote_max_retries": "WHEELBRIDGE_HTTP_RETRIES",
    "remote_read_timeout_secs": "WHEELBRIDGE_HTTP_TIMEOUT",
    "remote_connect_timeout_secs": "WHEELBRIDGE_HTTP_CONNECT_TIMEOUT",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """How to reach the network.

    Attributes:
        offline: not at all.
        variables: what conda's configuration adds to the environment; proxies may hold logins.
        notes: what is not followed.
    """

    offline: bool = False
    variables: Mapping[str, str] = field(default_factory=dict, repr=False)
    notes: tuple[str, ...] = ()

    @contextmanager
    def surroundings(self) -> Iterator[None]:
        """Let what the block runs find the variables in its environment."""
        added = {name: text for name, text in self.variables.items() if name not in os.environ}
        os.environ.update(added)
        try:
            yield
        finally:
            for name in added:
                os.environ.pop(name, None)


def network_from_context() -> Network:
    """Return what conda's context says of the network."""
    return Network(
        offline=context.offline,
        variables={**dict(_proxies()), **dict(_certificates()), **dict(_patience())},
        notes=tuple(_notes()),
    )


def _proxies() -> Iterator[tuple[str, str]]:
    for scheme, url in context.proxy_servers.items():
        if url and scheme in _PROXIES and f"{scheme}_proxy".upper() not in os.environ:
            yield f"{scheme}_proxy", url


def _certificates() -> Iterator[tuple[str, str]]:
    said = context.ssl_verify
    if isinstance(said, str) and said != _TRUSTSTORE and not _has_certificates():
        folder = Path(said).is_dir()
        yield ("SSL_CERT_DIR" if folder else "SSL_CERT_FILE"), said
        yield "REQUESTS_CA_BUNDLE", said
    if said == _TRUSTSTORE:
        yield "WHEELBRIDGE_SYSTEM_CERTS", "1"
    if context.client_ssl_cert:
        yield "WHEELBRIDGE_CLIENT_CERT", context.client_ssl_cert
    if context.client_ssl_cert_key:
        yield "WHEELBRIDGE_CLIENT_KEY", context.client_ssl_cert_key


def _has_certificates() -> bool:
    return any(os.environ.get(name) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"))


def _patience() -> Iterator[tuple[str, str]]:
    """Yield what somebody configured; conda's defaults are not wheelbridge's."""
    for key, variable in _PATIENCE.items():
        if any(key in said for said in context.raw_data.values()):
            yield variable, str(getattr(context, key))


def _notes() -> Iterator[str]:
    if context.ssl_verify is False:
        yield (
            "ssl_verify: false is not followed; wheelbridge verifies every certificate. Name the authority to trust: "
            "ssl_verify: FILE."
        )
    if context.client_ssl_cert:
        yield "client_ssl_cert holds for indexes; py-rattler has no client certificates for channels."
    for place in context.proxy_servers:
        if place not in _PROXIES:
            yield f"proxy_servers: {place} is not followed; only http, https and all are."
