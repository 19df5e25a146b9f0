"""planning.py: what sending a long list would do, added up a row at a time."""

import tracemalloc
from decimal import Decimal

import pytest

from smsgw import planning
from smsgw.breaker import CircuitBreaker
from smsgw.config import RouteSettings
from smsgw.errors import ConfigurationError, InvalidRecipient, InvalidText
from smsgw.models import Message
from smsgw.planning import Forecast, Reason
from smsgw.previewing import preview
from tests.forecasts import GEORGIAN, RUSSIAN, forecast, lane, numbers, router

# What rows come to.


def test_rows_are_told_apart() -> None:
    """A row is a recipient, a duplicate or refused, and nothing else."""
    total = forecast(
        router(lane("avist"), lane("iba")),
        (RUSSIAN, "Hi"),
        ("+7 903 123-45-67", "Hi"),
        (GEORGIAN, "Hi"),
        (RUSSIAN, "Привет"),
        ("word", "Hi"),
    )
    assert (total.rows, total.recipients, total.duplicates, total.refused) == (5, 3, 1, 1)
    assert total.texts == 2
    assert total.routes == {"avist": 2, "iba": 1}
    assert total.encodings == {"GSM-7": 2, "UCS-2": 1}
    assert total.offenders == ("П", "р", "и", "в", "е", "т")
    assert total.segments == 3
    assert total.requests == 3


def test_nothing_yet() -> None:
    """A forecast of no rows is all noughts."""
    total = Forecast(router(lane("iba"))).total
    assert (total.rows, total.recipients, total.requests, total.segments, total.texts) == (0, 0, 0, 0, 0)
    assert total.cost == 0
    assert total.reasons == ()


def test_a_duplicate_has_the_number_and_the_text() -> None:
    """Another text to the same number is another message, and so is the same text to another number."""
    same = (RUSSIAN, "Hi")
    total = forecast(router(lane("iba")), same, (RUSSIAN, "Hi!"), (GEORGIAN, "Hi"), same, same)
    assert (total.recipients, total.duplicates) == (3, 2)


def test_a_duplicate_of_what_cannot_be_carried() -> None:
    """It is counted as a duplicate all the same: it would not be tried."""
    total = forecast(router(lane("avist")), (GEORGIAN, "Hi"), (GEORGIAN, "Hi"))
    assert (total.recipients, total.duplicates, total.refused) == (0, 1, 1)


def test_a_caller_who_knows_the_duplicates() -> None:
    """Without looking for duplicates nothing is remembered of the rows, and what the caller tells is counted."""
    made = Forecast(router(lane("iba")), find_duplicates=False)
    made.add(Message(to=RUSSIAN, text="Hi"))
    made.add(Message(to=RUSSIAN, text="Hi"))
    made.add_duplicate(3)
    made.refuse(InvalidRecipient("no number"), 7, rows=4)
    total = made.total
    assert (total.rows, total.recipients, total.duplicates, total.refused) == (9, 2, 3, 4)
    assert [(reason.rows, reason.lines) for reason in total.reasons] == [(4, (7,))]


def test_as_a_preview_of_each_text() -> None:
    """For one text it says what `preview` says."""
    routes = router(lane("avist", prices={"7": Decimal(2)}), lane("iba", prices={"": Decimal(3)}))
    to = [*numbers(25), GEORGIAN, *numbers(3), "word", "+7903"]
    for transliterate in (False, True):
        plan = preview(routes, Message(to=to, text="Привет €", transliterate=transliterate))
        total = forecast(routes, *[(one, "Привет €") for one in to], transliterate=transliterate)
        assert total.recipients == len(plan.recipients)
        assert total.duplicates == len(plan.duplicates)
        assert total.refused == len(plan.invalid)
        assert total.segments == plan.segments * len(plan.recipients)
        assert total.encodings == {plan.encoding: len(plan.recipients)}
        assert total.offenders == plan.offenders
        assert total.routes == {name: len(group) for name, group in plan.routes.items()}
        assert total.requests == plan.requests
        assert total.cost == plan.cost is not None


def test_an_unknown_provider() -> None:
    """A message that is pinned to a provider that there is none of is a matter of configuration."""
    made = Forecast(router(lane("iba")))
    message = Message(to=RUSSIAN, text="Hi", provider="nobody")
    with pytest.raises(ConfigurationError, match="no provider is called 'nobody'"):
        made.check(message)
    with pytest.raises(ConfigurationError, match="no provider is called 'nobody'"):
        made.add(message)


def test_pinned() -> None:
    """What is pinned to a provider is counted as its own."""
    total = forecast(router(lane("avist"), lane("iba")), (RUSSIAN, "Hi"), provider="iba")
    assert total.routes == {"iba": 1}


