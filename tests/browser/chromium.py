"""The browser that these tests drive, or the reason why there is none."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from typing import Any, Final

import pytest

_PATH = shutil.which("chromium")
_MISSING = "no chromium in the path" if _PATH is None else "playwright is not installed"
REQUIRED: Final = os.environ.get("SMSGW_BROWSER") == "1"

if _PATH is None or find_spec("playwright") is None:
    if REQUIRED:
        raise RuntimeError(f"SMSGW_BROWSER=1 requires the browser tests, but {_MISSING}")
    pytest.skip(
        f"the browser tests are left out: {_MISSING}; `nox -s browser` needs it", allow_module_level=True
    )

from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect  # noqa: E402

__all__ = ["REQUIRED", "Browser", "BrowserContext", "Locator", "Page", "Watch", "browser", "expect"]

# Nothing of its own on the network; and it is often root's, in a container.
_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
)

expect.set_options(timeout=20_000)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Debian's chromium, without a window."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=_PATH, args=list(_ARGUMENTS))
        try:
            yield running
        finally:
            await running.close()


class Watch:
    """What must not happen on a page, whatever it shows.

    refusals_expected  a reply that is no success, or none at all, is a line in the console; a test may provoke it
    """

    def __init__(self, page: Page, base: str) -> None:
        self.refusals_expected = False
        self._base = base
        self._console: list[str] = []
        self._found: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self._found.append(f"an exception: {error}"))
        page.on("dialog", self._asked)
        page.on("request", self._requested)

    async def _asked(self, dialog: Any) -> None:
        self._found.append(f"a dialog: {dialog.message}")
        await dialog.dismiss()

    def _heard(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self._console.append(message.text)

    def _requested(self, request: Any) -> None:
        if not request.url.startswith((self._base, "data:image/svg+xml,")):
            self._found.append(f"a request to elsewhere: {request.url}")

    def check(self) -> None:
        """Nothing of that happened."""
        console = [
            line
            for line in self._console
            if not (self.refusals_expected and line.startswith("Failed to load resource"))
        ]
        assert not self._found + console, "; ".join(self._found + console)
