"""How SMStele's JSON is read: whole requests refused, rows accepted, refused or in doubt."""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from smsgw.drivers.base import Batch, Verdict
from smsgw.drivers.words import CONTROL
from smsgw.errors import (
    AuthenticationFailed,
    GatewayRejected,
    GatewayUnavailable,
    InsufficientCredit,
    OutcomeUnknown,
    RecipientRejected,
    Scope,
    SenderRejected,
    SmsgwError,
    TextRejected,
    UnreadableReply,
)
from smsgw.models import State

__all__ = ["Row", "is_refusal", "names_nobody", "parse", "row_error", "rows", "top_level_error", "verdicts"]

_CODES: dict[str, tuple[type[SmsgwError], str]] = {
    "-1": (OutcomeUnknown, "the gateway had a system error and may have taken the message"),
    "-2": (GatewayUnavailable, "the gateway is out of memory"),
    "-6": (GatewayRejected, "the gateway has not implemented this"),
    "-21": (AuthenticationFailed, "the login is missing"),
    "-22": (AuthenticationFailed, "the password is missing"),
    "-23": (AuthenticationFailed, "the gateway refused the login or the password"),
    "-24": (AuthenticationFailed, "the gateway does not allow our IP address"),
    "-25": (RecipientRejected, "the gateway found no recipient"),
    "-26": (RecipientRejected, "the gateway refused a recipient's number"),
    "-27": (TextRejected, "the gateway found no text"),
    "-28": (GatewayRejected, "the gateway refused the validity period"),
    "-29": (GatewayRejected, "the gateway refused the time of delivery"),
    "-30": (GatewayRejected, "the gateway refused the priority"),
    "-31": (SenderRejected, "the gateway refused the sender"),
    "-32": (SenderRejected, "the sender is not registered with the gateway"),
    "-33": (GatewayRejected, "the gateway refused the charset"),
    "-34": (GatewayRejected, "the gateway found no message ID"),
    "-35": (GatewayRejected, "the gateway refused the message ID"),
    "-41": (TextRejected, "the text is too long for the gateway"),
    "-42": (TextRejected, "the text has too many segments for the gateway"),
    "-43": (InsufficientCredit, "the account is out of credit"),
}
_SCOPES: dict[str, Scope] = {"-6": "provider"}
_PLACEHOLDER = "-99"
_REQUEST_IS_WRONG = ("Missing attribute", "Invalid attribute")
_ATTRIBUTE = re.compile(
    "login|psw|phones?|mes|id|sender|translit|deferred|flash|hlr|viber|viber_validity|charset|validity"
)
_MAX_NUMBER = 9
_MAX_ID = 64
_MAX_WORD = 200


@frozen
class Row:
    """One of `messages` or `results`, all as strings: leading zeros count."""

    id: str
    phone: str
    error: str
    cnt: int | None
    operator: str
    region: str
    mnc: str
    stat: str
    err: str
    last_timestamp: str

    @property
    def message_id(self) -> str | None:
        """What it can be asked by; none is as long as a hostile reply may be."""
        return self.id if 0 < len(self.id) <= _MAX_ID else None


def parse(body: bytes, provider: str) -> Mapping[str, Any]:
    """The JSON object; some of the document's samples lack their last brace, so it is tried once with one more."""
    for attempt in (body, body.rstrip() + b"}"):
        try:
            value = json.loads(attempt.decode("utf-8-sig"), object_pairs_hook=_unambiguous)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
        break
    raise UnreadableReply("the reply is not the JSON object that is documented", provider=provider)


