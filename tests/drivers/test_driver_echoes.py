"""What a gateway repeats of a request is left out, and what is our own, or the caller's, stays."""

from decimal import Decimal
from urllib.parse import quote

import pytest

from smsgw import Dispatcher
from smsgw.drivers.echoes import NOT_SHOWN, Echoes
from smsgw.drivers.settings import ProviderSettings
from smsgw.errors import AuthenticationFailed, ConfigurationError, UnreadableReply
from smsgw.models import Balance, DeliveryReport, Lookup
from smsgw.settings import Settings


@pytest.mark.parametrize(
    "said", ["Vault99x", "xVault99xy", "u=Vault99x&t=1", "%56ault99x", "VAULT99X", "a Vault99x"]
)
def test_a_long_secret_is_found_inside_of_longer_words(said: str) -> None:
    """Eight characters stand nowhere by chance."""
    assert Echoes("Vault99x").hold(said)


@pytest.mark.parametrize(
    ("said", "held"), [("test", True), ("a test.", True), ("latest", False), ("tests", False)]
)
def test_a_short_secret_is_a_word_of_its_own(said: str, held: bool) -> None:
    """Four characters stand in many a word by chance."""
    assert Echoes("test").hold(said) is held


@pytest.mark.parametrize("secret", ["password", "gateway", "refused", "reply"])
def test_sentences_of_our_own_stay_whatever_the_password_is(secret: str) -> None:
    """Who needs to read that the login was refused is who has such a password."""
    error = AuthenticationFailed(
        "the gateway refused the login and password in its reply", code=f"no {secret}"
    )
    Echoes(secret, trusted=True).hush(error)
    assert error.description == "the gateway refused the login and password in its reply"
    assert error.code is None


def test_sentences_of_a_strangers_driver_are_searched() -> None:
    """They may hold anything."""
    error = UnreadableReply("no sense in Vault99x")
    Echoes("Vault99x").hush(error)
    assert (error.description, str(error)) == (NOT_SHOWN, NOT_SHOWN)


def test_a_recipient_is_the_callers_own() -> None:
    """A password that is the subscriber's number takes no report's recipient away."""
    report = DeliveryReport("79031234567", "main", "4711", provider_state="for 79031234567")
    kept = Echoes("79031234567").without(report)
    assert (kept.recipient, kept.provider_state) == ("79031234567", None)


@pytest.mark.parametrize(
    "said",
    [
        "a+b c%26d",
        "a%2Bb%20c%26d",
        "a%2Bb+c%26d",
        "<p>A+B&nbsp;C&amp;D</p>",
        "a\\u002bb c\\u0026d",
        "A+B  C&D",
    ],
)
def test_a_secret_is_found_in_every_spelling(said: str) -> None:
    """Percent- and plus-encoded, escaped as XML and JSON do it, with other spaces and in capitals."""
    assert Echoes("a+b c&d").hold(said)


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "koi8-r"])
def test_a_secret_is_found_in_every_charset(charset: str) -> None:
    """A gateway repeats a request as it was encoded."""
    assert Echoes("Код тайный").hold("text=" + quote("Код тайный", encoding=charset) + "&")


def test_a_quoted_secret_is_found() -> None:
    """JSON escapes quotes in the one way, other languages in the other."""
    assert Echoes('my "own" word').hold('{"text": "my \\"own\\" word"}')
    assert Echoes("my 'own' word").hold("'my \\'own\\' word'")


def test_a_balance_is_told_without_what_repeats_the_password() -> None:
    """Its number stays; the reply's raw text and a package's name do not."""
    balance = Balance("main", Decimal(5), "Vault99x", {"Vault99x": 1, "MTS": 2}, "5 Vault99x")
    assert Echoes("Vault99x").without(balance) == Balance("main", Decimal(5), None, {"MTS": 2}, "")


def test_a_lookup_is_told_without_what_repeats_the_password() -> None:
    """Word by word."""
    lookup = Lookup("79031234567", "main", "Vault99x", "MTS", "u=Vault99x", "01", UnreadableReply("Vault99x"))
    kept = Echoes("Vault99x").without(lookup)
    assert (kept.recipient, kept.message_id, kept.operator) == ("79031234567", None, "MTS")
    assert (kept.region, kept.mnc, str(kept.error)) == (None, "01", NOT_SHOWN)


def test_a_report_is_told_without_what_repeats_the_password() -> None:
    """A recipient that is no number is a gateway's word, too."""
    report = DeliveryReport("to Vault99x", "main", "1", error_code="Vault99x", operator="MTS")
    kept = Echoes("Vault99x").without(report)
    assert (kept.recipient, kept.error_code, kept.operator, kept.message_id) == (None, None, "MTS", "1")


def test_what_repeats_nothing_is_the_very_value() -> None:
    """Nothing is copied for nothing."""
    report = DeliveryReport("79031234567", "main", "1", provider_state="deliver")
    assert Echoes("Vault99x").without(report) is report


def test_an_error_comes_alone() -> None:
    """Without what it was raised from, the frames on its way, and notes that repeat the password."""
    error = UnreadableReply("no sense", code="pwd=Vault99x")
    error.add_note("Vault99x")
    error.__context__ = error.__cause__ = KeyError("Vault99x")
    Echoes("Vault99x").hush(error)
    assert [error.__cause__, error.__context__, error.__traceback__] == [None] * 3
    assert (error.__notes__, error.code, error.description) == ([], None, "no sense")


def test_what_goes_through_is_hushed() -> None:
    """The same error, without its words."""
    error = UnreadableReply("Vault99x")
    with pytest.raises(UnreadableReply) as raised, Echoes("Vault99x").hushed():
        raise error
    assert raised.value is error
    assert str(error) == NOT_SHOWN


@pytest.mark.parametrize("password", ["avist", "reads", "charset"])
def test_a_setting_that_a_driver_refuses_is_named_whatever_the_password_is(password: str) -> None:
    """A password that is a word of the sentence hides none of it."""
    main = ProviderSettings(name="main", driver="avist", login="shop", password=password, charset="latin-1")
    with pytest.raises(ConfigurationError, match="charset: avist reads utf-8 or"):
        Dispatcher(Settings(providers={"main": main}))
