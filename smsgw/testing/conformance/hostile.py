# ruff: noqa: S101 - a check asserts
"""Bytes that no gateway should send: a damaged reply proves nothing, and nothing makes a driver fall over."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from random import Random
from typing import Any, Final

import pytest

from smsgw.drivers.base import Batch, Driver, Verdict
from smsgw.models import State
from smsgw.sandbox import Faults, Sandbox
from smsgw.testing.conformance.exchange import ExchangeKit
from smsgw.testing.conformance.verdicts import read
from smsgw.transport import Reply, Request, Transport

__all__ = ["GARBAGE", "HostileChecks"]

TAKEN = (State.ACCEPTED, State.HELD)

# Documented by nobody, neither for a send nor for a question.
GARBAGE: Final[Mapping[str, bytes]] = {
    "nothing": b"",
    "white space": b" \r\n\t",
    "a byte order mark": b"\xef\xbb\xbf",
    "one NUL": b"\x00",
    "NULs": b"\x00" * 1000,
    "invalid UTF-8": b"\xff\xfe\x98\x81",
    "UTF-16": "OK 1 2".encode("utf-16"),
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "a closed deep object": b'{"error":' * 50_000 + b"1" + b"}" * 50_000,
    "an empty object": b"{}",
    "an empty list": b"[]",
    "null": b"null",
    "an infinity": b"Infinity",
    "a huge number in JSON": b'{"a":' + b"9" * 5000 + b"}",
    "a huge exponent": b"1e999999999",
    "a bomb of XML": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
    "a page of a captive portal": b"<html><body><h1>It works!</h1></body></html>",
    "a PHP warning": b"Warning: mysql_connect() in x.php on line 3",
    "Russian in windows-1251": "Ведутся работы".encode("windows-1251"),
    "a million spaces": b"x" + b" " * 1_000_000 + b"y",
    **{f"random bytes {seed}": Random(seed).randbytes(64 * seed + 9) for seed in range(8)},  # noqa: S311
}


class HostileChecks(ExchangeKit):
    """Of `read_send`. The good replies are the fake's own, fetched over a socket."""

    @pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
    def test_a_reply_that_nobody_documented_is_unknown(self, body: bytes) -> None:
        """`read_send` raises `UnreadableReply` for it: it proves neither that the message was taken, nor that not."""
        driver, batch = self.new_pair()
        states = _states(read(driver, batch, body))
        assert states == {State.UNKNOWN}, f"read as {states}, though nobody has documented such a reply"

    def test_the_complete_reply_is_accepted(self) -> None:
        """What the checks of damaged replies begin with."""
        for driver, batch, body in self._good():
            if len(batch.recipients) == 1:
                states = _states(read(driver, batch, body))
                assert states <= set(TAKEN), f"the fake took it and said {body!r}, which is read as {states}"

    def test_a_cut_acceptance_is_never_a_rejection(self) -> None:
        """The gateway took it: whatever is left of its reply, `rejected` would send the message twice."""
        for driver, batch, body in self._good():
            for end in range(len(body)):
                states = _states(read(driver, batch, body[:end]))
                assert State.REJECTED not in states, (
                    f"{body!r} accepts the message; cut to {body[:end]!r} it is read as rejected"
                )

    def test_a_cut_reply_in_json_or_xml_is_unknown(self) -> None:
        """Where a reply shows its own end, one without it has not all been read (`optional_end` is documented)."""
        for driver, batch, body in self._good():
            whole = body.rstrip()
            if not _shows_its_end(whole):
                continue
            least = len(whole.removesuffix(self.optional_end).rstrip())
            for end in range(least if self.optional_end else len(whole)):
                states = _states(read(driver, batch, whole[:end]))
                assert states == {State.UNKNOWN}, f"cut to {whole[:end]!r} it is read as {states}"

    def test_a_cut_refusal_is_never_an_acceptance(self) -> None:
        """The gateway took nothing: whatever is left of its reply does not say that it did."""
        for driver, batch, body in self._refusals():
            for end in range(len(body)):
                states = _states(read(driver, batch, body[:end]))
                assert not states & set(TAKEN), (
                    f"{body!r} refuses the message; cut to {body[:end]!r} it is read as {states}"
                )

    def test_a_damaged_reply_raises_nothing_but_our_errors(self) -> None:
        """One sound verdict for each recipient, or `UnreadableReply`, whatever a byte was turned into."""
        for driver, batch, body in [*self._good(), *self._refusals()]:
            for damaged in _damaged(body):
                read(driver, batch, damaged)

    def test_a_reply_to_another_request_is_not_taken_for_ours(self) -> None:
        """A reply for more or fewer recipients than were asked for says nothing certain of any of them."""
        replies = list(self._good())
        for (driver, batch, _), (_, other_batch, other) in [*pairwise(replies), *pairwise(reversed(replies))]:
            if len(batch.recipients) > len(other_batch.recipients):
                verdicts = read(driver, batch, other)
                accepted = [verdict for verdict in verdicts if verdict.state in TAKEN]
                assert len(accepted) <= len(other_batch.recipients), (
                    f"{other!r} is for {len(other_batch.recipients)} recipients, and {len(accepted)} are read from it"
                )

    def _good(self) -> Iterator[tuple[Driver, Batch, bytes]]:
        """The reply to a send to one recipient, and to several where one request holds several."""
        yield from self._asked({})

    def _refusals(self) -> Iterator[tuple[Driver, Batch, bytes]]:
        yield from self._asked({"blocked": True})
        yield from self._asked({"no_credit": True})

    def _asked(self, faults: Mapping[str, Any]) -> Iterator[tuple[Driver, Batch, bytes]]:
        limit = self.driver_type().batch_limit
        for count in dict.fromkeys((1, min(limit, len(self.recipients)))):
            yield self.run(self._ask(self.recipients[:count], faults))

    async def _ask(self, recipients: Sequence[str], faults: Mapping[str, Any]) -> tuple[Driver, Batch, bytes]:
        fake = self.gateway_type()
        async with Sandbox(gateways=[fake]) as sandbox:
            account = {"login": "test", "password": "test", "url": sandbox.url_for(fake.name)}
            driver = self.new_driver(**account, batch_size=len(recipients))
            batch = self.new_batch(driver, *recipients, sender=self.sender)
            switches: Faults = sandbox.gateways[fake.name].faults
            switches.change(**faults)
            wire = _RecordingWire()
            try:
                await driver.send(wire, batch)
            finally:
                await wire.transport.aclose()
            assert wire.replies, "the driver's `send` asked nothing"
            return driver, batch, wire.replies[0].body


