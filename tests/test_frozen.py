"""frozen.py: a `Message` and an `Outcome` are filled while they are not frozen, and nobody can tell afterwards."""

import copy
import inspect
import pickle
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs
import pytest

from smsgw.errors import NotSubmitted
from smsgw.models import Channel, Message, Outcome, State

MESSAGE = Message(to=["79031234567", "+7 903 123-45-68"], text="Hi", sender="SHOP", validity=60)
OUTCOME = Outcome("79031234567", State.ACCEPTED, "main", "1", 2, Decimal("1.5"), None, 1, True, MESSAGE)
VALUES = pytest.mark.parametrize("value", [MESSAGE, OUTCOME], ids=["message", "outcome"])
COPIES: dict[str, Callable[[Any], Any]] = {
    "evolved": attrs.evolve,
    "copied": copy.copy,
    "copied in depth": copy.deepcopy,
    "pickled": lambda value: pickle.loads(pickle.dumps(value)),
    "made anew": lambda value: type(value)(
        **{each.name: getattr(value, each.name) for each in attrs.fields(type(value))}
    ),
}


@VALUES
@pytest.mark.parametrize("how", [None, *COPIES])
def test_nothing_of_it_can_be_set_or_deleted(value: Any, how: str | None) -> None:
    """However it came about: no field, and no attribute that it does not have."""
    value = value if how is None else COPIES[how](value)
    for name in [*(each.name for each in attrs.fields(type(value))), "other"]:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, name, None)
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            delattr(value, name)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        value.__class__ = object
    assert not hasattr(value, "__dict__")


@VALUES
@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_equal_and_of_the_same_type(value: Any, how: str) -> None:
    """With the same hash and the same words; and it is no more equal to its fields than to anything else."""
    other = COPIES[how](value)
    assert type(other) is type(value)
    assert other == value
    assert hash(other) == hash(value)
    assert repr(other) == repr(value)
    assert attrs.asdict(other) == attrs.asdict(value)
    assert value != attrs.astuple(value)


def test_what_is_shown() -> None:
    """By the names that users know."""
    assert repr(MESSAGE).startswith("Message(to=<2>, sender='SHOP', provider=None, ")
    assert repr(OUTCOME).startswith("Outcome(recipient='79031234567', state=<State.ACCEPTED: 'accepted'>, ")


def test_an_outcome_is_matched_by_position_and_a_message_by_name() -> None:
    """As it is built."""
    match OUTCOME:
        case Outcome(recipient, State.ACCEPTED, provider):
            assert (recipient, provider) == ("79031234567", "main")
        case _:
            pytest.fail("no match")
    match MESSAGE:
        case Message(text=text):
            assert text == "Hi"
    assert Message.__match_args__ == ()
    with pytest.raises(TypeError):
        Message("79031234567", "Hi")  # type: ignore[call-arg]


@pytest.mark.parametrize("kind", [Message, Outcome])
def test_the_constructor_takes_the_fields_in_their_order(kind: type[Any]) -> None:
    """Each field is set from the argument of its name."""
    assert list(inspect.signature(kind).parameters) == [each.name for each in attrs.fields(kind)]


def test_an_outcome_by_position_is_the_same_by_name() -> None:
    """Ten values of their own: none is in another one's place."""
    error = NotSubmitted("no")
    given = ("1", State.HELD, "p", "2", 3, Decimal(4), error, 5, True, MESSAGE)
    by_name = Outcome(
        recipient="1",
        state=State.HELD,
        provider="p",
        message_id="2",
        segments=3,
        cost=Decimal(4),
        error=error,
        attempts=5,
        duplicate=True,
        message=MESSAGE,
    )
    assert Outcome(*given) == by_name
    assert tuple(getattr(by_name, each.name) for each in attrs.fields(Outcome)) == given
    assert attrs.astuple(Outcome("1", State.HELD), recurse=False) == (
        *("1", State.HELD, None, None, None, None, None, 0, False, None),
    )


@pytest.mark.parametrize("base", [Message, Outcome])
def test_they_cannot_be_subclassed(base: type[Any]) -> None:
    """An instance of a subclass could not be filled: the error says which class it is about, and what to do instead."""

    class Mixin:
        pass

    for bases in ((base,), (Mixin, base)):
        with pytest.raises(TypeError, match=f"^{base.__name__} cannot be subclassed: let a value of yours"):
            type("Mine", bases, {})


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"to": 1, "text": 1, "validity": "x"}, "`to` is a phone number"),
        ({"to": [], "text": 1, "validity": True, "channel": "fax"}, "a validity period is a number"),
        ({"to": [], "text": 1, "channel": "fax", "viber_validity": -1}, "'fax' is not a valid Channel"),
        ({"to": [], "text": 1, "viber_validity": -1}, "not negative"),
        ({"to": [], "text": 1, "sender": 1}, "`to` is empty"),
        ({"to": "1", "text": 1, "sender": 1}, "`text` is a str"),
        ({"to": "1", "text": "", "sender": 1}, "the text is empty"),
        ({"to": "1", "text": "Hi", "sender": 1, "provider": "", "send_at": 1}, "`sender` is a str"),
        ({"to": "1", "text": "Hi", "provider": "", "key": 1, "send_at": 1}, "`provider` is empty"),
        ({"to": "1", "text": "Hi", "key": 1, "send_at": 1}, "`key` is a str"),
        ({"to": "1", "text": "Hi", "send_at": 1}, "`send_at` is a datetime"),
        ({"to": "1", "text": "Hi", "send_at": datetime(2027, 1, 1)}, "`send_at` has no time zone"),  # noqa: DTZ001 - that is it
    ],
)
def test_of_several_faults_the_same_one_is_named(fields: dict[str, Any], complaint: str) -> None:
    """The first: what is no value of its kind, then what no gateway could make sense of, in the fields' order."""
    with pytest.raises((TypeError, ValueError), match=complaint):
        Message(**fields)


def test_a_channel_by_its_name_is_the_channel() -> None:
    """And stays it, where the message is evolved."""
    message = Message(to="1", text="Hi", channel="viber")  # type: ignore[arg-type]
    assert message.channel is attrs.evolve(message, text="Ho").channel is Channel.VIBER
