"""Certificates as the operating system trusts them, where ``WHEELBRIDGE_SYSTEM_CERTS=1`` asks for it."""

import os
import ssl
from typing import Any

from requests.adapters import HTTPAdapter


def is_wanted() -> bool:
    """Tell whether the environment asks for it."""
    return os.environ.get("WHEELBRIDGE_SYSTEM_CERTS", "") not in {"", "0"}


class SystemTrust(HTTPAdapter):
    """Verifies servers, behind a proxy or not, by what the system trusts beside what `requests` brings along."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as requests has it
        """See `HTTPAdapter`."""
        super().init_poolmanager(*args, ssl_context=_context(), **options)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:  # noqa: ANN401 - as above
        """See `HTTPAdapter`."""
        return super().proxy_manager_for(proxy, ssl_context=_context(), **options)


def _context() -> ssl.SSLContext:
    import truststore  # noqa: PLC0415 - few ask for it

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
