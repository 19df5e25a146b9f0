"""Whatever a client writes, the sandbox answers in its gateways' own words and never with a 500."""

import asyncio
import io
from collections.abc import Callable, Coroutine, Iterator
from urllib.parse import quote_from_bytes, urlsplit

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smsgw.sandbox import Sandbox
from smsgw.sandbox.discovery import gateway_types

Raw = Callable[[bytes], Coroutine[None, None, bytes]]

SCRIPTS = [(name, script) for name, found in gateway_types().items() for script in found.scripts]
NAMES = (
    *("user", "pass", "action", "phone", "message", "from", "mess_id"),
    *("login", "psw", "phones", "mes", "id", "sender", "translit", "deferred", "flash", "hlr", "viber"),
    *("viber_validity", "charset", "validity", "username", "password", "recipient", "schedule", "balance"),
    *("mes_id", "pwd", "sadr", "dadr", "text", "smsid", "detail"),
)
VALUES = st.one_of(
    st.sampled_from(
        [b"test", b"1", b"true", b"send_sms", b"status", b"79160001234", b"", b",", b"utf-8", b"\xff\xfe"]
    ),
    st.sampled_from([b"2017-12-10 09:00:00", b"9999-12-31 23:59:59", b"0001-01-01 00:00:00", "²".encode()]),
    st.binary(max_size=40),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "surrogatepass")),
)
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=12)
LOGIN = [(name, b"test") for name in ("user", "pass", "login", "psw", "username", "password", "pwd")]


@pytest.fixture(scope="module")
def loop_runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.parametrize(("gateway", "script"), SCRIPTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=PAIRS, with_login=st.booleans(), method=st.sampled_from(["GET", "POST"]), encoded=st.booleans())
def test_no_parameters_make_it_fail(
    *,
    loop_runner: asyncio.Runner,
    gateway: str,
    script: str,
    pairs: list[tuple[str, bytes]],
    with_login: bool,
    method: str,
    encoded: bool,
) -> None:
    """Any names, any bytes, repeated, missing, percent-encoded or raw."""
    pairs = [*(LOGIN if with_login else []), *pairs]
    form = b"&".join(
        name.encode() + b"=" + (quote_from_bytes(value).encode() if encoded else value)
        for name, value in pairs
    )

    async def ask() -> bytes:
        async with Sandbox() as sandbox:
            address = urlsplit(sandbox.url)
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            target = f"/{gateway}/{script}".encode()
            body = form if method == "POST" else b""
            if method == "GET":
                # What ends a request line would make another request, not another parameter.
                target += b"?" + form.translate(None, b"\r\n \x00")
            writer.write(
                method.encode() + b" " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                b"Content-Type: application/x-www-form-urlencoded\r\n"
                b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
            )
            try:
                return await asyncio.wait_for(reader.readline(), 10)
            finally:
                writer.close()

    status = loop_runner.run(ask()).split()[1]
    assert status in {b"200", b"400", b"405"}


CLOSE = b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /avist/sms.php?%%%zz=%&&&=;;" + CLOSE + b"\r\n",
        b"GET /avist/sms.php?a=\xff\xfe" + CLOSE + b"\r\n",
        b"GET http://x/avist/sms.php?a=1" + CLOSE + b"\r\n",
        b"GET /%ff/%00" + CLOSE + b"\r\n",
        b"GET /avist/%ff" + CLOSE + b"\r\n",
        b"GET ////" + CLOSE + b"\r\n",
        b"GET /avist/sms.php HTTP/1.1\r\nHost: \xff\r\nConnection: close\r\n\r\n",
        b"GET /avist/sms.php HTTP/1.0\r\n\r\n",
        b"POST /avist/sms.php" + CLOSE + b"Content-Type: nonsense\r\nContent-Length: 1\r\n\r\nx",
        b"POST /avist/sms.php" + CLOSE + FORM + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"POST /avist/sms.php" + CLOSE + FORM + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"complete nonsense\r\n\r\n",
        b"GET /avist/sms.php?" + b"x" * 100_000 + CLOSE + b"\r\n",
    ],
    ids=lambda request_bytes: request_bytes[:24].decode("latin-1"),
)
async def test_no_bytes_make_it_fail(raw: Raw, request_bytes: bytes) -> None:
    """What is no HTTP is a 400, what is no request of the gateway's is the gateway's to refuse."""
    reply = await raw(request_bytes)
    assert reply.split()[1] in {b"200", b"400", b"403", b"404"}


async def test_a_huge_form_is_too_large(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    """413 above a few megabytes, and a record of it; below that the gateway refuses the text itself."""
    url = sandbox.url_for("smstele") + "sendsms"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    account = b"login=test&psw=test&phones=79160001234&mes="
    async with session.post(url, data=account + b"x" * 1_000_000, headers=headers) as response:
        assert '"-42"' in await response.text()
    async with session.post(url, data=io.BytesIO(account + b"x" * 5_000_000), headers=headers) as response:
        assert response.status == 413
    assert [record.status for record in sandbox.ledger.requests] == [200, 413]
    assert sandbox.ledger.messages == ()


async def test_a_form_of_another_type_is_no_form(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    """JSON, text and multipart bring no parameters, as on the real servers: the login is missing."""
    async with session.post(sandbox.url_for("avist") + "sms.php", json={"user": "test"}) as response:
        assert await response.text() == "Error: auth failed"
    text = aiohttp.StringPayload("user=test&pass=test&action=balance", content_type="text/plain")
    async with session.post(sandbox.url_for("avist") + "sms.php", data=text) as response:
        assert await response.text() == "Error: auth failed"
    with aiohttp.MultipartWriter("form-data") as multipart:
        multipart.append("test").set_content_disposition("form-data", name="user")
    async with session.post(sandbox.url_for("avist") + "sms.php", data=multipart) as response:
        assert await response.text() == "Error: auth failed"


async def test_a_repeated_parameter_counts_as_its_last(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    """As PHP has it."""
    url = sandbox.url_for("iba") + "sendsms.php?user=test&pwd=test&sadr=S&dadr=79160001234&text=one&text=two"
    async with session.get(url) as response:
        assert response.status == 200
    assert sandbox.ledger.messages[0].text == "two"
