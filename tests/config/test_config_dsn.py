"""dsn.py: a provider in one line; and nothing whatever makes a secret appear."""

import re
import warnings
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsgw.config import (
    Settings,
    load,
    load_dsn,
)
from smsgw.drivers.settings import ProviderSettings
from tests.config.loading import CANARY, MAIN, attempt, refused, tells


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("iba://u:p@gate.example", {"url": "https://gate.example/"}),
        ("iba://u:p@gate.example:8443/a/b/", {"url": "https://gate.example:8443/a/b/"}),
        ("IBA://u:p@gate.example/", {"url": "https://gate.example/"}),
        ("iba://u:p@gate.example/?http=0", {"url": "https://gate.example/"}),
        ("iba://u:p@localhost:8025/iba/?http=1", {"url": "http://localhost:8025/iba/"}),
        ("iba://u:p@[::1]:8025/iba/?http=1", {"url": "http://[::1]:8025/iba/"}),
        ("targetsms://u:p@", {"driver": "targetsms", "name": "targetsms"}),
        ("targetsms://u:p@/", {"driver": "targetsms", "name": "targetsms"}),
        ("targetsms://u:p@/?sender=X", {"driver": "targetsms", "name": "targetsms", "sender": "X"}),
        ("targetsms://u:p@?sender=X", {"driver": "targetsms", "name": "targetsms", "sender": "X"}),
        (
            "targetsms://u:p@?duplicate_window=0&on_duplicate=reject",
            {
                "driver": "targetsms",
                "name": "targetsms",
                "duplicate_window": 0.0,
                "on_duplicate": "reject",
            },
        ),
        (
            "smstele://test%3Ahttp:a%40b%2Fc%3F%23%25%20+@",
            {"driver": "smstele", "name": "smstele", "login": "test:http", "password": "a@b/c?#% +"},
        ),
        ("iba://u:п%D0%B0@gate.example", {"url": "https://gate.example/", "password": "па"}),
        (
            "iba://u:p@h/?name=main&rate=50&timeout=2.5&batch_size=3&max_connections=1&keepalive=0&charset=UTF-8",
            {
                "url": "https://h/",
                "name": "main",
                "rate": 50.0,
                "timeout": 2.5,
                "batch_size": 3,
                "max_connections": 1,
                "keepalive": 0.0,
                "charset": "utf-8",
            },
        ),
        ("iba://u:p@h/?sender=79031234567", {"url": "https://h/", "sender": "79031234567"}),
        ("iba://u:p@h/?sender=MY+SHOP%2B", {"url": "https://h/", "sender": "MY SHOP+"}),
        (" iba://u:p@h/\n", {"url": "https://h/"}),
    ],
)
def test_a_dsn_is_a_provider(dsn: str, expected: dict[str, Any]) -> None:
    """Scheme, login, password, host and query come out as one provider's settings, of the right types."""
    wanted = {"name": "iba", "driver": "iba", "login": "u", "password": "p"} | expected
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        settings = load_dsn(dsn)
    assert settings == Settings(providers={wanted["name"]: ProviderSettings(**wanted)})


