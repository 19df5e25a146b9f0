"""Connections that do not come about, or end before, during or after the request."""

import asyncio

from tests.faults.points.point import DOUBT, EITHER, NOTHING_OR_DOUBT, PROOF, TAKEN, Point
from tests.faults.server.clock import TIMEOUT
from tests.faults.server.hearing import is_complete
from tests.faults.server.line import Line
from tests.faults.server.speech import http
from tests.faults.server.turn import Turn

__all__ = ["NARROW", "POINTS"]

NARROW = 2048
"""Bytes of a socket's buffers: the request of a large batch does not fit."""


async def close_at_once(line: Line) -> bool:
    line.hang_up()
    return False


async def reset_at_once(line: Line) -> bool:
    line.reset()
    return False


async def reset_within(line: Line) -> bool:
    """After some bytes of the request, wherever the seed says."""
    await line.read(line.random.randrange(1, 200))
    line.reset()
    return False


async def close_within(line: Line) -> bool:
    await line.read(line.random.randrange(1, 200))
    line.hang_up()
    return False


async def reset_after(turn: Turn) -> None:
    turn.line.reset()


async def close_after(turn: Turn) -> None:
    turn.line.hang_up()


async def close_after_headers(turn: Turn) -> None:
    await turn.say(http(turn.acceptance()).partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    turn.line.hang_up()


async def reset_after_headers(turn: Turn) -> None:
    await turn.say(http(turn.acceptance()).partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    turn.line.reset()


async def silence(turn: Turn) -> None:
    await turn.line.silence()


async def silence_within(turn: Turn) -> None:
    """The reply stops somewhere, and the connection stays."""
    reply = http(turn.acceptance())
    await turn.say(reply[: turn.random.randrange(1, len(reply))])
    await turn.line.silence()


async def drip_all(turn: Turn) -> None:
    await turn.drip(http(turn.acceptance()))


async def drip_body(turn: Turn) -> None:
    head, _, body = http(turn.acceptance()).partition(b"\r\n\r\n")
    await turn.say(head + b"\r\n\r\n")
    await turn.drip(body[:-1])


async def read_slowly(line: Line) -> bool:
    """A few bytes at a time, with a pause before each few, until all has come; then all is well."""
    began = len(line.visit.received) - 1
    while not is_complete(bytes(line.visit.received[began:])):
        for _ in range(3):
            await asyncio.sleep(0)
        if not await line.read(line.random.randrange(20, 80)):
            return False
    return True


async def stop_reading(line: Line) -> bool:
    """The request stays where it is, for longer than anybody waits."""
    await line.clock.jump(TIMEOUT + 0.1)
    line.reset()
    return False


async def close_unread(line: Line) -> bool:
    """The system answers what was left unread with a reset, whenever it comes."""
    for _ in range(line.random.randrange(20)):
        await asyncio.sleep(0)
    line.hang_up()
    return False


async def accept_then_reset(turn: Turn) -> None:
    await turn.accept()
    turn.line.reset()


async def accept_then_close(turn: Turn) -> None:
    await turn.accept()
    turn.line.hang_up()


async def unterminated_then_reset(turn: Turn) -> None:
    """A reply that ends with its connection, which ends by an error: whole or not, who knows."""
    await turn.say(http(turn.acceptance(), length=False))
    turn.line.reset()


async def refuse_then_reset(turn: Turn) -> None:
    """The proof that nothing was taken is lost, or is not."""
    await turn.refuse(http(turn.speech.refused))
    turn.line.reset()


async def refusal_cut(turn: Turn) -> None:
    reply = http(turn.speech.refused)
    await turn.refuse(reply[: turn.random.randrange(1, len(reply))], whole=False)
    turn.line.hang_up()


POINTS = (
    Point(name="all is well", expects=TAKEN),
    Point(name="the port is closed", expects=PROOF, moves_on=True, address="closed port"),
    Point(name="closed at once", expects=NOTHING_OR_DOUBT, greet=close_at_once, reused=False),
    Point(name="reset at once", expects=NOTHING_OR_DOUBT, greet=reset_at_once, reused=False),
    Point(name="closed when a request begins", interrupt=close_at_once),
    Point(name="reset when a request begins", interrupt=reset_at_once),
    Point(name="closed within the request", interrupt=close_within),
    Point(name="reset within the request", interrupt=reset_within),
    Point(name="the request is read slowly", expects=TAKEN, interrupt=read_slowly, buffer=NARROW),
    Point(name="the request is not read to its end", interrupt=stop_reading, buffer=NARROW),
    Point(name="closed with the request half read", interrupt=close_unread, buffer=NARROW),
    Point(name="closed after the request", serve=close_after),
    Point(name="reset after the request", serve=reset_after),
    Point(name="closed after the headers", serve=close_after_headers),
    Point(name="reset after the headers", serve=reset_after_headers),
    Point(name="silence", serve=silence),
    Point(name="silence within the reply", serve=silence_within),
    Point(name="a byte now and then", serve=drip_all),
    Point(name="a body now and then", serve=drip_body),
    Point(name="good, then reset", expects=EITHER, serve=accept_then_reset),
    Point(name="good, then closed", expects=TAKEN, serve=accept_then_close),
    Point(name="good without an end, then reset", expects=DOUBT, serve=unterminated_then_reset),
    Point(name="refused, then reset", expects=NOTHING_OR_DOUBT, moves_on=True, serve=refuse_then_reset),
    Point(name="a refusal cut short", serve=refusal_cut),
)
