"""Messages from a phone: what goes over the wire, what counts as an acknowledgement, and what is refused."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

from smsgw.sandbox.incoming import IncomingMessages, NoIncomingUrl
from tests.sandbox.incoming.conftest import (
    WRITTEN,
    App,
    Handler,
    acknowledge,
    drop,
    found,
    half,
    says,
    silence,
    write,
)

Until = Callable[[Callable[[], object]], Awaitable[None]]


# On the wire.


async def test_it_goes_out_as_the_document_shows(incoming: IncomingMessages, app: App, until: Until) -> None:
    """Six parameters in the document's order, UTF-8 in percent signs, Moscow's time; a GET that asks for nothing more."""
    write(incoming, "Да & нет = 100% + 👍\n#?/", prefix="ДА")
    await until(lambda: found(incoming, 1).state == "acknowledged")
    path, _, query = app.asked[0].partition("?")
    assert path == "/sms.php"
    assert query == (
        "date=2026-11-22%2001%3A30%3A05"
        "&text=%D0%94%D0%B0%20%26%20%D0%BD%D0%B5%D1%82%20%3D%20100%25%20%2B%20%F0%9F%91%8D%0A%23%3F%2F"
        "&smsid=5094&sender=79031234567&receiver=1234&prefix=%D0%94%D0%90"
    )
    assert dict(parse_qsl(query))["text"] == "Да & нет = 100% + 👍\n#?/"


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("", "/?"),
        ("?", "/?"),
        ("/", "/?"),
        ("/in%2fbox/sms?", "/in%2fbox/sms?"),
        ("/sms?key=a%2Bb&x", "/sms?key=a%2Bb&x&"),
        ("/sms?a=1&", "/sms?a=1&&"),
        ("/приём?ключ=да", "/%D0%BF%D1%80%D0%B8%D1%91%D0%BC?%D0%BA%D0%BB%D1%8E%D1%87=%D0%B4%D0%B0&"),
        ("/a/../b//c?smsid=7", "/a/../b//c?smsid=7&"),
    ],
)
async def test_what_the_url_has_stays(
    incoming: IncomingMessages, app: App, until: Until, given: str, asked: str
) -> None:
    """Path and query go out as they were given; the platform's parameters follow."""
    incoming.url = app.url.removesuffix("/sms.php") + given
    write(incoming)
    await until(lambda: app.asked)
    assert app.asked[0].startswith(asked + "date=2026-11-22")


async def test_a_repeat_is_the_same_request(
    incoming: IncomingMessages, app: App, until: Until, advance: Callable[[float], None]
) -> None:
    """The same smsid and the same bytes, however late, and no cookie of an earlier answer."""
    app.answers = [says("", 500, {"Set-Cookie": "a=b"}), says("", 500), acknowledge]
    write(incoming)
    for times in (1, 2):
        await until(lambda times=times: found(incoming, 1).attempt_count == times)  # type: ignore[misc]
        advance(3600)
    await until(lambda: found(incoming, 1).state == "acknowledged")
    assert len(app.asked) == 3
    assert len(set(app.asked)) == 1
    assert not [headers for headers in app.headers if "Cookie" in headers]


