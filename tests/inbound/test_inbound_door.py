"""Who may call: addresses, proxies, the secret, the method, the size."""

import hmac
from typing import Any

import pytest

from smsgw.errors import ConfigurationError
from smsgw.inbound import Call
from smsgw.inbound import door as module
from smsgw.inbound.door import Door
from tests.inbound.conftest import SECRET


def status(door: Door, **given: Any) -> int:
    """200 where the door opens."""
    call = Call(
        given.get("method", "GET"),
        given.get("path", f"/{SECRET}"),
        given.get("query", b"smsid=1"),
        given.get("peer", "192.0.2.1"),
        given.get("forwarded", ()),
    )
    refused = door.refusal(call)
    return 200 if refused is None else refused.status


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/{SECRET}", 200),
        (f"/{SECRET}/", 200),
        (SECRET, 200),
        ("/", 404),
        ("", 404),
        (f"/{SECRET}x", 404),
        (f"/{SECRET[:-1]}", 404),
        (f"/{SECRET.lower()}", 404),
        (f"/x/{SECRET}", 404),
        (f"/{SECRET}/x", 404),
        ("/пароль", 404),
        ("/\ud800", 404),
    ],
)
def test_secret(path: str, expected: int) -> None:
    """One path leads in; every other does not exist."""
    assert status(Door(secret=SECRET), path=path) == expected


@pytest.mark.parametrize(("path", "expected"), [("/", 200), ("", 200), ("/x", 404)])
def test_no_secret(path: str, expected: int) -> None:
    """Without a secret it is the root and nothing below."""
    assert status(Door(), path=path) == expected


def test_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison tells nothing by the time it takes."""
    compared: list[tuple[bytes, bytes]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr(module, "compare_digest", compare)
    door = Door(secret=SECRET)
    assert [status(door), status(door, path="/wrong")] == [200, 404]
    assert compared == [(SECRET.encode(), SECRET.encode()), (b"wrong", SECRET.encode())]


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "OPTIONS", "get"])
def test_method(method: str) -> None:
    """Only GET; a stranger is not even told that."""
    assert status(Door(secret=SECRET), method=method) == 405
    assert status(Door(secret=SECRET), method=method, path="/") == 404


def test_size() -> None:
    """A query is at most 8 KiB."""
    assert status(Door(secret=SECRET), query=b"a" * 8192) == 200
    assert status(Door(secret=SECRET), query=b"a" * 8193) == 414


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("192.0.2.1", 200),
        ("::ffff:192.0.2.1", 200),
        ("198.51.100.77", 200),
        ("2001:db8::5", 200),
        ("192.0.2.2", 403),
        ("2001:db9::5", 403),
        ("", 403),
        (None, 403),
        ("unix:", 403),
    ],
)
def test_allow(peer: str | None, expected: int) -> None:
    """Addresses and networks of either family may call, and nobody else."""
    door = Door(secret=SECRET, allow=["192.0.2.1", "198.51.100.0/24", "2001:db8::/32"])
    assert status(door, peer=peer) == expected
    assert status(Door(secret=SECRET), peer=peer) == 200


def test_allow_mapped() -> None:
    """A network of IPv4 that is written as one of IPv6 is that of IPv4, and the whole of IPv6 holds no IPv4."""
    door = Door(secret=SECRET, allow=["::ffff:192.0.2.0/120", "::ffff:198.51.100.7"])
    peers = ("192.0.2.200", "::ffff:192.0.2.200", "198.51.100.7", "192.0.3.1", "::192.0.2.200", "2001:db8::5")
    assert [status(door, peer=peer) for peer in peers] == [200, 200, 200, 403, 403, 403]
    assert status(Door(secret=SECRET, allow=["::/0"]), peer="192.0.2.1") == 403


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.1", ("192.0.2.1",), 200),
        ("10.0.0.1", ("192.0.2.1, 10.0.0.2",), 200),
        ("10.0.0.1", ("192.0.2.1", "10.0.0.2"), 200),
        # What the client itself wrote stands on the left.
        ("10.0.0.1", ("192.0.2.1, 203.0.113.9",), 403),
        ("10.0.0.1", ("192.0.2.1, unknown",), 403),
        ("10.0.0.1", ("192.0.2.1,",), 403),
        ("10.0.0.1", (), 403),
        # Who is no proxy of ours can write what it likes.
        ("203.0.113.9", ("192.0.2.1",), 403),
        ("192.0.2.1", ("203.0.113.9",), 200),
    ],
)
def test_proxies(peer: str, forwarded: tuple[str, ...], expected: int) -> None:
    """Behind proxies that are trusted, it is the address that the nearest of them saw."""
    door = Door(secret=SECRET, allow=["192.0.2.1"], trusted_proxies=["10.0.0.0/8"])
    assert status(door, peer=peer, forwarded=forwarded) == expected


def test_no_proxies() -> None:
    """By default the header is not believed."""
    door = Door(secret=SECRET, allow=["192.0.2.1"])
    assert status(door, peer="10.0.0.1", forwarded=("192.0.2.1",)) == 403


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"secret": ""}, "secret"),
        ({"secret": "CANARY-short"}, "secret"),
        ({"secret": "CANARY/with/slashes/in/it"}, "secret"),
        ({"allow": "192.0.2.1"}, "allow"),
        ({"allow": ["192.0.2.1/24"]}, "192.0.2.1/24"),
        ({"allow": ["example.com"]}, "example.com"),
        ({"trusted_proxies": [""]}, "trusted_proxies"),
    ],
)
def test_settings(settings: dict[str, Any], said: str) -> None:
    """A setting that means nothing is told at once, and no secret with it."""
    with pytest.raises(ConfigurationError, match=said) as caught:
        Door(**settings)
    assert "CANARY" not in str(caught.value)
