"""The page of ``why --graph=html``, in a real browser."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.api.test_graphing import hostile_graph
from wheelbridge.api.explaining.graph import Graph, GraphEdge, GraphNode
from wheelbridge.api.explaining.page import render_graph_page

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

NODES = (
    GraphNode(name="app", kind="wheel", version="1.0", source="pypi", requested="app>=1"),
    GraphNode(name="base", kind="conda", version="0.1", source="conda-forge", machine=("__glibc >=2.17",)),
    GraphNode(name="gone", kind="missing"),
    GraphNode(name="lib", kind="conda", version="2.0", build="h1_0", source="conda-forge"),
)
EDGES = (GraphEdge("app", "lib", "lib >=2"), GraphEdge("lib", "base", "base"), GraphEdge("lib", "gone", "gone >1"))


@pytest.fixture
def requests() -> list[str]:
    """Addresses of everything that the page asked for."""
    return []


@pytest.fixture
def complaints() -> list[str]:
    """What the console was told."""
    return []


@pytest.fixture
def page(context: "BrowserContext", tmp_path: Path, requests: list[str], complaints: list[str]) -> "Iterator[Page]":
    """The page of a small graph; at the end of each test nothing else was asked for, and no script complained."""
    file = tmp_path / "graph.html"
    file.write_text(render_graph_page(Graph(NODES, EDGES), "my-env"), encoding="utf-8")
    tab = context.new_page()
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.goto(file.as_uri())
    yield tab
    assert {url.partition("#")[0] for url in requests} - {"data:,"} == {file.as_uri()}
    assert complaints == []


def place(page: "Page") -> str:
    """Return where the drawing stands."""
    return str(page.locator("#world").get_attribute("transform"))


def test_packages_are_drawn_in_layers(page: "Page") -> None:
    """Each is right of what needs it, and says what it is to those who cannot see it."""
    labels = page.locator(".node").evaluate_all("nodes => nodes.map(node => node.getAttribute('aria-label'))")
    across = [
        box["x"] for name in ("app", "lib", "base") if (box := page.locator(f"[aria-label^='{name}']").bounding_box())
    ]

    assert labels == [
        "app 1.0, wheel, from pypi, asked for",
        "base 0.1, conda, from conda-forge",
        "gone, missing",
        "lib 2.0, conda, from conda-forge",
    ]
    assert across == sorted(across)
    assert page.title() == "my-env"
    assert page.locator(".edge").count() == len(EDGES)


def test_sources_are_colours(page: "Page") -> None:
    """The legend says which; pressed, it takes a source away, and brings it back."""
    fill = "node => getComputedStyle(node.querySelector('rect')).fill"
    app, lib, base = (page.locator(f"[aria-label^='{name}']").evaluate(fill) for name in ("app", "lib", "base"))
    forge = page.get_by_role("button", name="conda-forge (2)")

    assert lib == base != app
    forge.click()
    assert forge.get_attribute("aria-pressed") == "false"
    assert page.locator(".node:visible").count() == 2
    forge.click()
    assert page.locator(".node:visible").count() == 4


def test_search(page: "Page") -> None:
    """``/`` leads to it; what is found is listed, Enter opens the first, Escape lets it go."""
    page.keyboard.press("/")
    page.keyboard.type("Bas")
    assert page.locator("#details .link").all_inner_texts() == ["base"]
    assert page.locator(".node.far").count() == 3

    page.keyboard.press("Enter")
    assert page.locator("#details h2").inner_text() == "base"
    assert "__glibc >=2.17" in page.locator("#details").inner_text()
    assert page.url.endswith("#base")

    page.keyboard.press("Escape")
    assert page.locator("#details h2").inner_text() == "Asked for"
    assert "#" not in page.url


def test_keyboard_alone(page: "Page") -> None:
    """Arrow keys go to what a package needs, and back; Enter opens it; its neighbours are links."""
    page.locator("#graph").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.locator("#details h2").inner_text() == "lib"
    assert page.locator("#details .link").all_inner_texts() == ["app", "base", "gone"]

    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert page.locator("#details h2").inner_text() == "app"
    page.get_by_role("button", name="lib", exact=True).click()
    assert page.locator("#details h2").inner_text() == "lib"


def test_pan_and_zoom(page: "Page") -> None:
    """By mouse, by wheel, by buttons and by keys; Fit shows all again."""
    places = [place(page)]
    page.mouse.move(300, 150)
    page.mouse.down()
    page.mouse.move(360, 190)
    page.mouse.up()
    places.append(place(page))
    page.mouse.wheel(0, -200)
    page.wait_for_function(
        "before => document.getElementById('world').getAttribute('transform') !== before", arg=places[-1]
    )
    places.append(place(page))
    page.get_by_role("button", name="Zoom out").click()
    places.append(place(page))
    page.locator("#graph").focus()
    page.keyboard.press("-")
    places.append(place(page))

    assert len(set(places)) == len(places)
    page.get_by_role("button", name="Fit").click()
    assert place(page) == places[0]


def test_an_address_opens_a_package(page: "Page") -> None:
    """What is behind ``#`` is chosen."""
    page.goto("about:blank")
    page.go_back()
    page.evaluate("location.hash = '#lib'; location.reload()")
    page.wait_for_load_state()

    assert page.locator("#details h2").inner_text() == "lib"


@pytest.mark.parametrize("options", [{"color_scheme": "dark"}])
def test_dark(page: "Page") -> None:
    """The page follows the system, until its button says otherwise."""
    ground = "() => getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Theme").click()
    light = page.evaluate(ground)

    assert (dark, light) == ("rgb(21, 24, 27)", "rgb(248, 247, 244)")


@pytest.mark.parametrize("options", [{"viewport": {"width": 360, "height": 640}}])
def test_narrow(page: "Page") -> None:
    """On a telephone nothing is wider than the screen."""
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("options", [{"java_script_enabled": False}])
def test_without_scripts(page: "Page") -> None:
    """Where scripts are off, the graph is there as a tree."""
    assert "└── lib 2.0 (conda, conda-forge), needed: lib >=2" in page.locator("pre").inner_text()


def test_hostile_names_are_texts(context: "BrowserContext", tmp_path: Path) -> None:
    """Names that look like elements are shown letter by letter, and do nothing."""
    file = tmp_path / "graph.html"
    file.write_text(render_graph_page(hostile_graph(), "env"), encoding="utf-8")
    page = context.new_page()
    page.goto(file.as_uri())
    page.locator(".node").first.click()
    page.wait_for_timeout(100)

    assert page.title() == "env"
    assert page.locator("img").count() == 0
    assert page.locator("#details h2").inner_text().startswith("</script><img")
