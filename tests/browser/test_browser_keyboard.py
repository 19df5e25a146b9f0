"""Without a mouse."""

from smsgw import Dispatcher
from smsgw.sandbox import Sandbox
from tests.browser.chromium import expect
from tests.browser.conftest import Open

NUMBER = "79031234567"


async def test_by_keyboard_alone(open_page: Open, sms: Dispatcher, sandbox: Sandbox) -> None:
    """Filter, move, open, look at the next one, and back to the row that one left."""
    for text in ("Yes 1", "No", "Yes 2", "Yes 3"):
        await sms.send(NUMBER, text, provider="smsco")
    page = await open_page()
    rows = page.locator("#messages tbody tr")
    await expect(rows).to_have_count(4)
    await page.keyboard.press("/")
    await expect(page.get_by_label("Text or sender")).to_be_focused()
    await page.keyboard.type("yes")
    await expect(rows).to_have_count(3)
    await page.keyboard.press("Tab")
    await page.keyboard.press("Escape")
    await page.keyboard.press("j")
    await expect(page.get_by_role("link", name="Yes 3")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_role("link", name="Yes 2")).to_be_focused()
    await page.keyboard.press("k")
    await expect(page.get_by_role("link", name="Yes 3")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".parts p")).to_have_text("Yes 3")
    await expect(page.get_by_role("link", name="Older")).to_be_visible()
    await page.keyboard.press("j")
    await expect(page.locator(".parts p")).to_have_text("Yes 2")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("link", name="Yes 2")).to_be_focused()
    await expect(page).to_have_url(f"{sandbox.url}?text=yes")


async def test_keys_are_shown_and_may_be_switched_off(open_page: Open, sms: Dispatcher) -> None:
    """`?` shows them; where one types they are letters; switched off they do nothing, and that is remembered."""
    await sms.send(NUMBER, "Hi", provider="iba")
    page = await open_page()
    await page.get_by_label("Text or sender").press("?")
    await expect(page.get_by_label("Text or sender")).to_have_value("?")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await open_page()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await page.get_by_label("Single-letter keys").uncheck()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await open_page()
    await page.keyboard.press("/")
    await expect(page.get_by_label("Text or sender")).not_to_be_focused()


async def test_a_skip_link_comes_first(open_page: Open, sandbox: Sandbox) -> None:
    """The first Tab finds it, and it leads past the header."""
    page = await open_page()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Inbox")
