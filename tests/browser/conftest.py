"""A real browser with the page of a small folder of tables."""

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.sitetables import commit, write_tables
from wheelbridge.api.mapping.site import build_site, write_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

VARIABLE = "WHEELBRIDGE_TEST_CHROMIUM"
"""Names the browser's program; otherwise a chromium on PATH is taken."""
VIEWS = (
    "",
    "#find/n",
    "#pypi/pyqt5",
    "#pypi/hostile",
    "#pypi/absolv",
    "#pypi/no-such-project",
    "#conda/python-tzdata",
    "#conda/finesse",
    "#dep/virtual/interface/blas",
    "#dep/generic/swift",
    "#soname/libodbc.so.2",
    "#coverage",
    "#ambiguous",
    "#curated",
    "#bundlers",
    "#external",
    "#wheels",
    "#sonames",
    "#variants",
    "#guide",
    "#no-such-page",
)
"""Every kind of view."""
_SETTLED = "new Promise(done => { const look = () => location.hash === state.at ? done() : setTimeout(look); look(); })"
_WAITS = 5_000
"""Milliseconds until something that is not there counts as missing."""


@dataclass
class Site:
    """The page in a browser, with all that it did wrong.

    Attributes:
        url: the address of the file.
        page: the open page.
        requests: addresses of everything that was asked for.
        complaints: errors of scripts, and what the console was told.
    """

    url: str
    page: "Page"
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, place: str = "") -> "Page":
        """Load the page afresh, at a place such as ``#pypi/numpy``."""
        self.page.goto("about:blank")
        self.page.goto(self.url + place)
        return self.page

    def settle(self) -> None:
        """Wait until the page shows what its address says."""
        self.page.evaluate(_SETTLED)

    @property
    def place(self) -> str:
        """Where in the page the address leads."""
        self.settle()
        return self.page.url.removeprefix(self.url)

    def heading(self) -> str:
        """Return the title of what is shown."""
        self.settle()
        return self.page.locator("main h1").inner_text()

    def results(self) -> list[str]:
        """Return the addresses of the results, the first one first."""
        self.settle()
        return [str(link.get_attribute("href")) for link in self.page.locator(".result").all()]

    def search(self, text: str) -> list[str]:
        """Type into the search; return the results."""
        self.page.locator("#query").fill(text)
        return self.results()

    def fact(self, term: str) -> str:
        """Return what the answer says of *term*."""
        name = self.page.locator("dt", has_text=re.compile(f"^{term}$"))
        return self.page.locator(".facts > div", has=name).first.locator("dd").inner_text()

    def focused(self) -> str:
        """Return the address, the id or the tag of what has the focus."""
        self.settle()
        script = "(e => e.getAttribute('href') || e.id || e.tagName)(document.activeElement)"
        return str(self.page.evaluate(script))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the browser's program."""
    found = os.environ.get(VARIABLE) or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip(f"NO BROWSER: the page is not tested; install chromium, or name one in {VARIABLE}")
    return found


@pytest.fixture(scope="module")
def browser(chromium: str) -> "Iterator[Browser]":
    """Start the browser, without a window; for a module only, as an event loop runs in the thread while it is there."""
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - it may be missing
    except ImportError:
        pytest.skip("NO PLAYWRIGHT: the page is not tested in a browser; install the test group")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium)
        yield started
        started.close()


@pytest.fixture(scope="session")
def site_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page about the small tables, whose rows have a history."""
    tables = write_tables(tmp_path_factory.mktemp("site") / "tables")
    commit(tables, "Begin the tables")
    overrides = tables / "names" / "overrides.yaml"
    text = overrides.read_text("utf-8")
    overrides.write_text(text.replace("conda tzdata is", "the conda package tzdata is"), encoding="utf-8")
    commit(tables, "Say which tzdata <b>is meant</b>")
    return write_site(build_site(tables), tables.parent / "out")


@pytest.fixture
def options() -> dict[str, Any]:
    """Return how the browser is set up; tests override it by parametrizing."""
    return {}


@pytest.fixture
def context(browser: "Browser", options: dict[str, Any]) -> "Iterator[BrowserContext]":
    """Open a browser profile that remembers nothing of other tests."""
    opened = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
    opened.set_default_timeout(_WAITS)
    yield opened
    opened.close()


@pytest.fixture
def site(context: "BrowserContext", site_file: Path) -> Site:
    """Open the page's browser tab; nothing is loaded yet."""
    tab = context.new_page()
    opened = Site(site_file.as_uri(), tab)
    tab.on("request", lambda request: opened.requests.append(request.url))
    tab.on("console", lambda message: opened.complaints.append(f"{message.type}: {message.text}"))
    tab.on("pageerror", lambda error: opened.complaints.append(str(error)))
    return opened
