"""Addresses and keys of the page about the tables."""

import pytest

from tests.browser.conftest import Site

pytestmark = pytest.mark.browser


class TestAddresses:
    """Every view has an address, and the browser's own buttons work."""

    def test_an_address_opens_its_view(self, site: Site) -> None:
        """A link that somebody sent, with slashes and question marks in its name."""
        site.open("#dep/generic/openblas%3Frepository_url%3Dhttps%3A//host.example/openblas")
        assert site.heading() == "dep:generic/openblas?repository_url=https://host.example/openblas"

        site.open("#dep/github/openmathlib/openblas")
        assert site.heading() == "dep:github/OpenMathLib/OpenBLAS"
        site.page.get_by_role("link", name="dep:virtual/interface/blas").first.click()
        assert site.place == "#dep/virtual/interface/blas"

    def test_back_and_forward_lead_through_what_was_seen(self, site: Site) -> None:
        """Results, answer, answer; and back to the very result that was opened."""
        site.open()
        site.search("tzdata")
        site.page.locator(".result[href='#pypi/tzdata']").click()
        site.page.locator("main a.side").click()
        assert site.heading() == "python-tzdata"

        site.page.go_back()
        assert (site.place, site.heading()) == ("#pypi/tzdata", "tzdata")
        site.page.go_back()
        assert (site.place, site.page.locator("#query").input_value()) == ("#find/tzdata", "tzdata")
        assert site.focused() == "#pypi/tzdata"
        site.page.go_back()
        assert site.place in {"", "#"}
        assert site.page.locator("#hero").is_visible()
        site.page.go_forward()
        assert site.results()[0] == "#pypi/tzdata"

    def test_back_returns_to_the_old_place_of_a_long_list(self, site: Site) -> None:
        """Who opens the fortieth row of a list is not sent to its top."""
        site.open("#ambiguous")
        link = site.page.locator(".rows .name").nth(80)
        link.scroll_into_view_if_needed()
        before = site.page.evaluate("scrollY")
        link.click()
        assert site.page.evaluate("scrollY") == 0
        site.page.go_back()

        assert before > 0
        assert site.page.evaluate("scrollY") == before

    def test_typing_is_one_step_of_the_history(self, site: Site) -> None:
        """Not one for each letter."""
        site.open("#coverage")
        site.page.locator("#query").press_sequentially("tzd")
        site.page.wait_for_url("**#find/tzd")
        site.page.locator("#query").press_sequentially("ata")
        site.page.wait_for_url("**#find/tzdata")
        site.page.go_back()

        assert site.place == "#coverage"
        assert site.heading() == "Coverage"

    def test_the_title_says_where_one_is(self, site: Site) -> None:
        """Tabs and bookmarks can be told apart."""
        site.open("#pypi/numpy")
        assert site.page.title() == "numpy (PyPI) | wheelbridge tables"

        site.page.locator("#nav a", has_text="Coverage").click()
        site.settle()
        assert site.page.title() == "Coverage | wheelbridge tables"
        assert site.page.locator("#nav a[aria-current=page]").inner_text() == "Coverage"

    @pytest.mark.parametrize("place", ["#no-such-page", "#pypi/", "#constructor", "#pypi/%E0%A4%A", "#find/%"])
    def test_a_broken_address_is_answered(self, site: Site, place: str) -> None:
        """With words, not with an empty page."""
        site.open(place)

        assert site.page.locator("main").inner_text().strip() or site.page.locator("#status").inner_text()
        assert site.complaints == []


class TestKeyboard:
    """Everything can be reached and used without a pointer."""

    def test_a_walk_through_the_page(self, site: Site) -> None:
        """/ to search, arrows through the results, Enter opens, / and Escape begin anew."""
        page = site.open("#coverage")
        keys = page.keyboard
        keys.press("/")
        assert site.focused() == "query"
        keys.type("absolv")
        keys.press("ArrowDown")
        assert site.focused() == "#pypi/absolv"
        keys.press("ArrowDown")
        keys.press("ArrowDown")
        keys.press("ArrowDown")
        assert site.focused() == "#conda/absolv-base"
        keys.press("Home")
        keys.press("ArrowUp")
        assert site.focused() == "query"
        keys.press("ArrowDown")
        keys.press("End")
        keys.press("Enter")
        assert (site.place, site.heading(), site.focused()) == ("#conda/absolv-base", "absolv-base", "H1")
        keys.press("/")
        keys.press("Escape")
        assert (page.locator("#query").input_value(), site.focused()) == ("", "query")
        assert page.locator("#hero").is_visible()

    def test_enter_opens_the_first_result(self, site: Site) -> None:
        """At once, without waiting for anything."""
        page = site.open()
        page.keyboard.press("/")
        page.keyboard.type("torch")
        page.keyboard.press("Enter")

        assert site.heading() == "torch"
        page.go_back()
        assert site.place == "#find/torch"

    def test_a_slash_in_a_field_is_a_slash(self, site: Site) -> None:
        """The key is taken where no text is typed only."""
        page = site.open("#external")
        page.locator("#filter").press_sequentially("interface/")

        assert page.locator("#filter").input_value() == "interface/"

    def test_tab_reaches_everything_in_order_and_shows_where_it_is(self, site: Site) -> None:
        """The link that skips the head comes first; each stop has an outline."""
        page = site.open("#pypi/tzdata")
        stops = []
        for _ in range(40):
            page.keyboard.press("Tab")
            stops.append(site.focused())
            if stops[-1] == "BODY":
                break
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", stops[-1]
        links = page.locator("main a").evaluate_all("links => links.map(link => link.getAttribute('href'))")

        assert stops[:2] == ["#main", "#"]
        assert {"theme", "query", "#coverage", "#guide", *links} <= set(stops)

    def test_the_skip_link_leads_to_the_content(self, site: Site) -> None:
        """And leaves the address alone, which is a view's."""
        page = site.open("#pypi/numpy")
        page.keyboard.press("Tab")
        assert page.locator(".skip").bounding_box()["y"] >= 0  # type: ignore[index] # one without a box fails here
        page.keyboard.press("Enter")

        assert (site.focused(), site.place) == ("main", "#pypi/numpy")
