"""The fault panel, and the strip that shows everywhere what is on."""

import pytest

from smsgw import Dispatcher, State
from smsgw.sandbox import Sandbox
from tests.browser.chromium import Watch, expect
from tests.browser.conftest import Open

NUMBER = "79031234567"
VIEWS = ("", "?message=1", "?view=phone", "?view=faults", "?view=requests", "?view=settings")


async def test_a_fault_switched_on_changes_the_next_send(open_page: Open, sms: Dispatcher) -> None:
    """It is taken and the reply lost, the strip says so in every view, and the count is back at zero."""
    assert (await sms.send(NUMBER, "Before", provider="iba")).outcome.state is State.ACCEPTED
    page = await open_page("?view=faults&gateway=iba")
    field = page.get_by_label("Taken, then cut: the next so many sends")
    await field.fill("1")
    await field.press("Tab")
    strip = page.get_by_role("region", name="Faults that are on")
    await expect(strip).to_contain_text("iba taken, then cut")
    for view in VIEWS:
        await open_page(view)
        await expect(strip).to_contain_text("iba taken, then cut")
    await open_page("?view=faults&gateway=iba")
    await expect(field).to_have_value("1")
    assert (await sms.send(NUMBER, "After", provider="iba")).outcome.state is State.UNKNOWN
    await expect(field).to_have_value("0")
    await expect(strip).to_be_hidden()
    await page.get_by_role("link", name="Inbox").click()
    await page.get_by_role("link", name="After").click()
    await expect(page.get_by_role("region", name="Reply")).to_contain_text("Fault: Taken, then cut.")


async def test_every_fault_has_its_field(open_page: Open, sandbox: Sandbox) -> None:
    """What is set in the page is what the gateway has."""
    page = await open_page("?view=faults&gateway=targetsms")
    faults = sandbox.gateways["targetsms"].faults
    for name in ("unavailable", "drop_before", "drop", "silent", "truncated", "bad_gateway"):
        row = page.locator(".fault").filter(has=page.locator(f"#fault-{name}"))
        await row.locator("input").first.fill("2")
        await row.locator("input").last.fill("2.5")
        await row.locator("input").last.blur()
        await expect(page.locator("#strip-what")).to_contain_text(
            (await row.locator("h3").inner_text()).removesuffix(name).strip().lower()
        )
    for label in ("Account blocked", "Out of credit", "Held for want of credit"):
        await page.get_by_role("switch", name=label).check()
    await page.get_by_label("Slow: seconds").fill("1.5")
    await page.get_by_role("textbox", name="Refuse with").fill("no such sender")
    await page.get_by_role("textbox", name="Stop list").fill("79031234567, 79160000001")
    await page.get_by_role("textbox", name="Stop list").blur()
    await expect(page.locator("#strip-what")).to_contain_text("stop list")
    assert (faults.unavailable, faults.drop, faults.bad_gateway) == (2, 2, 2)
    assert faults.share == dict.fromkeys(
        ("unavailable", "drop_before", "drop", "silent", "truncated", "bad_gateway"), 0.025
    )
    assert (faults.blocked, faults.no_credit, faults.held) == (True, True, True)
    assert (faults.delay, faults.refuse_with) == (1.5, "no such sender")
    assert faults.stop_list == {"79031234567", "79160000001"}
    await page.get_by_role("button", name="Switch all off").click()
    await expect(page.locator("#strip")).to_be_hidden()
    await expect(page.get_by_role("switch", name="Account blocked")).not_to_be_checked()
    assert faults.on == ()


@pytest.mark.parametrize(
    ("label", "value", "why"),
    [
        (
            "Taken, then cut: percent of sends",
            "150",
            "0 to 100 %, and all of a gateway together at most 100 %.",
        ),
        (
            "Taken, then cut: percent of sends",
            "70",
            "0 to 100 %, and all of a gateway together at most 100 %.",
        ),
        ("Taken, then cut: the next so many sends", "1.5", "A whole number, 0 or more."),
        ("Taken, then cut: the next so many sends", "-1", "A whole number, 0 or more."),
    ],
)
async def test_a_number_that_does_not_fit_is_refused_beside_its_field(
    open_page: Open, sandbox: Sandbox, label: str, value: str, why: str
) -> None:
    """The field is marked, and says in its own unit what would fit; nothing is asked of the sandbox."""
    sandbox.gateways["iba"].faults.share = {"silent": 0.4}
    page = await open_page("?view=faults&gateway=iba")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    field = page.get_by_label(label)
    await field.fill(value)
    await field.press("Tab")
    await expect(field).to_have_attribute("aria-invalid", "true")
    error = page.locator(f"#{(await field.get_attribute('aria-describedby') or '').split()[-1]}")
    await expect(error).to_have_text(why)
    assert "PATCH" not in asked
    await field.fill("50")
    await field.press("Tab")
    await expect(field).not_to_have_attribute("aria-invalid", "true")
    await expect(error).to_be_hidden()


async def test_what_the_sandbox_refuses_is_said_beside_the_field(open_page: Open, watch: Watch) -> None:
    """In its own words, where the page knows no better."""
    watch.refusals_expected = True
    page = await open_page("?view=faults&gateway=iba")
    field = page.get_by_label("Taken, then cut: the next so many sends")
    await field.fill("1e20")
    await field.press("Tab")
    await expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("drop is a")


@pytest.mark.parametrize(("gateway", "hint"), [("smstele", "For example: -41."), ("iba", "IBA answers 0")])
async def test_a_refusal_is_hinted_at_in_the_words_of_its_gateway(
    open_page: Open, gateway: str, hint: str
) -> None:
    """Each has its own, and one has none."""
    page = await open_page(f"?view=faults&gateway={gateway}")
    await expect(page.locator("#plain-refuse_with")).to_contain_text(hint)


async def test_a_gateway_shows_only_the_faults_that_it_knows(open_page: Open) -> None:
    """smsco.ge holds nothing for want of credit."""
    page = await open_page("?view=faults&gateway=smsco")
    await expect(page.get_by_role("switch", name="Account blocked")).to_be_visible()
    await expect(page.get_by_role("switch", name="Held for want of credit")).to_have_count(0)
