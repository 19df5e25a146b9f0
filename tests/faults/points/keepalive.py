"""Connections that end, or speak unasked, between one request and the next."""

from tests.faults.points.point import EITHER, NOTHING_OR_DOUBT, PROOF, TAKEN, Point
from tests.faults.server.line import Line
from tests.faults.server.speech import http
from tests.faults.server.turn import Turn

__all__ = ["POINTS"]


async def accept_and_say_more(turn: Turn) -> None:
    """Two replies in one go: the second is nobody's."""
    await turn.accept_at_once(http(turn.acceptance()) + http(turn.acceptance()))


async def accept_and_refuse_more(turn: Turn) -> None:
    await turn.accept_at_once(http(turn.acceptance()) + http(turn.speech.refused))


async def accept_and_begin_another(turn: Turn) -> None:
    """A reply and the beginning of one that nobody asked for; its end comes with the next request."""
    more = http(turn.acceptance())
    cut = turn.random.randrange(1, len(more))
    turn.line.unsaid = more[cut:]
    await turn.accept_at_once(http(turn.acceptance()) + more[:cut])


async def end_the_other(line: Line) -> bool:
    if line.unsaid:
        await line.write(line.unsaid)
    return True


async def refuse(turn: Turn) -> None:
    await turn.refuse(http(turn.speech.refused))


async def accept_and_say_goodbye(turn: Turn) -> None:
    """`Connection: close`, and yet the connection stays open."""
    turn.line.visit.said_goodbye = True
    await turn.accept(http(turn.acceptance(), "200 OK", "Connection: close"))


async def accept_as_old(turn: Turn) -> None:
    """HTTP/1.0 keeps no connection, unless it says so."""
    turn.line.visit.said_goodbye = True
    await turn.accept(http(turn.acceptance()).replace(b"HTTP/1.1", b"HTTP/1.0"))


async def accept_and_say_a_byte(turn: Turn) -> None:
    await turn.accept(http(turn.acceptance()) + turn.random.choice((b"\0", b"H", b"\r\n", b"7")))


async def close_as_it_comes(line: Line) -> bool:
    line.hang_up()
    return False


async def reset_as_it_comes(line: Line) -> bool:
    line.reset()
    return False


async def accept_and_remember(turn: Turn) -> None:
    turn.line.unsaid = http(turn.acceptance())
    await turn.accept()


def say_it_again(line: Line) -> None:
    """A reply that nobody has asked for, just before somebody asks."""
    line.say_now(line.unsaid)


def close(line: Line) -> None:
    line.stop_talking()


def reset(line: Line) -> None:
    line.reset()


POINTS = (
    Point(name="closed between two requests", expects=TAKEN, idle=close, reused=True),
    Point(name="reset between two requests", expects=EITHER, idle=reset, reused=True),
    Point(name="closed as the next request comes", interrupt=close_as_it_comes, reused=True),
    Point(name="reset as the next request comes", interrupt=reset_as_it_comes, reused=True),
    Point(
        name="two acceptances, and the next is refused",
        expects=PROOF,
        moves_on=True,
        before=accept_and_say_more,
        serve=refuse,
        reused=True,
    ),
    Point(
        name="the beginning of an acceptance, and the next is refused",
        expects=NOTHING_OR_DOUBT,
        moves_on=True,
        before=accept_and_begin_another,
        interrupt=end_the_other,
        serve=refuse,
        reused=True,
    ),
    Point(
        name="an acceptance while idle, and the next is refused",
        expects=PROOF,
        moves_on=True,
        before=accept_and_remember,
        idle=say_it_again,
        serve=refuse,
        reused=True,
    ),
    Point(name="a refusal in advance", expects=TAKEN, before=accept_and_refuse_more, reused=True),
    Point(name="a byte too many", expects=EITHER, before=accept_and_say_a_byte, reused=True),
    Point(
        name="a connection that was said to be closed",
        expects=TAKEN,
        before=accept_and_say_goodbye,
        reused=True,
    ),
    Point(name="a connection of HTTP/1.0", expects=TAKEN, before=accept_as_old, reused=True),
)
