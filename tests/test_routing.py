"""routing.py: who may carry a message to a recipient, in which order, and why nobody may."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smsgw.config import BreakerSettings, RetrySettings, RouteSettings
from smsgw.delivery import Lane
from smsgw.drivers.base import Driver, Prepared
from smsgw.drivers.discovery import find_drivers
from smsgw.drivers.settings import ProviderSettings
from smsgw.entry import Signal
from smsgw.errors import (
    ConfigurationError,
    InvalidMessage,
    InvalidRecipient,
    InvalidText,
    UnsupportedOption,
)
from smsgw.models import Channel, Message
from smsgw.routing import Candidate, Content, Router
from smsgw.transport import Transport

RUSSIAN, GEORGIAN = "79031234567", "995555123456"
FIFTEEN_DIGITS = "123456789012345"
ALL_FIVE = {name: name for name in ("avist", "smstele", "smsco", "iba", "targetsms")}


def lane(name: str, driver: str) -> Lane:
    """A lane with the real driver, and a transport that is never asked for anything."""
    settings = ProviderSettings(name=name, driver=driver, login="test", password="test")
    return Lane(
        find_drivers()[driver](settings),
        Transport(provider=name),
        retry=RetrySettings(),
        breaker=BreakerSettings(),
        window=None,
        signal=Signal(),
        clock=lambda: 0.0,
    )


def router(providers: Mapping[str, str], *routes: RouteSettings) -> Router:
    """A router over these providers, name to driver."""
    return Router({name: lane(name, driver) for name, driver in providers.items()}, routes)


def message(text: str = "hi", provider: str | None = None) -> Message:
    return Message(to=RUSSIAN, text=text, provider=provider)


def names(candidates: Sequence[Candidate]) -> list[str]:
    return [candidate.lane.name for candidate in candidates]


def route(content: Content, recipient: str = RUSSIAN) -> list[str]:
    return names(content.candidates(recipient))


def firsts(content: Content, times: int, recipient: str = RUSSIAN) -> str:
    """Who is asked first, so many times in a row, as one string."""
    return "".join(route(content, recipient)[0] for _ in range(times))


# Which route.


def test_without_routes_everyone_in_the_files_order() -> None:
    """Without routes every provider that can carry a message is asked, in the configuration's order."""
    assert route(router(ALL_FIVE).content(message())) == list(ALL_FIVE)


@pytest.mark.parametrize(
    ("recipient", "provider"),
    [("995555123456", "a"), ("79991234567", "b"), ("79031234567", "c"), ("4915112345678", "d")],
)
def test_the_first_route_that_matches_decides(recipient: str, provider: str) -> None:
    """Routes are tried in their order, each with all its prefixes; one without any matches the rest."""
    content = router(
        dict.fromkeys("abcd", "iba"),
        RouteSettings(providers=("a",), prefixes=("995", "374")),
        RouteSettings(providers=("b",), prefixes=("7999",)),
        RouteSettings(providers=("c",), prefixes=("7",)),
        RouteSettings(providers=("d",)),
        RouteSettings(providers=("a",)),
    ).content(message())
    assert route(content, recipient) == [provider]


def test_a_number_without_a_route_is_refused() -> None:
    """A number that no route matches goes nowhere, and the recipient is what is wrong."""
    content = router({"a": "iba"}, RouteSettings(providers=("a",), prefixes=("995",))).content(message())
    with pytest.raises(InvalidMessage, match="no route") as caught:
        content.candidates(RUSSIAN)
    assert caught.value.scope == "recipient"
    assert RUSSIAN not in str(caught.value)


def test_a_pinned_message_goes_by_its_provider_alone() -> None:
    """A pin overrides the routes: no failover, and no prefix stands in its way."""
    content = router(
        {"a": "iba", "b": "targetsms"}, RouteSettings(providers=("a",), prefixes=("995",))
    ).content(message(provider="b"))
    assert route(content) == ["b"]


def test_a_pin_does_not_move_the_turn() -> None:
    """Pinned messages take no part in the strategies."""
    own = router(dict.fromkeys("ab", "iba"), RouteSettings(providers=("a", "b"), strategy="round_robin"))
    content = own.content(message())
    assert firsts(content, 1) == "a"
    assert firsts(own.content(message(provider="a")), 3) == "aaa"
    assert firsts(content, 1) == "b"


def test_a_pin_to_nobody_is_an_error_of_the_call() -> None:
    """An unknown provider is a `ConfigurationError` that names the known ones."""
    with pytest.raises(ConfigurationError, match=r"'x'.*: a, b"):
        router(dict.fromkeys("ab", "iba")).content(message(provider="x"))


