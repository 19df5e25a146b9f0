"""Requests as clients write them that no one here knows: other escapes, orders, versions of HTTP, and plain mistakes."""

from collections.abc import Callable, Coroutine

import pytest

from smsgw.sandbox import Sandbox

Curl = Callable[..., Coroutine[None, None, str]]

SENDS = {
    "avist": ("sms.php", "action=send_sms&user=test&pass=test&phone=79160001234&message={}&from=SHOP"),
    "smstele": ("sendsms", "login=test&psw=test&phones=79160001234&mes={}&charset=utf-8"),
    "smsco": ("smsapi2.php", "username=test&password=test&recipient=79160001234&message={}"),
    "iba": ("sendsms.php", "user=test&pwd=test&sadr=TESTSMS&dadr=79160001234&text={}"),
    "targetsms": ("sendsms.php", "user=test&pwd=test&sadr=TESTSMS&dadr=79160001234&text={}"),
}
BY_POST = ("avist", "smstele")
CYRILLIC = ("avist", "smstele", "iba", "targetsms")
STATUS = ("--output", "/dev/null", "--write-out", "%{http_code}")

every_gateway = pytest.mark.parametrize("gateway", SENDS)


def url_of(gateway: str, text: str) -> str:
    script, query = SENDS[gateway]
    return f"{gateway}/{script}?{query.format(text)}"


def texts(sandbox: Sandbox) -> list[str]:
    return [message.text for message in sandbox.ledger.messages]


@every_gateway
@pytest.mark.parametrize(
    "written", ["a+b", "a%20b", "%61%20%62", "a%20b&", "a%20b&&", "a%20b&unknown=1", "a%20b&x"]
)
async def test_a_text_can_be_escaped_in_many_ways(
    sandbox: Sandbox, curl: Curl, gateway: str, written: str
) -> None:
    """A plus, %20, letters that need no escape, a trailing ampersand, parameters that nobody knows."""
    await curl(url_of(gateway, written))
    assert texts(sandbox) == ["a b"]


@pytest.mark.parametrize("gateway", CYRILLIC)
@pytest.mark.parametrize("written", ["%D0%AF", "%d0%af", "%D0%aF", "Я"])
async def test_a_letter_can_be_written_in_many_ways(
    sandbox: Sandbox, curl: Curl, gateway: str, written: str
) -> None:
    """Capital and small digits, and the letter itself: IBA's document writes its example so."""
    await curl(url_of(gateway, written))
    assert texts(sandbox) == ["Я"]


async def test_unescaped_letters_of_windows_1251_are_taken_too(sandbox: Sandbox, curl: Curl) -> None:
    """IBA reads either charset, and a client may escape in neither."""
    await curl(
        url_of("iba", b"\xff".decode("utf-8", "surrogateescape"))
    )  # the byte itself, on the command line
    assert texts(sandbox) == ["я"]


@every_gateway
async def test_parameters_come_in_any_order(sandbox: Sandbox, curl: Curl, gateway: str) -> None:
    """Backwards."""
    script, _, query = url_of(gateway, "Hi").partition("?")
    await curl(f"{script}?{'&'.join(reversed(query.split('&')))}")
    assert texts(sandbox) == ["Hi"]


@every_gateway
@pytest.mark.parametrize(
    "options",
    [
        ("--http1.0",),
        ("--header", "Expect: 100-continue"),
        ("--header", "Connection: close"),
        ("--header", "User-Agent:", "--header", "Accept:"),
        ("--header", "Accept-Encoding: gzip, br", "--header", "Accept: application/json"),
        ("--header", "Cookie: PHPSESSID=1", "--user", "a:b"),
    ],
    ids=" ".join,
)
async def test_a_get_comes_with_any_headers(
    sandbox: Sandbox, curl: Curl, gateway: str, options: tuple[str, ...]
) -> None:
    """HTTP/1.0, no headers at all, or some that mean nothing here."""
    assert await curl(url_of(gateway, "Hi"), *options, *STATUS) == "200"
    assert texts(sandbox) == ["Hi"]


