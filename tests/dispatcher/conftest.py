"""Dispatchers whose providers are the sandbox's gateways, or peers that misbehave."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest

from smsgw.dispatcher import Dispatcher
from smsgw.sandbox import Sandbox
from tests.conftest import Peer


class World:
    """A sandbox, and dispatchers that lead there or to a `peer`; they are closed in the end."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.ledger = sandbox.ledger
        self._dispatchers: list[Dispatcher] = []

    def dispatcher(
        self,
        settings: Mapping[str, Any] | None = None,
        session: aiohttp.ClientSession | None = None,
        /,
        **providers: Any,
    ) -> Dispatcher:
        """Each provider's settings by its name, in the order of routing; retries wait for hundredths of seconds."""
        tables: dict[str, dict[str, Any]] = {}
        for name, given in providers.items():
            driver = given.get("driver", name)
            table = {
                "driver": driver,
                "login": "test",
                "password": "test",
                "url": self.sandbox.url_for(driver),
                "sender": "TESTSMS",
                **given,
            }
            tables[name] = {key: value for key, value in table.items() if value is not None}
        everything = {**(settings or {}), "providers": tables}
        everything["retry"] = {"initial": 0.01, "maximum": 0.02, **everything.get("retry", {})}
        dispatcher = Dispatcher.from_config(everything, session=session)
        self._dispatchers.append(dispatcher)
        return dispatcher

    @staticmethod
    def at(gateway: Peer) -> str:
        """A provider's `url` that leads to this peer."""
        return f"http://127.0.0.1:{gateway.port}/"

    @staticmethod
    def says(text: str, status: int = 200, **headers: str) -> bytes:
        """A gateway's whole reply."""
        body = text.encode()
        lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body

    async def close(self) -> None:
        for dispatcher in self._dispatchers:
            await dispatcher.aclose()


@pytest.fixture
async def world(caplog: pytest.LogCaptureFixture) -> AsyncIterator[World]:
    """A `World` in asyncio's debug mode, of which no task may be left, nor a complaint of asyncio."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 60
    caplog.set_level(logging.DEBUG)
    gc.freeze()
    before = asyncio.all_tasks()
    async with Sandbox() as sandbox:
        world = World(sandbox)
        yield world
        await world.close()
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    gc.collect()
    gc.unfreeze()
    assert not left
    for record in caplog.get_records("call") + caplog.records:
        assert record.name != "asyncio" or record.levelno < logging.WARNING, record.getMessage()
