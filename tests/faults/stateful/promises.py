"""What holds after every step, and once everything has ended. Each function is one promise of smsgw's."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

from smsgw import Message, Outcome, State
from smsgw.dedup import MARGIN
from smsgw.errors import NotSubmitted
from smsgw.keys import KeyConflict
from tests.faults.stateful.callers import Call
from tests.faults.stateful.gateway import RULE, Act, Exchange
from tests.faults.stateful.world import ACCOUNTS, World

__all__ = ["check", "check_nothing_is_left"]

_A_BIT = 1e-6
"""Seconds that sums of seconds may be wrong by."""


def check(world: World) -> None:
    identical_requests_keep_their_distance(world)
    a_message_is_taken_once(world)
    after_doubt_nothing_follows(world)
    a_key_sends_once(world)
    a_gateway_is_given_the_time_it_asked_for(world)
    for call in world.calls:
        if call.ended is not None:
            outcomes_are_the_truth(world, call)
    everyone_ends_in_time(world)
    nothing_begins_after_the_end(world)
    policies_are_kept(world)
    assert not world.complaints, world.complaints


def identical_requests_keep_their_distance(world: World) -> None:
    """A minute lies between two identical requests at TargetSMS.

    What the client can know is when it was done with the first: a reply is proof that its bytes had arrived, so the
    minute holds for any latency. Of a request that was given up, bytes may arrive later still; they have the margin.
    """
    for gateway in world.gateways.values():
        if not gateway.keeps_rule:
            continue
        for first, second in _identical(gateway.exchanges):
            assert first.ended is not None, f"two identical requests at once: {first} {second}"
            assert second.left >= first.ended + RULE + MARGIN - _A_BIT, f"{first} {second}"
            if first.arrived is None or second.arrived is None:
                continue
            if first.arrived <= first.ended + MARGIN:
                assert second.arrived - first.arrived >= RULE - _A_BIT
        for exchange in gateway.exchanges:
            for other in exchange.repeats:
                stray = min(exchange, other, key=_order)
                assert stray.arrived is not None
                assert stray.ended is not None
                assert stray.arrived > stray.ended + MARGIN - _A_BIT, f"{exchange} repeats {other}"


def a_message_is_taken_once(world: World) -> None:
    """For one call, whoever carries it, a recipient is taken once at most, and never where it was told `rejected`."""
    taken: dict[Call, Counter[tuple[str, str]]] = defaultdict(Counter)
    for exchange in world.exchanges:
        assert exchange.call is not None or not exchange.recipients
        if exchange.call is not None:
            taken[exchange.call].update((recipient, exchange.text) for recipient in exchange.taken)
    for call, pairs in taken.items():
        wanted, rejected = call.wanted(), call.rejected()
        for pair, times in pairs.items():
            assert times <= wanted[pair] - rejected[pair], f"{pair} was taken {times} times for {call}"


def after_doubt_nothing_follows(world: World) -> None:
    """A request goes out for a message again only when the one before was proved to have taken nothing."""
    for call in world.calls:
        wanted = call.wanted()
        mine = [exchange for exchange in world.exchanges if exchange.call is call]
        for recipient, text in (pair for pair, times in wanted.items() if times == 1):
            carrying = [e for e in mine if recipient in e.recipients and e.text == text]
            for first, second in pairwise(sorted(carrying, key=_order)):
                assert first.proves_refusal_of(recipient), f"{first} was followed by {second}"
                assert first.ended is not None
                assert first.ended <= second.left


def a_key_sends_once(world: World) -> None:
    """What may have been taken under a key is not sent under it again for `key_ttl`, whoever asks."""
    under: dict[tuple[str, str], list[Exchange]] = defaultdict(list)
    for exchange in world.exchanges:
        key = exchange.call.key_of(exchange.text) if exchange.call is not None else None
        if key is not None:
            for recipient in exchange.recipients:
                under[key, recipient].append(exchange)
    for (key, recipient), exchanges in under.items():
        for first, second in pairwise(sorted(exchanges, key=_order)):
            if not first.proves_refusal_of(recipient):
                assert first.ended is not None, f"{key} is sent twice at once: {first} {second}"
                assert second.left >= first.ended + world.setup.key_ttl - _A_BIT, f"{key}: {first} {second}"


def a_gateway_is_given_the_time_it_asked_for(world: World) -> None:
    """No caller asks the same provider again for the same before its `Retry-After` has passed.

    (A `send_many` that waits for an open circuit comes back at the latest after the longest rest of the settings. Of
    equal messages in one list, a request of one cannot be told from a request of the next.)
    """
    longest = max(30.0, world.setup.account_rest)
    asked: dict[tuple[Call | None, str, str], float] = {}
    for exchange in sorted(world.exchanges, key=_order):
        what = (exchange.call, exchange.provider, exchange.url)
        if exchange.recipients and exchange.call is not None and not exchange.call.repeats and what in asked:
            assert exchange.left >= asked.pop(what) - _A_BIT, f"{exchange} comes too soon"
        if exchange.told and exchange.ended is not None and exchange.act in (Act.BUSY, Act.SLOWER):
            wish = exchange.fate.retry_after or 0.0
            asked[what] = exchange.ended + (
                min(wish, longest) if exchange.call and exchange.call.many else wish
            )


def outcomes_are_the_truth(world: World, call: Call) -> None:
    """Every recipient has an outcome, and no outcome claims more than the gateway told."""
    if isinstance(call.refusal, KeyConflict):
        assert not any(exchange.call is call for exchange in world.exchanges)
    elif call.refusal is not None:
        assert isinstance(call.refusal, RuntimeError)
        assert world.engine.closed
    if call.told:
        given = Counter((id(message), recipient) for message in call.messages for recipient in message.to)
        assert Counter((id(o.message), o.recipient) for o in call.outcomes) == given
    for outcome in call.outcomes:
        _is_the_truth(world, call, outcome)


def _is_the_truth(world: World, call: Call, outcome: Outcome) -> None:
    assert outcome.message is not None
    text = outcome.message.text
    named = [e for e in world.exchanges if outcome.recipient in e.recipients and e.text == text]
    if outcome.state is State.ACCEPTED:
        assert outcome.provider is not None
        taken = world.gateways[ACCOUNTS[outcome.provider]].taken[str(outcome.message_id)]
        assert (taken.recipient, taken.text) == (outcome.recipient, text)
        assert taken.exchange.told
        assert outcome.error is None
        assert outcome.duplicate or taken.exchange.call is call
    elif outcome.state is State.HELD:
        assert any(e.told and e.act is Act.HELD for e in named)
    elif outcome.state is State.UNKNOWN:
        # Whoever waits for another call's key does not know whether that has begun.
        assert named or outcome.message.key is not None, f"{outcome} of what never began"
        assert outcome.error is not None
    else:
        assert outcome.error is not None
        assert not outcome.error.maybe_accepted
        if call.wanted()[outcome.recipient, text] == 1 and not outcome.duplicate:
            mine = [e for e in named if e.call is call]
            assert all(e.proves_refusal_of(outcome.recipient) for e in mine), f"{outcome} is not proved"
        if (
            type(outcome.error) is NotSubmitted
            and not outcome.attempts
            and _KEYS_FULL not in str(outcome.error)
        ):
            assert not any(_was_joined(world, call, outcome.message, e) for e in named), f"{outcome} may come"


_KEYS_FULL = "dedup.max_keys"
"""In the refusal of a message whose key there was no room for: it joined nothing."""


def _was_joined(world: World, call: Call, message: Message, exchange: Exchange) -> bool:
    """Whether this request of another caller's was to answer for the call's, and was on its way as the call ended."""
    if world.setup.on_duplicate != "reuse" or message.provider is None or call.ended is None or call.many:
        return False
    identical = exchange.provider == message.provider and exchange.recipients == tuple(
        dict.fromkeys(message.to)
    )
    under_way = exchange.left < call.ended and (exchange.ended is None or call.ended < exchange.ended)
    return identical and exchange.gateway.keeps_rule and call.timeout is not None and under_way


def everyone_ends_in_time(world: World) -> None:
    """A call with a `timeout` ends by then; closing waits for one request's timeout at the most."""
    now = world.loop.time()
    for call in world.calls:
        if call.deadline is not None:
            over = now if call.ended is None else call.ended
            late = over - call.deadline
            assert late <= _A_BIT or world.loop.was_asleep(call.deadline, over), f"{late} s late: {call}"
    if world.closed_at is not None:
        over = now if world.close_ended is None else world.close_ended
        by = world.closed_at + world.setup.timeout
        assert over <= by + _A_BIT or world.loop.was_asleep(by, over), "closing takes too long"


