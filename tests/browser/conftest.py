"""A sandbox, a dispatcher that sends to it, and its page in a browser; `chromium.py` says when there is none."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING

import pytest

from smsgw import Dispatcher
from smsgw.sandbox import Sandbox

if TYPE_CHECKING:
    from tests.browser.chromium import Browser, BrowserContext, Page, Watch

Open = Callable[..., Awaitable["Page"]]


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sandbox(clock: Clock) -> AsyncIterator[Sandbox]:
    """A running sandbox whose clock stands still."""
    async with Sandbox(clock=clock) as running:
        yield running


@pytest.fixture
async def sms(sandbox: Sandbox) -> AsyncIterator[Dispatcher]:
    """A dispatcher whose providers all lead to the sandbox; it never tries twice."""
    settings = {**sandbox.config(), "retry": {"attempts": 1}}
    async with Dispatcher.from_config(settings) as dispatcher:
        yield dispatcher


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    from tests.browser import chromium  # noqa: PLC0415 - the tests that need it are collected only if it is there

    async with chromium.browser() as running:
        yield running


@pytest.fixture
async def context(browser: Browser) -> AsyncIterator[BrowserContext]:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    yield context
    await context.close()


@pytest.fixture
async def page(context: BrowserContext) -> Page:
    return await context.new_page()


@pytest.fixture
async def watch(page: Page, sandbox: Sandbox) -> AsyncIterator[Watch]:
    """No dialog, no error in the console, no violation of the policy, no request to anywhere but the sandbox."""
    from tests.browser.chromium import Watch  # noqa: PLC0415 - as above

    watching = Watch(page, sandbox.url)
    yield watching
    watching.check()


@pytest.fixture
def open_page(page: Page, sandbox: Sandbox, watch: Watch) -> Open:
    """Opens the sandbox's page with this query, and waits until it is live."""

    async def opened(query: str = "") -> Page:
        await page.goto(f"{sandbox.url}{query}")
        await page.locator("#live[data-state=live]").wait_for()
        return page

    return opened