# Strategies.


def test_failover_asks_in_order_each_time() -> None:
    """The first provider stays the first."""
    content = router(dict.fromkeys("abc", "iba"), RouteSettings(providers=("c", "a", "b"))).content(message())
    assert [route(content) for _ in range(3)] == [["c", "a", "b"]] * 3


def test_round_robin_takes_turns() -> None:
    """Each provider is the first in its turn; the others follow in the route's order."""
    settings = RouteSettings(providers=("a", "b", "c"), strategy="round_robin")
    content = router(dict.fromkeys("abc", "iba"), settings).content(message())
    assert [route(content) for _ in range(4)] == [
        ["a", "b", "c"],
        ["b", "a", "c"],
        ["c", "a", "b"],
        ["a", "b", "c"],
    ]


def test_the_turn_is_the_routes_and_not_the_contents() -> None:
    """Messages of different texts share the turns of their route."""
    settings = RouteSettings(providers=("a", "b"), strategy="round_robin")
    own = router(dict.fromkeys("ab", "iba"), settings)
    assert "".join(firsts(own.content(message(f"text {i}")), 1) for i in range(6)) == "ababab"


def test_weighted_turns_are_spread() -> None:
    """A heavy provider's turns do not come in one lump."""
    settings = RouteSettings(providers=("a", "b", "c"), strategy="weighted", weights={"a": 5, "b": 1, "c": 1})
    content = router(dict.fromkeys("abc", "iba"), settings).content(message())
    assert firsts(content, 14) == "aabacaa" * 2


WEIGHTED = {name: lane(name, "iba") for name in "abcd"}


@given(st.lists(st.integers(1, 20), min_size=2, max_size=4), st.integers(1, 3))
def test_weighted_shares_are_exact(weights: list[int], rounds: int) -> None:
    """After as many messages as the weights add up to, each provider has had exactly its weight of them."""
    shares = dict(zip("abcd", weights, strict=False))
    settings = RouteSettings(providers=tuple(shares), strategy="weighted", weights=dict(shares))
    content = Router(WEIGHTED, [settings]).content(message())
    assert Counter(firsts(content, rounds * sum(weights))) == {
        name: rounds * weight for name, weight in shares.items()
    }


def test_weights_need_no_sum() -> None:
    """Shares may be written as fractions."""
    settings = RouteSettings(providers=("a", "b"), strategy="weighted", weights={"a": 0.75, "b": 0.25})
    content = router(dict.fromkeys("ab", "iba"), settings).content(message())
    assert Counter(firsts(content, 400)) == {"a": 300, "b": 100}


def test_shares_are_of_those_who_can() -> None:
    """A provider that cannot carry a message takes no turn, and the others share it."""
    settings = RouteSettings(providers=("a", "b", "avist"), strategy="round_robin")
    content = router({"a": "iba", "b": "iba", "avist": "avist"}, settings).content(message())
    assert firsts(content, 4, GEORGIAN) == "abab"


def test_a_preview_does_not_move_the_turn() -> None:
    """A fresh router begins with the first turn, and real messages do not notice it."""
    settings = RouteSettings(providers=("a", "b"), strategy="round_robin")
    own = router(dict.fromkeys("ab", "iba"), settings)
    content = own.content(message())
    assert firsts(content, 1) == "a"
    assert firsts(own.fresh().content(message()), 3) == "aba"
    assert firsts(content, 2) == "ba"


# Capabilities.


@pytest.mark.parametrize(
    ("asked", "recipient", "able"),
    [
        (Message(to="7", text="hi"), RUSSIAN, list(ALL_FIVE)),
        # The number.
        (Message(to="7", text="hi"), GEORGIAN, ["smstele", "smsco", "iba", "targetsms"]),
        (Message(to="7", text="hi"), FIFTEEN_DIGITS, ["smstele", "smsco", "iba"]),
        # The text.
        (Message(to="7", text="Код 1234"), RUSSIAN, ["avist", "smstele", "iba", "targetsms"]),
        (Message(to="7", text="Код 1234", transliterate=True), RUSSIAN, list(ALL_FIVE)),
        (Message(to="7", text="a" * 161), RUSSIAN, ["smstele", "smsco", "iba", "targetsms"]),
        (Message(to="7", text="я" * 71), RUSSIAN, ["smstele", "iba", "targetsms"]),
        (Message(to="7", text="я" * 400), RUSSIAN, ["smstele"]),
        # The sender.
        (Message(to="7", text="hi", sender="SHOP"), RUSSIAN, list(ALL_FIVE)),
        (Message(to="7", text="hi", sender="MY SHOP"), RUSSIAN, ["smstele", "smsco", "iba"]),
        # The options.
        (Message(to="7", text="hi", flash=True), RUSSIAN, ["smstele"]),
        (Message(to="7", text="hi", validity=60), RUSSIAN, ["smstele"]),
        (Message(to="7", text="hi", channel=Channel.VIBER), RUSSIAN, ["smstele"]),
    ],
)
def test_who_can_carry_it(asked: Message, recipient: str, able: list[str]) -> None:
    """A text, a number, a sender or an option that a provider cannot carry goes to those that can."""
    assert route(router(ALL_FIVE).content(asked), recipient) == able


