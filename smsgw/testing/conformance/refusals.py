# ruff: noqa: S101 - a check asserts
"""What is refused before any request: a driver says no, and never drops what it cannot carry."""

from datetime import UTC, datetime
from typing import Any

import pytest

from smsgw.drivers.base import Driver
from smsgw.errors import ConfigurationError, InvalidText, SmsgwError, UnsupportedOption
from smsgw.models import Channel, Message
from smsgw.msisdn import SHORTEST
from smsgw.testing.conformance.kit import BATCH_ID, PROVIDER, Kit, written

__all__ = ["RefusalChecks"]

_ODD = ("Привет", "გამარჯობა", "你好", "👍🏽", "a\x00b", "a\r\nb", "\x1b[2J", "\u202eab", "€[]{}", "x" * 5000)


class RefusalChecks(Kit):
    """Of `prepare` and the constructor, without any network."""

    @pytest.mark.parametrize(
        ("option", "wanted"),
        [
            ("send_at", {"send_at": datetime(2130, 1, 1, tzinfo=UTC)}),
            ("validity", {"validity": 60}),
            ("flash", {"flash": True}),
            ("viber", {"channel": Channel.VIBER}),
            ("viber", {"viber_validity": 60}),
            ("viber", {"viber_validity": 0}),
        ],
        ids=["send_at", "validity", "flash", "viber", "viber_validity", "viber_validity 0"],
    )
    def test_an_option_is_carried_or_refused_and_never_dropped(
        self, option: str, wanted: dict[str, Any]
    ) -> None:
        """`options` names what the driver has: those change the request, all others are `UnsupportedOption`."""
        driver, batch = self.new_pair()
        message = Message(to=batch.recipients, text=self.text, sender=self.sender, **wanted)
        if option not in driver.options:
            with pytest.raises(UnsupportedOption, match=option):
                driver.prepare(message)
            return
        with_it = self.new_batch(driver, *batch.recipients, sender=self.sender, **wanted)
        assert written(driver.send_request(with_it)) != written(driver.send_request(batch)), (
            f"`options` has {option!r}, and yet the request is the same with it and without"
        )

    def test_a_lookup_is_refused_where_there_is_none(self) -> None:
        """`has_lookup` is False: then `lookup_request` and `read_lookup` raise `UnsupportedOption`."""
        driver = self.new_driver()
        if driver.has_lookup:
            assert driver.lookup_request(self.recipients[:1], BATCH_ID).url
            return
        with pytest.raises(UnsupportedOption):
            driver.lookup_request(self.recipients[:1], BATCH_ID)
        with pytest.raises(UnsupportedOption):
            driver.read_lookup(self.recipients[:1], b"{}")

    @pytest.mark.parametrize("text", ["\ud83d", "Hi \udc00 there", "Код \ud83d"], ids=ascii)
    def test_a_lone_surrogate_cannot_be_written(self, text: str) -> None:
        """It is no character: `InvalidText`, which names the provider, and no `UnicodeEncodeError`."""
        with pytest.raises(InvalidText) as raised:
            self.new_driver().prepare(Message(to=self.recipients, text=text))
        assert raised.value.provider == PROVIDER

    def test_a_text_is_carried_or_refused_with_an_error_of_ours(self) -> None:
        """Whatever people write: `prepare` returns, or raises `InvalidText`."""
        driver = self.new_driver()
        for text in _ODD:
            refused = self._refusal(driver, text)
            assert refused is None or isinstance(refused, InvalidText), f"{text[:20]!a}: {refused!r} is none"
            assert refused is None or refused.provider == PROVIDER, f"{refused!r} does not name the provider"
            assert text not in str(refused) + repr(refused), "the error repeats the text"

    def _refusal(self, driver: Driver, text: str) -> SmsgwError | None:
        try:
            driver.prepare(Message(to=self.recipients, text=text))
        except SmsgwError as error:
            return error
        return None

    @pytest.mark.parametrize("batch_size", [-1, 0, "above the limit"])
    def test_a_batch_is_never_larger_than_the_providers_limit(self, batch_size: int | str) -> None:
        """`batch_limit` bounds the configured `batch_size`."""
        size = self.driver_type().batch_limit + 1 if isinstance(batch_size, str) else batch_size
        with pytest.raises(ConfigurationError, match=rf"providers\.{PROVIDER}\.batch_size"):
            self.new_driver(batch_size=size)

    def test_an_unknown_charset_is_refused(self) -> None:
        """`charsets` names those that the provider reads."""
        with pytest.raises(ConfigurationError, match=rf"providers\.{PROVIDER}\.charset"):
            self.new_driver(charset="utf-7")

    def test_room_is_what_recipients_may_take_of_the_url(self) -> None:
        """With a full room the URL is exactly as long as `url_limit`: batches are filled by it."""
        driver = self.new_driver()
        batch = self.new_batch(driver, self.recipients[0])
        if driver.url_limit is None:
            assert batch.prepared.room is None
            return
        assert batch.prepared.room is not None
        used = len(driver.send_request(batch).url) - len(self.recipients[0])
        assert used + batch.prepared.room == driver.url_limit, (
            "`head` has to hold all of the URL but the recipients, which follow it"
        )
        if driver.batch_limit > 1:
            two = self.new_batch(driver, *self.recipients[:2])
            assert len(driver.send_request(two).url) == used + len(",".join(self.recipients[:2]))

    def test_a_text_that_leaves_no_room_for_the_shortest_number_is_refused(self) -> None:
        """With `url_limit`: the longest text that leaves room is carried, a character more is `InvalidText`."""
        driver = self.new_driver()
        without = driver.prepare(Message(to=self.recipients, text="x"))
        if without.room is None:
            return
        longest = "x" * (without.room - SHORTEST + 1)
        assert driver.prepare(Message(to=self.recipients, text=longest)).room == SHORTEST
        with pytest.raises(InvalidText, match="too long"):
            driver.prepare(Message(to=self.recipients, text=longest + "x"))