def _unambiguous(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    """An object each of whose keys stands once: of two, one may be the refusal, and the other the acceptance."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


def _text(value: object) -> str:
    if isinstance(value, str):
        # JSON can hold half a surrogate pair, which no file, database or request can, and a NUL, which not all can.
        text = value.encode("utf-8", "replace").decode("utf-8").strip()
        return "" if CONTROL.search(text) else text[:_MAX_WORD]
    return str(value)[:_MAX_WORD] if isinstance(value, int) and not isinstance(value, bool) else ""


def _name(value: object) -> str:
    """An operator's: it proves an acceptance, so `0` and `false` are none."""
    name = _text(value)
    return name if any(map(str.isalpha, name)) and isinstance(value, str) else ""


def _count(value: object) -> int | None:
    text = _text(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_NUMBER else None


def _error(code: str, description: str, provider: str) -> SmsgwError:
    if description.startswith(_REQUEST_IS_WRONG):
        attribute = description.partition("'")[2].partition("=")[0].partition("'")[0]
        # No other word of the description is kept: it could repeat the request.
        which = f" (attribute {attribute})" if _ATTRIBUTE.fullmatch(attribute) else ""
        return GatewayRejected(
            f"the gateway found the request itself wrong{which}", provider=provider, code=code
        )
    kind, meaning = _CODES.get(code, (GatewayRejected, "the gateway refused the request"))
    return kind(meaning, provider=provider, code=code, scope=_SCOPES.get(code))


def top_level_error(reply: Mapping[str, Any], provider: str) -> SmsgwError | None:
    """The refusal of a whole request. `0` is none."""
    if "error" not in reply:
        return None
    code = _text(reply["error"])
    if code == "0":
        return None
    if not code.startswith("-") or _count(code[1:]) is None:
        raise UnreadableReply("the reply's error is no code", provider=provider)
    return _error(code, _text(reply.get("description")), provider)


def names_nobody(error: SmsgwError, recipients: int) -> bool:
    """Whether a refusal is of some recipient, we cannot know which."""
    if error.code not in ("-25", "-26"):
        return False
    # "Invalid attribute: 'phones=…'" of several numbers may mean one of them; of one, it is the request.
    return isinstance(error, RecipientRejected) or (recipients > 1 and "phones" in error.description)


def rows(reply: Mapping[str, Any], key: str, provider: str) -> Sequence[Row]:
    listed = reply.get(key)
    if not isinstance(listed, list):
        raise UnreadableReply(f"the reply has no `{key}`", provider=provider)
    return [
        Row(
            id=_text(row.get("id")),
            phone=_text(row.get("phone")).removeprefix("+"),
            error=_text(row.get("error")),
            cnt=_count(row.get("cnt")),
            operator=_name(row.get("operator")),
            region=_text(row.get("region")),
            mnc=_text(row.get("mnc")),
            stat=_text(row.get("stat")),
            err=_text(row.get("err")),
            last_timestamp=_text(row.get("last_timestamp")),
        )
        for row in listed
        if isinstance(row, dict)
    ]


def row_error(row: Row, provider: str) -> SmsgwError | None:
    """The row's own refusal: a listed code. `-99` stands on good, bad and delivered rows alike and says nothing."""
    return _error(row.error, "", provider) if row.error in _CODES else None


def is_refusal(row: Row) -> bool:
    """Whether a listed code stands in the row, where a send's and where a status's rows have it."""
    return row.error in _CODES or row.err in _CODES


def _without_operator_are_accepted(listed: Sequence[Row], top: int | None) -> bool | None:
    """What the top `cnt` says of rows without an operator; None where its readings disagree or none fits."""
    counts = [row.cnt for row in listed]
    if top is None or None in counts:
        return None
    known = [row for row in listed if row.operator]
    refused = top in (len(known), sum(row.cnt or 0 for row in known))
    accepted = top in (len(listed), sum(count or 0 for count in counts))
    return accepted if accepted is not refused else None


def verdicts(reply: Mapping[str, Any], batch: Batch, provider: str) -> Sequence[Verdict]:
    """One verdict for each recipient of the batch."""
    listed = rows(reply, "messages", provider)
    accepted = _without_operator_are_accepted(listed, _count(reply.get("cnt")))
    by_phone = {row.phone: row for row in listed}
    repeated = Counter(row.phone for row in listed)

    def verdict(recipient: str) -> Verdict:
        row = by_phone.get(recipient)
        if row is None or repeated[recipient] > 1:
            doubt = (
                "the gateway's reply leaves this number out"
                if row is None
                else "the reply names this number twice"
            )
            return Verdict(
                State.UNKNOWN, batch.id, OutcomeUnknown(doubt, provider=provider, scope="recipient")
            )
        message_id = row.message_id or batch.id
        taken = True if row.operator else accepted
        if taken is None:
            doubt = "the gateway's reply does not tell whether it took this number"
            return Verdict(
                State.UNKNOWN, message_id, OutcomeUnknown(doubt, provider=provider, scope="recipient")
            )
        error = row_error(row, provider)
        if error is not None and error.maybe_accepted:
            return Verdict(State.UNKNOWN, message_id, error)
        if error is None and not taken:
            error = RecipientRejected("the gateway knows no operator for this number", provider=provider)
        if error is not None:
            return Verdict(State.REJECTED, None, error)
        return Verdict(State.ACCEPTED, message_id, segments=row.cnt)

    return [verdict(recipient) for recipient in batch.recipients]
