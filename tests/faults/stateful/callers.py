"""Those who call a dispatcher, and what each was told. Whatever goes out on behalf of one can be traced to it."""

import asyncio
from collections import Counter
from contextvars import ContextVar, copy_context

from attrs import define, field

from smsgw import Dispatcher, Message, Outcome, State

__all__ = ["CALL", "Call"]

CALL: ContextVar["Call | None"] = ContextVar("CALL", default=None)
"""Tasks and timers take it from whoever started them, so a request knows for whom it goes."""


@define(eq=False)
class Call:
    """One `submit`, or one `send_many` read to its end."""

    messages: tuple[Message, ...]
    timeout: float | None = None
    many: bool = False
    deadline: float | None = None
    outcomes: list[Outcome] = field(factory=list)
    refusal: Exception | None = None
    """What it raised but cancellation."""
    ended: float | None = None
    task: "asyncio.Task[None]" = field(init=False, repr=False)

    def start(self, sms: Dispatcher, loop: asyncio.AbstractEventLoop) -> None:
        context = copy_context()
        context.run(CALL.set, self)
        self.task = loop.create_task(self._run(sms), context=context)

    @property
    def told(self) -> bool:
        """Whether it came to its end with outcomes."""
        return self.ended is not None and not self.task.cancelled() and self.refusal is None

    async def _run(self, sms: Dispatcher) -> None:
        loop = asyncio.get_running_loop()
        if self.timeout is not None:
            self.deadline = loop.time() + self.timeout
        try:
            if self.many:
                async with sms.send_many(self.messages) as outcomes:
                    async for outcome in outcomes:
                        self.outcomes.append(outcome)
            else:
                submission = await sms.submit(self.messages[0], timeout=self.timeout)
                self.outcomes.extend(submission)
        except (RuntimeError, ValueError) as error:
            self.refusal = error
        finally:
            self.ended = loop.time()

    @property
    def repeats(self) -> bool:
        """Whether two of its messages are equal."""
        return len({(message.to, message.text) for message in self.messages}) < len(self.messages)

    def wanted(self) -> Counter[tuple[str, str]]:
        """How many messages of one text it has for one number: no number counts twice for one message."""
        return Counter(
            (recipient, message.text) for message in self.messages for recipient in set(message.to)
        )

    def rejected(self) -> Counter[tuple[str, str]]:
        """For how many of them it was told that they were not taken."""
        refused = {
            (id(outcome.message), outcome.recipient): (outcome.recipient, outcome.message.text)
            for outcome in self.outcomes
            if outcome.state is State.REJECTED and outcome.message is not None
        }
        return Counter(refused.values())

    def key_of(self, text: str) -> str | None:
        """The key under which it sends this text. (Of a `send_many`, each key has a text of its own.)"""
        return next((message.key for message in self.messages if message.text == text), None)
