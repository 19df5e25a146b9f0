"""Replies whose length is not what they say, and chunks that are none."""

import gzip
from collections.abc import Callable
from functools import partial
from random import Random

from tests.faults.points.point import EITHER, TAKEN, Point
from tests.faults.server.speech import http
from tests.faults.server.turn import Turn

__all__ = ["POINTS"]


def _sized(body: bytes, *lengths: object) -> bytes:
    return http(body, "200 OK", *(f"Content-Length: {length}" for length in lengths), length=False)


async def say(turn: Turn, *, lengths: Callable[[int], tuple[object, ...]], end: str) -> None:
    """The good body, under lengths that are not its own."""
    body = turn.acceptance().encode()
    await turn.say(_sized(body, *lengths(len(body))))
    await _end(turn, end)


async def _end(turn: Turn, end: str) -> None:
    if end == "closed":
        turn.line.hang_up()
    elif end == "reset":
        turn.line.reset()
    else:
        await turn.line.silence()


async def say_too_much(turn: Turn) -> None:
    """The good body goes on behind the length that is said, in the same breath."""
    body = turn.acceptance().encode()
    await turn.line.write(_sized(body, turn.random.randrange(len(body))))


async def say_more(turn: Turn) -> None:
    """Content-Length ends after the good body; what follows is nobody's."""
    body = turn.acceptance().encode()
    await turn.accept_at_once(_sized(body + b"\r\n<html>and more</html>", len(body)))


def _length(name: str, end: str, lengths: Callable[[int], tuple[object, ...]]) -> Point:
    return Point(name=f"Content-Length {name}, {end}", serve=partial(say, lengths=lengths, end=end))


# What chunks come to.


def _chunks(turn: Turn) -> list[bytes]:
    """The good body in chunks, and the last one."""
    body = turn.acceptance().encode()
    cut = turn.random.randrange(1, len(body))
    return [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:cut], body[cut:])] + [b"0\r\n\r\n"]


def _chunked(*chunks: bytes, more: tuple[str, ...] = ()) -> bytes:
    return http(b"", "200 OK", "Transfer-Encoding: chunked", *more, length=False) + b"".join(chunks)


async def chunks(turn: Turn) -> None:
    await turn.accept(_chunked(*_chunks(turn)))


async def chunks_without_end(turn: Turn) -> None:
    """Every byte of the body, and not the chunk that says so."""
    *some, _ = _chunks(turn)
    await turn.say(_chunked(*some))
    turn.line.hang_up()


async def chunks_cut(turn: Turn) -> None:
    whole = _chunked(*_chunks(turn))
    head = whole.index(b"\r\n\r\n") + 4
    await turn.say(whole[: turn.random.randrange(head, len(whole) - 2)])
    turn.line.hang_up()


async def chunks_silent(turn: Turn) -> None:
    *some, _ = _chunks(turn)
    await turn.say(_chunked(*some))
    await turn.line.silence()


async def chunk_of_bad_size(turn: Turn) -> None:
    first, *others = _chunks(turn)
    size = turn.random.choice(
        (b"zz", b"-5", b"0x5", b"", b" ", b"ffffffffffffffffffff", b"5 5", "٥".encode())
    )
    await turn.say(_chunked(size + b"\r\n" + first.partition(b"\r\n")[2], *others))
    turn.line.hang_up()


async def break_and_wait(turn: Turn, *, size: Callable[[Random, int], bytes]) -> None:
    """A good chunk, one that cannot be read, and the connection stays: there is nothing to wait for."""
    body = turn.acceptance().encode()
    cut = turn.random.randrange(len(body) - 1) or 1
    rest = body[cut:]
    await turn.line.write(_chunked(b"%x\r\n%s\r\n" % (cut, body[:cut])))
    await turn.line.clock.jump(0.0)  # once the good one has been read
    await turn.line.write(b"%s\r\n%s\r\n0\r\n\r\n" % (size(turn.random, len(rest)), rest))
    await turn.line.wait_for_end()


def _no_size(random: Random, _: int) -> bytes:
    return random.choice((b"zz", b"-5", b"0x5", b"5 5"))


def _too_small(_: Random, size: int) -> bytes:
    return b"%x" % max(size - 1, 1)


