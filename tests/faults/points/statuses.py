"""HTTP statuses, and what they do to a good body."""

from functools import partial

from attrs import evolve

from tests.faults.points.point import DOUBT, PROOF, TAKEN, Point
from tests.faults.server.speech import http
from tests.faults.server.turn import Turn

__all__ = ["POINTS"]


async def take_and_say(status: str, headers: tuple[str, ...], turn: Turn) -> None:
    """It was taken; the status says something else, and the body is good."""
    await turn.say(http(turn.acceptance(), status, *headers))


async def refuse(status: str, headers: tuple[str, ...], turn: Turn) -> None:
    """Nothing was taken, whatever the body says."""
    body = turn.random.choice((turn.acceptance(), turn.speech.refused, ""))
    await turn.refuse(http(body, status, *headers))


async def accept(status: str, turn: Turn) -> None:
    await turn.accept(http(turn.acceptance(), status))


def _doubt(status: str, *headers: str) -> Point:
    name = ", ".join((f"{status} with a good body", *headers))
    return Point(name=name, expects=DOUBT, serve=partial(take_and_say, status, headers))


def _refusal(status: str, *headers: str) -> Point:
    return Point(name=", ".join((status, *headers)), expects=PROOF, serve=partial(refuse, status, headers))


def _for_good(point: Point) -> Point:
    """Whatever such a reply says of coming again: this gateway is not asked once more."""
    return evolve(point, again_after=_NEVER)


def _elsewhere(status: str, *headers: str) -> Point:
    """What another provider may mend."""
    return evolve(_refusal(status, *headers), moves_on=True)


_NEVER = 1e9
_SANE = "Retry-After: 0"
_HUGE = "Retry-After: 99999999999999999999"
_DATE = "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT"
_PAST = "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT"
_NEGATIVE = "Retry-After: -5"
_RUBBISH = "Retry-After: soon, ١٢ 1e400"

POINTS = (
    _doubt("500 Error"),
    _doubt("502 Bad Gateway"),
    _doubt("504 Gateway Timeout"),
    _doubt("503 Unavailable"),
    _doubt("503 Unavailable", _NEGATIVE),
    _doubt("503 Unavailable", _RUBBISH),
    _doubt("599 None"),
    # Such a gateway may have taken it, and says when to come again all the same.
    *(
        _for_good(_doubt(status, header))
        for status in ("500 Error", "502 Bad Gateway", "504 Gateway Timeout")
        for header in (_SANE, _HUGE)
    ),
    *(_for_good(_refusal("400 Bad Request", header)) for header in (_SANE, _HUGE)),
    *(_for_good(_elsewhere("403 Forbidden", header)) for header in (_SANE, _HUGE)),
    *(_elsewhere("503 Unavailable", header) for header in (_SANE, _PAST)),
    *(_elsewhere("429 Too Many", header) for header in (_SANE, _PAST, _NEGATIVE, _RUBBISH)),
    *(
        _for_good(_elsewhere(status, header))
        for status in ("503 Unavailable", "429 Too Many")
        for header in (_HUGE, _DATE)
    ),
    _elsewhere("429 Too Many"),
    _elsewhere("401 Unauthorized"),
    _elsewhere("403 Forbidden"),
    _elsewhere("404 Not Found"),
    _elsewhere("405 Not Allowed"),
    _refusal("400 Bad Request"),
    _refusal("413 Too Large"),
    _refusal("422 Unprocessable"),
    Point(name="201 with a good body", expects=TAKEN, serve=partial(accept, "201 Created")),
    Point(name="206 with a good body", expects=TAKEN, serve=partial(accept, "206 Partial")),
)
