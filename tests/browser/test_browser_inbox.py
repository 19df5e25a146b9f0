"""The inbox: what arrives, what is looked for, and many of them."""

import re

import pytest
from attrs import evolve

from smsgw import Dispatcher
from smsgw.sandbox import Sandbox
from tests.browser.chromium import expect
from tests.browser.conftest import Clock, Open

NUMBER = "79031234567"


def fill_up(sandbox: Sandbox, count: int) -> None:
    """As many messages more, like the newest."""
    newest = next(sandbox.ledger.newest_messages())
    for index in range(count):
        sandbox.ledger.enter_message(
            evolve(newest, number=sandbox.ledger.next_message(), text=f"Copy {index + 1}")
        )


async def test_an_empty_inbox_says_what_to_do(open_page: Open, sandbox: Sandbox) -> None:
    """The command that sends a first message stands there, and the URL of each gateway."""
    page = await open_page()
    await expect(page.get_by_role("heading", name="Nothing yet")).to_be_visible()
    await expect(page.locator("#try")).to_contain_text("smsgw send --to")
    for name in sandbox.gateways:
        await expect(page.locator("#try-gateways")).to_contain_text(sandbox.url_for(name))


async def test_a_message_arrives_live(open_page: Open, sms: Dispatcher, clock: Clock) -> None:
    """Without a reload a row appears, is announced, and its state moves on."""
    page = await open_page()
    await sms.send(NUMBER, "Код 1234", provider="iba")
    row = page.locator("#messages tbody tr")
    await expect(row).to_have_count(1)
    for content in ("iba", "TESTSMS", NUMBER, "Код 1234", "1 part UCS-2", "enroute"):
        await expect(row).to_contain_text(content)
    await expect(page.locator("#said")).to_have_text("1 new message")
    clock.now += 10
    await expect(row).to_contain_text("delivered")


@pytest.mark.parametrize("width", [1280, 390])
async def test_a_message_says_which_fault_its_request_met(
    open_page: Open, sms: Dispatcher, sandbox: Sandbox, width: int
) -> None:
    """A dropped one does not look as if nothing had happened."""
    sandbox.gateways["iba"].faults.drop = 1
    await sms.send(NUMBER, "Dropped", provider="iba")
    await sms.send(NUMBER, "Plain", provider="iba")
    page = await open_page()
    await page.set_viewport_size({"width": width, "height": 700})
    state = page.locator("#messages tbody .c-state")
    await expect(state).to_have_text(["enroute", "enroute taken, then cut"])
    await expect(state.last.get_by_text("taken, then cut")).to_be_in_viewport(ratio=1)


async def test_filters_live_in_the_url(
    open_page: Open, sms: Dispatcher, sandbox: Sandbox, clock: Clock
) -> None:
    """Each filter leaves what fits, stands in the URL, and is there after a reload."""
    await sms.send(NUMBER, "First", provider="iba")
    await sms.send("79160000013", "Second", provider="avist")
    await sms.send("79160000014", "Third", provider="avist", sender="SHOP")
    clock.now += 10
    page = await open_page()
    rows = page.locator("#messages tbody tr")
    filters = page.get_by_role("search", name="Messages")
    await expect(rows).to_have_count(3)
    await filters.get_by_label("Provider").select_option("avist")
    await expect(rows).to_have_count(2)
    await filters.get_by_label("State").select_option("expired")
    await expect(rows).to_have_count(1)
    await filters.get_by_label("Number").fill("+7 916")
    await filters.get_by_label("Text or sender").fill("shop")
    await expect(page).to_have_url(re.compile(r"text=shop&number=%2B7\+916"))
    await page.reload()
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("Third")
    await expect(filters.get_by_label("Provider")).to_have_value("avist")
    await expect(filters.get_by_label("State")).to_have_value("expired")
    await expect(filters.get_by_label("Text or sender")).to_have_value("shop")
    await filters.get_by_label("Text or sender").fill("zebra")
    await expect(page.get_by_role("heading", name="No messages match")).to_be_visible()
    await page.get_by_role("button", name="Clear the filters").click()
    await expect(rows).to_have_count(3)
    await expect(page).to_have_url(sandbox.url)


async def test_who_reads_further_down_keeps_the_place(
    open_page: Open, sms: Dispatcher, sandbox: Sandbox
) -> None:
    """New rows wait behind a button below the header; one's row keeps its place on the screen, and the focus."""
    await sms.send(NUMBER, "First", provider="iba")
    sandbox.gateways["iba"].faults.delay = 0.01  # the header is higher by the strip
    fill_up(sandbox, 60)
    page = await open_page()
    link = page.get_by_role("link", name="Copy 35")
    await link.focus()
    await link.evaluate("row => row.scrollIntoView({ block: 'center' })")
    before = await link.bounding_box()
    await sms.send(NUMBER, "While you read", provider="iba")
    button = page.get_by_role("button", name="1 new message")
    await expect(button).to_be_visible()
    assert await link.bounding_box() == before
    await expect(link).to_be_focused()
    top = await button.evaluate("button => button.getBoundingClientRect().top")
    assert top >= await page.locator("header").evaluate("header => header.offsetHeight")
    await button.click()
    await expect(page.locator("#messages tbody tr").first).to_contain_text("While you read")
    await expect(button).to_be_hidden()


async def test_ten_thousand_messages(open_page: Open, sms: Dispatcher, sandbox: Sandbox) -> None:
    """The list shows fifty, and pages lead to the others and back."""
    await sms.send(NUMBER, "The first of all", provider="iba")
    fill_up(sandbox, 9_999)
    page = await open_page()
    rows = page.locator("#messages tbody tr")
    await expect(page.locator("#inbox-count")).to_have_text("10\u202f000 messages")
    await expect(rows).to_have_count(50)
    await expect(rows.first).to_contain_text("Copy 9999")
    await page.get_by_role("link", name="Older").click()
    await expect(rows.first).to_contain_text("Copy 9949")
    await expect(rows).to_have_count(50)
    await page.get_by_role("link", name="Older").click()
    await expect(rows.first).to_contain_text("Copy 9899")
    await sms.send(NUMBER, "While you read", provider="iba")
    await expect(page.get_by_role("button", name="1 new message")).to_be_visible()
    await expect(rows.first).to_contain_text("Copy 9899")
    await page.reload()
    await expect(rows.first).to_contain_text("Copy 9899")
    await page.get_by_role("link", name="Newer").click()
    await expect(rows.first).to_contain_text("Copy 9949")
    await page.go_back()
    await expect(rows.first).to_contain_text("Copy 9899")
    await page.get_by_label("Text or sender").fill("the first")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("The first of all")
