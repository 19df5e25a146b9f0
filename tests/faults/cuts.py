"""Good replies that break off, and what may still be said where the connection's end is the reply's."""

from collections.abc import Awaitable, Callable
from typing import Literal

from tests.faults.server.speech import http
from tests.faults.server.turn import Turn

__all__ = ["FRAMINGS", "Framing", "cutting", "framed", "text_cut_at"]

Framing = tuple[Literal["length", "chunks", "none"], Literal["closed", "reset"]]
"""What would have told the reply's end, and how the connection ends instead."""

FRAMINGS: tuple[Framing, ...] = (
    ("length", "closed"),
    ("length", "reset"),
    ("chunks", "closed"),
    ("chunks", "reset"),
    ("none", "closed"),
    ("none", "reset"),
)
_PLATFORM = ("iba", "targetsms")


def text_cut_at(kept: int, mark: str) -> str:
    """The text of the message whose reply is cut after so many bytes."""
    return f"{mark} ({kept})"


def framed(turn: Turn, framing: str) -> bytes:
    """The good reply, with the end that HTTP gives it."""
    if framing == "chunks":
        body = turn.acceptance().encode()
        head = http(b"", "200 OK", "Transfer-Encoding: chunked", length=False)
        return head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    return http(turn.acceptance(), length=framing == "length")


def cutting(framing: Framing, *, zeros: bool = False) -> Callable[[Turn], Awaitable[None]]:
    """A gateway that cuts its reply after as many bytes as the text's number says; its IDs may begin with a 0."""
    how, end = framing

    async def cut(turn: Turn) -> None:
        if turn.heard.kind == "question":
            turn.line.hang_up()
            return
        if zeros:
            turn.ids = {phone: f"0803{given}" for phone, given in turn.ids.items()}
        reply = framed(turn, how)
        kept = int(turn.heard.text.rpartition("(")[2].rstrip(")"))
        if framing == ("none", "closed"):
            _note_what_is_left(turn, reply[:kept])
        elif kept >= len(reply) and how != "none":
            turn.note_accepted()
        await turn.line.write(reply[:kept])
        if end == "closed":
            turn.line.hang_up()
        else:
            turn.line.reset()

    return cut


def _note_what_is_left(turn: Turn, reply: bytes) -> None:
    """Where only the connection's end ends a reply, one that was cut says what is left of it."""
    said = reply.partition(b"\r\n\r\n")[2].decode()
    whole, last = turn.acceptance(), [*turn.ids.values()][-1]
    if turn.driver == "smstele":
        # Some of the documented samples lack their last brace.
        turn.arrival.accepted = {**turn.ids} if said in (whole, whole[:-1]) else {}
    elif turn.driver in _PLATFORM:
        left = [part for part in said.split(",") if part]
        # As many IDs as recipients; a lone zero refuses, and is no ID.
        if len(left) == len(turn.ids):
            pairs = zip(turn.ids, left, strict=True)
            turn.arrival.accepted = {phone: given for phone, given in pairs if given != "0"}
    elif said.startswith(before := whole.removesuffix(last).rstrip()):
        left_of_it = said.removeprefix(before).strip()
        if left_of_it or turn.driver == "smsco":  # "OK 1": accepted, and no ID
            turn.arrival.accepted = dict.fromkeys(turn.ids, left_of_it or None)