async def chunk_of_wrong_size(turn: Turn) -> None:
    """One byte more than it says."""
    body = turn.acceptance().encode()
    await turn.say(_chunked(b"%x\r\n%s\r\n" % (len(body) - 1, body), b"0\r\n\r\n"))
    turn.line.hang_up()


async def chunk_into_its_end(turn: Turn) -> None:
    """One byte less than it says: every byte of the body, then half of a line end for a whole one."""
    body = turn.acceptance().encode()
    await turn.accept(_chunked(b"%x\r\n%s\r\n" % (len(body) + 1, body), b"0\r\n\r\n"))
    turn.line.hang_up()


async def chunked_with_length(turn: Turn) -> None:
    """Two ways of ending at once, which disagree: a smuggler's reply."""
    await turn.say(_chunked(*_chunks(turn), more=("Content-Length: 3",)))
    turn.line.hang_up()


# Replies that end with their connection.


async def unterminated(turn: Turn) -> None:
    await turn.accept(http(turn.acceptance(), length=False))
    turn.line.hang_up()


# Compression that nobody asked for.


async def gzipped(turn: Turn) -> None:
    await turn.accept(http(gzip.compress(turn.acceptance().encode()), "200 OK", "Content-Encoding: gzip"))


async def gzip_cut(turn: Turn) -> None:
    """All of the text may be there, and the checksum is not."""
    packed = gzip.compress(turn.acceptance().encode())
    kept = packed[: turn.random.randrange(1, len(packed))]
    await turn.say(http(kept, "200 OK", "Content-Encoding: gzip"))


async def gzip_bomb(turn: Turn) -> None:
    await turn.say(http(_BOMB, "200 OK", "Content-Encoding: gzip"))


async def gzip_of_nothing_known(turn: Turn) -> None:
    encoding = turn.random.choice(("br", "zstd", "gzip, gzip", "x", "compress"))
    await turn.say(http(turn.acceptance(), "200 OK", f"Content-Encoding: {encoding}"))


_AT_ONCE = 8.0
"""Seconds: of no gateway's timeout, and yet enough for a machine that is busy."""
_BOMB = gzip.compress(b"1" * (16 << 20))

POINTS = (
    _length("too long", "closed", lambda size: (size + 1,)),
    _length("too long", "reset", lambda size: (size + 7,)),
    _length("too long", "silent", lambda size: (size + 100,)),
    _length("negative", "closed", lambda size: (-size,)),
    _length("no number", "closed", lambda size: (f"{size}x",)),
    _length("empty", "closed", lambda size: ("",)),
    _length("in digits of another script", "closed", lambda size: ("٩٩",)),
    _length("twice and different", "closed", lambda size: (size, size + 1)),
    _length("a list", "closed", lambda size: (f"{size}, {size + 1}",)),
    _length("astronomical", "closed", lambda size: ("9" * 40,)),
    Point(name="Content-Length too short", serve=say_too_much),
    Point(name="more than Content-Length", expects=EITHER, serve=say_more),
    Point(name="good chunks", expects=TAKEN, serve=chunks),
    Point(name="chunks without an end", serve=chunks_without_end),
    Point(name="chunks cut", serve=chunks_cut),
    Point(name="chunks and silence", serve=chunks_silent),
    Point(name="a chunk of a bad size", serve=chunk_of_bad_size),
    Point(name="a chunk longer than its size", serve=chunk_of_wrong_size),
    Point(
        name="a chunk of a bad size, then waiting",
        serve=partial(break_and_wait, size=_no_size),
        within=_AT_ONCE,
    ),
    Point(
        name="a chunk longer than its size, then waiting",
        serve=partial(break_and_wait, size=_too_small),
        within=_AT_ONCE,
    ),
    Point(name="a chunk shorter than its size", expects=EITHER, serve=chunk_into_its_end),
    Point(name="chunks and a Content-Length", serve=chunked_with_length),
    Point(name="good without an end", expects=TAKEN, serve=unterminated),
    Point(name="gzip, unasked", expects=TAKEN, serve=gzipped),
    Point(name="gzip cut", serve=gzip_cut),
    Point(name="a gzip bomb", serve=gzip_bomb),
    Point(name="a compression that nobody knows", serve=gzip_of_nothing_known),
)
