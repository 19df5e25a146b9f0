"""What a transport reads of a reply besides its body: the status, and `Retry-After`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsgw.transport import Reply, Transport
from smsgw.transport.replies import retry_after

if TYPE_CHECKING:
    from tests.conftest import Peers


@pytest.mark.parametrize("status", [200, 204, 304, 400, 401, 404, 429, 500, 502, 503, 599, 999])
async def test_every_status_is_a_reply(peer: Peers, transport: Transport, status: int) -> None:
    """Statuses are for the drivers to judge."""
    gateway = await peer(f"HTTP/1.1 {status} Whatever\r\nContent-Length: 0\r\n\r\n".encode())
    assert (await transport.request(gateway.get())).status == status


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("9" * 4000, 9999999999.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("\u0665", None),
    ],
)
async def test_retry_after_is_read(
    peer: Peers, transport: Transport, value: str, seconds: float | None
) -> None:
    """Seconds or a date; a date in the past is now, and what is neither is as if it were not there."""
    gateway = await peer(f"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: {value}\r\n\r\n".encode())
    assert await transport.request(gateway.get()) == Reply(503, b"", seconds)


@pytest.mark.parametrize("zone", ["GMT", "+0000", "-0000", ""])
def test_retry_after_may_be_a_date(zone: str) -> None:
    """An HTTP date counts from now, and without a zone it is UTC."""
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=90))
    seconds = retry_after(moment.replace("+0000", zone))
    assert seconds is not None
    assert 85 < seconds <= 90


@given(
    st.text() | st.from_regex(r"(\w{3}, )?\d{1,20} (Oct|Jan) \d{1,20} \d{1,9}:\d{1,20}(:\d+)? ?[+-]?\d{0,20}")
)
def test_no_retry_after_spoils_a_reply(value: str) -> None:
    """Whatever stands in the header, it is a number of seconds or nothing."""
    seconds = retry_after(value)
    assert seconds is None or seconds >= 0
