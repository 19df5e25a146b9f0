"""axe-core finds nothing to complain of, in any view, either theme, on wide and narrow screens."""

import os
from pathlib import Path
from typing import Any, Literal

import pytest

from smsgw import Dispatcher
from smsgw.sandbox import Sandbox
from tests.browser.chromium import REQUIRED, Browser, Page, expect
from tests.browser.views import VIEWS, furnish

AXE = os.environ.get("SMSGW_AXE", "")

if not AXE and not REQUIRED:
    pytest.skip(
        "axe-core is left out: SMSGW_AXE does not say where axe.min.js is; `nox -s browser` brings it",
        allow_module_level=True,
    )

SCRIPT = Path(AXE).read_text("utf-8")


async def violations(page: Page) -> list[str]:
    """What axe-core finds, with all its rules, best practices included."""
    found: dict[str, Any] = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_axe_finds_no_violations(
    browser: Browser, sandbox: Sandbox, sms: Dispatcher, theme: Literal["light", "dark"], width: int
) -> None:
    """Every view, empty and full, and both dialogs."""
    context = await browser.new_context(
        bypass_csp=True,  # for axe's own script; the page's policy is what the other tests run under
        viewport={"width": width, "height": 800},
        color_scheme=theme,
        reduced_motion="reduce",
    )
    page = await context.new_page()
    found: dict[str, list[str]] = {}

    async def look(name: str, query: str) -> None:
        await page.goto(f"{sandbox.url}{query}")
        await page.locator("#live[data-state=live]").wait_for()
        await page.evaluate(SCRIPT)
        if problems := await violations(page):
            found[name] = problems

    await look("nothing yet", "")
    await look("no requests yet", "?view=requests")
    await furnish(sandbox, sms)
    for name, query in VIEWS.items():
        await look(name, query)
    sandbox.world.incoming.url = "http://127.0.0.1:9/"
    await look("phone that may write", VIEWS["phone"])
    await look("keys", "?view=settings")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    if problems := await violations(page):
        found["dialog of the keys"] = problems
    await page.keyboard.press("Escape")
    await page.locator("#reset-open").click()
    if problems := await violations(page):
        found["dialog of the reset"] = problems
    await context.close()
    assert found == {}