def test_the_real_routes_keep_their_turn() -> None:
    """A forecast takes turns of its own, one after the other over all texts."""
    routes = router(
        lane("avist"),
        lane("iba"),
        routes=[RouteSettings(providers=("avist", "iba"), strategy="round_robin")],
    )
    rows = [(number, f"Text {place}") for place, number in enumerate(numbers(6))]
    assert forecast(routes, *rows).routes == {"avist": 3, "iba": 3}
    assert forecast(routes, rows[0]).routes == {"avist": 1}
    assert routes.content(Message(to=RUSSIAN, text="Hi")).candidates(RUSSIAN)[0].lane.name == "avist"


def test_a_circuit_that_rests_is_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a provider does at the moment says nothing of the hours that a list takes."""
    monkeypatch.setattr(CircuitBreaker, "passable", property(lambda _: False))
    assert forecast(router(lane("avist"), lane("iba")), (RUSSIAN, "Hi")).routes == {"avist": 1}


# Why rows are refused.


def test_reasons_have_counts_and_lines() -> None:
    """Rows of one reason are counted together, the commonest first, with the lines where they stand."""
    total = forecast(router(lane("iba")), ("", "Hi"), ("word", "Hi"), (RUSSIAN, "Hi"), ("other", "Hi"))
    assert [(str(reason.error).partition(":")[0], reason.rows, reason.lines) for reason in total.reasons] == [
        ("the phone number has letters in it", 2, (3, 5)),
        ("the phone number is empty", 1, (2,)),
    ]
    assert all(reason.error.__traceback__ is None for reason in total.reasons)


def test_what_no_provider_carries() -> None:
    """It has the reason that routing gives."""
    (reason,) = forecast(router(lane("avist")), (GEORGIAN, "Hi")).reasons
    assert isinstance(reason, Reason)
    assert reason.error.provider == "avist"


def test_reasons_and_lines_are_bounded() -> None:
    """Neither many bad rows nor many different reasons take memory without end; all are counted."""
    made = Forecast(router(lane("iba")))
    for line in range(1000):
        made.refuse(InvalidText("always the same"), line)
        made.refuse(InvalidText(f"reason {line}"), line)
    total = made.total
    assert total.refused == total.rows == 2000
    assert len(total.reasons) == 201
    assert total.reasons[0].rows == 1000
    assert total.reasons[0].lines == tuple(range(100))
    assert (str(total.reasons[1].error), total.reasons[1].rows) == ("other reasons", 801)


# What it costs.


def test_cost_is_by_the_longest_prefix_and_by_segment() -> None:
    """Each recipient costs what its prefix costs at its provider, times the segments of its text."""
    routes = router(lane("iba", prices={"": Decimal(1), "7": Decimal("2.5"), "7903": Decimal("0.1")}))
    total = forecast(routes, (RUSSIAN, "x" * 161), ("79161234567", "Hi"), (GEORGIAN, "Hi"))
    assert total.cost == Decimal("0.2") + Decimal("2.5") + Decimal(1)
    assert total.unpriced == {}


def test_a_price_that_is_missing() -> None:
    """One recipient without a price leaves the cost unknown; who it is that lacks one is told, but not the number."""
    routes = router(lane("avist", prices={"7903": Decimal(1)}), lane("iba", prices={"995": Decimal(1)}))
    rows = [
        (RUSSIAN, "Hi"),
        ("79161234567", "Hi"),
        (GEORGIAN, "Hi"),
        ("375291234567", "Hi"),
        ("375291234568", "Hi"),
    ]
    total = forecast(routes, *rows)
    assert total.cost is None
    assert total.unpriced == {"avist": {"791": 1}, "iba": {"375": 2}}


# Memory.


def test_texts_are_counted_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it nobody knows how many there are, and no more are remembered."""
    monkeypatch.setattr(planning, "MOST_TEXTS", 10)
    rows = [(number, f"Text {place}") for place, number in enumerate(numbers(20))]
    assert forecast(router(lane("iba")), *rows[:10]).texts == 10
    assert forecast(router(lane("iba")), *rows).texts is None
    made = Forecast(router(lane("iba")))
    for number, text in rows:
        made.add(Message(to=number, text=text))
    assert len(made._texts) == 11


def test_memory_stays_flat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows of texts of their own leave nothing behind, where duplicates are known."""
    monkeypatch.setattr(planning, "MOST_TEXTS", 100)
    made = Forecast(router(lane("iba")), find_duplicates=False)

    def add(start: int) -> None:
        for place in range(start, start + 5000):
            made.add(Message(to=str(79030000000 + place), text=f"Text {place}"), place)
            made.add(Message(to="word", text="Hi"), place)

    add(0)
    tracemalloc.start()
    try:
        add(5000)
        left, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert left < 1_000_000  # the 256 contents that are kept, and no more
    assert made.total.recipients == 10_000
