"""Narrow screens."""

import pytest

from smsgw import Dispatcher
from smsgw.sandbox import Sandbox
from tests.browser.chromium import Page, Watch, expect
from tests.browser.conftest import Open
from tests.browser.views import VIEWS, furnish

# Elements beyond the right edge, but for those that a box with an edge of its own cuts off or scrolls.
_OUTSIDE = """() => {
  const cut = (element) => {
    for (let box = element.parentElement; box; box = box.parentElement)
      if (getComputedStyle(box).overflowX !== "visible" && box !== document.documentElement) return true;
    return false;
  };
  return [document.documentElement, ...document.querySelectorAll("main *, header *")]
    .filter((element) => element.checkVisibility() && !element.closest(".unseen, thead"))
    .filter((element) => Math.max(element.getBoundingClientRect().right,
      element === document.documentElement ? element.scrollWidth : 0) > innerWidth && !cut(element))
    .map((element) => element.outerHTML.slice(0, 120));
}"""


@pytest.mark.parametrize("width", [800, 390, 320])
async def test_nothing_is_wider_than_a_narrow_screen(
    open_page: Open, sandbox: Sandbox, sms: Dispatcher, watch: Watch, width: int
) -> None:
    """No view scrolls sideways, and nothing that one could press lies outside."""
    watch.refusals_expected = True
    await furnish(sandbox, sms)
    for name, query in VIEWS.items():
        page = await open_page(query)
        await page.set_viewport_size({"width": width, "height": 700})
        await expect(page.locator("#strip")).to_be_visible()
        outside = await page.evaluate(_OUTSIDE)
        assert outside == [], name


@pytest.mark.parametrize("width", [900, 390])
async def test_a_lost_connection_does_not_move_the_page(page: Page, width: int) -> None:
    """There is room in the header for the longest word of the connection."""
    await page.set_viewport_size({"width": width, "height": 700})
    async with Sandbox() as sandbox:
        await page.goto(sandbox.url)
        await expect(page.locator("#live")).to_have_text("live")
        before = await page.locator("main").bounding_box()
    await expect(page.locator("#live")).to_have_text("reconnecting…")
    assert await page.locator("main").bounding_box() == before


async def test_no_key_is_offered_where_there_is_no_keyboard(open_page: Open, page: Page) -> None:
    """The search field says which key leads to it, but not on a narrow screen."""
    search = page.get_by_label("Text or sender")
    await page.set_viewport_size({"width": 390, "height": 700})
    await open_page("?text=zebra")
    await expect(search).not_to_have_attribute("placeholder", "Press / to search")
    await page.set_viewport_size({"width": 1280, "height": 700})
    await expect(search).to_have_attribute("placeholder", "Press / to search")
