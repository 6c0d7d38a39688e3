"""The web page about the tables: its template, style and scripts, put into one file with the data."""

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from pathlib import Path

PAGE = Path(__file__).with_name("page")
"""The folder of the page's parts."""

GENERATOR = "wheelbridge map site"
"""How a page of ours is known."""

_SCRIPTS = ("dom", "tables", "search", "parts", "answers", "lists", "external", "charts", "app")
"""In the order in which they build on each other."""


def render_page(data: Mapping[str, object]) -> str:
    """Return the page as one HTML file that needs nothing else and runs nothing but its own scripts.

    Its policy names the hash of each script, so that no text of the tables can ever become one.
    """
    style = _read("style.css")
    theme = _read("theme.js")
    script = "\n".join(['"use strict";', *(_read(f"{name}.js") for name in _SCRIPTS)])
    policy = (
        f"default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src {policy_hash(style)}; script-src {policy_hash(theme)} {policy_hash(script)}"
    )
    parts = {
        "generator": GENERATOR,
        "policy": html.escape(policy, quote=True),
        "style": style,
        "theme": theme,
        "script": script,
        "data": embed_json(data),
    }
    page = _read("index.html")
    for name, text in parts.items():
        page = page.replace(f"@@{name}@@", text, 1)
    return page


def embed_json(data: Mapping[str, object]) -> str:
    """Return *data* as JSON in which nothing can end, or begin, an element of HTML."""
    text = json.dumps(data, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def policy_hash(text: str) -> str:
    """Return how a Content-Security-Policy names the inline script, or style, *text*."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest())
    return f"'sha256-{digest.decode()}'"


def _read(name: str) -> str:
    return (PAGE / name).read_text("utf-8")
