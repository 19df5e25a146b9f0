"""TLS that does not hold or does not come about, and names that are not found."""

from tests.faults.points.point import EITHER, NOTHING_OR_DOUBT, PROOF, TAKEN, Point
from tests.faults.server.line import Line
from tests.faults.server.speech import http
from tests.faults.server.turn import Turn

__all__ = ["POINTS"]

_CERTIFICATES = ("of another host", "expired", "signed by a stranger", "signed by itself")
_HELLO = bytes.fromhex("160303007a0200007603") + bytes(range(112))
"""How a TLS server's first flight begins."""


async def hello_cut(line: Line) -> bool:
    """Some bytes of a handshake, then none, in one way or another."""
    await line.read()
    await line.write(_HELLO[: line.random.randrange(0, len(_HELLO))])
    (line.reset if line.random.random() < 0.5 else line.hang_up)()
    return False


async def plain_reply(line: Line) -> bool:
    """A web server that takes the TLS greeting for a bad request."""
    await line.read()
    await line.write(http("400 The plain HTTP request was sent to HTTPS port", "400 Bad Request"))
    line.hang_up()
    return False


async def alert(line: Line) -> bool:
    """A TLS server that does not like the greeting."""
    await line.read()
    await line.write(b"\x15\x03\x03\x00\x02\x02\x28")
    line.hang_up()
    return False


async def reset_after(turn: Turn) -> None:
    turn.line.reset()


async def cut_without_goodbye(turn: Turn) -> None:
    """Without TLS's own goodbye nobody can tell whether that was all."""
    reply = http(turn.acceptance())
    await turn.say(reply[: turn.random.randrange(1, len(reply))])
    turn.line.reset()


async def end_without_goodbye(turn: Turn) -> None:
    """All of it, and then the end of TCP without that of TLS: whoever cut the line could end it so, too."""
    await turn.accept(http(turn.acceptance(), length=False))
    turn.line.stop_talking()


POINTS = (
    Point(name="TLS that holds", expects=TAKEN, scheme="https", certificate="good"),
    *(
        Point(
            name=f"a certificate {wrong}",
            expects=PROOF,
            moves_on=True,
            scheme="https",
            certificate=wrong,
            reused=False,
        )
        for wrong in _CERTIFICATES
    ),
    Point(
        name="plain HTTP on a TLS port",
        expects=PROOF,
        moves_on=True,
        scheme="https",
        greet=plain_reply,
        reused=False,
    ),
    Point(
        name="a handshake cut", expects=PROOF, moves_on=True, scheme="https", greet=hello_cut, reused=False
    ),
    Point(
        name="a handshake refused", expects=PROOF, moves_on=True, scheme="https", greet=alert, reused=False
    ),
    Point(name="TLS on a plain port", expects=NOTHING_OR_DOUBT, certificate="good", reused=False),
    Point(name="reset under TLS", scheme="https", certificate="good", serve=reset_after),
    Point(name="a reply cut under TLS", scheme="https", certificate="good", serve=cut_without_goodbye),
    Point(
        name="good under TLS, and no goodbye",
        expects=EITHER,
        scheme="https",
        certificate="good",
        serve=end_without_goodbye,
    ),
    Point(name="the resolver fails", expects=PROOF, moves_on=True, address="failing resolver", reused=False),
    Point(name="the name has no address", expects=PROOF, moves_on=True, address="no addresses", reused=False),
)
