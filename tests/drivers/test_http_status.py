"""What an HTTP status alone proves of a send (PROTOCOLS.md, "Every provider")."""

import pytest

from smsgw.drivers.http import read_status_line
from smsgw.errors import (
    AuthenticationFailed,
    ConfigurationError,
    GatewayRejected,
    GatewayUnavailable,
    Throttled,
    UnreadableReply,
)
from smsgw.transport import Reply


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_a_success_says_nothing_before_its_body_is_read(status: int) -> None:
    assert read_status_line(Reply(status, b""), "main") is None


def test_every_other_status_is_an_error() -> None:
    """No status outside of 2xx lets a body be read as if it were a documented reply."""
    for status in (*range(100, 200), *range(300, 1000)):
        error = read_status_line(Reply(status, b"Message successfully sent! Message_ID=1"), "main")
        assert error is not None, status
        assert (error.provider, error.code) == ("main", f"HTTP {status}")


def test_only_an_answer_of_the_class_5xx_or_stranger_may_stand_for_a_taken_message() -> None:
    """A front server answers 5xx after the script has run, too; 3xx and 4xx say that nothing was taken."""
    for status in range(300, 500):
        error = read_status_line(Reply(status, b""), "main")
        assert error is not None, status
        assert not error.maybe_accepted, status
    for status in (*range(100, 200), *range(500, 1000)):
        error = read_status_line(Reply(status, b""), "main")
        assert type(error) is UnreadableReply, status
        assert error.maybe_accepted, status


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 404, 405])
def test_a_wrong_url_is_a_configuration_error(status: int) -> None:
    error = read_status_line(Reply(status, b""), "main")
    assert type(error) is ConfigurationError
    assert "`url`" in str(error)
    assert (error.scope, error.retryable) == ("provider", False)


def test_401_is_the_account() -> None:
    error = read_status_line(Reply(401, b""), "main")
    assert type(error) is AuthenticationFailed
    assert error.scope == "account"


def test_403_is_not_the_account() -> None:
    """A filter may dislike one text, so the account is not at fault, and another provider may try."""
    error = read_status_line(Reply(403, b""), "main")
    assert type(error) is GatewayRejected
    assert (error.scope, error.retryable) == ("provider", False)


@pytest.mark.parametrize("status", [400, 402, 406, 408, 409, 410, 413, 414, 422, 451])
def test_other_4xx_are_refusals(status: int) -> None:
    error = read_status_line(Reply(status, b""), "main")
    assert type(error) is GatewayRejected
    assert not error.retryable


@pytest.mark.parametrize("retry_after", [None, 0.0, 7.5])
def test_429_is_throttled_for_as_long_as_it_says(retry_after: float | None) -> None:
    error = read_status_line(Reply(429, b"", retry_after), "main")
    assert type(error) is Throttled
    assert error.retryable
    assert error.retry_after == retry_after


@pytest.mark.parametrize("retry_after", [0.0, 30.0])
def test_503_with_retry_after_was_not_taken(retry_after: float) -> None:
    error = read_status_line(Reply(503, b"", retry_after), "main")
    assert type(error) is GatewayUnavailable
    assert (error.retryable, error.maybe_accepted, error.retry_after) == (True, False, retry_after)


def test_503_without_retry_after_proves_nothing() -> None:
    error = read_status_line(Reply(503, b""), "main")
    assert type(error) is UnreadableReply
    assert (error.retryable, error.maybe_accepted) == (False, True)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_retry_after_makes_no_other_5xx_a_refusal(status: int) -> None:
    error = read_status_line(Reply(status, b"", 5.0), "main")
    assert type(error) is UnreadableReply
    assert error.maybe_accepted
