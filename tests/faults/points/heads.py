"""Heads that are too large, too early, of another version of HTTP, or of none; and where redirects lead."""

from functools import partial

from tests.faults.points.point import EITHER, PROOF, TAKEN, Point
from tests.faults.server.speech import DRIVERS, SPEECH, http
from tests.faults.server.turn import Turn

__all__ = ["POINTS"]


async def many_headers(turn: Turn) -> None:
    await turn.say(
        http(turn.acceptance(), "200 OK", *(f"X-{number}: {'y' * 60}" for number in range(20_000)))
    )


async def huge_header(turn: Turn) -> None:
    await turn.say(http(turn.acceptance(), "200 OK", "X: " + "y" * (1 << 20)))


async def huge_body(turn: Turn) -> None:
    """16 MiB that begin with a good reply."""
    await turn.line.write(http(turn.acceptance().encode() + b" " * (16 << 20)))


async def huge_body_in_chunks(turn: Turn) -> None:
    await turn.say(http(b"", "200 OK", "Transfer-Encoding: chunked", length=False))
    for _ in range(256):
        await turn.line.write(b"10000\r\n" + b" " * 65536 + b"\r\n")
    await turn.line.write(b"0\r\n\r\n")


# Interim replies.


async def interim(status: str, turn: Turn) -> None:
    early = f"HTTP/1.1 {status}\r\nLink: </x>\r\n\r\n".encode() * turn.random.randrange(1, 4)
    await turn.accept(early + http(turn.acceptance()))


async def endless_interim(turn: Turn) -> None:
    """A row of them that does not end."""
    while not turn.line.gone:
        await turn.line.write(b"HTTP/1.1 100 Continue\r\n\r\n" * 20)
        await turn.line.clock.jump(7.0)


async def only_interim(turn: Turn) -> None:
    await turn.say(b"HTTP/1.1 102 Processing\r\n\r\n")
    turn.line.hang_up()


async def switching(turn: Turn) -> None:
    """Another protocol, in which a good reply follows."""
    head = http(b"", "101 Switching Protocols", "Upgrade: sms", "Connection: Upgrade", length=False)
    await turn.say(head + http(turn.acceptance()))
    turn.line.hang_up()


# Redirects.


async def redirect(status: str, turn: Turn) -> None:
    """To another host, with the query and a login in the address: it may never hear of it."""
    how = turn.random.choice(
        ("http://login:password@{}/x?a=1", "//{}/", "http://{}", "https://{}/sendsms.php")
    )
    location = f"Location: {how.format(turn.trap)}"
    refresh = f"Refresh: 0; url=http://{turn.trap}/"
    await turn.refuse(http(turn.acceptance(), status, location, refresh))


# What is no HTTP/1.1.


async def bare_body(turn: Turn) -> None:
    """HTTP/0.9: the body and nothing else."""
    await turn.say(turn.acceptance().encode())
    turn.line.hang_up()


async def old(turn: Turn) -> None:
    await turn.accept(http(turn.acceptance()).replace(b"HTTP/1.1", b"HTTP/1.0"))


async def garbage(turn: Turn) -> None:
    await turn.say(turn.random.randbytes(turn.random.randrange(1, 300)))
    turn.line.hang_up()


async def another_protocol(turn: Turn) -> None:
    spoken = (
        b"220 mail.example ESMTP\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n1",
        b"HTTP/1.1 20 OK\r\n\r\n1",
        b"HTTP/1.1 abc OK\r\n\r\n1",
        b"\x00\x00\x12\x04\x00\x00\x00\x00\x00",
        b"HTTP/1.1 -200 OK\r\n\r\n1",
    )
    await turn.say(turn.random.choice(spoken))
    turn.line.hang_up()


async def nul_in_body(turn: Turn) -> None:
    body = turn.acceptance().encode()
    where = turn.random.randrange(0, len(body))
    await turn.say(http(body[:where] + b"\0" + body[where:]))


async def nul_in_head(turn: Turn) -> None:
    reply = http(turn.acceptance(), "200 OK", "X: \0y")
    await turn.say(reply)
    turn.line.hang_up()


