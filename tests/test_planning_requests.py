"""planning.py: how many requests a list makes."""

from hypothesis import given, settings
from hypothesis import strategies as st

from smsgw.batching import pack
from smsgw.dispatcher import Dispatcher
from smsgw.drivers.discovery import find_drivers
from smsgw.models import Message
from smsgw.sandbox import Sandbox
from tests.forecasts import RUSSIAN, forecast, lane, numbers, router


class Addressee:
    """A recipient, as `pack` wants it."""

    def __init__(self, recipient: str) -> None:
        self.recipient = recipient


def test_rows_of_equal_content_share_requests() -> None:
    """They do even with others between them, while no more than 256 contents are."""
    iba = lane("iba", batch_size=10)
    rows = [(number, text) for number in numbers(25) for text in ("One", "Two")]
    assert forecast(router(iba), *rows).requests == 6
    assert (
        forecast(router(iba), *[(n, f"Text {i % 256}") for i, n in enumerate(numbers(512))]).requests == 256
    )
    assert (
        forecast(router(iba), *[(n, f"Text {i % 257}") for i, n in enumerate(numbers(514))]).requests == 514
    )


def test_a_text_that_comes_again_is_kept() -> None:
    """Of the 256 contents the one that was used least lately goes first."""
    iba = lane("iba", batch_size=10)
    rows = [(n, "Always" if i % 2 else f"Text {i}") for i, n in enumerate(numbers(2000))]
    assert forecast(router(iba), *rows).requests == 1000 + 100


def test_a_url_is_filled_to_its_last_character() -> None:
    """Where the URL has a limit, recipients share a request as long as they fit, at every length of the text."""
    routes = router(lane("iba"))
    recipients = [Addressee(number) for number in numbers(11)]
    found = set()
    for length in range(1700, 1900):
        text = "x" * length
        (first,) = routes.content(Message(to=RUSSIAN, text=text)).candidates(RUSSIAN)
        expected = sum(1 for _ in pack(recipients, 10, first.prepared.room))
        assert forecast(routes, *[(one.recipient, text) for one in recipients]).requests == expected
        found.add(expected)
    assert len(found) > 3


@settings(deadline=None)
@given(
    recipients=st.lists(st.from_regex(r"[1-7][0-9]{6,14}", fullmatch=True), unique=True, max_size=60),
    length=st.integers(1, 1500),
    batch=st.integers(1, 30),
    driver=st.sampled_from(["iba", "smsco", "targetsms"]),
)
def test_requests_are_packed_as_elsewhere(
    recipients: list[str], length: int, batch: int, driver: str
) -> None:
    """The requests of one text are as many as `pack` makes of them, whether count or URL is the limit."""
    batch = min(batch, find_drivers()[driver].batch_limit)
    routes = router(lane(driver, batch_size=batch))
    text = "x" * length
    content = routes.content(Message(to=RUSSIAN, text=text))
    groups: list[Addressee] = []
    room = None
    for recipient in recipients:
        try:
            (first,) = content.candidates(recipient)
        except ValueError:
            continue
        room = first.prepared.room
        groups.append(Addressee(recipient))
    expected = sum(1 for _ in pack(groups, batch, room)) if groups else 0
    assert forecast(routes, *[(recipient, text) for recipient in recipients]).requests == expected


async def test_requests_are_those_that_are_made() -> None:
    """A dispatcher that sends the same list to idle gateways makes as many requests as were forecast, to the same."""
    texts = ("Hi", "Привет", "x" * 700)
    rows = [(number, text) for number in numbers(40) for text in texts]
    async with Sandbox() as sandbox:
        providers = sandbox.config()["providers"]
        chosen = {name: {**providers[name], "batch_size": 7} for name in ("smsco", "iba")}
        chosen["avist"] = providers["avist"]
        routes = [{"providers": ["iba", "smsco", "avist"], "strategy": "round_robin"}]
        async with Dispatcher.from_config({"providers": chosen, "routes": routes}) as sms:
            total = forecast(sms._engine.router, *rows)
            messages = [Message(to=number, text=text) for number, text in rows]
            outcomes = [outcome async for outcome in sms.send_many(messages)]
            made = {name: stats.requests for name, stats in sms.stats.items()}
    assert len(outcomes) == total.recipients == 120
    assert sum(made.values()) == total.requests
    assert {name for name, requests in made.items() if requests} == set(total.routes)
