"""A gateway's own reading of a request: where it ends, whom it is for and what it says."""

from urllib.parse import parse_qsl

from attrs import field, frozen

__all__ = ["Heard", "hear", "is_complete"]

_NUMBERS = ("phone", "phones", "recipient", "dadr")
_TEXTS = ("message", "mes", "text")


@frozen
class Heard:
    """A complete request, understood."""

    kind: str
    """`send` or `question`."""
    recipients: tuple[str, ...]
    text: str
    own_id: str
    fields: dict[str, str] = field(repr=False)


def is_complete(data: bytes) -> bool:
    """Whether the request's head has ended, and as much of a body has come as it announced."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        return False
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return len(body) >= int(value)
    return True


def hear(data: bytes) -> Heard:
    """Understand a complete request: its form, or the query of its address."""
    head, _, body = data.partition(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n")[0].decode("ascii").split(" ")
    form = body.decode("ascii") if method == "POST" else target.partition("?")[2]
    fields = dict(parse_qsl(form, keep_blank_values=True, strict_parsing=True))
    text = next((fields[name] for name in _TEXTS if name in fields), None)
    numbers = next((fields[name] for name in _NUMBERS if name in fields), "")
    kind = "question" if text is None else "send"
    return Heard(kind, tuple(numbers.split(",")) if numbers else (), text or "", fields.get("id", ""), fields)
