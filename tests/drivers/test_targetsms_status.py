"""TargetSMS: delivery states, detailed or as a plain word (targetsms.txt 3 and 4; PROTOCOLS.md, "TargetSMS")."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import phpserialize
import pytest

from smsgw.drivers.base import Driver
from smsgw.errors import DuplicateRequest, GatewayRejected, UnreadableReply
from smsgw.models import DeliveryReport, DeliveryState, Reference

MOSCOW = timezone(timedelta(hours=3))
ASKED = [Reference("main", "1179038981", "79001234567")]

STATES = [
    ("send", DeliveryState.ENROUTE, False),
    ("not_deliver", DeliveryState.UNDELIVERABLE, True),
    ("expired", DeliveryState.EXPIRED, True),
    ("deliver", DeliveryState.DELIVERED, True),
    ("partly_deliver", DeliveryState.UNKNOWN, True),
]


def detail(**fields: object) -> bytes:
    """As PHP writes it: the documented fields, all of them strings, but for what a test says."""
    documented = {
        "id_sms": "1179038981",
        "time_change_state": "2011-01-01 12:57:46",
        "state_sms": "deliver",
        "num_parts": "2",
        "price": "1.15",
    }
    body = phpserialize.dumps(documented | fields)
    assert isinstance(body, bytes)
    return body


def test_a_detailed_status_as_php_writes_it(targetsms: Driver) -> None:
    """Written out, so that it does not rest on the library that reads it."""
    body = (
        b'a:5:{s:6:"id_sms";s:10:"1179038981";s:17:"time_change_state";s:19:"2011-01-01 12:57:46";'
        b's:9:"state_sms";s:7:"deliver";s:9:"num_parts";i:2;s:5:"price";d:1.15;}'
    )
    [report] = targetsms.read_status(ASKED, body)
    assert report == DeliveryReport(
        "79001234567",
        "main",
        "1179038981",
        DeliveryState.DELIVERED,
        final=True,
        provider_state="deliver",
        changed_at=datetime(2011, 1, 1, 12, 57, 46, tzinfo=MOSCOW),
        segments=2,
        price=Decimal("1.15"),
    )


def test_lengths_count_bytes_and_not_letters(targetsms: Driver) -> None:
    """A Cyrillic letter is two."""
    body = (
        'a:4:{s:12:"оператор";s:6:"МТС";s:6:"id_sms";s:10:"1179038981";s:9:"state_sms";s:4:"send";s:5:"price";i:0;}'
    ).encode()
    with pytest.raises(UnreadableReply):
        targetsms.read_status(ASKED, body)
    [report] = targetsms.read_status(ASKED, body.replace(b"s:12:", b"s:16:"))
    assert (report.state, report.price) == (DeliveryState.ENROUTE, Decimal(0))


@pytest.mark.parametrize(("word", "state", "final"), STATES)
def test_each_state_in_detail(targetsms: Driver, word: str, state: DeliveryState, final: bool) -> None:
    for spelt in (word, word.upper()):
        [report] = targetsms.read_status(ASKED, detail(state_sms=spelt))
        assert (report.state, report.final, report.provider_state) == (state, final, spelt)


@pytest.mark.parametrize(("word", "state", "final"), STATES)
def test_each_state_as_a_plain_word(targetsms: Driver, word: str, state: DeliveryState, final: bool) -> None:
    """The gateway may not know of `detail=1`."""
    for spelt in (word, f" {word}\r\n", word.upper()):
        reports = targetsms.read_status(ASKED, spelt.encode())
        assert reports == [DeliveryReport("79001234567", "main", "1179038981", state, final, spelt.strip())]


def test_the_time_is_empty_while_the_message_is_on_its_way(targetsms: Driver) -> None:
    for nothing in ("", None, "0000-00-00 00:00:00"):
        [report] = targetsms.read_status(ASKED, detail(state_sms="send", time_change_state=nothing))
        assert (report.state, report.changed_at) == (DeliveryState.ENROUTE, None)


@pytest.mark.parametrize(
    ("price", "read"),
    [
        ("1.15", "1.15"),
        (1.15, "1.15"),
        (2, "2"),
        ("0", "0"),
        ("", None),
        (None, None),
        ("1,15", None),
        ("NaN", None),
    ],
)
def test_a_price_is_for_one_part(targetsms: Driver, price: object, read: str | None) -> None:
    [report] = targetsms.read_status(ASKED, detail(price=price))
    assert report.price == (None if read is None else Decimal(read))


@pytest.mark.parametrize(
    ("parts", "read"), [("2", 2), (2, 2), ("", None), ("x", None), (-1, None), (10**9, None)]
)
def test_the_number_of_parts(targetsms: Driver, parts: object, read: int | None) -> None:
    [report] = targetsms.read_status(ASKED, detail(num_parts=parts))
    assert report.segments == read


def test_fields_that_are_not_documented_do_no_harm(targetsms: Driver) -> None:
    [report] = targetsms.read_status(ASKED, detail(operator="МТС", nested={"a": {"b": 1}}))
    assert report.state is DeliveryState.DELIVERED


def test_an_id_may_be_a_number(targetsms: Driver) -> None:
    [report] = targetsms.read_status(ASKED, detail(id_sms=1179038981))
    assert report.message_id == "1179038981"


@pytest.mark.parametrize(
    "fields",
    [
        {"id_sms": "1179038982"},
        {"state_sms": "delivered"},
        {"state_sms": ""},
        {"state_sms": None},
        {"state_sms": ["deliver"]},
    ],
)
def test_another_message_or_an_undocumented_state_is_unreadable(
    targetsms: Driver, fields: dict[str, object]
) -> None:
    with pytest.raises(UnreadableReply):
        targetsms.read_status(ASKED, detail(**fields))


@pytest.mark.parametrize(
    "body",
    [
        b"a:0:{}",
        b"a:1:{i:0;i:1;",
        b'a:1:{s:9:"state_sms";O:8:"stdClass":0:{}}',
        detail(remark="x" * 20_000),
        detail(remark="{" * 20),
        detail(remark=["nested", ["in", ["nested", ["in", ["nested", ["in", ["nested", ["in", []]]]]]]]]),
    ],
)
def test_what_is_no_small_flat_array_is_unreadable(targetsms: Driver, body: bytes) -> None:
    with pytest.raises(UnreadableReply):
        targetsms.read_status(ASKED, body)


def test_an_unknown_id_is_an_error(targetsms: Driver) -> None:
    for text in ("Сообщение с таким ID не принималось", "сообщение с таким id не принималось."):
        with pytest.raises(GatewayRejected):
            targetsms.read_status(ASKED, text.encode())


def test_an_identical_question_within_the_minute_is_an_error(targetsms: Driver) -> None:
    body = "error: Попытка отправки более одного одинакового запроса в течение минуты".encode()
    with pytest.raises(DuplicateRequest):
        targetsms.read_status(ASKED, body)
    with pytest.raises(DuplicateRequest):
        targetsms.read_balance(body)


@pytest.mark.parametrize("nothing", [None, False, b"", []])
def test_a_detail_without_an_id_is_of_the_id_that_was_asked_for(targetsms: Driver, nothing: object) -> None:
    """As is one whose ID is no text and no number; what else is not there is left out of the report."""
    body = detail(id_sms=nothing, time_change_state=nothing, num_parts=nothing, price=nothing)
    [report] = targetsms.read_status(ASKED, body)
    assert report == DeliveryReport(
        "79001234567", "main", "1179038981", DeliveryState.DELIVERED, True, "deliver"
    )


@pytest.mark.parametrize(("more", "readable"), [(0, True), (1, False)])
def test_a_detail_is_read_up_to_16_kibibytes_and_eight_arrays_deep(
    targetsms: Driver, more: int, readable: bool
) -> None:
    """One byte or one level more is refused before it is parsed."""
    padding = 16_384 - len(detail(pad="x" * 10_000)) + 10_000 + more
    nested: object = "x"
    for _ in range(7 + more):
        nested = {"a": nested}
    long, deep = detail(pad="x" * padding), detail(pad=nested)
    assert (len(long), deep.count(b"{")) == (16_384 + more, 8 + more)
    for body in (long, deep):
        if readable:
            assert targetsms.read_status(ASKED, body)[0].final
        else:
            with pytest.raises(UnreadableReply, match="larger than it can be"):
                targetsms.read_status(ASKED, body)


@pytest.mark.parametrize(("parts", "segments"), [("9999", 9999), ("10000", None), ("-1", None), ("٢", None)])
def test_a_number_of_parts_has_four_digits_at_most(
    targetsms: Driver, parts: str, segments: int | None
) -> None:
    """What is longer, or no number, is left out; white space about the whole says nothing."""
    [report] = targetsms.read_status(ASKED, b" \n" + detail(num_parts=parts) + b"\r\n")
    assert (report.state, report.segments) == (DeliveryState.DELIVERED, segments)
