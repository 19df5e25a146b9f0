"""One message, and that whatever it holds is text."""

import pytest

from smsgw import Dispatcher
from smsgw.sandbox import Sandbox
from tests.browser.chromium import Watch, expect
from tests.browser.conftest import Clock, Open

NUMBER = "79031234567"
EVIL = "<img src=x onerror=alert(1)>"


async def test_a_message_shows_all_that_is_known(
    open_page: Open, sms: Dispatcher, sandbox: Sandbox, clock: Clock
) -> None:
    """The masked request, the reply, the segments as they are cut, and the history of its status."""
    text = "a" * 66 + "ё" + "b" * 10
    await sms.send(NUMBER, text, provider="iba")
    page = await open_page()
    await page.get_by_role("link", name=text).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"To {NUMBER}")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    parts = page.locator(".parts li")
    await expect(parts).to_have_count(2)
    await expect(parts.first.locator("p")).to_have_text("a" * 66 + "ё")
    await expect(parts.first).to_contain_text("Part 1 of 2")
    await expect(parts.first).to_contain_text("67 of 67")
    await expect(parts.last).to_contain_text("10 of 67")
    await expect(page.locator("mark")).to_have_text("ё")
    await expect(page.locator(".offenders")).to_contain_text("U+0451")
    request = page.get_by_role("region", name="Request")
    await expect(request).to_contain_text("/iba/sendsms.php?user=test&pwd=***&")
    reply = page.get_by_role("region", name="Reply")
    await expect(reply).to_contain_text("HTTP 200")
    await expect(reply).to_contain_text(sandbox.ledger.messages[0].message_id)
    steps = page.locator("#message-way li")
    await expect(steps).to_have_count(2)
    await expect(steps.first).to_have_class("reached")
    await expect(steps.first).to_contain_text("Send")
    await expect(steps.last).to_have_class("expected")
    await expect(steps.last).to_contain_text("deliver")
    clock.now += 10
    await expect(steps.last).to_have_class("reached")
    await expect(page.locator("#message-state")).to_have_text("delivered")


async def test_neighbours_are_those_of_the_filtered_list(open_page: Open, sms: Dispatcher) -> None:
    """Older and newer lead along the list that one came from; at its end they lead nowhere."""
    for text in ("Yes 1", "No", "Yes 2", "No", "Yes 3"):
        await sms.send(NUMBER, text, provider="smsco")
    page = await open_page("?message=3&text=yes")
    parts = page.locator(".parts p")
    await expect(parts).to_have_text("Yes 2")
    await page.get_by_role("link", name="Newer").click()
    await expect(parts).to_have_text("Yes 3")
    await expect(page.get_by_role("link", name="Newer")).to_have_count(0)
    await page.get_by_role("link", name="Older").click()
    await expect(parts).to_have_text("Yes 2")
    await page.get_by_role("link", name="Older").click()
    await expect(parts).to_have_text("Yes 1")
    await page.get_by_role("link", name="Back to the inbox").click()
    await expect(page.locator("#messages tbody tr")).to_have_count(3)


async def test_what_is_hostile_stays_text(open_page: Open, sms: Dispatcher) -> None:
    """As text, as sender, in every view; nothing runs, nothing is asked for elsewhere, and the policy has no work."""
    await sms.send(NUMBER, EVIL, provider="smstele", sender="<img src=x>")
    page = await open_page()
    await expect(page.locator("#messages tbody tr")).to_contain_text(EVIL)
    await expect(page.locator("#messages tbody tr")).to_contain_text("<img src=x>")
    await page.get_by_role("link", name=EVIL).click()
    await expect(page.locator(".parts p")).to_have_text(EVIL)
    await expect(page.locator(".parameters")).to_contain_text(EVIL)
    await expect(page.locator("#message-known")).to_contain_text("<img src=x>")
    await open_page(f"?view=phone&number={NUMBER}")
    await expect(page.locator(".bubble")).to_have_text(EVIL)
    await open_page("?view=requests&open=1")
    await expect(page.locator(".parameters")).to_contain_text(EVIL)
    assert await page.locator("img").count() == 0


@pytest.mark.parametrize(
    "query",
    [
        "text={}",
        "number={}",
        "message={}",
        "view={}",
        "view=toString",
        "view=phone&number={}",
        "view=faults&gateway={}",
    ],
)
async def test_a_hostile_url_stays_text(open_page: Open, sms: Dispatcher, query: str) -> None:
    """Whatever a link to the page says, it shows it or leaves it."""
    await sms.send(NUMBER, "Hi", provider="iba")
    page = await open_page(f"?{query.format('%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E')}")
    await expect(page.locator("main > section:not([hidden]) h1")).to_have_count(1)
    if "view=" not in query:  # a view of no such name is the inbox, a number is read as one
        await expect(page.locator("main")).to_contain_text(EVIL)
    assert await page.locator("img").count() == 0


@pytest.mark.parametrize("query", ["view=conversation", "view=message", "view="])
async def test_a_view_that_there_is_not_leaves_the_url(
    open_page: Open, sms: Dispatcher, sandbox: Sandbox, query: str
) -> None:
    """The inbox stands there, and so does its URL, with the filters that came with it."""
    await sms.send(NUMBER, "Hi", provider="iba")
    page = await open_page(f"?{query}&text=hi")
    await expect(page.locator("#messages tbody tr")).to_have_count(1)
    await expect(page).to_have_url(f"{sandbox.url}?text=hi")


async def test_a_message_that_is_not_kept(open_page: Open, watch: Watch) -> None:
    """An old link says so."""
    watch.refusals_expected = True
    page = await open_page("?message=4711")
    await expect(page.get_by_role("heading", level=1)).to_have_text("No such message")
    await expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("is not kept")
