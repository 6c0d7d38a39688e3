"""Origins: scheme, host and port, which a login is bound to."""

from urllib.parse import urlsplit

Origin = tuple[str, str]
"""Scheme, and host with the port where it is not the usual one, in lower case."""
_USUAL_PORTS = {"https": ":443", "http": ":80"}


def origin_of(url: str) -> Origin:
    """Return where *url* leads.

    >>> origin_of("HTTPS://me:secret@Host.example:8443/simple"), origin_of("https://host.example:443")
    (('https', 'host.example:8443'), ('https', 'host.example'))
    """
    parts = urlsplit(url)
    scheme, host = parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower()
    return scheme, host.removesuffix(_USUAL_PORTS.get(scheme, ":"))