def test_the_url_of_one_recipient_has_to_fit() -> None:
    """A text that leaves room for a number of 13 digits leaves none for one of 14."""
    own = router({"targetsms": "targetsms"})
    empty = len(own.lanes["targetsms"].driver.prepare(message("a")).head) - 1
    content = own.content(message("a" * (2000 - empty - 13)))
    assert route(content, "1" * 13) == ["targetsms"]
    with pytest.raises(InvalidText, match="2000 characters"):
        content.candidates("1" * 14)


def test_an_error_names_every_provider_and_why() -> None:
    """Where nobody can, each provider of the route is named with its own reason."""
    content = router({"russia": "avist", "georgia": "smsco"}).content(message("Код"))
    with pytest.raises(InvalidMessage) as caught:
        content.candidates(GEORGIAN)
    said = str(caught.value)
    assert "russia: avist serves only" in said
    assert "georgia: smsco.ge writes Latin only" in said
    assert type(caught.value) is InvalidMessage
    assert "Код" not in said


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        (Message(to="7", text="hi", flash=True), UnsupportedOption),
        (Message(to="7", text="🙂" * 200), InvalidText),
    ],
)
def test_an_error_is_of_the_kind_that_all_agree_on(asked: Message, kind: type[InvalidMessage]) -> None:
    """Where every provider has the same kind of reason, the error is of that kind."""
    content = router({"one": "avist", "two": "smsco"}).content(asked)
    with pytest.raises(kind, match=r"one: .*; two: ") as caught:
        content.candidates(RUSSIAN)
    assert caught.value.provider is None


def test_one_reason_is_the_error_itself() -> None:
    """A route of one provider gives that provider's own error."""
    with pytest.raises(InvalidRecipient) as caught:
        router({"one": "avist"}).content(message()).candidates(GEORGIAN)
    assert caught.value.provider == "one"


# Preparing.


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The providers that prepared a content, in order."""
    log: list[str] = []
    prepare = Driver.prepare

    def noting(self: Driver, asked: Message) -> Prepared:
        log.append(self.provider)
        return prepare(self, asked)

    monkeypatch.setattr(Driver, "prepare", noting)
    return log


def test_a_content_is_prepared_once_a_provider(prepared: list[str]) -> None:
    """However many recipients and routes it has, and whether it can be carried or not."""
    content = router(
        ALL_FIVE,
        RouteSettings(providers=("avist", "smsco", "iba"), prefixes=("7",)),
        RouteSettings(providers=("iba", "smsco")),
    ).content(message("Код"))
    first = content.candidates(RUSSIAN)
    for _ in range(10):
        assert content.candidates(RUSSIAN) == first
        assert content.candidates(GEORGIAN)[0] is first[1]
    assert sorted(prepared) == ["avist", "iba", "smsco"]


def test_only_the_routes_providers_prepare(prepared: list[str]) -> None:
    """A provider that no recipient's route names is not asked."""
    content = router(ALL_FIVE).content(message(provider="iba"))
    for recipient in (RUSSIAN, GEORGIAN):
        content.candidates(recipient)
    assert prepared == ["iba"]
    assert len(content._by_route) == 1


@pytest.mark.parametrize("hook", ["prepare", "check_recipient"])
def test_a_drivers_fault_is_a_reason(hook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that fails cannot carry the message; the others can, and without others the error names the fault."""
    own = router({"faulty": "avist", "good": "iba"})

    def fails(_: object) -> None:
        raise ZeroDivisionError("CANARY")

    monkeypatch.setattr(own.lanes["faulty"].driver, hook, fails)
    assert route(own.content(message())) == ["good"]
    with pytest.raises(InvalidMessage, match="faulty: the driver failed with ZeroDivisionError") as caught:
        own.content(message(provider="faulty")).candidates(RUSSIAN)
    assert "CANARY" not in str(caught.value)