@pytest.mark.parametrize("gateway", BY_POST)
@pytest.mark.parametrize(
    "options",
    [
        ("--http1.0",),
        ("--header", "Expect: 100-continue"),
        ("--header", "Transfer-Encoding: chunked"),
        ("--header", "Content-Type: application/x-www-form-urlencoded; charset=UTF-8"),
        ("--header", "Content-Type: Application/X-WWW-Form-UrlEncoded"),
    ],
    ids=" ".join,
)
async def test_a_form_is_sent_in_many_ways(
    sandbox: Sandbox, curl: Curl, gateway: str, options: tuple[str, ...]
) -> None:
    """A body after 100 Continue, in chunks, or under a type that is written otherwise."""
    path, _, form = url_of(gateway, "Я").partition("?")
    assert await curl(path, "--data", form, *options, *STATUS) == "200"
    assert texts(sandbox) == ["Я"]


@every_gateway
async def test_a_connection_is_used_again(sandbox: Sandbox, curl: Curl, gateway: str) -> None:
    """Two requests, one connection; what was unescaped in the first changes nothing in the second."""
    path = url_of(gateway, "[1-2]" if gateway == "smsco" else "Я[1-2]")
    out = await curl(path, "--no-globoff", *STATUS[:2], "--write-out", "%{http_code} %{num_connects},")
    assert out == "200 1,200 0,"
    assert [text[-1] for text in texts(sandbox)] == ["1", "2"]


@every_gateway
async def test_a_repeated_parameter_counts_as_its_last(sandbox: Sandbox, curl: Curl, gateway: str) -> None:
    """As PHP has it."""
    name = {"avist": "message", "smstele": "mes", "smsco": "message"}.get(gateway, "text")
    await curl(url_of(gateway, "one") + f"&{name}=two")
    assert texts(sandbox) == ["two"]


@pytest.mark.parametrize("gateway", CYRILLIC)
async def test_a_byte_order_mark_is_part_of_the_text(sandbox: Sandbox, curl: Curl, gateway: str) -> None:
    """A client that puts one there sends it, and the inbox shows it."""
    await curl(url_of(gateway, "%EF%BB%BFHi"))
    assert texts(sandbox) == ["\ufeffHi"]


@every_gateway
@pytest.mark.parametrize(
    "body",
    [
        ("--data", "%ZZ=%&&&=;;"),
        ("--data", "user=&pass=&login=&psw="),
        ("--data-binary", "\ufeffuser=test&pass=test&action=send_sms"),
        ("--form", "user=test", "--form", "pass=test"),
        ("--json", '{"user": "test", "pass": "test"}'),
        ("--data", "user=test", "--header", "Content-Type:"),
    ],
    ids=" ".join,
)
async def test_a_body_that_is_no_form_of_the_gateways(
    sandbox: Sandbox, curl: Curl, gateway: str, body: tuple[str, ...]
) -> None:
    """Who takes POST misses the login in it; the others take none. Neither is an error of the server's."""
    path = f"{gateway}/{SENDS[gateway][0]}"
    out = await curl(path, *body, "--write-out", "\n%{http_code}")
    said, _, status = out.rpartition("\n")
    assert status == ("200" if gateway in BY_POST else "405")
    words = {"avist": "Error: auth failed", "smstele": '"description": "No login"'}
    assert words.get(gateway, "Method Not Allowed") in said
    assert sandbox.ledger.messages == ()


@every_gateway
@pytest.mark.parametrize(
    "method", [("--head",), ("--request", "DELETE"), ("--request", "OPTIONS"), ("--upload-file", "/dev/null")]
)
async def test_a_method_that_no_document_names(
    sandbox: Sandbox, curl: Curl, gateway: str, method: tuple[str, ...]
) -> None:
    """405, and nothing is taken."""
    assert await curl(url_of(gateway, "Hi"), *method, *STATUS) == "405"
    assert sandbox.ledger.messages == ()


@every_gateway
@pytest.mark.parametrize("path", ["{}/nosuch.php", "{}/", "{}", "{}/{}/sms.php", "X{}/sendsms.php"])
async def test_a_wrong_url_is_a_404(sandbox: Sandbox, curl: Curl, gateway: str, path: str) -> None:
    """PROTOCOLS.md: "a 404 says that `url` is wrong"."""
    assert await curl(path.replace("{}", gateway), *STATUS) == "404"
