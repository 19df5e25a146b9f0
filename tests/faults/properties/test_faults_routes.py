"""Routing offers a message to those that can carry it, all of them and nobody else, in the documented order."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsgw.delivery import Lane
from smsgw.drivers.base import Batch
from smsgw.drivers.discovery import find_drivers
from smsgw.drivers.settings import ProviderSettings
from smsgw.entry import Signal
from smsgw.errors import InvalidMessage
from smsgw.models import Channel, Message
from smsgw.routing import Router
from smsgw.settings import BreakerSettings, RetrySettings, RouteSettings
from smsgw.transport import Transport
from tests.faults.properties.any_text import TEXTS
from tests.faults.properties.attack import attack
from tests.faults.properties.carrying import Provider
from tests.faults.properties.five import BATCH_ID, NAMES, form_of, result_of

Strategy = Literal["failover", "round_robin", "weighted"]


def lane(provider: Provider) -> Lane:
    """A lane with the real driver, and a transport that is never asked for anything."""
    settings = ProviderSettings(
        name=provider.name,
        driver=provider.driver,
        login="test",
        password="test",
        url=provider.url,
        sender=provider.sender,
        charset=provider.charset,
    )
    return Lane(
        find_drivers()[provider.driver](settings),
        Transport(provider=provider.name),
        retry=RetrySettings(),
        breaker=BreakerSettings(),
        window=None,
        signal=Signal(),
        clock=lambda: 0.0,
    )


@st.composite
def providers(draw: st.DrawFn) -> Mapping[str, Provider]:
    """One to six, of any drivers and charsets, or all of one driver."""
    made: dict[str, Provider] = {}
    drivers = draw(st.sampled_from([NAMES, ("iba",), ("smstele",)]))
    for at in range(draw(st.integers(1, 6))):
        driver = draw(st.sampled_from(drivers))
        charset = draw(st.sampled_from(find_drivers()[driver].charsets))
        sender = draw(st.none() | st.sampled_from(["SHOP", "MY SHOP", "79031234567", "Магазин"]))
        made[f"p{at}"] = Provider(f"p{at}", driver, charset, sender)
    return made


@st.composite
def routes(draw: st.DrawFn, names: Sequence[str]) -> Sequence[RouteSettings]:
    """None at all, or several with any prefixes and strategies."""
    made = []
    for _ in range(draw(st.integers(0, 3))):
        chosen = tuple(draw(st.permutations(names))[: draw(st.integers(1, len(names)))])
        strategy: Strategy = draw(st.sampled_from(["failover", "round_robin", "weighted"]))
        weights = {name: float(draw(st.integers(1, 5))) for name in chosen} if strategy == "weighted" else {}
        prefixes = draw(st.lists(st.sampled_from(["7", "79", "995", "1", "4"]), max_size=2, unique=True))
        made.append(
            RouteSettings(providers=chosen, prefixes=tuple(prefixes), strategy=strategy, weights=weights)
        )
    return made


NUMBERS = st.sampled_from(
    ["79031234567", "7903123456", "790312345678", "995555123456", "123456789012345", "1234567"]
) | st.from_regex(r"[1-7][0-9]{6,14}", fullmatch=True)
LONG = st.builds(lambda sign, times: sign * times, st.sampled_from("xя😀&€"), st.integers(1, 2000))
OPTIONS: st.SearchStrategy[dict[str, Any]] = st.just({}) | st.fixed_dictionaries(
    {},
    optional={
        "sender": st.sampled_from(["SHOP", "MY SHOP", "7" * 15, "Магазин", "a\nb"]),
        "transliterate": st.booleans(),
        "flash": st.booleans(),
        "validity": st.integers(0, 10),
        "viber_validity": st.sampled_from([0, 86_400, 86_401]),
        "channel": st.sampled_from(Channel),
        "send_at": st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    },
)
NARROW = st.fixed_dictionaries({}, optional={"transliterate": st.booleans(), "sender": st.just("SHOP")})


def chosen_route(
    settings: Sequence[RouteSettings], all_names: Sequence[str], number: str
) -> RouteSettings | None:
    """The first whose prefixes the number begins with; one without prefixes takes the rest."""
    for route in settings or [RouteSettings(providers=tuple(all_names))]:
        if not route.prefixes or any(number.startswith(prefix) for prefix in route.prefixes):
            return route
    return None


@attack
@given(data=st.data(), configured=providers(), number=NUMBERS, text=TEXTS | LONG, options=OPTIONS | NARROW)
def test_a_message_is_offered_to_all_that_can_carry_it_and_to_nobody_else(
    data: st.DataObject, configured: Mapping[str, Provider], number: str, text: str, options: dict[str, Any]
) -> None:
    """As the documents have it; each that is offered it builds a request with it, within its limits."""
    settings = data.draw(routes(list(configured)))
    pin = data.draw(st.none() | st.sampled_from(sorted(configured)))
    message = Message(to=number, text=text, provider=pin, **options)
    lanes = {name: lane(provider) for name, provider in configured.items()}
    route = chosen_route(settings, list(configured), number)
    named = (pin,) if pin is not None else () if route is None else route.providers
    able = [name for name in named if configured[name].carries(message, number)]
    content = Router(lanes, settings).content(message)
    candidates = result_of(lambda: content.candidates(number), InvalidMessage)
    if isinstance(candidates, InvalidMessage):
        assert not able
        for name in named:
            assert f"{name}: " in str(candidates)
        assert text not in str(candidates) or len(text) < 9
        return
    assert sorted(candidate.lane.name for candidate in candidates) == sorted(able)
    # Whoever is first, the others follow in the route's order.
    assert [candidate.lane.name for candidate in candidates[1:]] == [
        name for name in able if name != candidates[0].lane.name
    ]
    for candidate in candidates:
        driver = candidate.lane.driver
        request = driver.send_request(Batch(candidate.prepared, (number,), BATCH_ID))
        assert driver.url_limit is None or len(request.url) <= driver.url_limit
        assert f"={number}" in form_of(request)


@pytest.mark.parametrize("driver", ["smsco", "iba", "targetsms"])
def test_a_number_too_long_for_a_url_is_offered_to_nobody(driver: str) -> None:
    """About the last character of the URL each length of a number is offered just where its request fits."""
    provider = Provider("main", driver, "utf-8", "SHOP")
    router = Router({"main": lane(provider)}, ())
    offered: Counter[bool] = Counter()
    longest = bisect_left(
        range(1, 8000),
        True,
        key=lambda length: not provider.carries(Message(to="7", text="x" * length), "1" * 7),
    )
    for shorter in range(12):
        message = Message(to="7", text="x" * (longest - shorter))
        content = router.content(message)
        for digits in range(7, 16):
            number = "1" * digits
            refused = isinstance(
                result_of(partial(content.candidates, number), InvalidMessage), InvalidMessage
            )
            assert refused is not provider.carries(message, number)
            offered[refused] += 1
    assert min(offered.values()) > 9


@attack
@given(
    data=st.data(),
    configured=providers(),
    number=NUMBERS,
    text=st.just("Hi") | TEXTS,
    rounds=st.integers(1, 3),
)
def test_turns_are_fair_among_those_that_can(
    data: st.DataObject, configured: Mapping[str, Provider], number: str, text: str, rounds: int
) -> None:
    """Failover never turns, round robin gives each the same, and weights give each exactly its share."""
    settings = [route for route in data.draw(routes(list(configured))) if not route.prefixes][:1]
    message = Message(to=number, text=text)
    route = chosen_route(settings, list(configured), number)
    assert route is not None
    able = [name for name in route.providers if configured[name].carries(message, number)]
    if not able:
        return
    shares = dict.fromkeys(able, 1)
    if route.strategy == "weighted":
        shares = {name: int(route.weights[name]) for name in able}
    times = rounds * sum(shares.values())
    content = Router({name: lane(provider) for name, provider in configured.items()}, settings).content(
        message
    )
    asked = [[candidate.lane.name for candidate in content.candidates(number)] for _ in range(times)]
    firsts = [names[0] for names in asked]
    assert all(names[1:] == [name for name in able if name != names[0]] for names in asked)
    if route.strategy == "failover":
        assert firsts == [able[0]] * times
    else:
        assert Counter(firsts) == {name: rounds * share for name, share in shares.items()}
    if route.strategy == "round_robin":
        assert firsts == able * rounds
