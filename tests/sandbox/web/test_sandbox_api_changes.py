"""The JSON API: faults, settings, messages from phones, conversations."""

from collections.abc import Callable, Coroutine
from io import BytesIO
from typing import Any

import pytest

from smsgw.sandbox import Sandbox
from tests.sandbox.web.conftest import Api

Ask = Callable[..., Coroutine[None, None, tuple[int, str]]]
Advance = Callable[[float], None]


async def test_a_fault_is_switched_on_met_and_used_up(sandbox: Sandbox, send: Ask, api: Api) -> None:
    """What is on is told by name."""
    status, faults = await api("PATCH", "/api/faults/iba", bad_gateway=1, delay=0.001)
    assert (status, faults["on"]) == (200, {"iba": ["bad_gateway", "delay"]})
    assert (await send("iba"))[0] == 502
    _, faults = await api("GET", "/api/faults")
    assert faults["gateways"]["iba"]["bad_gateway"] == 0
    assert faults["on"] == {"iba": ["delay"]}


async def test_every_fault_can_be_set_and_all_be_switched_off(sandbox: Sandbox, api: Api) -> None:
    """Of one gateway, or of all."""
    everything: dict[str, Any] = {
        **dict.fromkeys(("unavailable", "drop_before", "drop", "silent", "truncated", "bad_gateway"), 2),
        "share": {"drop": 0.25, "silent": 0.75},
        "delay": 1.5,
        "blocked": True,
        "no_credit": True,
        "held": True,
        "refuse_with": "Нет ссылки",
        "stop_list": ["79160001234"],
    }
    for name in ("iba", "targetsms"):
        _, faults = await api("PATCH", f"/api/faults/{name}", **everything)
        assert faults["gateways"][name] == everything
    _, faults = await api("DELETE", "/api/faults/iba")
    assert set(faults["on"]) == {"targetsms"}
    assert sandbox.gateways["targetsms"].faults.stop_list == {"79160001234"}
    _, faults = await api("DELETE", "/api/faults")
    assert faults["on"] == {}


@pytest.mark.parametrize(
    ("gateway", "given", "named"),
    [
        ("iba", {"drop": -1}, "drop"),
        ("iba", {"drop": True}, "drop"),
        ("iba", {"drop": 1.5}, "drop"),
        ("iba", {"drop": None}, "drop"),
        ("iba", {"drop": 1.0}, "drop is a whole number"),
        ("iba", {"drop": 10**400}, "drop"),
        ("iba", {"delay": "1"}, "delay"),
        ("iba", {"delay": "1" * 100_000}, "delay"),
        ("iba", {"delay": 10**400}, "delay"),
        ("iba", {"blocked": 1}, "blocked is true or false"),
        ("iba", {"share": {"drop": 10**400}}, "share"),
        ("iba", {"share": {"drop": 0.6, "silent": 0.6}}, "together"),
        ("iba", {"share": {"drop": True}}, "share"),
        ("iba", {"share": {"flood": 1}}, "flood"),
        ("iba", {"share": [0.5]}, "share"),
        ("iba", {"stop_list": "79160001234"}, "stop_list"),
        ("iba", {"stop_list": [79160001234]}, "stop_list"),
        ("iba", {"stop_list": [["7"]]}, "stop_list"),
        ("iba", {"refuse_with": 0}, "refuse_with is a text"),
        ("iba", {"refuse_with": "\ud83d"}, "refuse_with"),
        ("iba", {"flood": 1}, "flood"),
        ("avist", {"held": True}, "held"),
    ],
)
async def test_a_fault_that_means_nothing_changes_nothing(
    sandbox: Sandbox, api: Api, gateway: str, given: dict[str, Any], named: str
) -> None:
    """All that a request asks for, or none of it; one line says why."""
    status, reply = await api("PATCH", f"/api/faults/{gateway}", **{"silent": 3, **given})
    assert status == 400
    assert named in reply["error"]
    assert len(reply["error"]) <= 500
    assert "Attribute(" not in reply["error"]
    assert sandbox.gateways[gateway].faults.on == ()


async def test_an_unknown_gateway_is_not_found(api: Api) -> None:
    """With the names of those that there are."""
    status, reply = await api("PATCH", "/api/faults/nobody", drop=1)
    assert status == 404
    assert "targetsms" in reply["error"]
    assert (await api("DELETE", "/api/faults/nobody"))[0] == 404


