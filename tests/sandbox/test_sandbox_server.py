"""The sandbox as a whole: it starts, it stops, it finds its gateways, and it keeps its records."""

import ast
import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

import smsgw.sandbox
from smsgw.sandbox import Sandbox
from smsgw.sandbox.discovery import gateway_types
from smsgw.sandbox.fates import fate_of

Ask = Callable[..., Coroutine[None, None, tuple[int, str]]]
Advance = Callable[[float], None]
RawSend = Callable[..., Coroutine[None, None, bytes]]
Until = Callable[[Callable[[], object]], Awaitable[None]]

GATEWAYS = ["avist", "iba", "smsco", "smstele", "targetsms"]


def test_gateways_are_found_by_looking() -> None:
    """One file a gateway; what they share is none."""
    assert list(gateway_types()) == GATEWAYS
    assert all(name == found.name for name, found in gateway_types().items())


def test_it_shares_no_code_with_what_it_is_to_test() -> None:
    """Of the SDK it imports segments.py alone: a fake that shared a driver's code would share its bugs."""
    found: set[str] = set()
    for file in Path(smsgw.sandbox.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                found.update(f"{node.module}.{alias.name}" for alias in node.names)
    ours = {name for name in found if name.split(".")[0] == "smsgw" and not name.startswith("smsgw.sandbox.")}
    assert ours <= {"smsgw.segments", "smsgw.sandbox", "smsgw._version.__version__"}
    assert "phpserialize" not in found


async def test_urls_and_config_lead_to_the_sandbox(sandbox: Sandbox) -> None:
    """A dispatcher can be set up from `config()` as it is."""
    assert sandbox.url.startswith("http://127.0.0.1:")
    assert sandbox.url_for("iba") == sandbox.url + "iba/"
    assert list(sandbox.config()["providers"]) == GATEWAYS
    assert sandbox.config()["providers"]["iba"] == {
        "driver": "iba",
        "login": "test",
        "password": "test",
        "url": sandbox.url_for("iba"),
        "sender": "TESTSMS",
    }
    with pytest.raises(KeyError):
        sandbox.url_for("nobody")


async def test_the_front_page_and_all_that_it_needs_come_from_the_sandbox(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    """HTML, style and scripts, each with its type."""
    async with session.get(sandbox.url) as response:
        assert (response.status, response.content_type) == (200, "text/html")
        page = await response.text()
    needed = re.findall(r'(?:src|href)="(/?[a-z-]+\.(?:js|css))"', page)
    assert "script.js" in {name.removeprefix("/") for name in needed}
    for name in needed:
        async with session.get(sandbox.url + name.removeprefix("/")) as response:
            assert response.status == 200
            assert response.content_type == ("text/css" if name.endswith("css") else "text/javascript")


@pytest.mark.parametrize(
    "path", ["nobody/sendsms.php", "iba/", "iba", "iba/smsapi2.php", "iba/sendsms.php/more"]
)
async def test_an_unknown_path_is_not_found(
    sandbox: Sandbox, session: aiohttp.ClientSession, path: str
) -> None:
    """404, the sign of a wrong `url`."""
    async with session.get(sandbox.url + path) as response:
        assert response.status == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_an_undocumented_method_is_not_allowed(
    sandbox: Sandbox, session: aiohttp.ClientSession, method: str
) -> None:
    """405, and the record says so; nothing is taken."""
    async with session.request(method, sandbox.url_for("avist") + "sms.php") as response:
        assert (response.status, response.headers["Allow"]) == (405, "GET, POST")
    assert [(record.kind, record.status) for record in sandbox.ledger.requests] == [("other", 405)]


async def test_the_account_can_be_another() -> None:
    """Login and password are the sandbox's own."""
    async with Sandbox(login="me", password="s3cret") as sandbox, aiohttp.ClientSession() as session:
        url = sandbox.url_for("smsco") + "smsapi2.php"
        for password, reply in (("s3cret", "10000"), ("test", "2905")):
            query = {"username": "me", "password": password, "balance": "true"}
            async with session.get(url, params=query) as response:
                assert await response.text() == reply


async def test_nothing_that_is_shown_holds_the_password() -> None:
    """Neither records nor gateways nor the sandbox itself, also when it comes in a URL."""
    async with Sandbox(password="s3cret") as sandbox, aiohttp.ClientSession() as session:
        query = {"user": "test", "pwd": "s3cret", "sadr": "S", "dadr": "79160001234", "text": "Hi"}
        async with session.get(sandbox.url_for("iba") + "sendsms.php", params=query):
            pass
        shown = repr(
            (sandbox, sandbox.gateways, sandbox.ledger, sandbox.ledger.requests, sandbox.ledger.messages)
        )
        assert "s3cret" not in shown


async def test_an_identity_does_not_depend_on_the_password_or_the_order(sandbox: Sandbox, ask: Ask) -> None:
    """Two requests are the same if all but the password is."""
    await ask("iba", "sendsms.php", dadr="1", text="a")
    await ask("iba", "sendsms.php", text="a", dadr="1", pwd="other")
    await ask("iba", "sendsms.php", dadr="1", text="b")
    first, second, third = (record.identity for record in sandbox.ledger.requests)
    assert first == second != third


async def test_the_ledger_counts_by_gateway_and_over_all(sandbox: Sandbox, send: Ask) -> None:
    """A message sent through two gateways is a message sent twice."""
    await send("iba")
    await send("targetsms")
    await send("iba", text="other")
    ledger = sandbox.ledger
    assert ledger.count("79160001234", "Hi") == 2
    assert ledger.count("79160001234", "Hi", "iba") == 1
    assert ledger.count("79160001234", "never") == 0
    assert ledger.sent_twice() == {("79160001234", "Hi"): 2}
    assert [message.gateway for message in ledger.taken()] == ["iba", "targetsms", "iba"]
    assert [message.text for message in ledger.taken("iba")] == ["Hi", "other"]
    assert len(ledger.requests_of("iba")) == 2
    assert ledger.requests_of("iba", "balance") == ()
    assert (
        [message.request for message in ledger.messages]
        == [record.number for record in ledger.requests]
        == [1, 2, 3]
    )


async def test_a_cleared_ledger_is_empty_and_counts_on(sandbox: Sandbox, send: Ask) -> None:
    """The gateways still know what they took."""
    await send("iba")
    await send("iba")
    sandbox.ledger.clear()
    assert (sandbox.ledger.messages, sandbox.ledger.requests, sandbox.ledger.sent_twice()) == ((), (), {})
    await send("iba")
    assert sandbox.ledger.requests[0].number == 3
    assert sandbox.ledger.messages[0].message_id == "83759229"


async def test_a_request_forgotten_while_it_waits_stays_forgotten(
    sandbox: Sandbox, send: Ask, until: Until
) -> None:
    """`clear` in the middle of a delay brings no ghost."""
    sandbox.gateways["iba"].faults.delay = 0.05
    under_way = asyncio.create_task(send("iba"))
    await until(lambda: sandbox.ledger.requests)
    sandbox.ledger.clear()
    assert (await under_way)[0] == 200
    assert sandbox.ledger.requests == ()


async def test_many_at_once_are_all_taken_once(sandbox: Sandbox, send: Ask) -> None:
    """Concurrency loses nothing and doubles nothing."""
    replies = await asyncio.gather(*(send("iba", text=f"text {number}") for number in range(200)))
    assert len({text for _, text in replies}) == 200
    assert len(sandbox.ledger.messages) == 200
    assert sandbox.ledger.sent_twice() == {}


async def test_it_leaves_no_task_and_no_socket(until: Until) -> None:
    """Stopped in the middle of silent, delayed, idle and half-written requests, and at once."""
    before = asyncio.all_tasks()
    sandbox = Sandbox()
    await sandbox.start()
    address = urlsplit(sandbox.url)
    sandbox.gateways["smstele"].faults.silent = 1
    sandbox.gateways["avist"].faults.delay = 60
    head = b"POST /%b HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n"
    form = b"login=test&psw=test&phones=79160001234&mes=Hi"
    writers = []
    for request in (
        head % (b"smstele/sendsms", len(form)) + form,
        head % (b"avist/sms.php", 0),
        head % (b"avist/sms.php", 1000) + b"half",
        b"GET / HT",
        b"",
    ):
        _, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(request)
        writers.append(writer)
    await until(lambda: len(sandbox.ledger.requests) == 2)
    async with asyncio.timeout(1):
        await sandbox.stop()
    assert asyncio.all_tasks() == before
    with socket.socket() as probe:
        assert probe.connect_ex((address.hostname, address.port)) != 0
    assert len(sandbox.ledger.messages) == 1
    for writer in writers:
        writer.close()


async def test_what_waits_ends_as_soon_as_it_stops(
    sandbox: Sandbox, raw_send: RawSend, until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not only when the time for a graceful shutdown has run out."""
    monkeypatch.setattr("smsgw.sandbox.server._SHUTDOWN_TIMEOUT", 60.0)
    await sandbox.stop()
    await sandbox.start()
    sandbox.gateways["smsco"].faults.silent = 1
    sandbox.gateways["iba"].faults.delay = 60.0
    under_way = [asyncio.create_task(raw_send(name, "keep-alive")) for name in ("smsco", "iba")]
    await until(lambda: len(sandbox.ledger.messages) == 2)
    async with asyncio.timeout(5):
        await sandbox.stop()
    assert await asyncio.gather(*under_way) == [b"", b""]


def test_the_longest_ending_of_a_number_decides() -> None:
    """Of two fates that fit, the one that says more."""
    assert fate_of("79160001213", {"13": "expired", "213": "deleted", "3": "rejected"}) == "deleted"
    assert fate_of("79160001213", {"31": "expired"}) == "delivered"


async def test_it_stops_twice_and_starts_again() -> None:
    """Faults and ledger stay; the port need not."""
    sandbox = Sandbox(clock=lambda: 0.0)
    await sandbox.stop()
    for _ in range(2):
        await sandbox.start()
        with pytest.raises(RuntimeError, match="running"):
            await sandbox.start()
        async with aiohttp.ClientSession() as session, session.get(sandbox.url) as response:
            assert response.status == 200
        await asyncio.gather(sandbox.stop(), sandbox.stop())
        await sandbox.stop()
        with pytest.raises(RuntimeError, match="not running"):
            _ = sandbox.url
    assert repr(sandbox) == "<Sandbox not running>"


async def test_a_port_in_use_is_an_error_that_leaves_nothing_behind(sandbox: Sandbox) -> None:
    """And the sandbox can be started elsewhere later."""
    before = asyncio.all_tasks()
    other = Sandbox(port=urlsplit(sandbox.url).port or 0)
    with pytest.raises(OSError, match="address already in use"):
        await other.start()
    assert asyncio.all_tasks() == before
    assert repr(other) == "<Sandbox not running>"


async def test_a_cancelled_stop_still_stops(sandbox: Sandbox, raw_send: RawSend, until: Until) -> None:
    """The cancellation is passed on after the socket is closed."""
    sandbox.gateways["iba"].faults.silent = 1
    under_way = asyncio.create_task(raw_send("iba"))
    await until(lambda: sandbox.ledger.messages)
    address = urlsplit(sandbox.url)
    stopping = asyncio.create_task(sandbox.stop())
    await asyncio.sleep(0)
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert await under_way == b""
    with socket.socket() as probe:
        assert probe.connect_ex((address.hostname, address.port)) != 0


async def test_a_cancelled_start_leaves_nothing_behind() -> None:
    """Wherever in the start it happens."""
    for steps in range(5):
        before = asyncio.all_tasks()
        sandbox = Sandbox()
        starting = asyncio.create_task(sandbox.start())
        for _ in range(steps):
            await asyncio.sleep(0)
        starting.cancel()
        await asyncio.wait([starting])
        await sandbox.stop()
        assert asyncio.all_tasks() == before
