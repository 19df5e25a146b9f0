"""The page outlives the sandbox."""

from smsgw import Dispatcher
from smsgw.sandbox import Sandbox
from tests.browser.chromium import Page, Watch, expect
from tests.browser.conftest import Clock

NUMBER = "79031234567"


async def test_a_restarted_sandbox_is_found_again(page: Page, clock: Clock) -> None:
    """While it is away the page says so and keeps what it showed; then it shows the new one's messages."""
    async with Sandbox(clock=clock) as first:
        port = int(first.url.rstrip("/").rpartition(":")[2])
        watch = Watch(page, first.url)
        watch.refusals_expected = True
        async with Dispatcher.from_config(first.config()) as sms:
            await sms.send(NUMBER, "Of the first", provider="iba")
        await page.goto(first.url)
        await expect(page.locator("#live")).to_have_text("live")
        await expect(page.locator("#messages tbody tr")).to_contain_text("Of the first")
    await expect(page.locator("#live")).to_have_text("reconnecting…")
    await expect(page.locator("#messages tbody tr")).to_contain_text("Of the first")
    async with Sandbox(clock=clock, port=port) as second, Dispatcher.from_config(second.config()) as sms:
        await sms.send(NUMBER, "Of the second", provider="iba")
        await expect(page.locator("#live")).to_have_text("live")
        await expect(page.locator("#messages tbody tr")).to_contain_text("Of the second")
        await expect(page.locator("#messages tbody tr")).to_have_count(1)
        await sms.send(NUMBER, "And one more", provider="iba")
        await expect(page.locator("#messages tbody tr")).to_have_count(2)
        await page.goto("about:blank")
    watch.check()