async def test_the_speed_of_delivery_is_set_for_messages_to_come(
    sandbox: Sandbox, send: Ask, api: Api, advance: Advance
) -> None:
    """Those that are on their way keep their time."""
    await send("iba")
    assert (await api("PATCH", "/api/settings", delivery_after=10))[1]["delivery_after"] == 10
    await send("iba")
    advance(5)
    _, page = await api("GET", "/api/messages")
    assert [message["state"] for message in page["messages"]] == ["enroute", "delivered"]


@pytest.mark.parametrize(
    "given",
    [
        {"delivery_after": -1},
        {"delivery_after": "soon"},
        {"delivery_after": True},
        {"delivery_after": 1e12},
        {"delivery_after": 10**400},
        {"incoming_url": "ftp://here/"},
        {"incoming_url": 7},
        {"incoming_repeat": 0},
        {"incoming_repeat": 10**400},
        {"speed": 1},
    ],
)
async def test_a_setting_that_means_nothing_changes_nothing(api: Api, given: dict[str, Any]) -> None:
    """Neither do those beside it."""
    _, before = await api("GET", "/api/settings")
    status, _ = await api("PATCH", "/api/settings", **{"delivery_after": 77, **given})
    assert status == 400
    assert (await api("GET", "/api/settings"))[1] == before


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[1]", 400),
        (b"\xff", 400),
        (b"[" * 100_000, 400),
        (b'{"delay": NaN}', 400),
        (b'{"delay": Infinity}', 400),
        (b'{"delay": 1e999}', 400),
        (b'{"delay": ' + b"9" * 5000 + b"}", 400),
        (b'{"refuse_with": "' + b"x" * (1 << 22) + b'"}', 413),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(api: Api, raw: bytes, status: int) -> None:
    """One line, and no trace."""
    headers = {"Content-Type": "application/json"}
    assert (await api("PATCH", "/api/faults/iba", raw=BytesIO(raw), headers=headers))[0] == status


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_what_a_page_from_elsewhere_could_send_unasked_is_refused(api: Api, kind: str) -> None:
    """A form has one of these three types; for JSON a browser asks first."""
    for method, path in (("PATCH", "/api/faults/iba"), ("PATCH", "/api/settings"), ("POST", "/api/reset")):
        assert (await api(method, path, raw=b"{}", headers={"Content-Type": kind}))[0] == 415


async def test_a_message_from_a_phone_needs_somewhere_to_go(api: Api) -> None:
    """409 until a URL is set."""
    given = {"sender": "79160001234", "receiver": "1234", "text": "STOP"}
    assert (await api("POST", "/api/incoming", **given))[0] == 409
    await api("PATCH", "/api/settings", incoming_url="http://127.0.0.1:9/")
    status, written = await api("POST", "/api/incoming", **given)
    assert (status, written["state"], written["prefix"]) == (201, "waiting", "")
    assert (await api("POST", "/api/incoming", **{**given, "text": ""}))[0] == 400
    assert (await api("POST", "/api/incoming", **{**given, "text": 5}))[0] == 400
    assert (await api("POST", "/api/incoming", **given, smsid="5"))[0] == 400
    _, all_of_them = await api("GET", "/api/incoming")
    assert [one["id"] for one in all_of_them["incoming"]] == [written["id"]]
    status, stopped = await api("DELETE", f"/api/incoming/{written['id']}")
    assert (status, stopped["state"]) == (200, "stopped")
    assert (await api("DELETE", "/api/incoming/77"))[0] == 404


async def test_a_conversation_is_what_went_to_and_came_from_a_number(
    send: Ask, api: Api, advance: Advance
) -> None:
    """In the order of time, however the number is written."""
    await api("PATCH", "/api/settings", incoming_url="http://127.0.0.1:9/")
    await send("iba", text="Code 1")
    advance(1)
    await api("POST", "/api/incoming", sender="+7 (916) 000-12-34", receiver="1234", text="Thanks")
    await api("POST", "/api/incoming", sender="1234", receiver="+79160001234", text="Hello")
    await api("POST", "/api/incoming", sender="79160001234567", receiver="7916", text="from another")
    advance(1)
    await send("avist", message="Code 2")
    await send("avist", phone="79260004567", message="to another")
    status, told = await api("GET", "/api/conversations/+7 916 000-12-34")
    assert (status, told["number"]) == (200, "79160001234")
    assert [
        (entry["direction"], (entry.get("message") or entry["incoming"])["text"]) for entry in told["entries"]
    ] == [("out", "Code 1"), ("in", "Thanks"), ("in", "Hello"), ("out", "Code 2")]
