"""Whole tables and charts on the page about the tables."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import Site
from tests.sitetables import commit, write_tables
from wheelbridge.api.mapping.site import build_site, write_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


class TestLists:
    """Whole tables, filtered and in pages."""

    def test_the_ambiguous_names_can_be_filtered(self, site: Site) -> None:
        """By name, by candidate, by kind; the number is said, the address keeps the filter."""
        page = site.open("#ambiguous")
        names = page.locator(".rows.paged .pair > .name")
        status = page.locator("main .status")
        assert status.inner_text() == "63 in all, shown are 1 to 50"

        page.locator("#filter").fill("artificial")
        assert names.all_inner_texts() == ["adversary"]
        page.locator("#filter").fill("")
        page.locator("#only").select_option("claimed")
        assert names.all_inner_texts() == ["claimant"]
        assert status.inner_text() == "1 of 63"
        assert site.place == "#ambiguous?only=claimed"
        page.reload()
        assert names.all_inner_texts() == ["claimant"]

    def test_pages_are_steps_of_the_history(self, site: Site) -> None:
        """Next, and back with the browser's button."""
        page = site.open("#ambiguous?q=unsure")
        page.get_by_role("link", name="Next").click()
        assert (site.place, page.locator(".rows.paged > li").count()) == ("#ambiguous?q=unsure&page=2", 10)
        page.go_back()

        assert page.locator(".pager span").last.inner_text() == "Page 1 of 2"

    def test_external_ids_show_every_platform(self, site: Site) -> None:
        """Alternatives apart, what recipes write besides, and the version's scheme."""
        page = site.open("#dep/virtual/interface/blas")
        cards = [" ".join(card.split()) for card in page.locator(".card").all_inner_texts()]

        assert cards[0] == "unix on linux-*, osx-* host libblas libcblas In a recipe instead host libblas * *netlib"
        assert cards[1] == "windows on win-* host libblas >=3.9"
        assert site.fact("Version scheme") == "reference-lapack"
        assert "basic linear algebra" in page.locator("main").inner_text()
        assert page.locator(".outside").first.get_attribute("href") == (
            "https://github.com/conda-forge/blas-feedstock/tree/0123abc"
        )

    @pytest.mark.parametrize(
        ("place", "text"),
        [
            ("#curated", "conda tzdata is the time zone database"),
            ("#bundlers", "its builds installed their dependencies"),
            ("#external", "not packaged"),
            ("#wheels", "libgl >=1 on linux-*"),
            ("#sonames", "unixodbc on linux-*"),
            ("#variants", "__cuda >=1"),
            ("#variants", "cuda-cudart >=12,<13"),
            ("#guide", "alternatives under one name"),
        ],
    )
    def test_every_table_has_its_section(self, site: Site, place: str, text: str) -> None:
        """What stands in the file stands on the page."""
        said = " ".join(site.open(place).locator("main").inner_text().split())

        assert text.replace("conda tzdata", "the conda package tzdata") in said

    def test_tables_that_are_not_there_are_said_to_be_missing(self, browser: "Browser", tmp_path: Path) -> None:
        """Nothing but the name tables: each section says so, and rows without a history do."""
        tables = write_tables(tmp_path / "tables")
        for name in ("external", "wheels", "sonames", "variants"):
            for path in (tables / name).iterdir():
                path.unlink()
        (tables / "names" / "bundlers.yaml").unlink()
        page = browser.new_page()
        url = write_site(build_site(tables), tmp_path / "out").as_uri()
        for place in ("external", "wheels", "sonames", "variants", "bundlers"):
            page.goto(f"{url}#{place}")
            assert "have no file" in page.locator("main").inner_text()
        page.goto(f"{url}#pypi/tzdata")
        assert "Left out: the folder of the tables is not in a git checkout." in page.locator("main").inner_text()
        page.close()

    def test_a_row_that_git_does_not_know_yet_says_so(self, browser: "Browser", tmp_path: Path) -> None:
        """Its table is new, while others have a history."""
        tables = write_tables(tmp_path / "tables")
        (tables / ".gitignore").write_text("sonames\n", encoding="utf-8")
        commit(tables, "Begin")
        page = browser.new_page()
        page.goto(f"{write_site(build_site(tables), tmp_path / 'out').as_uri()}#soname/libodbc.so.2")
        assert page.locator("main section").last.inner_text() == "History\n\nNot committed yet."
        page.close()

    def test_a_project_tells_who_carries_copies_of_it(self, site: Site) -> None:
        """A dist-info in a bundler is no evidence, in either direction."""
        page = site.open("#pypi/numpy")
        assert page.locator("section", has_text="Copies of it are in").get_by_role("link").inner_text() == "finesse"

        page.locator("section .name", has_text="finesse").click()
        assert site.fact("Not theirs") == "numpy"

    def test_the_charts_show_the_numbers_of_the_tables(self, site: Site) -> None:
        """Each bar stands beside its number; the picture of the whole says the numbers, too."""
        page = site.open("#coverage")
        whole = page.locator(".whole svg[role=img]").get_attribute("aria-label")

        assert "identity 135 (67.2 %), stand-in 1 (0.5 %), explanation 2 (1.0 %), ambiguous 63 (31.3 %)" in str(whole)
        rows = [" ".join(row.split()) for row in page.locator(".bars tr").all_inner_texts()]
        assert "verified 134 97.1 %" in rows
        assert "dist 136 98.6 %" in rows

    def test_the_page_counts_what_the_tables_answer(self, site: Site) -> None:
        """Decoded by the page's own script, the rows are as many as the look-up has."""
        counted = site.open().evaluate(
            "({projects: answers().length, ambiguous: ambiguous().length, packages: packages().size,"
            " identity: answers().filter(([, one]) => !one.candidates && one.row.role === 'identity').length,"
            " told: raw.counts})"
        )

        told = counted.pop("told")
        assert counted == {
            "projects": told["projects"],
            "ambiguous": told["ambiguous"],
            "packages": told["packages"],
            "identity": told["roles"]["identity"],
        }
