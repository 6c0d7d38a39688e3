"""Clients of the simple repository API: HTTP and local folders."""

from wheelbridge.index.client import PYPI, open_index, resolve_index_url
from wheelbridge.index.protocol import Index, Progress

__all__ = ["PYPI", "Index", "Progress", "open_index", "resolve_index_url"]
