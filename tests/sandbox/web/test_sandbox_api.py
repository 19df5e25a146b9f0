"""The JSON API: what was taken, message by message and request by request."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from smsgw.sandbox import Sandbox
from tests.sandbox.web.conftest import Api

Ask = Callable[..., Coroutine[None, None, tuple[int, str]]]
Advance = Callable[[float], None]
Raw = Callable[[bytes], Coroutine[None, None, bytes]]


async def listed(api: Api, **query: Any) -> list[int]:
    """The IDs of the messages on the page that the query asks for."""
    status, page = await api("GET", "/api/messages", query=query)
    assert status == 200
    return [message["id"] for message in page["messages"]]


async def test_messages_come_newest_first(send: Ask, api: Api) -> None:
    """Of all gateways together, with what each of them gave."""
    await send("iba", text="One")
    await send("smstele", mes="Два", charset="utf-8")
    _, page = await api("GET", "/api/messages")
    assert [(m["provider"], m["text"], m["encoding"]) for m in page["messages"]] == [
        ("smstele", "Два", "UCS-2"),
        ("iba", "One", "GSM-7"),
    ]
    assert (page["matching"], page["kept"], page["next"]) == (2, 2, None)


async def test_pages_are_cut_by_the_server(send: Ask, api: Api) -> None:
    """`next` leads from one to the next, also when more came meanwhile; `after` tells what is new."""
    for _ in range(5):
        await send("avist")
    _, first = await api("GET", "/api/messages", query={"limit": 2})
    await send("avist")
    _, second = await api("GET", "/api/messages", query={"limit": 2, "before": first["next"]})
    _, third = await api("GET", "/api/messages", query={"limit": 2, "before": second["next"]})
    pages = [[m["id"] for m in page["messages"]] for page in (first, second, third)]
    assert pages == [[5, 4], [3, 2], [1]]
    assert third["next"] is None
    assert (second["matching"], second["kept"]) == (6, 6)
    assert await listed(api, after=5) == [6]


async def test_messages_are_found_by_provider_number_text_and_state(
    send: Ask, api: Api, advance: Advance
) -> None:
    """Each narrows it down; several values of one parameter widen it."""
    await send("iba", dadr="79160001213", text="Ваш КОД 1")
    advance(3)
    await send("iba", dadr="79160001234", text="Your code 2", sadr="BANK")
    await send("avist", phone="79260004567", message="Sale")
    assert await listed(api, provider="iba") == [2, 1]
    assert await listed(api, provider=["iba", "avist"]) == [3, 2, 1]
    assert await listed(api, number="+7 (916) 000") == [2, 1]
    assert await listed(api, text="код") == [1]
    assert await listed(api, text="bank") == [2]
    assert await listed(api, state="undeliverable") == [1]
    assert await listed(api, state=["enroute", "undeliverable"], provider="iba") == [2, 1]
    assert await listed(api, recipient="+79260004567") == [3]
    assert await listed(api, recipient="7926000456") == []
    assert await listed(api, provider="", number="", text=" ", state="") == [3, 2, 1]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"providers": "iba"}, "providers"),
        ({"provider": "nobody"}, "nobody"),
        ({"state": "lost"}, "lost"),
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"before": "-1"}, "before"),
        ({"after": "٣"}, "after"),
        ({"before": "9" * 30}, "before"),
    ],
)
async def test_a_query_that_means_nothing_is_one_clear_line(
    api: Api, query: dict[str, str], named: str
) -> None:
    """It names what is wrong."""
    status, reply = await api("GET", "/api/messages", query=query)
    assert status == 400
    assert named in reply["error"]


async def test_a_message_is_shown_with_its_segments_as_they_are_cut(send: Ask, api: Api) -> None:
    """Each with its length in the encoding of the whole text."""
    text = "a" * 66 + "😀" + "b" * 10
    await send("smstele", mes=text, charset="utf-8")
    _, message = await api("GET", "/api/messages/1")
    assert [(part["text"], part["units"]) for part in message["parts"]] == [
        ("a" * 66, 66),
        ("😀" + "b" * 10, 12),
    ]
    assert (message["units"], message["segments"], message["offenders"]) == (78, 2, ["😀"])


async def test_a_message_is_shown_with_its_way(send: Ask, api: Api, advance: Advance) -> None:
    """In the gateway's own words: what was reached, and what is to come."""
    await send("smsco")
    await send("iba", dadr="79160001213")

    async def way(number: int) -> list[tuple[str, str, bool]]:
        _, message = await api("GET", f"/api/messages/{number}")
        return [(step["state"], step["word"], step["reached"]) for step in message["way"]]

    assert await way(1) == [("enroute", "2", True), ("enroute", "0", False), ("delivered", "1", False)]
    assert await way(2) == [("enroute", "Send", True), ("undeliverable", "not_deliver", False)]
    advance(1.5)
    assert await way(1) == [("enroute", "2", True), ("enroute", "0", True), ("delivered", "1", False)]
    advance(1)
    assert await way(2) == [("enroute", "Send", True), ("undeliverable", "not_deliver", True)]


async def test_a_message_is_shown_with_the_request_that_brought_it(send: Ask, api: Api) -> None:
    """As it came, but for the password, and with the reply."""
    await send("iba", text="Привет")
    _, message = await api("GET", "/api/messages/1")
    exchange = message["exchange"]
    assert exchange["url"] == (
        "/iba/sendsms.php?user=test&pwd=***&sadr=TESTSMS&dadr=79160001234"
        "&text=%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82"
    )
    assert (exchange["method"], exchange["status"], exchange["reply"]) == ("GET", 200, "83759227")
    assert exchange["number"] == message["request"]
    assert ["Content-Type", "text/plain; charset=utf-8"] in exchange["reply_headers"]