async def headers_without_names(turn: Turn) -> None:
    line = turn.random.choice((": nothing", " folded", "no colon", "X y: z", "Content-Length : 1"))
    await turn.say(http(turn.acceptance(), "200 OK", line))
    turn.line.hang_up()


async def cookies(turn: Turn) -> None:
    """Cookies for ever, for this host and for others: the ledger tells if one ever comes back."""
    await turn.accept(
        http(
            turn.acceptance(),
            "200 OK",
            "Set-Cookie: a=b; Path=/",
            "Set-Cookie: c=d; Path=/; Max-Age=99999999",
            "Set-Cookie: e=f; Domain=localhost; Path=/",
        )
    )


async def bad_cookies(turn: Turn) -> None:
    await turn.accept(http(turn.acceptance(), "200 OK", "Set-Cookie: a=b; Path=/", "Set-Cookie: \x01=;;;"))


# Replies of others.


async def stranger(other: str, turn: Turn) -> None:
    """The acceptance of another provider."""
    await turn.say(http(SPEECH[other].accepted(turn.ids) if turn.ids else SPEECH[other].balance))


def _stranger(other: str) -> Point:
    # IBA and TargetSMS are one platform: each other's replies are their own.
    family = {"iba", "targetsms"} if other in ("iba", "targetsms") else {other}
    return Point(
        name=f"what {other} would say",
        serve=partial(stranger, other),
        drivers=tuple(driver for driver in DRIVERS if driver not in family),
    )


async def empty(turn: Turn) -> None:
    await turn.say(http(turn.random.choice((b"", b" \r\n", b"\xef\xbb\xbf", b"\0"))))


async def no_content(status: str, turn: Turn) -> None:
    await turn.say(http(b"", status, length=False))


async def page(turn: Turn) -> None:
    await turn.say(http("<html><body>Welcome to the hotel's network!</body></html>"))


async def quoted(turn: Turn) -> None:
    """An acceptance with something around it: a page, a warning of PHP's, a reply before."""
    around = ("<p>{}</p>", "Warning: mysql_connect() in x.php on line 3\n{}", "{}\nFatal error", "not {}")
    await turn.say(http(turn.random.choice(around).format(turn.acceptance())))


POINTS = (
    Point(name="20,000 headers", serve=many_headers),
    Point(name="a header of 1 MiB", serve=huge_header),
    Point(name="a body of 16 MiB", serve=huge_body),
    Point(name="chunks of 16 MiB", serve=huge_body_in_chunks),
    Point(name="100, then good", expects=TAKEN, serve=partial(interim, "100 Continue")),
    Point(name="103, then good", expects=TAKEN, serve=partial(interim, "103 Early Hints")),
    Point(name="an endless row of 100", serve=endless_interim),
    Point(name="102 and no more", serve=only_interim),
    Point(name="101 with a good body", serve=switching),
    *(
        Point(name=f"{status} to another host", expects=PROOF, moves_on=True, serve=partial(redirect, status))
        for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent")
    ),
    Point(name="HTTP/0.9", serve=bare_body),
    Point(name="HTTP/1.0", expects=TAKEN, serve=old),
    Point(name="garbage", serve=garbage),
    Point(name="another protocol", serve=another_protocol),
    Point(name="NUL in the body", serve=nul_in_body),
    Point(name="NUL in the head", serve=nul_in_head),
    Point(name="headers that are none", serve=headers_without_names),
    # A jar keeps no cookies of hosts that are numbers, unless it is told to.
    Point(name="cookies", expects=TAKEN, before=cookies, serve=cookies, reused=True, address="a name"),
    Point(name="cookies of a number", expects=TAKEN, before=cookies, serve=cookies, reused=True),
    Point(name="cookies that are none", expects=EITHER, before=cookies, serve=bad_cookies, reused=True),
    *(_stranger(other) for other in DRIVERS),
    Point(name="an empty reply", serve=empty),
    Point(name="204", serve=partial(no_content, "204 No Content")),
    Point(name="a page for people", serve=page),
    Point(name="an acceptance within something else", serve=quoted),
)
