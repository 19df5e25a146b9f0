"""Bytes that no gateway should send: every driver reads them as `unknown`, or raises an error of ours."""

import json
import random
from collections.abc import Callable, Sequence
from contextlib import suppress

import phpserialize
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smsgw.drivers.base import Batch, Driver, Verdict
from smsgw.drivers.discovery import find_drivers
from smsgw.errors import SmsgwError
from smsgw.models import DeliveryState, Reference, State
from smsgw.transport import Wire

RECIPIENTS = ("79031234567", "79160001234")
REFERENCES = [Reference("main", "ID-7", recipient) for recipient in RECIPIENTS]
NAMES = sorted(find_drivers())

UNDOCUMENTED = {
    "empty": b"",
    "white space": b" \r\n\t",
    "byte order mark": b"\xef\xbb\xbf",
    "one NUL": b"\x00",
    "NULs": b"\x00" * 1000,
    "NUL before a success": b"\x001179038981",
    "NUL in an ID": b"Message successfully sent! Message_ID=4\x002",
    "escape in an ID": b"OK 1 4\x1b[2J",
    "invalid UTF-8": b"\xff\xfe\x98\x81",
    "UTF-16": "OK 1 2".encode("utf-16"),
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"messages":' * 100_000,
    "deep errors": b'{"error":' * 50_000 + b"1" + b"}" * 50_000,
    "huge number": b"9" * 100_000,
    "huge negative number": b"-" + b"9" * 100_000,
    "huge exponent": b"1e999999999",
    "no number": b"NaN",
    "infinity": b"Infinity",
    "huge number in JSON": b'{"cnt":' + b"9" * 5000 + b"}",
    "huge error in JSON": b'{"error":-' + b"9" * 5000 + b"}",
    "null in JSON": b"null",
    "string in JSON": b'"OK 1 2"',
    "empty object": b"{}",
    "no rows": b'{"id":"x","cnt":"1"}',
    "rows that are none": b'{"id":"x","cnt":"1","messages":{},"results":{}}',
    "PHP array that promises a billion": b"a:1000000000:{",
    "PHP nesting": b"a:1:{i:0;" * 10_000,
    "PHP string of huge length": b'a:1:{s:99999999999999999999:"x";i:1;}',
    "PHP string of negative length": b'a:1:{s:-1:"x";i:1;}',
    "PHP object": b'a:1:{i:0;O:8:"stdClass":0:{}}',
    "PHP reference": b"a:2:{i:0;i:1;i:1;R:1;}",
    "PHP huge integer": b"a:1:{i:0;i:" + b"9" * 10_000 + b";}",
    "PHP array of negative size": b"a:-1:{}",
    "PHP of the wrong type": b"i:1;",
    "HTML": b"<html><body><h1>It works!</h1></body></html>",
    "HTML with a success in it": b"<p>OK 4 123</p>",
    "OK alone": b"OK",
    "success without an ID": b"Message successfully sent! Message_ID=",
    "PHP warning before a success": b"Warning: mysql_connect() in x.php on line 3\n1179038981",
    "some Russian": "Сервис временно недоступен".encode(),
    "Russian in windows-1251": "Ведутся работы".encode("windows-1251"),
    "a million spaces": b"error:" + b" " * 1_000_000 + b"x" * 300,
    **{f"random {seed}": random.Random(seed).randbytes(64 * seed + 9) for seed in range(8)},
}

DOCUMENTED = [
    b"Message successfully sent! Message_ID=XYZ12",
    b"Error: auth failed",
    b"Mess_ID=ID-7 Status: delivered",
    b"Balance: 12 SMS",
    b"OK 60 0803123456,0802123456",
    b"-2904",
    b"1 | Delivered",
    b"1179038981,1179038982",
    "Номер телефона присутствует в стоп-листе.".encode(),
    "445.6 RUR\nРоссия:361,МТС:1".encode(),
    phpserialize.dumps({"id_sms": "ID-7", "time_change_state": "", "state_sms": "send", "price": 1.15}),
    b'{"error": "-25", "description": "Invalid attribute: \'phones=\'"}',
    json.dumps(
        {"id": "x", "cnt": "2", "messages": [{"phone": phone, "operator": "mMTS"} for phone in RECIPIENTS]}
    ).encode(),
    b'{"results": [{"id": "ID-7", "phone": "79031234567", "stat": "DELIVRD"}]}',
]


def batch_of(driver: Driver, batch_for: Callable[..., Batch]) -> Batch:
    return batch_for(driver, *RECIPIENTS[: driver.batch_limit])


def verdicts_of(driver: Driver, batch: Batch, body: bytes) -> Sequence[Verdict]:
    try:
        return driver.read_send(batch, body)
    except SmsgwError as error:
        return driver.verdict_for_all(batch, error)


