"""What tests of the receiver hand it: calls, stores that break, handlers that wait."""

import asyncio

from smsgw.inbound import Answer, Call, InboundMessage, InboundStoreError, MemoryInboundStore
from tests.inbound.conftest import SENDER, TEXT


def call(message_id: str = "1") -> Call:
    return Call("GET", "", f"smsid={message_id}&text={TEXT}&sender={SENDER}".encode())


def said(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.body.decode()


class Broken(MemoryInboundStore):
    """A store that fails where it is told to, and tells what was asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.failing: set[str] = set()
        self.asked: list[str] = []
        self.open_now = False

    def _note(self, what: str) -> None:
        self.asked.append(what)
        if what in self.failing:
            raise InboundStoreError("the disk is full")

    async def open(self) -> None:
        self._note("open")
        self.open_now = True

    async def find(self, message_id: str) -> str | None:
        assert self.open_now
        self._note("find")
        return await super().find(message_id)

    async def add(self, message_id: str, reply: str) -> None:
        self._note("add")
        await super().add(message_id, reply)

    async def aclose(self) -> None:
        self._note("aclose")


class Gate:
    """A handler's work that waits until it is let through."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()
        self.cancelled = False

    async def __call__(self, message: InboundMessage) -> None:
        self.reached.set()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
