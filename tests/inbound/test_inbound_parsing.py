"""A call of the platform as a message: `parse_inbound`."""

import pickle
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict

from smsgw.errors import SmsgwError
from smsgw.inbound import InboundMessage, UnreadableCall, parse_inbound
from smsgw.inbound.parsing import LONGEST_QUERY

MOSCOW = timezone(timedelta(hours=3))
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DOCUMENTED = {
    "date": "2026-11-21 15:43:40",
    "text": "Привет, мир",
    "smsid": "5094",
    "sender": "79031234567",
    "receiver": "79160000000",
    "prefix": "мир",
}


@pytest.mark.parametrize("charset", ["utf-8", "cp1251"])
@pytest.mark.parametrize("kind", [str, bytes])
def test_documented(charset: str, kind: type) -> None:
    """The documented call is read in either charset, from a str or from bytes."""
    query = urlencode(DOCUMENTED, encoding=charset)
    message = parse_inbound(query if kind is str else query.encode())
    assert message == InboundMessage(
        message_id="5094",
        received_at=datetime(2026, 11, 21, 15, 43, 40, tzinfo=MOSCOW),
        text="Привет, мир",
        sender="79031234567",
        receiver="79160000000",
        prefix="мир",
        raw=DOCUMENTED,
    )
    assert message.raw == DOCUMENTED


def test_mapping() -> None:
    """A framework's mapping of decoded parameters gives the same."""
    assert parse_inbound(DOCUMENTED) == parse_inbound(urlencode(DOCUMENTED))
    assert parse_inbound(MultiDict(DOCUMENTED)) == parse_inbound(DOCUMENTED)


@pytest.mark.parametrize("charset", ["utf-8", "cp1251"])
def test_bytes_not_encoded(charset: str) -> None:
    """A text that should have been percent-encoded and is not counts as if it were."""
    raw = "smsid=1&text=Привет".encode(charset)
    assert parse_inbound(raw).text == "Привет"
    assert parse_inbound(raw.decode("utf-8", "surrogateescape")).text == "Привет"


def test_one_charset() -> None:
    """A prefix that could be either goes by the text beside it."""
    prefix = "Рђ"  # its bytes in windows-1251 are a letter in UTF-8
    query = f"smsid=1&prefix={quote(prefix.encode('cp1251'))}"
    assert parse_inbound(query).prefix == "А"
    assert parse_inbound(f"{query}&text={quote('Привет'.encode('cp1251'))}").prefix == prefix


def test_no_charset() -> None:
    """The byte that neither charset has becomes U+FFFD: the message is not lost for it."""
    assert parse_inbound(b"smsid=1&text=%98%CF").text == "\ufffdП"


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("2026-11-21 15:43:40", datetime(2026, 11, 21, 15, 43, 40, tzinfo=MOSCOW)),
        (" 2026-11-21T15:43:40 ", datetime(2026, 11, 21, 15, 43, 40, tzinfo=MOSCOW)),
        ("20261121154340", NOW),
        ("2026-11-21 15:43:40+00:00", datetime(2026, 11, 21, 15, 43, 40, tzinfo=UTC)),
        ("21.11.2026 15:43:40", datetime(2026, 11, 21, 15, 43, 40, tzinfo=MOSCOW)),
        ("0001-01-01 00:00:00", NOW),
        ("9999-12-31 23:59:59", NOW),
        ("0000-00-00 00:00:00", NOW),
        ("yesterday", NOW),
        ("", NOW),
    ],
)
def test_date(stamp: str, moment: datetime) -> None:
    """The date is Moscow's unless it says otherwise; one that cannot be read is when the call came."""
    message = parse_inbound({"smsid": "1", "date": stamp}, arrived_at=NOW)
    assert (message.received_at, message.received_at.utcoffset()) == (moment, moment.utcoffset())
    assert message.raw["date"] == stamp


def test_no_date() -> None:
    """Without a date, it came now; a naive time of arrival is a mistake."""
    assert abs(parse_inbound("smsid=1").received_at - datetime.now(UTC)) < timedelta(seconds=10)
    with pytest.raises(ValueError, match="no time zone"):
        parse_inbound("smsid=1", arrived_at=datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("query", ["", "text=Hi", "smsid=", "smsid=+", "smsid", "SMSID=1", "?", "&&&"])
def test_no_id(query: str) -> None:
    """What cannot be acknowledged is no message."""
    with pytest.raises(UnreadableCall, match="missing"):
        parse_inbound(query)


@pytest.mark.parametrize("given_id", ["1\r\nX: y", "1 2", "<b>", "1" * 65, "один", "1\0", "١"])
def test_bad_id(given_id: str) -> None:
    """An identifier goes into answers, stores and logs: it is nothing that could mean something there."""
    with pytest.raises(UnreadableCall) as caught:
        parse_inbound(urlencode({"smsid": given_id}))
    assert given_id not in str(caught.value)


def test_repeated() -> None:
    """Of a parameter that is repeated the last counts; an identifier may not differ from itself."""
    assert parse_inbound("smsid=1&text=a&text=b&smsid=1").text == "b"
    with pytest.raises(UnreadableCall, match="twice"):
        parse_inbound("smsid=1&smsid=2")
    with pytest.raises(UnreadableCall, match="twice"):
        parse_inbound(MultiDict([("smsid", "1"), ("smsid", "2")]))


@pytest.mark.parametrize(
    "query",
    [
        "smsid=1&text=" + "a" * LONGEST_QUERY,
        {"smsid": "1", "text": "a" * LONGEST_QUERY},
        "smsid=1" + "&a=b" * 64,
        {"smsid": "1", **{str(number): "" for number in range(64)}},
        "smsid=1&text=\ud800",
    ],
)
def test_too_much(query: str | Mapping[str, str]) -> None:
    """Sizes are limited, and half a character is none."""
    with pytest.raises(UnreadableCall):
        parse_inbound(query)


@pytest.mark.parametrize("query", [None, 5, ["smsid=1"], {"smsid": 1}, {"smsid": ["1"]}])
def test_not_a_query(query: object) -> None:
    """What is neither a query nor a mapping of str is a mistake of the caller."""
    with pytest.raises(TypeError):
        parse_inbound(query)  # type: ignore[arg-type]


def test_private() -> None:
    """A message's repr may be logged; it can be handed to another process."""
    message = parse_inbound(DOCUMENTED)
    assert repr(message) == f"InboundMessage(message_id='5094', received_at={message.received_at!r})"
    assert pickle.loads(pickle.dumps(message)) == message


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300), st.dictionaries(st.text(), st.text())))
def test_hostile(query: str | bytes | Mapping[str, str]) -> None:
    """Whatever comes, a message comes out or our own error, which does not repeat it."""
    for given_query in (query, b"smsid=7&text=" + query if isinstance(query, bytes) else query):
        try:
            message = parse_inbound(given_query)
        except SmsgwError as caught:
            said = caught
        else:
            assert message.message_id
            message.received_at.astimezone(UTC)
            continue
        assert isinstance(said, UnreadableCall)
        assert len(str(said)) < 80
