"""What gateways say in their own words: no, not yet, not all of it, or something about somebody else."""

from tests.faults.points.point import DOUBT, NOTHING_OR_DOUBT, PROOF, TAKEN, Point
from tests.faults.server.speech import http
from tests.faults.server.turn import Turn

__all__ = ["POINTS"]

_BUSY = http("", "429 Too Many Requests", "Retry-After: 0")
_HELD = (
    "Недостаточно средств для отправки SMS. "
    "SMS будет отправлена как только вы пополните счет по данному направлению"
)
_DUPLICATE = "error: Попытка отправки более одного одинакового запроса в течение минуты"
_UNNAMED = {
    "smstele": ('{"error":"-26","description":"Wrong phone"}',),
    "iba": ("0", "error: Укажите номер телефона", "Номер телефона присутствует в стоп-листе."),
    "targetsms": ("0", "error: Не введен номер телефона", "Номер телефона должен быть меньше 15 символов"),
}


async def unavailable(turn: Turn) -> None:
    await turn.refuse(http(turn.speech.unavailable))


async def wrong_login(turn: Turn) -> None:
    await turn.refuse(http(turn.speech.refused))


async def busy_at_first(turn: Turn) -> None:
    if turn.asked_before:
        await turn.accept()
    else:
        await turn.refuse(_BUSY)


async def busy_then_reset(turn: Turn) -> None:
    """The second attempt is lost: there may be no third."""
    if turn.asked_before:
        turn.line.reset()
    else:
        await turn.refuse(_BUSY)


async def refuse_batches(turn: Turn) -> None:
    """Of several recipients one is refused, and with it all; of one, all is well."""
    if turn.heard.kind == "question":
        await turn.answer()
    elif len(turn.ids) > 1:
        await turn.refuse(http(turn.random.choice(_UNNAMED[turn.driver])))
    else:
        await turn.accept()


async def hold(turn: Turn) -> None:
    await turn.hold(http(_HELD))


async def answer_for_one_more(turn: Turn) -> None:
    """More IDs than recipients: whose is whose?"""
    await turn.say(http(turn.speech.accepted({**turn.ids, "79039999999": "9999999"})))


async def answer_for_somebody_else(turn: Turn) -> None:
    """An acceptance, and of nobody that was asked for."""
    rows = {f"7904999{number:04d}": given for number, given in enumerate(turn.ids.values())}
    await turn.say(http(turn.speech.accepted(rows)))


async def call_it_a_duplicate(turn: Turn) -> None:
    """It has had the same request before, it says, and does not say what became of it."""
    await turn.say(http(_DUPLICATE))


POINTS = (
    Point(name="unavailable, as documented", expects=PROOF, moves_on=True, serve=unavailable),
    Point(name="a wrong login, as documented", expects=PROOF, moves_on=True, serve=wrong_login),
    # TargetSMS takes no identical request for a minute: there is no second attempt there.
    Point(name="busy at first", expects=TAKEN | PROOF, moves_on=True, serve=busy_at_first),
    Point(name="busy, then reset", expects=NOTHING_OR_DOUBT, moves_on=True, serve=busy_then_reset),
    Point(
        name="a batch refused, and nobody named", expects=TAKEN, serve=refuse_batches, drivers=tuple(_UNNAMED)
    ),
    Point(name="held", expects=frozenset({"held"}), serve=hold, drivers=("iba", "targetsms")),
    Point(
        name="an answer for one more", expects=DOUBT, serve=answer_for_one_more, drivers=("iba", "targetsms")
    ),
    Point(
        name="an answer for somebody else",
        expects=DOUBT,
        serve=answer_for_somebody_else,
        drivers=("smstele",),
    ),
    Point(name="called a duplicate", expects=DOUBT, serve=call_it_a_duplicate, drivers=("iba", "targetsms")),
)
