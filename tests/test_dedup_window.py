"""dedup.py: what a window tells of itself, what makes requests identical, and what an answer is."""

import asyncio

import pytest

from smsgw.dedup import Answer, DuplicateWindow, fingerprint
from smsgw.errors import ConnectionLost, SmsgwError
from smsgw.transport import Reply, Request

pytestmark = pytest.mark.looptime(idle_timeout=1)  # who would wait for ever fails after a second


@pytest.mark.parametrize(("given", "kept"), [(60, 61.0), (1, 2.0), (0.5, 1.5)])
def test_a_window_is_kept_a_second_longer(given: float, kept: float) -> None:
    """However short the provider's window is, it is kept, and a second more."""
    window = DuplicateWindow(given, "reuse", lambda: 0.0)
    assert (window.is_kept, window.seconds) == (True, kept)


def test_a_window_of_no_seconds_is_not_kept() -> None:
    """0 switches the rule off."""
    window = DuplicateWindow(0, "reuse", lambda: 0.0)
    assert (window.is_kept, window.seconds) == (False, 0.0)


def test_a_window_knows_what_it_was_made_with() -> None:
    """Two providers share a window only where seconds and `on_duplicate` are the same."""
    window = DuplicateWindow(60, "reuse", lambda: 0.0)
    assert window.is_like(60, "reuse")
    assert not window.is_like(60, "wait")
    assert not window.is_like(61, "reuse")


async def test_what_remains_of_the_window() -> None:
    """Nothing remains of what was never asked or is under way; after the answer the window runs down to 0."""
    window = DuplicateWindow(60, "reuse", asyncio.get_running_loop().time)

    async def send() -> Reply:
        await asyncio.sleep(5)
        return Reply(200, b"1")

    assert window.remaining(b"same") == 0
    under_way = asyncio.create_task(
        window.once(b"same", send, began=lambda: True, joined=lambda _: None, pause=None)
    )
    await asyncio.sleep(1)
    assert window.remaining(b"same") == 0
    await under_way
    assert window.remaining(b"same") == 61.0
    await asyncio.sleep(71)
    assert window.remaining(b"same") == 0


# What makes requests identical.


def test_a_fingerprint_counts_every_parameter_and_tells_none() -> None:
    """URL and body make the identity; it is a digest, so it holds no password."""
    requests = [
        Request("GET", "https://x/?user=a&pwd=b&text=c"),
        Request("GET", "https://x/?user=a&pwd=b&text=d"),
        Request("POST", "https://x/", b"user=a&pwd=b&text=c"),
        Request("POST", "https://x/", b"user=a&pwd=b&text=d"),
    ]
    assert len({fingerprint(request) for request in requests}) == len(requests)
    assert fingerprint(requests[0]) == fingerprint(Request("GET", "https://x/?user=a&pwd=b&text=c"))
    assert all(len(fingerprint(request)) == 16 for request in requests)


def test_an_answer_is_a_reply_or_an_error() -> None:
    """An answer gives its reply each time, or raises its error each time."""
    reply = Reply(200, b"1")
    error = ConnectionLost("reset")
    assert Answer(reply).take() is reply
    for _ in range(2):
        with pytest.raises(ConnectionLost) as caught:
            Answer(error=error).take()
        assert caught.value is error
    with pytest.raises(SmsgwError, match=r"^no answer was recorded$"):
        Answer().take()


# What no test here can tell (`nox -s mutation`): what stands between URL and body and for a missing body, which goes
# into the digest alone; the other half of a `return` whose `send` always raises; whether an answer is forgotten at the
# very moment at which its time is over; and whether "no answer yet" is None or another false value.
