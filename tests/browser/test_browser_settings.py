"""Requests and settings: what was refused, what may be set, and to begin again."""

import aiohttp
import pytest

from smsgw import Dispatcher
from smsgw.sandbox import Sandbox
from tests.browser.chromium import Watch, expect
from tests.browser.conftest import Open

NUMBER = "79031234567"


async def test_a_wrong_password_is_found_among_the_requests(open_page: Open, sandbox: Sandbox) -> None:
    """What took nothing is listed with its reply, and its link leads to it again."""
    page = await open_page("?view=requests")
    await expect(page.get_by_role("heading", name="Nothing yet")).to_be_visible()
    async with aiohttp.ClientSession() as client:
        wrong = {"user": "test", "pwd": "WRONG", "sadr": "SHOP", "dadr": NUMBER, "text": "Hi"}
        await (await client.get(f"{sandbox.url_for('targetsms')}sendsms.php", params=wrong)).read()
    row = page.locator("#exchanges > li")
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("targetsms")
    await row.locator("summary").first.click()
    await expect(row).to_contain_text("pwd=***")
    await page.get_by_role("link", name="Permalink of request 1").click()
    await expect(row.get_by_role("region", name="Request")).to_be_visible()
    assert "WRONG" not in await page.content()


async def test_the_speed_of_delivery_is_set(open_page: Open, sandbox: Sandbox, watch: Watch) -> None:
    """At once; what cannot be is refused beside the field, and changes nothing."""
    watch.refusals_expected = True
    page = await open_page("?view=settings")
    field = page.get_by_label("Delivered after")
    await expect(field).to_have_value("2")
    await field.fill("7.5")
    await field.press("Tab")
    await expect(page.locator("#said")).to_have_text("Delivered after: set")
    assert sandbox.gateways["iba"].delivery_after == 7.5
    await field.fill("-1")
    await field.press("Tab")
    await expect(field).to_have_attribute("aria-invalid", "true")
    assert sandbox.gateways["iba"].delivery_after == 7.5


async def test_what_a_client_needs_stands_there(open_page: Open, sandbox: Sandbox) -> None:
    """The URL of each gateway, the account, and which endings of numbers decide what."""
    page = await open_page("?view=settings")
    for name in sandbox.gateways:
        await expect(page.locator("#settings-gateways")).to_contain_text(sandbox.url_for(name))
    await expect(page.locator("#settings-fates tr").filter(has_text="…13")).to_contain_text("undeliverable")


async def test_reset_asks_first(open_page: Open, sms: Dispatcher, sandbox: Sandbox) -> None:
    """Who keeps all loses nothing; who resets has an empty inbox and no faults."""
    await sms.send(NUMBER, "Hi", provider="iba")
    sandbox.gateways["iba"].faults.blocked = True
    page = await open_page("?view=settings")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.get_by_role("button", name="Reset…").click()
    await page.get_by_role("button", name="Keep all").click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.get_by_role("button", name="Reset…").click()
    await page.get_by_role("button", name="Reset", exact=True).click()
    await expect(page.locator("#strip")).to_be_hidden()
    await page.get_by_role("link", name="Inbox").click()
    await expect(page.get_by_role("heading", name="Nothing yet")).to_be_visible()
    assert not sandbox.gateways["iba"].faults.blocked
    assert asked.count(f"{sandbox.url}api/reset") == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_a_chosen_theme_is_remembered(open_page: Open, theme: str) -> None:
    """Whatever the system's own is."""
    page = await open_page()
    await page.get_by_label("Theme").select_option(theme)
    await page.reload()
    await expect(page.locator("html")).to_have_css("color-scheme", theme)
    await page.get_by_label("Theme").select_option("system")
    await expect(page.locator("html")).to_have_css("color-scheme", "light dark")
