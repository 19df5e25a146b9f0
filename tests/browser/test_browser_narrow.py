"""Narrow screens."""

import pytest

from smsgw import Dispatcher
from smsgw.sandbox import Sandbox
from tests.browser.chromium import Watch, expect
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


@pytest.mark.parametrize("width", [390, 320])
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
