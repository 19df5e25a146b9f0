"""What a gateway repeats of a request is left out, and what is our own, or the caller's, stays."""

import pytest

from smsgw.drivers.echoes import NOT_SHOWN, Echoes
from smsgw.errors import AuthenticationFailed, UnreadableReply
from smsgw.models import DeliveryReport


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