def nothing_begins_after_the_end(world: World) -> None:
    """A dispatcher that was closed, and a call that has its outcomes, begin no request."""
    for exchange in world.exchanges:
        if world.closed_at is not None:
            assert exchange.left <= world.closed_at + _A_BIT, f"{exchange} began after the close"
        call = exchange.call
        # (A question after the balance goes on nobody's behalf.)
        if exchange.recipients and call is not None and call.ended is not None:
            assert exchange.left <= call.ended + _A_BIT, f"{exchange} began after {call} had ended"


def policies_are_kept(world: World) -> None:
    """Connections, the rate, and one probe at a time; and no request is made that nobody counted."""
    requests: Counter[str] = Counter()
    for name, line in world.lines.items():
        left = sorted(e.left for e in world.exchanges if e.provider == name)
        requests[name] = len(left)
        assert line.most_at_once <= world.setup.connections
        assert line.most_probes_at_once <= 1
        if (rate := world.setup.rate) is not None:
            for first, later in zip(left, left[int(rate) :], strict=False):
                assert later - first >= 1, f"more than {rate} requests a second"
    assert {name: stats.requests for name, stats in world.sms.stats.items()} == dict(requests)


def check_nothing_is_left(world: World) -> None:
    """Once all have ended, nobody waits, no claim stands, and every connection and permit is back."""
    engine = world.engine
    assert all(call.task.done() for call in world.calls)
    assert all(task.done() for task in world.questions)
    assert not engine._tasks
    assert not engine._callers
    assert not engine.signal.waiting
    assert not engine.keys._claims
    for name, lane in engine.lanes.items():
        assert world.lines[name].slots.free == world.lines[name].connections, f"{name} misses connections"
        assert lane.gate.throttle is None or not lane.gate.throttle._held, f"{name} misses permits"
        assert not lane.breaker._probing, f"{name} waits for a probe"
        assert not lane.gate.turn.locked()
    for window in world.windows:
        for record in window._records.values():
            assert record.ended_at is not None, "a request stands in the way for ever"
            assert record.ended_at <= world.loop.time()
            assert record.answered.done()


def _identical(exchanges: Iterable[Exchange]) -> Iterable[tuple[Exchange, Exchange]]:
    """Each request, and the next one that is identical."""
    groups: dict[str, list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        groups[exchange.url].append(exchange)
    for group in groups.values():
        yield from pairwise(sorted(group, key=_order))


def _order(exchange: Exchange) -> int:
    return exchange.number
