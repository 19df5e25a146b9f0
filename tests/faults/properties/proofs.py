"""What the bytes of a reply to a send prove, read straight from them and without any code of the drivers.

Each function tells of one recipient whether the reply can be seen to accept it. It is as generous as the document is,
so `accepted` where it says no is a claim without proof.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

__all__ = ["HOLDS", "PROOFS"]

_REFUSALS: Final = {f"-{code}" for code in (1, 2, 6, *range(21, 36), 41, 42, 43)}


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("windows-1251", "replace")


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign in "0123456789")


def avist(body: bytes, recipients: Sequence[str], at: int, message_id: str | None) -> bool:
    """The documented sentence, whatever its white space, and behind its first sign of equality the very ID."""
    said, _, named = _text(body).strip().partition("=")
    sentences = {"messagesuccessfullysent!message_id", "messagesuccessfullysent!mess_id"}
    return "".join(said.casefold().split()) in sentences and bool(named) and named == message_id


def smsco(body: bytes, recipients: Sequence[str], at: int, message_id: str | None) -> bool:
    """`OK`, a number, and then nothing, one ID for one recipient, or numbers that failed and are not this one."""
    words = _text(body).split()
    if len(words) < 2 or words[0].casefold() != "ok" or not _digits(words[1]):
        return False
    rest = " ".join(words[2:])
    tails = [_digits(part)[-8:] for part in rest.split(",") if _digits(part)]
    lists_failures = "," in rest or any(recipient[-8:] == _digits(rest)[-8:] for recipient in recipients)
    if rest and lists_failures:
        # Each number listed has to be one of ours, and one at least was taken.
        ours = {recipient[-8:] for recipient in recipients}
        return message_id is None and bool(tails) and set(tails) < ours and recipients[at][-8:] not in tails
    return len(recipients) == 1 and len(words) <= 3 and (message_id or "") == rest


def platform(body: bytes, recipients: Sequence[str], at: int, message_id: str | None) -> bool:
    """As many numbers as recipients, and this one's is not zero."""
    ids = _text(body).replace(",", " ").split()
    return (
        len(ids) == len(recipients)
        and all(part.isascii() and part.isdigit() for part in ids)
        and ids[at] == message_id
        and bool(ids[at].strip("0"))
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a key stands twice, and nobody knows which one counts")
    return dict(pairs)


def _object(body: bytes) -> dict[str, Any]:
    for text in (body, body.rstrip() + b"}"):
        with suppress(ValueError, RecursionError):
            found = json.loads(text.decode("utf-8-sig"), object_pairs_hook=_once)
            return found if isinstance(found, dict) else {}
    return {}


def _word(value: object) -> str:
    return "" if isinstance(value, bool) or not isinstance(value, str | int) else str(value).strip()


def _named(row: dict[str, Any]) -> bool:
    """Whether it names an operator: a name is a text with a letter in it."""
    operator = row.get("operator")
    return isinstance(operator, str) and any(sign.isalpha() for sign in operator)


def _number(value: object) -> int | None:
    word = _word(value)
    return int(word) if word.isascii() and word.isdigit() and len(word) < 10 else None


def smstele(body: bytes, recipients: Sequence[str], at: int, message_id: str | None) -> bool:
    """One row for the number, no code of refusal in it, and an operator, or a count that says so in every reading."""
    reply = _object(body)
    if _word(reply.get("error", "0")) != "0" or not isinstance(reply.get("messages"), list) or not message_id:
        return False
    rows = [row for row in reply["messages"] if isinstance(row, dict)]
    mine = [row for row in rows if _word(row.get("phone")).removeprefix("+") == recipients[at]]
    if len(mine) != 1 or _word(mine[0].get("error")) in _REFUSALS:
        return False
    if _named(mine[0]):
        return True
    counts = [_number(row.get("cnt")) for row in rows]
    top = _number(reply.get("cnt"))
    if top is None or None in counts:
        return False
    known = [row for row in rows if _named(row)]
    without = {len(known), sum(_number(row.get("cnt")) or 0 for row in known)}
    return top in {len(rows), sum(count or 0 for count in counts)} and top not in without


def _holds(body: bytes) -> bool:
    return "sms будет отправлена как только вы пополните счет" in " ".join(_text(body).casefold().split())


Proof = Callable[[bytes, Sequence[str], int, str | None], bool]
PROOFS: Final[dict[str, Proof]] = {
    "avist": avist,
    "smsco": smsco,
    "iba": platform,
    "targetsms": platform,
    "smstele": smstele,
}
HOLDS: Final[dict[str, Callable[[bytes], bool]]] = {"iba": _holds, "targetsms": _holds}
"""Only these two know of messages that wait for credit."""