@pytest.mark.parametrize("body", UNDOCUMENTED.values(), ids=UNDOCUMENTED)
@pytest.mark.parametrize("name", NAMES)
async def test_an_undocumented_reply_to_a_send_is_unknown(
    name: str,
    body: bytes,
    driver_for: Callable[..., Driver],
    batch_for: Callable[..., Batch],
    wire_for: Callable[[bytes], Wire],
) -> None:
    driver = driver_for(name)
    batch = batch_of(driver, batch_for)
    verdicts = await driver.send(wire_for(body), batch)
    assert [verdict.state for verdict in verdicts] == [State.UNKNOWN] * len(batch.recipients)
    for verdict in verdicts:
        assert verdict.error is not None
        assert verdict.error.maybe_accepted
        assert verdict.error.__traceback__ is None
        assert verdict.error.__context__ is None


@pytest.mark.parametrize("body", UNDOCUMENTED.values(), ids=UNDOCUMENTED)
@pytest.mark.parametrize("name", NAMES)
def test_an_undocumented_reply_to_a_question_is_an_error_of_ours(
    name: str, body: bytes, driver_for: Callable[..., Driver]
) -> None:
    driver = driver_for(name)
    with pytest.raises(SmsgwError):
        driver.read_status(REFERENCES, body)
    with pytest.raises(SmsgwError):
        driver.read_balance(body)
    with pytest.raises(SmsgwError):
        driver.read_lookup(RECIPIENTS, body)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(noise=st.binary(max_size=300))
def test_noise_is_unknown(
    driver_for: Callable[..., Driver], batch_for: Callable[..., Batch], name: str, noise: bytes
) -> None:
    """No documented reply begins with a NUL, so what follows it proves nothing."""
    driver = driver_for(name)
    batch = batch_of(driver, batch_for)
    states = [verdict.state for verdict in verdicts_of(driver, batch, b"\x00" + noise)]
    assert states == [State.UNKNOWN] * len(batch.recipients)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(
    reply=st.sampled_from(DOCUMENTED),
    start=st.integers(0, 200),
    length=st.integers(0, 20),
    junk=st.binary(max_size=20) | st.sampled_from([b"{", b"}", b",", b'"', b"0", b"-", b" ", b"\n", b"\xff"]),
)
def test_a_damaged_reply_is_read_without_any_exception_but_ours(
    *,
    driver_for: Callable[..., Driver],
    batch_for: Callable[..., Batch],
    name: str,
    reply: bytes,
    start: int,
    length: int,
    junk: bytes,
) -> None:
    """Also a reply that belongs to another gateway."""
    driver = driver_for(name)
    batch = batch_of(driver, batch_for)
    body = reply[:start] + junk + reply[start + length :]
    assert len(verdicts_of(driver, batch, body)) == len(batch.recipients)
    try:
        reports = driver.read_status(REFERENCES, body)
    except SmsgwError:
        pass
    else:
        assert [report.recipient for report in reports] == list(RECIPIENTS)
        assert all(report.error is None or not report.final for report in reports)
        assert all(isinstance(report.state, DeliveryState) for report in reports)
    for read in (driver.read_balance, lambda body: driver.read_lookup(RECIPIENTS, body)):
        with suppress(SmsgwError):
            read(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("half \ud83d"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
ROW = st.fixed_dictionaries(
    {"phone": st.sampled_from(RECIPIENTS) | JSON},
    optional=dict.fromkeys(
        ("id", "status", "error", "cnt", "operator", "region", "mnc", "stat", "err", "last_timestamp"), JSON
    ),
)
OBJECT = st.fixed_dictionaries(
    {},
    optional={
        "id": JSON,
        "cnt": JSON,
        "error": JSON,
        "description": JSON,
        "messages": st.lists(ROW | JSON, max_size=4) | JSON,
        "results": st.lists(ROW | JSON, max_size=4) | JSON,
    },
)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(value=OBJECT)
def test_json_of_any_shape_is_read_without_any_exception_but_ours(
    driver_for: Callable[..., Driver], batch_for: Callable[..., Batch], name: str, value: object
) -> None:
    driver = driver_for(name)
    batch = batch_of(driver, batch_for)
    body = json.dumps(value).encode()
    verdicts = verdicts_of(driver, batch, body)
    assert len(verdicts) == len(batch.recipients)
    for verdict in verdicts:
        # What a verdict keeps can be written to any file or database.
        repr(verdict).encode()
        assert verdict.message_id is None or verdict.message_id.encode()
    try:
        reports = driver.read_status(REFERENCES, body)
    except SmsgwError:
        return
    assert len(reports) == len(REFERENCES)
    for report in reports:
        for word in (report.provider_state, report.error_code, report.operator, report.region, report.mnc):
            assert word is None or word.encode()
