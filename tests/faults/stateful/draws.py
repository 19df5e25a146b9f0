"""What hypothesis draws from: who is written to and how, what a gateway does, how long, and what is configured."""

from random import Random

from hypothesis import strategies as st

from smsgw import Message
from tests.faults.stateful.gateway import REFUSALS, Act, Fate
from tests.faults.stateful.world import ACCOUNTS, PROVIDERS, Setup

__all__ = [
    "AGES",
    "KEYED",
    "NEVER_THERE",
    "ONE",
    "TEXT",
    "TEXTS",
    "TWO",
    "Flow",
    "Order",
    "accounts",
    "fate_by",
    "fates",
    "flows",
    "keys",
    "orders",
    "recipients",
    "setups",
    "timeouts",
]

ONE, TWO, THREE = "79160000001", "79160000002", "79160000003"
TEXT, KEYED = "Hi", {"a": "Code a", "b": "Code b"}
TEXTS = (TEXT, *KEYED.values())
AGES = 1e6
"""Seconds after which nothing of an example may still go on."""

recipients = st.sampled_from([(ONE,), (ONE,), (TWO,), (ONE, TWO), (ONE, TWO, THREE), (ONE, ONE)])
keys = st.sampled_from([None, None, *KEYED])
providers = st.sampled_from([None, None, *PROVIDERS])
timeouts = st.sampled_from([None, None, 0.05, 1.0, 10.0, 61.0, 130.0])
spans = st.sampled_from([0.001, 0.05, 0.5, 1.0, 5.0, 29.99, 30.0, 59.0, 60.0, 61.0, 120.0, 300.0, 86400.0])
DELAYS = [0.0, 0.0, 0.01, 0.5, 4.0, 9.0]
CONNECTS = [*DELAYS, 12.0]
WAYS = [*DELAYS, 29.0, 31.0, 45.0, 100.0]
"""The last of them are longer than any request is waited for."""
BACKS = [*DELAYS, 35.0]
PAUSES = [None, 0.0, 1.0, 61.0, 200.0]
ACTS = [*Act, *sorted(REFUSALS, key=str), *[Act.PARKED, Act.TAKEN] * 5]

NEVER_THERE = {Act.PARKED, Act.NO_CONNECTION, Act.LOST}

fates = st.builds(
    Fate,
    act=st.sampled_from(ACTS),
    connects=st.sampled_from(CONNECTS),
    way=st.sampled_from(WAYS),
    back=st.sampled_from(BACKS),
    retry_after=st.sampled_from(PAUSES),
)


def fate_by(dice: Random) -> Fate:
    """The same by dice: what is rolled does not repeat itself as much as what hypothesis draws."""
    return Fate(
        act=dice.choice(ACTS),
        connects=dice.choice(CONNECTS),
        way=dice.choice(WAYS),
        back=dice.choice(BACKS),
        retry_after=dice.choice(PAUSES),
    )


routes = st.sampled_from(
    [("main", "spare", "iba"), ("main", "twin", "iba"), ("spare", "main"), ("main",), ("iba", "main")]
)
accounts = st.sampled_from(sorted(set(ACCOUNTS.values())))
orders = st.tuples(
    st.builds(Message, to=recipients, text=st.sampled_from(TEXTS), key=keys, provider=providers), timeouts
)
flows = st.one_of(
    st.tuples(st.just("turn"), st.integers(0, 20)),
    st.tuples(st.just("pass"), spans | st.floats(0.0, 100.0)),
    st.tuples(st.just("pass"), st.sampled_from([0.05, 0.5, 1.0])),
    st.tuples(st.just("jump"), spans),
)
setups = st.builds(
    Setup,
    route=routes,
    strategy=st.sampled_from(["failover", "round_robin"]),
    timeout=st.sampled_from([30.0, 5.0]),
    connections=st.sampled_from([20, 2, 1]),
    rate=st.sampled_from([None, None, 1.0, 2.0]),
    deadline=st.sampled_from([120.0, 10.0, 300.0]),
    failures=st.sampled_from([5, 2]),
    account_rest=st.sampled_from([1.0, 300.0]),
    key_ttl=st.sampled_from([86400.0, 61.0, 3.0]),
    max_keys=st.sampled_from([1000, 1]),
)


Order = tuple[Message, float | None]
Flow = tuple[str, float]
