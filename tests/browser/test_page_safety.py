"""The page about the tables asks nobody, and what the tables say is text."""

import pytest

from tests.browser.conftest import VIEWS, Site
from tests.sitetables import HOSTILE

pytestmark = pytest.mark.browser


class TestSafety:
    """The page is a file: it asks nobody, and what the tables say is text."""

    def test_nothing_is_asked_of_anybody(self, site: Site) -> None:
        """All views from a file: the one request is for the file itself, and no script complains."""
        for place in VIEWS:
            site.open(place)
        for link in site.page.locator("#nav a").all():
            link.click()

        assert site.url.startswith("file://")
        assert {url.partition("#")[0] for url in site.requests} - {"about:blank", "data:,"} == {site.url}
        assert site.complaints == []

    @pytest.mark.parametrize("place", ["#pypi/hostile", "#curated", "#find/hostile", "#conda/hostile-conda"])
    def test_a_hostile_reason_is_a_text(self, site: Site, place: str) -> None:
        """It is shown letter by letter, and does nothing."""
        page = site.open(place)
        page.wait_for_timeout(100)

        assert page.title() != "run"
        assert page.locator("main img, main script").count() == 0
        if place != "#find/hostile":
            assert " ".join(HOSTILE.split()) in " ".join(page.locator("main").inner_text().split())
        assert site.complaints == []

    def test_an_address_cannot_bring_markup_along(self, site: Site) -> None:
        """Names in addresses are texts as well."""
        page = site.open("#pypi/%3Cimg%20src=x%20onerror=%22document.title='run'%22%3E")

        assert site.heading() == "<img src=x onerror=\"document.title='run'\">"
        assert page.locator("main img").count() == 0

    def test_only_addresses_of_the_web_become_links(self, site: Site) -> None:
        """A script is no evidence."""
        page = site.open("#pypi/hostile")

        links = page.locator(".evidence a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        assert links == ["https://host.example/a?b=1", "https://github.com/owner/repo/tree/0123abc"]
        assert "javascript:document.title='run'" in page.locator(".evidence").inner_text()

    def test_a_script_from_elsewhere_does_not_run(self, site: Site) -> None:
        """Even one that got into the page: its policy knows the page's own only."""
        page = site.open()
        page.evaluate(
            "() => { const script = document.createElement('script');"
            " script.textContent = 'document.title = \"run\"'; document.body.append(script); }"
        )

        assert page.title() != "run"
        assert any("Content Security Policy" in complaint for complaint in site.complaints)
