"""One dispatcher and several event loops, one after the other."""

import asyncio

from smsgw import Dispatcher, State
from smsgw.testing import SandboxServer


def test_what_a_loop_that_ended_has_closed_is_opened_again_in_the_next() -> None:
    """A dispatcher that nobody closed sends in the next loop as in the first."""
    with SandboxServer() as sandbox:
        sms = Dispatcher.from_config(sandbox.config("iba"))

        async def send(text: str) -> State:
            return (await sms.send("79031234567", text)).outcome.state

        assert [asyncio.run(send(text)) for text in ("one", "two")] == [State.ACCEPTED] * 2
        asyncio.run(sms.aclose())
