"""models.py: what goes in is checked, what comes out is frozen, and no repr shows a text."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from smsgw import models
from smsgw.errors import OutcomeUnknown, RecipientRejected, SmsgwError
from smsgw.models import (
    Balance,
    Channel,
    DeliveryReport,
    DeliveryState,
    Lookup,
    Message,
    Outcome,
    Plan,
    Reference,
    State,
    Submission,
)

TEXT = "CANARY text"
A, B, C = "79031234567", "79031234568", "79031234569"


def message(**fields: Any) -> Message:
    return Message(**({"to": A, "text": TEXT} | fields))


# Message.


@pytest.mark.parametrize(
    ("to", "recipients"),
    [
        (A, (A,)),
        ([A, B], (A, B)),
        ((A, A), (A, A)),
        ((number for number in (B, A)), (B, A)),
        (dict.fromkeys([A, B]), (A, B)),
        ("not a number", ("not a number",)),
    ],
)
def test_recipients_are_one_or_many(to: object, recipients: tuple[str, ...]) -> None:
    """A str is one recipient, any iterable of them is many: in order, as given, repeated ones too."""
    assert message(to=to).to == recipients


@pytest.mark.parametrize("to", [79031234567, None, b"79031234567", [79031234567], [A, None], [[A]]])
def test_recipients_are_strings(to: object) -> None:
    """Numbers that are no str lose their plus or their zeros, so none is taken."""
    with pytest.raises(TypeError, match="`to`"):
        message(to=to)


@pytest.mark.parametrize(
    ("fields", "kind", "words"),
    [
        ({"to": []}, ValueError, "no recipients"),
        ({"text": ""}, ValueError, "text is empty"),
        ({"text": b"hi"}, TypeError, "`text` is a str"),
        ({"text": None}, TypeError, "`text` is a str"),
        ({"sender": ""}, ValueError, "`sender` is empty"),
        ({"sender": 123}, TypeError, "`sender` is a str"),
        ({"provider": ""}, ValueError, "`provider` is empty"),
        ({"key": 7}, TypeError, "`key` is a str"),
        ({"send_at": datetime(2030, 1, 1)}, ValueError, "time zone"),  # noqa: DTZ001  (that is the point)
        ({"send_at": "2030-01-01"}, TypeError, "`send_at` is a datetime"),
        ({"validity": -1}, ValueError, "not negative"),
        ({"validity": float("nan")}, ValueError, "seconds"),
        ({"validity": float("inf")}, ValueError, "seconds"),
        ({"validity": True}, TypeError, "seconds or a timedelta"),
        ({"validity": "60"}, TypeError, "seconds or a timedelta"),
        ({"viber_validity": timedelta(seconds=-1)}, ValueError, "not negative"),
        ({"channel": "fax"}, ValueError, "fax"),
    ],
)
def test_what_no_gateway_could_make_sense_of(
    fields: dict[str, object], kind: type[Exception], words: str
) -> None:
    """Mistakes in the call itself raise at once, say what is wrong, and do not repeat the text."""
    with pytest.raises(kind, match=words) as caught:
        message(**fields)
    assert TEXT not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(None, None), (0, 0), (60, 60), (1.2, 2), (timedelta(minutes=5), 300), (timedelta(milliseconds=1), 1)],
)
def test_validities_are_whole_seconds(given: object, seconds: int | None) -> None:
    """Seconds or a `timedelta`, rounded up; 0 is a value."""
    asked = message(validity=given, viber_validity=given)
    assert (asked.validity, asked.viber_validity) == (seconds, seconds)


def test_a_channel_may_be_its_name() -> None:
    """`"viber"` is `Channel.VIBER`; without a channel it is an SMS."""
    assert message(channel="viber").channel is Channel.VIBER
    assert message().channel is Channel.SMS


def test_an_aware_time_is_kept_as_given() -> None:
    """Each driver writes the time in its gateway's zone; the value keeps the caller's."""
    moment = datetime(2030, 1, 1, 12, tzinfo=UTC)
    assert message(send_at=moment).send_at is moment


def test_a_message_has_the_fields_of_send() -> None:
    """Everything that `send` takes but its `timeout`, by keyword only."""
    names = [field.name for field in attrs.fields(Message)]
    assert names == [
        "to",
        "text",
        "sender",
        "provider",
        "key",
        "send_at",
        "validity",
        "flash",
        "transliterate",
        "channel",
        "viber_validity",
    ]
    with pytest.raises(TypeError):
        Message(A, TEXT)  # type: ignore[call-arg]


VARIANTS: dict[str, object] = {
    "text": "other",
    "sender": "SHOP",
    "provider": "main",
    "send_at": datetime(2030, 1, 1, tzinfo=UTC),
    "validity": 60,
    "flash": True,
    "transliterate": True,
    "channel": Channel.VIBER,
    "viber_validity": 60,
}


@pytest.mark.parametrize("name", [field.name for field in attrs.fields(Message)])
def test_content_is_all_but_whom_it_is_for(name: str) -> None:
    """Messages that differ in anything that a gateway reads are never put into one request; `to` and `key` are not."""
    if name in ("to", "key"):
        assert message(**{name: B}).content == message().content
    else:
        assert message(**{name: VARIANTS[name]}).content != message().content


# Submission.


def outcome(recipient: str, state: State, error: SmsgwError | None = None) -> Outcome:
    return Outcome(recipient, state, "main", error=error)


REFUSED = RecipientRejected("no", provider="main")
LOST = OutcomeUnknown("?", provider="main")


def submission(*outcomes: Outcome) -> Submission:
    return Submission(message(to=[one.recipient for one in outcomes]), outcomes)


MIXED = (
    outcome(A, State.ACCEPTED),
    outcome(B, State.REJECTED, REFUSED),
    outcome(C, State.UNKNOWN, LOST),
    outcome("995555123456", State.HELD),
    outcome("995555123457", State.ACCEPTED),
)


def test_outcomes_by_state() -> None:
    """Each state has its tuple, in the order of `to`; together they are all the outcomes."""
    sent = submission(*MIXED)
    assert sent.accepted == (MIXED[0], MIXED[4])
    assert sent.rejected == (MIXED[1],)
    assert sent.unknown == (MIXED[2],)
    assert sent.held == (MIXED[3],)
    assert tuple(sent) == sent.outcomes == MIXED
    assert len(sent) == 5


def test_the_only_outcome() -> None:
    """`outcome` is the one there is, and a `ValueError` where there are several."""
    assert submission(MIXED[0]).outcome is MIXED[0]
    with pytest.raises(ValueError, match="5 outcomes"):
        _ = submission(*MIXED).outcome


def test_an_outcome_by_its_recipient() -> None:
    """As digits or as it was given; the first of a recipient given twice; `KeyError` for nobody."""
    first, second = outcome(A, State.ACCEPTED), attrs.evolve(outcome(A, State.ACCEPTED), duplicate=True)
    wrong = outcome("12", State.REJECTED, REFUSED)
    sent = Submission(message(to=["+7 903 123-45-67", A, "12"]), (first, second, wrong))
    assert sent[A] is first
    assert sent["+7 903 123-45-67"] is first
    assert sent["12"] is wrong
    with pytest.raises(KeyError) as caught:
        sent[B]
    assert B not in str(caught.value)


def test_no_failure_raises_nothing() -> None:
    """What was accepted, and what is held, is no failure."""
    submission(MIXED[0], MIXED[3], MIXED[4]).raise_for_failures()


@pytest.mark.parametrize("failed", [MIXED[1], MIXED[2]])
def test_one_failure_is_raised_itself(failed: Outcome) -> None:
    """A single rejected or unknown recipient raises its own error."""
    with pytest.raises(SmsgwError) as caught:
        submission(MIXED[0], failed, MIXED[3]).raise_for_failures()
    assert caught.value is failed.error


def test_several_failures_are_a_group() -> None:
    """An `ExceptionGroup` has each error, in order."""
    with pytest.raises(ExceptionGroup) as caught:
        submission(*MIXED).raise_for_failures()
    assert caught.value.exceptions == (REFUSED, LOST)
    assert "2 of 5" in str(caught.value)


@pytest.mark.parametrize("state", [State.UNKNOWN, State.REJECTED])
def test_a_failure_without_an_error_still_raises(state: State) -> None:
    """Whatever a driver left out, a failure does not pass for a success."""
    with pytest.raises(SmsgwError) as caught:
        submission(outcome(A, state)).raise_for_failures()
    assert caught.value.provider == "main"


# All of them.

VALUES: list[Any] = [
    message(),
    outcome(A, State.ACCEPTED),
    submission(MIXED[0]),
    Reference("main", "1"),
    DeliveryReport(A, "main", "1"),
    Lookup(A),
    Balance("main", Decimal("445.6")),
    Plan((A,), (), {}, "GSM-7", 1, (), {"main": (A,)}, 1),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_values_are_frozen(value: Any) -> None:
    """No field of a value can be set."""
    for field in attrs.fields(type(value)):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field.name, None)


def test_outcomes_are_equal_whatever_message_they_are_of() -> None:
    """The message is there to tell whose an outcome is: it is no part of what is known."""
    one, other = (attrs.evolve(MIXED[0], message=message(text=text)) for text in ("one", "other"))
    assert one == other
    assert hash(one) == hash(other)
    assert one != attrs.evolve(one, duplicate=True)


@pytest.mark.parametrize("show", [repr, str], ids=["repr", "str"])
def test_no_text_is_shown(show: Callable[[object], str]) -> None:
    """Neither a message nor what came of it shows the text, and a message does not show its numbers."""
    asked = message(to=[A, B])
    known = attrs.evolve(MIXED[0], message=asked)
    for value in (asked, known, Submission(asked, (known, known))):
        assert TEXT not in show(value)
    assert "Message" not in show(known)
    assert A not in show(asked)
    assert "<2>" in show(asked)


def test_a_report_knows_nothing_until_it_is_told() -> None:
    """A report is `unknown` and not final by itself."""
    report = DeliveryReport(A, "main", "1")
    assert report.state is DeliveryState.UNKNOWN
    assert not report.final


def test_the_states_are_the_words_of_the_design() -> None:
    """States compare and format as the plain words that a journal or a CSV has."""
    assert [*State] == ["accepted", "held", "rejected", "unknown"]
    assert [*DeliveryState] == [
        "enroute",
        "delivered",
        "expired",
        "deleted",
        "undeliverable",
        "accepted",
        "unknown",
        "rejected",
    ]
    assert f"{State.HELD}" == "held"


def test_each_value_has_the_fields_of_the_design() -> None:
    """Users' code reads these names."""
    fields = {
        name: " ".join(field.name for field in attrs.fields(kind))
        for name in models.__all__
        if attrs.has(kind := getattr(models, name)) and kind is not Message
    }
    assert fields == {
        "Balance": "provider amount unit packages raw",
        "DeliveryReport": "recipient provider message_id state final provider_state changed_at segments price "
        "error_code operator region mnc error",
        "Lookup": "recipient provider message_id operator region mnc error",
        "Outcome": "recipient state provider message_id segments cost error attempts duplicate message",
        "Plan": "recipients duplicates invalid encoding segments offenders routes requests cost",
        "Reference": "provider message_id recipient",
        "Submission": "message outcomes",
    }
