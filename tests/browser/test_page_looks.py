"""The page about the tables in light and dark, wide and narrow."""

from typing import Any

import pytest

from tests.browser.conftest import VIEWS, Site

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True}
AA = 4.5
"""WCAG 2.2, 1.4.3: "a contrast ratio of at least 4.5:1"."""
AA_PARTS = 3.0
"""WCAG 2.2, 1.4.11: "a contrast ratio of at least 3:1" for what tells a control or a picture apart."""
POOR = """
([least, property, selector]) => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const known = new Map();
  const read = (colour) => {
    if (!known.has(colour)) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      known.set(colour, [...canvas.getImageData(0, 0, 1, 1).data]);
    }
    return known.get(colour);
  };
  const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const below = (element) => {
    while (element && read(getComputedStyle(element).backgroundColor)[3] === 0) element = element.parentElement;
    return read(element ? getComputedStyle(element).backgroundColor : 'white');
  };
  const ratio = (element) => {
    const front = light(read(getComputedStyle(element)[property]));
    const back = light(below(property === 'color' ? element : element.parentElement));
    return (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
  };
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const checked = [...document.querySelectorAll(selector)].filter((element) => property !== 'color' || hasText(element))
    .filter((element) => element.checkVisibility());
  const name = (element) => element.textContent.slice(0, 40) || element.id;
  const poor = checked.map((element) => [name(element), Number(ratio(element).toFixed(2))]);
  return {checked: checked.length, poor: poor.filter(([, found]) => found < least)};
}
"""
"""What has less contrast with what is painted below it than it should, as WCAG 2.2 computes contrast."""
TEXTS = "body :not(script, style, option, .hidden, [aria-hidden=true])"


class TestLooks:
    """Light and dark, wide and narrow."""

    @pytest.mark.parametrize("options", [{"color_scheme": scheme} for scheme in ("light", "dark")], ids=str)
    def test_the_theme_follows_the_system_until_one_is_chosen(self, site: Site, options: dict[str, Any]) -> None:
        """The button goes through auto, light and dark; the choice is kept and there before the first paint."""
        page = site.open()
        ground = "getComputedStyle(document.body).backgroundColor"
        grounds = {"light": "rgb(248, 247, 244)", "dark": "rgb(21, 24, 27)"}
        assert page.evaluate(ground) == grounds[options["color_scheme"]]

        button = page.locator("#theme")
        assert button.inner_text() == "Theme: auto"
        for theme in ("light", "dark"):
            button.click()
            assert (button.inner_text(), page.evaluate(ground)) == (f"Theme: {theme}", grounds[theme])
        page.reload()
        assert (button.inner_text(), page.evaluate(ground)) == ("Theme: dark", grounds["dark"])
        button.click()
        assert page.evaluate(ground) == grounds[options["color_scheme"]]

    @pytest.mark.parametrize("options", [{"color_scheme": scheme} for scheme in ("light", "dark")], ids=str)
    def test_texts_can_be_read(self, site: Site, options: dict[str, Any]) -> None:
        """Every text of every view against what is painted below it, and the edges of the controls."""
        del options
        poor = {}
        for place in VIEWS:
            found = site.open(place).evaluate(POOR, [AA, "color", TEXTS])
            assert found["checked"] > 15, place
            poor[place] = found["poor"]
        site.open("#ambiguous")
        edges = site.page.evaluate(POOR, [AA_PARTS, "borderTopColor", "#query, #filter, #only, #theme"])

        assert edges == {"checked": 4, "poor": []}
        assert {place: found for place, found in poor.items() if found} == {}

    @pytest.mark.parametrize("options", [PHONE], ids=["320 px"])
    def test_nothing_is_wider_than_a_small_phone(self, site: Site, options: dict[str, Any]) -> None:
        """WCAG 2.2, 1.4.10: no scrolling in two dimensions at a width of 320 pixels."""
        wide = {}
        for place in VIEWS:
            page = site.open(place)
            width = page.evaluate("document.documentElement.scrollWidth")
            outside = page.locator("body *").evaluate_all(
                "all => all.filter(e => !e.closest('.scroll, .hidden, .skip') && e.getClientRects().length"
                " && e.getBoundingClientRect().right > 320.5).map(e => e.outerHTML.slice(0, 80))"
            )
            if width > options["viewport"]["width"] or outside:
                wide[place] = (width, outside)

        assert wide == {}

    @pytest.mark.parametrize("options", [{"reduced_motion": "reduce"}], ids=["reduced"])
    def test_nothing_moves_for_those_who_do_not_want_it(self, site: Site, options: dict[str, Any]) -> None:
        """``prefers-reduced-motion``."""
        del options
        page = site.open()

        assert page.locator(".tiles a").first.evaluate("e => getComputedStyle(e).transitionDuration") == "0s"

    def test_landmarks_and_names_are_there(self, site: Site) -> None:
        """Header, navigation, search, main and footer; one first heading; every control has a name."""
        for place in VIEWS:
            page = site.open(place)
            for role in ("banner", "navigation", "search", "main", "contentinfo"):
                assert page.get_by_role(role).count() >= 1, (place, role)
            assert page.locator("h1").count() == 1, place
            unnamed = page.locator("main input, main select, .seek input").evaluate_all(
                "all => all.filter(e => !e.labels?.length).map(e => e.outerHTML)"
            )
            assert unnamed == []
