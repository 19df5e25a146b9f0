"""What each of the five gateways says, in its own format (PROTOCOLS.md), and how HTTP carries it."""

import json
from collections.abc import Callable, Mapping, Sequence

from attrs import frozen

__all__ = ["DRIVERS", "SPEECH", "Speech", "http"]

Ids = Mapping[str, str]
"""Recipient to message ID."""


@frozen
class Speech:
    """One gateway's replies."""

    accepted: Callable[[Ids], str]
    """All of these were taken."""
    refused: str
    """The account is refused: nothing was taken."""
    unavailable: str
    """Nothing was taken, and another gateway may be asked."""
    balance: str
    has_own_ids: bool = False
    """The request brings the message ID, which a status can be asked by."""


def _rows(ids: Ids, **more: str) -> list[dict[str, str]]:
    return [
        {"id": given, "phone": phone, "operator": "M", "cnt": "1", **more} for phone, given in ids.items()
    ]


def _smstele_accepted(ids: Ids) -> str:
    first = next(iter(ids.values()))
    rows = _rows(ids, error="-99")
    return json.dumps({"id": first, "cnt": str(len(ids)), "messages": rows}, separators=(",", ":"))


def settled(ids: Ids) -> str:
    """SMStele's answer to a status by the request's own ID."""
    return json.dumps({"results": _rows(ids, stat="ENROUTE", err="0")}, separators=(",", ":"))


def _platform(balance: str) -> Speech:
    return Speech(
        accepted=lambda ids: ",".join(ids.values()),
        refused="error: Неверный логин или пароль",
        unavailable="error: У нас закончились SMS. Для разрешения проблемы свяжитесь с менеджером",
        balance=balance,
    )


SPEECH: Mapping[str, Speech] = {
    "avist": Speech(
        accepted=lambda ids: "Message successfully sent! Message_ID=" + next(iter(ids.values())),
        refused="Error: auth failed",
        unavailable="Error: service is unavailable now",
        balance="Balance: 100 SMS",
    ),
    "smstele": Speech(
        accepted=_smstele_accepted,
        refused='{"error":"-23","description":"Wrong password"}',
        unavailable='{"error":"-2","description":"No memory"}',
        balance="",
        has_own_ids=True,
    ),
    "smsco": Speech(
        accepted=lambda ids: f"OK {len(ids)} " + next(iter(ids.values())),
        refused="2905",
        unavailable="2907",
        balance="100",
    ),
    "iba": _platform("445.6 RUR"),
    "targetsms": _platform("445.6 RUR\nРоссия:361,МТС:1"),
}
DRIVERS: Sequence[str] = tuple(SPEECH)


def http(body: str | bytes, status: str = "200 OK", *headers: str, length: bool = True) -> bytes:
    """A whole reply."""
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", *headers]
    if length:
        lines.append(f"Content-Length: {len(content)}")
    return "\r\n".join([*lines, "", ""]).encode() + content