BAD_DSNS = [
    ("", "write driver://login:password@host"),
    (CANARY, "write driver://login:password@host"),
    ("iba://", "write driver://login:password@host"),
    ("iba://gate.example/", "write driver://login:password@host"),
    (f"{CANARY}://u:p@h", "there is no such driver; known: avist, iba"),
    (f"{CANARY}@h://u:p@h", "there is no such driver; known: avist, iba"),
    (f"iba://{CANARY}@h", "login:password is wanted before the @"),
    (f"iba://:{CANARY}@h", "login:password is wanted before the @"),
    (f"iba://{CANARY}:@h", "login:password is wanted before the @"),
    (f"iba://test:http:{CANARY}@h", "login:password is wanted before the @"),
    (f"iba://u:a/{CANARY}@h", "write driver://login:password@host"),
    (f"iba://u:a?{CANARY}@h", "write driver://login:password@host"),
    (f"iba://u:a?{CANARY}=1@h", "write driver://login:password@host"),
    (f"iba://u:a#{CANARY}@h", "write driver://login:password@host"),
    (f"iba://u:a@{CANARY}@h", "write driver://login:password@host"),
    (f"iba://u:a@b/{CANARY}@h", "write driver://login:password@host"),
    (f"iba://u:{CANARY}[@h", "write driver://login:password@host"),
    (f"iba://u:{CANARY} x@h", "write driver://login:password@host"),
    (f"iba://u:{CANARY}\tx@h", "write driver://login:password@host"),
    (f"iba://u:{CANARY}%x@h", "write driver://login:password@host"),
    (f"iba://u:{CANARY}\u2100@h", "write driver://login:password@host"),
    (f"iba://u:{CANARY}@h#", "write driver://login:password@host"),
    (f"iba://u:{CANARY}@h:99999", "write driver://login:password@host"),
    (f"iba://u:p@h:{CANARY}", "write driver://login:password@host"),
    (f"iba://u:{CANARY}%ff@h", "the password is not UTF-8"),
    (f"iba://{CANARY}%ff:p@h", "the login is not UTF-8"),
    (f"iba://u:{CANARY}%0A@h", "password: holds a control character"),
    (f"iba://u:{CANARY}@h?sender=%ff", "the query is not UTF-8"),
    (f"iba://u:{CANARY}@h?sendr=x", "sendr: unknown key; did you mean sender?"),
    (f"iba://u:p@h?password={CANARY}", "password: unknown key"),
    (f"iba://u:p@h?login={CANARY}", "login: unknown key"),
    (f"iba://u:p@h?driver={CANARY}", "driver: unknown key"),
    (f"iba://u:p@h?url={CANARY}", "url: unknown key"),
    (f"iba://u:p@h?prices={CANARY}", "prices: unknown key"),
    (f"iba://u:p@h?iba%3A//u%3A{CANARY}%40h=x", '"…": unknown key'),
    (f"iba://u:p@h?sender={CANARY}&sender={CANARY}", "sender: given twice; keep one"),
    ("iba://u:p@h?sender=", "sender: is empty"),
    ("iba://u:p@h?name=", "name: a provider's name must be"),
    (f"iba://u:p@h?rate={CANARY}", "rate: must be a number"),
    ("iba://u:p@h?rate=", "rate: must be a number"),
    ("iba://u:p@h?rate=1e3", "rate: must be a number"),
    ("iba://u:p@h?rate=nan", "rate: must be a number"),
    ("iba://u:p@h?rate=-1", "rate: must be above 0"),
    ("iba://u:p@h?batch_size=1.5", "batch_size: must be a whole number"),
    ("iba://u:p@h?batch_size=11", "batch_size: iba takes at most 10"),
    ("iba://u:p@h?duplicate_window=30", "duplicate_window: TargetSMS only"),
    (f"iba://u:p@h?charset={CANARY}", "charset: iba reads utf-8"),
    (f"iba://u:p@h?http={CANARY}", "http: write 1 for plain HTTP"),
    ("iba://u:p@?http=1", "a path or http= needs a host"),
    ("iba://u:p@/path/", "a path or http= needs a host"),
    ("iba://u:p@:8080/", "url: must be http"),
    ("iba://u:p@-/", "url: must have a host name"),
    ("iba://u:p@пример.example/", "url: must be ASCII"),
]


@pytest.mark.parametrize(("dsn", "says"), BAD_DSNS)
def test_a_bad_dsn_is_refused_by_its_number(dsn: str, says: str) -> None:
    """The error says which DSN and what is wrong with it, and repeats nothing but the names of keys."""
    assert refused(lambda: load_dsn(f"targetsms://u:{CANARY}@", dsn)).startswith(f"DSN 2: {says}")


def test_two_dsns_of_one_name_need_another_name() -> None:
    """Two accounts of one driver are told apart by name=."""
    one, two = f"iba://a:{CANARY}@h", f"iba://b:{CANARY}@h"
    assert refused(lambda: load_dsn(one, two)) == (
        "DSN 2: a provider named iba is there already; give this one name=…"
    )
    assert list(load_dsn(one, f"{two}?name=second").providers) == ["iba", "second"]


def test_no_dsn_is_no_configuration() -> None:
    """Without any DSN there is nothing to send with."""
    assert refused(load_dsn).startswith("no DSN is given")


JUNK = st.recursive(
    st.sampled_from([None, True, -1, 0.5, CANARY, b"x", f"iba://u:{CANARY}@h", float("nan")]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["7", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
KEYS = [*attrs.fields_dict(ProviderSettings), "password_env", "password_file"]


@given(st.dictionaries(st.sampled_from(KEYS), JUNK, min_size=1, max_size=4))
def test_junk_is_refused_without_a_word_of_it(main: dict[str, Any]) -> None:
    """Whatever stands under a provider, loading it either works or is a ConfigurationError that hides it."""
    error = attempt(lambda: load({"providers": {"main": MAIN | main}}, {}))
    assert error is None or CANARY not in tells(error)


@given(st.text(st.sampled_from(":/?#[]@%&=+. \\u\u2100é1"), max_size=12), st.integers(0, 40))
def test_no_dsn_however_cut_tells_the_password(noise: str, where: int) -> None:
    """A password with any character left raw in it, anywhere in a DSN, is not repeated but as the key it may be."""
    whole = f"iba://user:{CANARY}@gate.example/path/"
    error = attempt(lambda: load_dsn(whole[:where] + noise + whole[where:]))
    assert error is None or not re.search("CANARY|p4ss", tells(error))
