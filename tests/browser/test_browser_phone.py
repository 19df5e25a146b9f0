"""The phone: a conversation, and what is written in its name."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from smsgw import Dispatcher
from smsgw.sandbox import Sandbox
from tests.browser.chromium import expect
from tests.browser.conftest import Clock, Open

NUMBER = "79031234567"


class Application:
    """A user's application that incoming messages come to."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[dict[str, str]] = []
        self.acknowledges = True

    async def receive(self, request: web.Request) -> web.Response:
        self.asked.append(dict(request.query))
        return web.Response(text=f"smsid={request.query['smsid']}" if self.acknowledges else "what?")


@pytest.fixture
async def application() -> AsyncIterator[Application]:
    application = Application()
    app = web.Application()
    app.router.add_get("/incoming", application.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    application.url = f"http://127.0.0.1:{runner.addresses[0][1]}/incoming"
    yield application
    await runner.cleanup()


async def test_an_answer_reaches_the_application(
    open_page: Open, sms: Dispatcher, application: Application
) -> None:
    """The form first asks where to, then the message goes there, and is shown acknowledged."""
    await sms.send(NUMBER, "Your code is 1234", provider="iba")
    page = await open_page("?view=phone")
    await page.get_by_label("Number of the phone").fill("+7 903 123-45-67")
    await page.get_by_role("button", name="Show").click()
    talk = page.get_by_role("region", name="Conversation")
    await expect(talk.locator(".from-gateway .bubble")).to_have_text("Your code is 1234")
    await expect(page.get_by_label("Write as this phone")).to_be_hidden()
    await page.get_by_label("URL of your application").fill(application.url)
    await page.get_by_role("button", name="Set").click()
    await page.get_by_label("Write as this phone").fill("Что это?")
    await page.get_by_label("To", exact=True).fill("1234")
    await page.get_by_role("button", name="Send").click()
    answer = talk.locator(".from-phone")
    await expect(answer.locator(".bubble")).to_have_text("Что это?")
    await expect(answer).to_contain_text("acknowledged")
    assert [(asked["sender"], asked["receiver"], asked["text"]) for asked in application.asked] == [
        (NUMBER, "1234", "Что это?")
    ]


async def test_an_answer_that_nobody_acknowledges_is_stopped(
    open_page: Open, sandbox: Sandbox, application: Application, clock: Clock
) -> None:
    """It waits, says when it comes again and what the application replied each time, and stops when it is told to."""
    application.acknowledges = False
    sandbox.world.incoming.url = application.url
    page = await open_page(f"?view=phone&number={NUMBER}")
    await page.get_by_label("Write as this phone").fill("Hello?")
    await page.get_by_label("Write as this phone").press("Enter")
    answer = page.locator(".from-phone")
    await expect(answer).to_contain_text("waiting")
    await expect(answer).to_contain_text("Repeated every 5 seconds until it is acknowledged.")
    attempts = answer.get_by_role("listitem")
    await answer.get_by_text("1 attempt;").click()
    await expect(attempts).to_have_count(1)
    await expect(attempts).to_contain_text("HTTP 200; it replied “what?”; the body is not smsid=")
    clock.now += 6
    await expect(attempts).to_have_count(2)  # they stay open while others come
    await expect(attempts.first).to_be_visible()
    await answer.get_by_role("button", name="Stop repeating").click()
    await expect(answer).to_contain_text("stopped")
