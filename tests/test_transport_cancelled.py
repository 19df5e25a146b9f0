"""What a cancelled request shows to who catches the cancellation, or logs it with its frames."""

from __future__ import annotations

import asyncio
import traceback
from typing import TYPE_CHECKING

import pytest

from smsgw.transport import Transport

if TYPE_CHECKING:
    from tests.conftest import Line, Peers


async def silence(line: Line) -> None:
    await line.silence()


async def echo_half(line: Line) -> None:
    await line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nCANARY")
    await line.silence()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("step", [silence, echo_half])
async def test_a_cancellation_shows_no_secret(
    peer: Peers, transport: Transport, method: str, step: object
) -> None:
    """Neither the URL nor the form nor what has come of a reply stands in any frame that it came through."""
    gateway = await peer(step)  # type: ignore[arg-type]
    task = asyncio.create_task(transport.request(gateway.get() if method == "GET" else gateway.post()))
    await gateway.seen(1)
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    frames = [frame for frame in shown.stack if frame.filename != __file__]
    assert frames
    assert "CANARY" not in repr([frame.locals for frame in frames])
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
