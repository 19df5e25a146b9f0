"""Any call of the platform is one message, or an error that repeats nothing of it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from hypothesis import given
from hypothesis import strategies as st

from smsgw.inbound import InboundMessage, UnreadableCall, parse_inbound
from tests.faults.properties.any_text import TEXTS
from tests.faults.properties.attack import attack

NAMES = st.sampled_from(
    ["smsid", "text", "sender", "receiver", "prefix", "date", "SMSID", "", "smsid[]", "x"]
)
VALUES = TEXTS | st.sampled_from(
    [
        "5094",
        "5094",
        "",
        " 5094 ",
        "0001-01-01",
        "9999-12-31 23:59:59",
        "2026-11-21 15:43:40+23:59",
        "21.11.2026 15:43:40",
        "1" * 65,
    ]
)
STAMPS = st.sampled_from(
    ["0001-01-01 00:00:00", "9999-12-31T23:59:59-12:00", "01.01.0001 00:00:00", "20261121154340"]
)
PAIRS = st.lists(st.tuples(NAMES, VALUES) | st.tuples(st.just("date"), STAMPS), max_size=8)


def _query(pairs: list[tuple[str, str]], charset: str, noise: bytes, at: int) -> bytes:
    query = "&".join(
        f"{quote(name)}={quote(value.encode(charset, 'replace'))}" for name, value in pairs
    ).encode()
    at %= len(query) + 1
    return query[:at] + noise + query[at:]


QUERIES = st.builds(
    _query,
    PAIRS | PAIRS.map(lambda pairs: [("smsid", "5094"), *pairs]),
    st.sampled_from(["utf-8", "windows-1251", "koi8-r", "utf-16"]),
    st.sampled_from(
        [
            b"",
            b"",
            b"",
            b"%",
            b"%zz",
            b"%00",
            b"\xff",
            b"&" * 70,
            b";",
            b"=",
            b"?",
            b"+",
            b"\x98",
            b"a" * 9000,
        ]
    ),
    st.integers(0, 10_000),
)
CALLS = st.one_of(
    QUERIES,
    STAMPS.map(lambda stamp: {"smsid": "5094", "date": stamp}),
    QUERIES.map(lambda query: query.decode("utf-8", "surrogateescape")),
    PAIRS.map(dict),
    st.binary(max_size=100),
    TEXTS,
)


@attack
@given(call=CALLS)
def test_any_call_is_a_message_or_unreadable(call: str | bytes | Mapping[str, str]) -> None:
    """A message has an identifier that means nothing anywhere, a time that any zone can tell, and texts."""
    arrived_at = datetime(2026, 1, 1, tzinfo=UTC)
    try:
        message = parse_inbound(call, arrived_at=arrived_at)
    except UnreadableCall as error:
        said = str(error)
    else:
        assert type(message) is InboundMessage
        assert 0 < len(message.message_id) <= 64
        assert message.message_id.isascii()
        assert message.message_id.isprintable()
        assert not set(message.message_id) & set(" &=<>\"'/\\%+,;")
        assert message.received_at.astimezone(UTC).year in range(1999, 2102)
        for part in (message.text, message.sender, message.receiver, message.prefix):
            assert type(part) is str
        # Neither texts nor numbers: a message may be logged.
        assert repr(message) == (
            f"InboundMessage(message_id={message.message_id!r}, received_at={message.received_at!r})"
        )
        return
    assert said.isprintable()
    assert len(said) < 80


@attack
@given(text=TEXTS, sender=TEXTS, charset=st.sampled_from(["utf-8", "windows-1251"]))
def test_what_the_platform_passes_on_arrives_as_it_is(text: str, sender: str, charset: str) -> None:
    """Percent-encoded in either charset, any text that it can write is read, and nothing in it is taken for more."""
    try:
        parts = [part.encode(charset) for part in (text, sender)]
    except UnicodeEncodeError:
        return
    message = parse_inbound(urlencode({"smsid": "5094", "text": parts[0], "sender": parts[1]}))
    assert message.message_id == "5094"
    assert set(message.raw) == {"smsid", "text", "sender"}
    try:
        # The bytes of some words in windows-1251 are those of others in UTF-8, which goes first.
        text, sender = (part.decode() for part in parts)
    except UnicodeDecodeError:
        assert charset == "windows-1251"
    assert (message.text, message.sender) == (text, sender)
