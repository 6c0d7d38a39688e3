"""Names and answers on the page about the tables."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Site
from wheelbridge.api.mapping.site import build_site, write_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


class TestSearch:
    """A name either way, an external id, a soname."""

    def test_a_project_leads_to_its_package(self, site: Site) -> None:
        """From PyPI to conda: the answer, what it means in a solve, how sure it is, why, and since when."""
        site.open()
        assert site.search("pyqt5")[0] == "#pypi/pyqt5"
        site.page.locator(".result").first.click()

        assert (site.place, site.heading()) == ("#pypi/pyqt5", "pyqt5")
        answer = site.page.locator("main").inner_text()
        assert "conda specs may be put in the place" in answer
        assert site.page.locator("main .role .badge").inner_text().split() == ["◐", "stand-in"]
        assert site.page.locator("main a.side").get_attribute("href") == "#conda/pyqt"
        assert site.fact("Confidence").startswith("curated")
        assert site.fact("Also needed") == "pyqt >=5,<6"
        assert site.fact("Versions").startswith(">=5,<6")
        assert site.fact("Not") == "pyqt5-sip"
        assert site.fact("Reviewed") == "2026-11-21"
        assert "libgl >=1" in answer

    def test_a_package_leads_to_its_project(self, site: Site) -> None:
        """From conda to PyPI, though the names differ."""
        site.open()
        assert site.search("conda:pytorch") == ["#conda/pytorch"]
        site.page.locator(".result").click()

        assert site.page.locator("main a.side").get_attribute("href") == "#pypi/torch"
        site.page.locator("main a.side").click()
        assert site.heading() == "torch"

    def test_a_package_that_is_no_project_says_which_one_it_looks_like(self, site: Site) -> None:
        """The trap: conda's tzdata is not PyPI's."""
        site.open("#conda/tzdata")

        text = site.page.locator("main").inner_text()
        assert "No PyPI project is this package" in text
        assert "tzdata → python-tzdata" in text

    @pytest.mark.parametrize(
        ("text", "first"),
        [
            ("zope_interface", "#pypi/zope-interface"),
            ("Zope.Interface", "#pypi/zope-interface"),
            ("interface/blas", "#dep/virtual/interface/blas"),
            ("dep:virtual", "#dep/virtual/interface/blas"),
            ("libodbc", "#soname/libodbc.so.2"),
            ("constructor", "#pypi/constructor"),
            ("pypi:torch", "#pypi/torch"),
        ],
    )
    def test_names_are_found_however_they_are_written(self, site: Site, text: str, first: str) -> None:
        """Case and separators do not matter; a name that scripts know for their own is a name."""
        site.open()

        assert site.search(text)[0] == first

    def test_what_begins_so_comes_before_what_only_has_it(self, site: Site) -> None:
        """Exact, then prefix, then the start of a word, then anywhere; a name that is both worlds' is there once."""
        site.open()

        assert site.search("absolv") == ["#pypi/absolv", "#conda/absolv", "#conda/absolv-base"]
        assert site.search("adversary") == ["#pypi/adversary", "#conda/artificial-adversary"]
        assert site.search("numpy") == ["#pypi/numpy"]
        assert site.page.locator(".result .kind").first.inner_text().split() == ["PyPI", "conda"]

    def test_a_kind_can_be_chosen(self, site: Site) -> None:
        """Only conda packages; the address keeps the choice."""
        site.open()
        site.search("tzdata")
        site.page.locator("#kinds label", has_text="conda").click()

        assert site.results() == ["#conda/tzdata", "#conda/python-tzdata"]
        site.page.wait_for_url("**#find/tzdata?kind=conda")
        site.page.reload()
        assert site.results() == ["#conda/tzdata", "#conda/python-tzdata"]

    def test_the_number_of_results_is_said(self, site: Site) -> None:
        """In a region that screen readers read out; more than fit are shown when asked for."""
        site.open()
        status = site.page.locator("#status")
        assert status.get_attribute("aria-live") == "polite"

        assert len(site.search("filler")) == 50
        assert status.inner_text() == "130 names, the first 50 are shown"
        site.page.locator("main button").click()
        assert len(site.results()) == 130
        assert site.focused() == "#pypi/filler-050"
        site.search("nonesuch")
        assert status.inner_text() == "No name has “nonesuch” in it."

    def test_a_name_that_no_table_speaks_of_is_no_error(self, site: Site) -> None:
        """No answer is an answer; a package of that name is shown, and not taken for it."""
        site.open("#pypi/lonely")

        text = site.page.locator("main").inner_text()
        assert "No table speaks of this project." in text
        assert "the same name is no evidence" in text

    def test_an_ambiguous_name_has_candidates_and_no_answer(self, site: Site) -> None:
        """Undecided, and claimed by a layer above: each says why."""
        site.open("#pypi/absolv")
        assert "nobody decided" in site.page.locator("main").inner_text()
        assert site.page.locator("main .chips a").all_inner_texts() == ["absolv", "absolv-base"]
        assert site.page.locator(".verdict").count() == 0

        site.open("#pypi/claimant")
        assert "makes that package another project's" in site.page.locator("main").inner_text()

    def test_every_layer_has_its_say(self, site: Site) -> None:
        """What decides, and what it overrules."""
        site.open("#pypi/tzdata")

        rows = site.page.locator("main .scroll tbody tr").all_inner_texts()
        assert [row.split()[0] for row in rows] == ["curated", "generated"]
        assert rows[0].endswith("decides")
        assert rows[1].endswith("a layer above speaks first")

    def test_the_history_of_a_row_is_told(self, site: Site) -> None:
        """The newest change first: day, what happened, the commit's subject as it is."""
        site.open("#pypi/tzdata")

        curated = site.page.locator(".history").first.locator("li").all_inner_texts()
        assert "changed: Say which tzdata <b>is meant</b>" in " ".join(curated[0].split())
        assert "in the table's first version: Begin the tables" in " ".join(curated[1].split())
        assert "2026-11-20" in curated[0]

    def test_searching_is_quick(self, browser: "Browser", tmp_path: Path) -> None:
        """Measured over the real tables and shown; no time is asserted, since machines differ."""
        page = browser.new_page()
        page.goto(write_site(build_site(history=False), tmp_path).as_uri())
        times = []
        for text in ("n", "py", "numpy", "zz", "-base", "conda:lib"):
            page.locator("#query").fill(text)
            times.append(f"{text} {page.locator('main').get_attribute('data-took')} ms")
        print("search:", ", ".join(times))
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")
        print(f"first paint {paint} ms, file {(tmp_path / 'index.html').stat().st_size} bytes")
        page.close()

        assert len(times) == 6
