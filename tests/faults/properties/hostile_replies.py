"""Replies that no gateway should send: noise, bombs, and documented replies damaged in every way."""

import json
from typing import Final

import phpserialize
from hypothesis import strategies as st

from tests.faults.properties.five import BATCH_ID, MESSAGE_ID, PASSWORD, RECIPIENTS, TEXT
from tests.faults.properties.good_replies import GOOD, ROW, STAT

__all__ = ["BOMBS", "JUNK", "bodies", "written"]


def written(value: object) -> bytes:
    """JSON as a careless program writes it: with what is no number, and half characters."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


JUNK: Final = (
    b"",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\\ud83d",
    b"\\u0000",
    b"\xff",
    b"\xa0",
    "ſK\u0130\u0663\u2028".encode(),
    b"0",
    b"00",
    b"-",
    b".",
    b",",
    b" ",
    b"\r\n",
    b'"',
    b"{",
    b"}",
    b"[" * 200,
    b'{"a":' * 5000,
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"true",
    b"false",
    b"null",
    b"9" * 400,
    b"9" * 5000,
    b"x" * 3000,
    b" " * 3000,
    b"0001-01-01 00:00:00",
    b" 9999-12-31 23:59:59",
    TEXT.encode(),
    PASSWORD.encode(),
    b'"error":"-43",',
    b'"operator":false,',
    b"i:1;",
    b"a:99999999:{",
    b's:99999999999999:"',
    b"OK 1 ",
    b"Error: ",
    b"&b;",
)

BOMBS: Final = (
    b"",
    b"[" * 100_000,
    b'{"error":' * 50_000 + b"1" + b"}" * 50_000,
    b'{"messages":[' * 20_000,
    b"{},".join([b'{"messages":['] + [b""] * 3000) + b"{}]}",
    b'{"cnt":' + b"9" * 5000 + b"}",
    b'{"cnt":1e999,"messages":[]}',
    b"9" * 100_000,
    b"-" + b"9" * 100_000,
    b"1e999999999",
    b"NaN",
    b"a:1000000000:{",
    b"a:1:{i:0;" * 10_000,
    b"a:1:{i:0;a:1:{i:0;a:1:{i:0;a:1:{i:0;a:1:{i:0;a:1:{i:0;a:1:{i:0;a:1:{i:0;i:1;}}}}}}}}",
    b'a:1:{s:-1:"x";i:1;}',
    b'a:1:{s:99999999999999999999:"x";i:1;}',
    b"a:1:{i:0;" * 400 + b"i:1;" + b"}" * 400,
    b'a:1:{i:0;O:8:"stdClass":0:{}}',
    b"a:2:{i:0;i:1;i:1;R:1;}",
    b"a:1:{i:0;i:" + b"9" * 10_000 + b";}",
    b"a:1:{i:0;d:" + b"9" * 400 + b";}",
    b"a:1:{i:0;d:nan;}",
    b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
    b"<html><body><h1>It works!</h1></body></html>",
    b"error:" + b" " * 100_000 + b"x" * 300,
    b"1" + b" " * 100_000 + b"| delivered",
    b"Balance:" + b" " * 100_000 + b"1 SMS",
    b"OK 1 " + b"7" * 7000,
    b"deliver 0001-01-01 00:00:00",
    b"00",
    b"0000,1179038981",
    b"OK 60 0803123456,0802123456",
    b"OK 60 9031234567,9160001234",
    b"error:" + b" " * 50_000 + "Закончились SMS".encode(),
)

_SCALAR = (
    st.sampled_from(
        [
            None,
            True,
            False,
            0,
            1,
            -1,
            2,
            "0",
            "1",
            "2",
            "-99",
            "-43",
            "-1",
            "",
            " ",
            "mMTS",
            BATCH_ID,
            MESSAGE_ID,
            "x" * 5000,
            *RECIPIENTS,
            f"+{RECIPIENTS[0]}",
            PASSWORD,
            TEXT,
            "\0",
            "DELIVRD",
            "half \ud83d",
            "0001-01-01 00:00:00+03",
            "9999-12-31 23:59:59-03",
        ]
    )
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
)
_VALUE = st.recursive(
    _SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
_KEYS: Final = (
    "id",
    "phone",
    "status",
    "error",
    "cnt",
    "operator",
    "region",
    "mnc",
    "stat",
    "err",
    "last_timestamp",
    "description",
)


def _object(pairs: list[tuple[str, str]]) -> str:
    """JSON in which a key may stand twice."""
    return "{" + ",".join(f"{json.dumps(key)}:{value}" for key, value in pairs) + "}"


def _changed(row: dict[str, str], changes: list[tuple[str, object]]) -> str:
    """The row with some of its values changed, and perhaps one more of a key that it has."""
    pairs = [(key, json.dumps(value)) for key, value in row.items()]
    for at, (key, value) in enumerate(changes):
        if at < 2:
            pairs = [pair for pair in pairs if pair[0] != key]
        pairs.append((key, json.dumps(value)))
    return _object(pairs)


_CHANGES = st.lists(st.tuples(st.sampled_from(_KEYS), _VALUE), max_size=3)
_ROWS = st.lists(
    st.builds(
        _changed, st.sampled_from([ROW, {**ROW, "phone": RECIPIENTS[1], "operator": ""}, STAT]), _CHANGES
    )
    | _VALUE.map(json.dumps),
    max_size=4,
)


def _whole(key: str, rows: list[str], changes: list[tuple[str, object]]) -> bytes:
    pairs = [("id", '"x"'), ("cnt", json.dumps(str(len(rows)))), (key, f"[{','.join(rows)}]")]
    return _object([*pairs, *((name, json.dumps(value)) for name, value in changes)]).encode(
        "utf-8", "surrogatepass"
    )


_JSON_BODIES = st.builds(
    _whole,
    st.sampled_from(["messages", "messages", "results", "other"]),
    _ROWS,
    st.just([])
    | st.lists(st.tuples(st.sampled_from(["error", "cnt", "messages", "id"]), _VALUE), max_size=1),
)
_PHP_VALUE = (
    st.sampled_from(
        [MESSAGE_ID, "deliver", "", "2011-01-01 12:57:46", "0001-01-01 00:00:00", 1, -1, 10**30, None]
    )
    | st.floats()
    | st.booleans()
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
    | st.just([1, {"a": 2}])
)
_PHP = st.fixed_dictionaries(
    {"id_sms": st.just(MESSAGE_ID) | _PHP_VALUE, "state_sms": st.just("deliver") | _PHP_VALUE},
    optional=dict.fromkeys(["time_change_state", "num_parts", "price", "", "other"], _PHP_VALUE),
).map(phpserialize.dumps)


def _damaged(body: bytes, blows: list[tuple[str, int, int, bytes]]) -> bytes:
    for what, first, second, junk in blows:
        at = first % (len(body) + 1)
        end = min(len(body), at + second)
        if what == "cut":
            body = body[:at]
        elif what == "behead":
            body = body[at:]
        elif what == "flip" and at < len(body):
            body = body[:at] + bytes([body[at] ^ (1 << second % 8)]) + body[at + 1 :]
        elif what == "double":
            body = body[:end] + body[at:]
        elif what == "repeat":
            body = body * (1 + second % 3)
        elif what == "put":
            body = body[:at] + junk + body[end:]
        elif what == "charset":
            charset = ("utf-16", "windows-1251", "koi8-r", "utf-8-sig", "utf-32")[second % 5]
            body = body.decode("utf-8", "replace").encode(charset, "replace")
        elif what == "case":
            body = body.swapcase()
    return body


_BLOWS = st.lists(
    st.tuples(
        st.sampled_from(
            ["cut", "behead", "flip", "double", "repeat", "put", "put", "put", "charset", "case"]
        ),
        st.integers(0, 400),
        st.integers(0, 12),
        st.sampled_from(JUNK),
    ),
    max_size=3,
)


def bodies(name: str) -> st.SearchStrategy[bytes]:
    """Any bytes as the body of a reply to this driver, most of them near to what its gateway says."""
    own = st.builds(_damaged, st.sampled_from(GOOD[name]), _BLOWS)
    foreign = st.builds(_damaged, st.sampled_from([body for good in GOOD.values() for body in good]), _BLOWS)
    near = {"smstele": [_JSON_BODIES, _JSON_BODIES], "targetsms": [_PHP]}.get(name, [])
    return st.one_of(own, own, *near, foreign, st.sampled_from(BOMBS), st.binary(max_size=200))