class _RecordingWire:
    """A real one that keeps the replies."""

    def __init__(self) -> None:
        self.transport = Transport(provider="main", timeout=10)
        self.replies: list[Reply] = []

    async def request(self, request: Request) -> Reply:
        reply = await self.transport.request(request)
        self.replies.append(reply)
        return reply


def _states(verdicts: Sequence[Verdict]) -> set[State]:
    return {verdict.state for verdict in verdicts}


def _shows_its_end(body: bytes) -> bool:
    """Whether it is an object or a list of JSON, or XML."""
    if body.startswith(b"<") and body.endswith(b">"):
        return True
    try:
        return isinstance(json.loads(body), dict | list)
    except (ValueError, RecursionError):
        return False


def _damaged(body: bytes) -> Iterator[bytes]:
    """The same every time: bytes flipped, left out, put in, and the whole in other encodings."""
    random = Random(body)  # noqa: S311 - a repeatable choice, no secret
    yield body * 2
    yield body + b"\x00"
    yield b"\xef\xbb\xbf" + body
    yield body.decode("utf-8", "replace").encode("utf-16")
    yield body.decode("utf-8", "replace").encode("windows-1251", "replace")
    for at in range(min(len(body), 400)):
        yield body[:at] + bytes([body[at] ^ (1 << random.randrange(8))]) + body[at + 1 :]
        yield body[:at] + body[at + 1 :]
        yield body[:at] + random.choice((b"0", b"-", b",", b'"', b"{", b"\xff", b"\x00")) + body[at:]
