"""Any header and any compression of a reply is read in bounded memory, or is one of the two errors that it may be."""

import gzip
import math
import zlib

from hypothesis import example, given
from hypothesis import strategies as st

from smsgw.transport.replies import MAX_REPLY, Spoilt, TooLarge, retry_after, unpack
from tests.faults.properties.attack import attack

DATES = st.builds(
    lambda parts, between: between.join(parts),
    st.lists(
        st.sampled_from(
            [
                "Wed,",
                "21",
                "Oct",
                "2026",
                "0001",
                "9999",
                "07:28:00",
                "25:61",
                "GMT",
                "+2360",
                "-9999",
                "",
                "-",
                "+",
                ":",
                "Jan-",
                "1e9",
            ]
        )
        | st.text(max_size=4),
        max_size=7,
    ),
    st.sampled_from([" ", "-", ""]),
)
HEADERS = (
    st.text(max_size=30) | st.integers().map(str) | DATES | st.sampled_from(["9" * 5000, "-1", "1e9", "nan"])
)


@attack
@example("Wed, 21 Oct 99999999999999999999 07:28:00 GMT")
@example("Wed, 21 Oct 2026 07:28:00 +99999999999999999999")
@example("Mon, 01 Jan 0001 00:00:00 +2300")
@example("9" * 5000)
@given(header=st.none() | HEADERS)
def test_any_header_is_a_finite_wait_or_none(header: str | None) -> None:
    """A gateway may write what it likes: what it means is a number of seconds, not negative, or nothing."""
    wait = retry_after(header)
    assert wait is None or (math.isfinite(wait) and wait >= 0)
    if header is not None and header.strip().isascii() and header.strip().isdigit():
        assert wait == float(header.strip()[:10])


PLAIN = st.binary(max_size=300) | st.sampled_from(
    [b"", b"OK 4 123", b"\0" * MAX_REPLY, b"\0" * (MAX_REPLY + 1)]
)
PACKED = st.builds(
    lambda pack, body, cut, tail: pack(body)[: cut or None] + tail,
    st.sampled_from([gzip.compress, zlib.compress, lambda body: gzip.compress(gzip.compress(body))]),
    PLAIN,
    st.sampled_from([0, 0, 0, -1, -4, 10]),
    st.sampled_from([b"", b"", b"x"]),
)


@attack
@given(
    body=PACKED | PLAIN,
    encoding=st.sampled_from(["gzip", " GZIP ", "x-gzip", "deflate", "br", "identity", "", "gzip,gzip"])
    | st.text(max_size=8),
)
def test_any_compression_is_undone_whole_or_refused(body: bytes, encoding: str) -> None:
    """What comes out is the whole body, and never more than a reply may be; a bomb goes off nowhere."""
    try:
        plain = unpack(body, encoding)
    except (Spoilt, TooLarge):
        assert encoding.strip().lower() not in ("", "identity")
        assert body
        return
    if plain is not body:
        assert len(plain) <= MAX_REPLY
        assert zlib.decompress(body, wbits=47) == plain


def test_a_whole_reply_comes_through_and_a_bomb_does_not() -> None:
    """The property above is about something: both ends of it happen."""
    for pack in (gzip.compress, zlib.compress):
        assert unpack(pack(b"OK 4 123"), "gzip") == b"OK 4 123"
        for bad, error in ((pack(b"\0" * (MAX_REPLY + 1)), TooLarge), (pack(b"OK 4 123")[:-1], Spoilt)):
            try:
                unpack(bad, "gzip")
            except error:
                continue
            raise AssertionError(f"{error.__name__} was due")
