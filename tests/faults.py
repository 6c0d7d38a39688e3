"""What a server does wrong when a test tells it to; `loopback` serves it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Request:
    """What came; header names are in lower case."""

    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back.

    Attributes:
        delay: seconds before it begins.
        cut: bytes of the body after which the connection ends, though ``Content-Length`` promises more.
        stall: seconds between these bytes and the end.
        hang_up: end the connection instead of answering.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: int | None = None
    stall: float = 0.0
    hang_up: bool = False


Fault: TypeAlias = Callable[[Request, Reply], Reply]
"""Turns the honest reply into another one. Conditional and range requests are answered after it."""


def status(code: int, **headers: str) -> Fault:
    """Answer *code*; ``retry_after="1"`` adds the header ``Retry-After``."""
    named = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return lambda _, reply: replace(reply, status=code, body=b"", headers=named)


def redirect(location: str, code: int = 302, **headers: str) -> Fault:
    """Lead to *location*, with more headers as `status` takes them."""
    return status(code, location=location, **headers)


def body(data: bytes, content_type: str) -> Fault:
    """Answer 200 with *data*."""
    return lambda _, reply: replace(reply, status=200, body=data, headers={"Content-Type": content_type})


def edited(edit: Callable[[Any], object]) -> Fault:
    """Let *edit* change the page's JSON in place."""

    def apply(_: Request, reply: Reply) -> Reply:
        page = json.loads(reply.body)
        edit(page)
        return replace(reply, body=json.dumps(page).encode())

    return apply


def truncated(count: int, *, stall: float = 0.0) -> Fault:
    """Break off after *count* bytes of the body, *stall* seconds later."""
    return lambda _, reply: replace(reply, cut=count, stall=stall)


def delayed(seconds: float) -> Fault:
    """Answer late."""
    return lambda _, reply: replace(reply, delay=seconds)


def hang_up(_: Request, reply: Reply) -> Reply:
    """End the connection without a word."""
    return replace(reply, hang_up=True)


def corrupted(_: Request, reply: Reply) -> Reply:
    """Change the last byte of the body."""
    return replace(reply, body=reply.body[:-1] + bytes([reply.body[-1] ^ 1]))


def without(*names: str) -> Fault:
    """Leave headers out; without ``Accept-Ranges`` there are no ranges either."""
    return lambda _, reply: replace(reply, headers={k: v for k, v in reply.headers.items() if k not in names})


def with_headers(headers: Mapping[str, str]) -> Fault:
    """Add or replace *headers*."""
    return lambda _, reply: replace(reply, headers={**reply.headers, **headers})


def login(credentials: str) -> Fault:
    """Answer 401 unless the basic *credentials* (base64) are right."""
    return authorization(f"Basic {credentials}")


def authorization(value: str) -> Fault:
    """Answer 401 unless the header ``Authorization`` has this *value*."""

    def apply(request: Request, reply: Reply) -> Reply:
        if request.headers.get("authorization") == value:
            return reply
        return Reply(status=401, headers={"WWW-Authenticate": 'Basic realm="index"'})

    return apply


@dataclass(slots=True)
class PlannedFault:
    """A fault of every path that begins with *path*; *times* is how often it strikes, None for always."""

    path: str
    fault: Fault
    times: int | None

    def take(self, lock: Lock) -> bool:
        """Tell whether it still strikes, and use it up by one."""
        with lock:
            if self.times is None:
                return True
            self.times -= 1
            return self.times >= 0
