# ruff: noqa: S101 - a check asserts
"""What goes out arrives: each recipient, the text, the sender, and the IDs back."""

from collections import Counter
from collections.abc import Sequence

from smsgw.errors import InvalidText
from smsgw.models import Message, Outcome, State
from smsgw.testing.conformance.exchange import Exchange, ExchangeKit, digits

__all__ = ["SendingChecks"]

_SIGNS = "50% off & more + 1=2; #3 ?4 /5 %41 \"q\" 'a' <b>"
_ODD = {
    "Cyrillic": "Привет, мир и ёлка №5",
    "Georgian": "გამარჯობა",
    "an emoji": "ok 👍🏽",
    "the euro sign": "5 €",
    "spaces": "  two at the  beginning, and one at the end ",
    "lines": "one\r\ntwo\nthree\n",
    "a tab": "a\tb",
}


class SendingChecks(ExchangeKit):
    """Of sends without any fault."""

    def test_a_send_is_accepted_and_arrives_as_it_was_asked_for(self) -> None:
        """Recipient, text and sender reach the gateway unchanged, once; its ID comes back."""

        async def check() -> None:
            async with self.exchange() as exchange:
                outcomes = await exchange.send(self.recipients[0], self.text, sender=self.sender)
                _assert_all_taken(exchange, outcomes, self.text)
                story = exchange.story(outcomes)
                assert exchange.taken[0].sender == self.sender, f"another sender arrived. {story}"
                assert len(exchange.sends) == 1, f"one recipient is one request. {story}"

        self.run(check())

    def test_signs_of_the_urls_own_arrive_as_they_are(self) -> None:
        """`&`, `=`, `+`, `%` and the like are percent-encoded, once."""

        async def check() -> None:
            async with self.exchange() as exchange:
                outcomes = await exchange.send(self.recipients[0], _SIGNS)
                _assert_all_taken(exchange, outcomes, _SIGNS)

        self.run(check())

    def test_letters_of_other_alphabets_arrive_or_are_refused(self) -> None:
        """Spaces and lines, too. A text is written in the provider's charset, or refused with `InvalidText`; it never becomes another."""

        async def check(text: str) -> None:
            async with self.exchange() as exchange:
                try:
                    self.new_driver().prepare(Message(to=self.recipients, text=text, sender=self.sender))
                except InvalidText:
                    (outcome,) = await exchange.send(self.recipients[0], text)
                    assert outcome.state is State.REJECTED
                    assert not exchange.sends, "it was refused, and yet a request went out"
                    return
                outcomes = await exchange.send(self.recipients[0], text)
                _assert_all_taken(exchange, outcomes, text)

        for text in _ODD.values():
            self.run(check(text))

    def test_a_long_text_arrives_whole_or_is_refused(self) -> None:
        """A driver never cuts a text: `check_segments` or `head` raise `InvalidText` where it is too long."""

        async def check(text: str) -> None:
            async with self.exchange() as exchange:
                try:
                    self.new_driver().prepare(Message(to=self.recipients, text=text, sender=self.sender))
                except InvalidText:
                    return
                outcomes = await exchange.send(self.recipients[0], text)
                _assert_all_taken(exchange, outcomes, text)

        for length in (69, 70, 71, 159, 160, 161, 306, 307, 700, 2000):
            self.run(check(("word 123, " * 200)[: length - 1] + "."))

    def test_many_recipients_are_taken_once_each_under_their_own_ids(self) -> None:
        """Every recipient ends in one outcome; the ID of an outcome is the one that the gateway gave that recipient."""

        async def check() -> None:
            driver = self.new_driver()
            count = min(3 * driver.batch_size + 1, 40) if driver.batch_size > 1 else 5
            numbers = [*self.recipients, *(_like(self.recipients[0], step) for step in range(count))]
            numbers = [n for n in dict.fromkeys(numbers) if driver.check_recipient(n) is None]
            async with self.exchange() as exchange:
                outcomes = await exchange.send(numbers, self.text)
                _assert_all_taken(exchange, outcomes, self.text)
                story = exchange.story(outcomes)
                for record in exchange.sends:
                    asked = len(record.recipients)
                    assert asked <= driver.batch_size, f"{asked} in a request of {driver.batch_size}. {story}"

        self.run(check())

    def test_a_second_message_to_the_same_number_is_taken_too(self) -> None:
        """Another text is another message, with an ID of its own to ask by."""

        async def check() -> None:
            async with self.exchange() as exchange:
                first = await exchange.send(self.recipients[0], self.text)
                second = await exchange.send(self.recipients[0], f"{self.text} again")
                story = exchange.story([*first, *second])
                assert [m.text for m in exchange.taken] == [self.text, f"{self.text} again"], story
                assert first[0].message_id != second[0].message_id, f"both have one ID. {story}"

        self.run(check())


def _like(number: str, step: int) -> str:
    """Another number of the same kind, with no ending that means anything to a sandbox."""
    return f"{number[:-4]}{step + 1:02d}00"


def _assert_all_taken(exchange: Exchange, outcomes: Sequence[Outcome], text: str) -> None:
    """Each outcome is accepted, and the fake took just these, each once, with this text and the outcome's ID."""
    story = exchange.story(outcomes)
    taken = exchange.taken
    times = Counter(digits(message.recipient) for message in taken)
    for outcome in outcomes:
        assert times[outcome.recipient] <= 1, (
            f"{outcome.recipient} was taken {times[outcome.recipient]} times. {story}"
        )
        assert outcome.state is State.ACCEPTED, f"not accepted: {outcome.error!r}. {story}"
        assert times[outcome.recipient] == 1, (
            f"{outcome.recipient} is said to be accepted, and was not taken. {story}"
        )
    strangers = set(times) - {outcome.recipient for outcome in outcomes}
    assert not strangers, f"taken for {strangers}, whom nobody asked for. {story}"
    for message in taken:
        assert message.text == text, f"another text arrived: {message.text!r}, not {text!r}. {story}"
    ids = {digits(message.recipient): message.message_id for message in taken}
    for outcome in outcomes:
        assert outcome.message_id == ids[outcome.recipient], (
            f"{outcome.recipient} has the ID {outcome.message_id!r}; the gateway gave it {ids[outcome.recipient]!r}. {story}"
        )
        assert outcome.provider == "main", story