async def test_no_proxy_is_asked(
    incoming: IncomingMessages, app: App, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment says."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    write(incoming)
    await until(lambda: found(incoming, 1).attempts)
    assert found(incoming, 1).state == "acknowledged"


async def test_no_smsid_is_given_twice(incoming: IncomingMessages, until: Until) -> None:
    """Not to the same text, and not after all was forgotten."""
    first = [incoming.write(sender="1", receiver="2", text="a").smsid for _ in range(3)]
    incoming.clear()
    second = [incoming.write(sender="1", receiver="2", text="a").smsid for _ in range(3)]
    assert first + second == ["5094", "5095", "5096", "5097", "5098", "5099"]
    assert [message.number for message in incoming.messages()] == [6, 5, 4]


# What an answer means.


@pytest.mark.parametrize("body", ["smsid={id}", "smsid={id}\n", " \r\n\tsmsid={id}\r\n\r\n"])
async def test_an_acknowledgement(incoming: IncomingMessages, app: App, until: Until, body: str) -> None:
    """One attempt, and no more; white space around it means nothing."""
    app.answers = [says(body)]
    write(incoming)
    await until(lambda: found(incoming, 1).attempts)
    message = found(incoming, 1)
    assert (message.state, message.attempt_count, message.next_at) == ("acknowledged", 1, None)
    assert (message.attempts[0].status, message.attempts[0].error) == (200, None)
    assert message.attempts[0].at == WRITTEN


@pytest.mark.parametrize(
    ("answer", "becomes"),
    [
        (says("smsid={id}", 500), (500, "status 500")),
        (says("smsid={id}", 201), (201, "status 201")),
        (says("smsid={id}", 403), (403, "status 403")),
        (says("id_sms={id}\n"), (200, "the body is not smsid=5094")),
        (says(""), (200, "the body is not smsid=5094")),
        (says("smsid={id}0"), (200, "the body is not smsid=5094")),
        (says("SMSID={id}"), (200, "the body is not smsid=5094")),
        (says("smsid= {id}"), (200, "the body is not smsid=5094")),
        (says("\ufeffsmsid={id}"), (200, "the body is not smsid=5094")),
        (says("\u2003smsid={id}"), (200, "the body is not smsid=5094")),
        (says("<pre>smsid={id}</pre>"), (200, "the body is not smsid=5094")),
        (says("\udcff\udcfe"), (200, "the body is not smsid=5094")),
        (says("smsid={id}" + " " * 65536), (200, "the body is longer than 64 KiB")),
        (says("smsid={id}", headers={"Content-Encoding": "gzip"}), (200, None)),
        (says("", 302, headers={"Location": "/other"}), (302, "status 302: no redirect is followed")),
        (
            says("smsid={id}", 307, headers={"Location": "/other"}),
            (307, "status 307: no redirect is followed"),
        ),
        (half, (200, "the answer broke off")),
        (drop, (None, "the connection was closed without an answer")),
    ],
)
async def test_anything_else_is_repeated(
    incoming: IncomingMessages,
    app: App,
    until: Until,
    answer: Handler,
    becomes: tuple[int | None, str | None],
) -> None:
    """Each attempt is one request, and says in a line what was wrong; the next is due after the pause."""
    app.answers = [answer]
    incoming.repeat = 7
    write(incoming)
    await until(lambda: found(incoming, 1).attempts)
    await asyncio.sleep(0.02)  # a client that sends again by itself has done so by now
    message = found(incoming, 1)
    assert len(app.asked) == 1
    assert (message.attempts[0].status, message.attempts[0].error) == becomes
    if becomes[1] is not None:
        assert (message.state, message.next_at) == ("waiting", WRITTEN + timedelta(seconds=7))


async def test_a_reply_is_shown_in_part(incoming: IncomingMessages, app: App, until: Until) -> None:
    """Two hundred characters, whatever they are; also of one that never ends."""
    app.answers = [says("ж" * 500), says("\udcd0\udcff" * 40_000), says("👍" * 300)]
    for _ in range(3):
        write(incoming)
    await until(lambda: all(message.attempts for message in incoming.messages()))
    replies = [message.attempts[0].reply for message in incoming.messages()]
    assert sorted(replies) == sorted(["ж" * 200, "\ufffd" * 200, "👍" * 200])


async def test_silence(incoming: IncomingMessages, app: App, until: Until) -> None:
    """The attempt ends after its time."""
    app.answers = [silence]
    incoming.timeout = 0.05
    write(incoming)
    await until(lambda: found(incoming, 1).attempts)
    assert found(incoming, 1).attempts[0].error == "no answer in 0.05 s"


async def test_an_answer_that_does_not_end(incoming: IncomingMessages, app: App, until: Until) -> None:
    """It has a status, and what came of its body is shown."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"smsid=5094")
        await asyncio.sleep(3600)
        return response

    app.answers = [endless]
    incoming.timeout = 0.1
    write(incoming)
    await until(lambda: found(incoming, 1).attempts)
    attempt = found(incoming, 1).attempts[0]
    assert (attempt.status, attempt.reply) == (200, "smsid=5094")
    assert attempt.error == "the answer did not end in 0.1 s"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_nobody_listens(incoming: IncomingMessages, until: Until, host: str) -> None:
    """A refused connection says so, also where a name has two addresses."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        incoming.url = f"http://{host}:{taken.getsockname()[1]}/"
        write(incoming)
        await until(lambda: found(incoming, 1).attempts)
    assert found(incoming, 1).attempts[0].error == "connection refused"


async def test_no_http_and_no_tls(incoming: IncomingMessages, app: App, until: Until) -> None:
    """What answers something else is named, too."""

    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        incoming.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        write(incoming)
        await until(lambda: found(incoming, 1).attempts)
    incoming.url = app.url.replace("http:", "https:")
    write(incoming)
    await until(lambda: found(incoming, 2).attempts)
    errors = [message.attempts[0].error for message in incoming.messages()]
    assert errors == ["no TLS connection", "the answer is not HTTP"]


# Settings, and what is refused.


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "begins with http"),
        ("sms.php", "begins with http"),
        ("ftp://host/", "begins with http"),
        ("file:///etc/passwd", "begins with http"),
        ("http:host/x", "names no host"),
        ("http:///x", "names no host"),
        ("http://./x", "names no host"),
        ("http://host:99999/", "cannot be read"),
        ("http://host:x/", "cannot be read"),
        ("http://host:0/", "port 0"),
        ("http://[::1/", "cannot be read"),
        ("http://a\\b/", "cannot be read"),
        ("http://host/\ud83d", "cannot be read"),
        ("http://me:s3cret@host/", "a login or a password"),
        ("http://@host/", "a login or a password"),
        ("http://host/#", "fragment"),
        ("http://host/ x", "white space"),
        ("http://host/\nx", "white space"),
        ("http://host/" + "a" * 9000, "longer than 8000"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused(
    incoming: IncomingMessages, app: App, url: str, why: str
) -> None:
    """In one line that does not quote it, since a password may be in it; the one before stays."""
    with pytest.raises(ValueError, match=why) as refused:
        incoming.url = url
    assert "s3cret" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert incoming.url == app.url


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 1e300])
def test_a_pause_is_a_time(incoming: IncomingMessages, seconds: float) -> None:
    """Not none, and not for ever."""
    with pytest.raises(ValueError, match=r"incoming_repeat is 0\.001 to"):
        incoming.repeat = seconds
    assert incoming.repeat == 5.0


@pytest.mark.parametrize("seconds", [True, "5", None])
def test_a_pause_is_a_number(incoming: IncomingMessages, seconds: float) -> None:
    """A switch or a text is none."""
    with pytest.raises(TypeError, match="incoming_repeat is a number"):
        incoming.repeat = seconds


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("sender", "", "sender is empty"),
        ("receiver", " ", "receiver is empty"),
        ("text", "", "text is empty"),
        ("text", "a\ud83d", "text holds half"),
        ("prefix", "\udc4d", "prefix holds half"),
    ],
)
def test_a_message_that_cannot_be_is_refused(
    incoming: IncomingMessages, field: str, value: str, why: str
) -> None:
    """It takes no number."""
    with pytest.raises(ValueError, match=why):
        write(incoming, **{field: value})
    with pytest.raises(TypeError, match="text is a text"):
        incoming.write(sender="1", receiver="2", text=3)  # type: ignore[arg-type]
    assert incoming.last_number == 0


def test_without_a_url_nothing_is_written(incoming: IncomingMessages) -> None:
    """An error of its own says what is missing."""
    incoming.url = None
    with pytest.raises(NoIncomingUrl, match="set the incoming URL first"):
        write(incoming)
    assert incoming.messages() == ()