async def test_no_password_is_shown_outside_of_the_query(raw: Raw, sandbox: Sandbox, api: Api) -> None:
    """Before the host, as a client writes it that takes us for a proxy; after a `#`; in the URL of a page."""
    page = "http://127.0.0.1/?pwd=s3cret"
    for target in ("http://test:s3cret@127.0.0.1/iba/sendsms.php?x", "/iba/sendsms.php#pwd=s3cret"):
        await raw(
            f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nReferer: {page}\r\nConnection: close\r\n\r\n".encode()
        )
    _, shown = await api("GET", "/api/requests")
    assert [request["url"] for request in shown["requests"]] == [
        "/iba/sendsms.php",
        "http://***@127.0.0.1/iba/sendsms.php?x",
    ]
    assert "s3cret" not in f"{shown} {sandbox.ledger.requests}"


async def test_no_password_is_shown_wherever_it_stands(ask: Ask, api: Api) -> None:
    """In a form, under an escaped name, under another gateway's name, and when it is wrong."""
    await ask("avist", "sms.php", method="POST", **{"action": "balance", "pass": "s3cret"})
    await ask("iba", "sendsms.php", password="s3cret", pwd="s3cret")
    await ask("iba", "sendsms.php?p%77d=s3cret&x", pwd=None)
    await ask("iba", "sendsms.php?Password=s3cret&PWD=s3cret&+pwd=s3cret&pwd[]=s3cret", pwd=None)
    await ask("iba", "sendsms.php?user=test&amp;pwd=s3cret;s3cret", pwd=None)
    status, page = await api("GET", "/api/requests")
    assert (status, page["matching"]) == (200, 5)
    assert "s3cret" not in str(page)
    assert page["requests"][-1]["body"] == "user=test&pass=***&action=balance"


async def test_a_message_tells_the_fault_that_its_request_met(sandbox: Sandbox, send: Ask, api: Api) -> None:
    """In the list already."""
    await send("iba")
    sandbox.gateways["iba"].faults.bad_gateway = 1
    await send("iba")
    _, page = await api("GET", "/api/messages")
    assert [message["fault"] for message in page["messages"]] == ["bad_gateway", None]


async def test_requests_that_took_nothing_are_shown_too(ask: Ask, send: Ask, api: Api) -> None:
    """That is where a wrong password is found."""
    await send("targetsms", pwd="wrong")
    await ask("iba", "sendsms.php", balance="1")
    _, page = await api("GET", "/api/requests", query={"kind": "send"})
    (refused,) = page["requests"]
    assert (refused["provider"], refused["reply"]) == ("targetsms", "Неверный логин или пароль")
    assert (page["matching"], page["kept"]) == (1, 2)
    assert (await api("GET", "/api/requests", query={"kind": "x"}))[0] == 400


async def test_a_huge_request_is_shown_in_part(send: Ask, api: Api) -> None:
    """With how much is left out."""
    await send("smsco", message="a" * 50_000)
    _, message = await api("GET", "/api/messages/1")
    assert len(message["exchange"]["url"]) < 20_000
    assert message["exchange"]["url"].endswith(" characters more)")
    assert len(message["text"]) == 50_000


@pytest.mark.parametrize("path", ["/api/messages/1", "/api/messages/x", "/api/messages/-1"])
async def test_a_message_that_is_not_kept_is_not_found(api: Api, path: str) -> None:
    """404, with a line."""
    assert (await api("GET", path))[0] == 404


async def test_a_reset_forgets_all_or_what_is_asked_for(
    sandbox: Sandbox, ask: Ask, send: Ask, api: Api
) -> None:
    """Numbers go on, and TargetSMS has never seen the next request before."""
    await send("targetsms")
    sandbox.gateways["iba"].faults.blocked = True
    assert (await api("POST", "/api/reset", faults=False))[0] == 204
    assert await listed(api) == []
    assert list(sandbox.gateways["iba"].faults.on) == ["blocked"]
    assert (await ask("targetsms", "sendsms.php", smsid="1178440060"))[1] == (
        "Сообщение с таким ID не принималось"
    )
    assert (await send("targetsms"))[1] == "1178440061"
    assert await listed(api) == [2]
    await api("POST", "/api/reset")
    assert not sandbox.gateways["iba"].faults.on
    assert (await api("POST", "/api/reset", messages="yes"))[0] == 400
    assert (await api("POST", "/api/reset", everything=True))[0] == 400


async def test_facts_name_every_gateway_and_every_ending(sandbox: Sandbox, api: Api) -> None:
    """What a page needs to explain itself."""
    _, facts = await api("GET", "/api/sandbox")
    assert {gateway["name"]: gateway["url"] for gateway in facts["gateways"]} == {
        name: sandbox.url_for(name) for name in sandbox.gateways
    }
    assert facts["fates"]["13"] == "undeliverable"
    assert (facts["login"], facts["password"], facts["keep"]) == ("test", "test", None)


@pytest.mark.parametrize(
    ("gateway", "given"),
    [("smstele", {"deferred": "9999-12-31 23:59:59"}), ("smsco", {"schedule": "9999-12-31 23:59:59"})],
)
async def test_a_message_for_the_last_day_of_the_calendar_is_shown(
    send: Ask, api: Api, gateway: str, given: dict[str, str]
) -> None:
    """Its delivery would be after it, which no stamp can say."""
    await api("PATCH", "/api/settings", delivery_after=86400)
    await send(gateway, **given)
    _, page = await api("GET", "/api/messages")
    status, message = await api("GET", f"/api/messages/{page['messages'][0]['id']}")
    assert (status, message["way"][-1]["at"][:10]) == (200, "9999-12-31")
