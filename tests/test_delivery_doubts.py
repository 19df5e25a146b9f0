"""delivery.py: the gateway's own word for a duplicate, batches whose reply was lost, and the record of attempts."""

import asyncio
from collections.abc import Sequence

import pytest

from smsgw.dedup import DuplicateWindow
from smsgw.drivers.base import Verdict
from smsgw.entry import Entry
from smsgw.errors import (
    ConnectionLost,
    DuplicateRequest,
    GatewayUnavailable,
    NotSubmitted,
)
from smsgw.models import State
from smsgw.settings import RetrySettings
from smsgw.transport import Request
from tests.lanes import MANY, TAKES, Bench, Step, now, states, the_error

pytestmark = pytest.mark.looptime(idle_timeout=1)  # who would wait for ever fails after a second

TAKEN, REFUSED, UNKNOWN = State.ACCEPTED, State.REJECTED, State.UNKNOWN

# The gateway's own word for a duplicate.

DUPLICATE = "Попытка отправки более одного одинакового запроса в течение минуты".encode()


def targetsms(*script: Step) -> Bench:
    """Without our own rule, so that the gateway's is met."""
    return Bench("targetsms", *script, window=DuplicateWindow(0, "reuse", now))


async def test_the_gateways_duplicate_has_the_firsts_answer_where_we_know_it() -> None:
    """It is a duplicate then, and the third gets that answer as well."""
    bench = targetsms(b"77", DUPLICATE)
    assert await bench.deliver() == [Verdict(TAKEN, "77")]
    for _ in range(2):
        assert await bench.deliver() == [Verdict(TAKEN, "77")]
        assert [entry.duplicate for entry in bench.entries] == [True]
        assert bench.entries[0].attempts == 1


async def test_the_gateways_duplicate_of_an_unknown_request_is_unknown() -> None:
    """Nobody here knows what the first one came to."""
    bench = targetsms(DUPLICATE)
    assert states(await bench.deliver()) == [UNKNOWN]
    assert [entry.duplicate for entry in bench.entries] == [False]


@pytest.mark.parametrize(
    ("first", "state"),
    [
        (b"77", TAKEN),
        ("Текст SMS отклонен модератором.".encode(), REFUSED),
        ("Номер телефона присутствует в стоп-листе.".encode(), REFUSED),
        ("Данное направление закрыто.".encode(), UNKNOWN),  # another gateway would be asked
        ("У нас закончились SMS. Для разрешения проблемы свяжитесь с менеджером".encode(), UNKNOWN),
        ("Закончились SMS.".encode(), UNKNOWN),
        ("Аккаунт заблокирован.".encode(), UNKNOWN),
    ],
)
async def test_a_first_refusal_that_would_be_sent_again_stands_for_nothing(
    first: bytes, state: State
) -> None:
    """The gateway says that it had the first: a refusal that leads to another request may lead to a second SMS."""
    bench = targetsms(first, DUPLICATE)
    await bench.deliver()
    bench.lane.breaker._close()
    verdicts = await bench.deliver()
    assert states(verdicts) == [state]
    assert isinstance(verdicts[0].error, DuplicateRequest) is (state is UNKNOWN)
    assert bench.entries[0].duplicate is (state is not UNKNOWN)


async def test_a_first_batch_that_was_taken_apart_stands_for_nothing() -> None:
    """Refused without a name, several recipients were sent to once more; a single one was not."""
    refused = "Номер телефона присутствует в стоп-листе.".encode()
    bench = targetsms(refused, b"1", b"2", DUPLICATE)
    assert states(await bench.deliver(*MANY[:2])) == [TAKEN, TAKEN]
    assert states(await bench.deliver(*MANY[:2])) == [UNKNOWN, UNKNOWN]


async def test_without_a_window_the_gateways_duplicate_is_unknown() -> None:
    """A provider that has no such rule knows of no first request."""
    bench = Bench("iba", b"77", DUPLICATE)
    await bench.deliver()
    assert type((await bench.deliver())[0].error) is DuplicateRequest


async def test_a_retry_waits_for_the_window() -> None:
    """A second identical request goes out when the window is over, not after the backoff."""
    bench = Bench(
        "targetsms",
        GatewayUnavailable("HTTP 503", retry_after=0.0),
        b"77",
        window=DuplicateWindow(60, "reuse", now),
        retry=RetrySettings(attempts=2, initial=0.1),
    )
    assert await bench.deliver() == [Verdict(TAKEN, "77")]
    assert now() == pytest.approx(61 + 2 * TAKES)
    assert len(bench.gateway.asked) == 2


# A batch whose reply was lost.


async def test_a_lost_batch_is_looked_up_by_its_own_id() -> None:
    """Whom the gateway shows under it was taken; asking is not the caller's any more, and needs no circuit."""

    def shows(request: Request) -> bytes:
        first = bench.gateway.asked[0].body or b""
        identity = first.rpartition(b"&id=")[2].decode()
        assert f"&id={identity}" in (request.body or b"").decode()
        return f'{{"results": [{{"id": "{identity}", "phone": "{MANY[0]}"}}]}}'.encode()

    bench = Bench("smstele", ConnectionLost("reset"), shows, failures=1)
    task = asyncio.create_task(bench.deliver(*MANY[:2]))
    await asyncio.sleep(TAKES / 2)
    bench.scope.end("enough")
    assert states(await task) == [TAKEN, UNKNOWN]
    assert len(bench.gateway.asked) == 2


@pytest.mark.parametrize(
    ("driver", "reply"), [("smstele", b'{"messages": []}'), ("iba", ConnectionLost("reset"))]
)
async def test_nothing_is_looked_up_that_cannot_be_told_by_it(driver: str, reply: Step) -> None:
    """A doubt about a recipient, and a provider that knows no IDs of ours."""
    bench = Bench(driver, reply)
    assert states(await bench.deliver()) == [UNKNOWN]
    assert len(bench.gateway.asked) == 1


async def test_a_batch_can_be_looked_up_later() -> None:
    """By its ID alone, also while the circuit is open and for no caller."""
    bench = Bench("smstele", b'{"results": [{"id": "B7", "phone": "79160000001"}]}')
    bench.lane.breaker._open(100)
    assert set(await bench.lane.find("B7")) == {MANY[0]}
    assert (bench.gateway.asked[0].body or b"").endswith(b"&id=B7")


# The record.


class Journal:
    """A recorder that remembers, and may refuse."""

    def __init__(self, refuses: bool = False) -> None:
        self.claimed: list[tuple[str, str, list[str], int]] = []
        self.completed: list[tuple[str, str, int, list[str], list[State]]] = []
        self.refuses = refuses
        self.bench: Bench | None = None

    async def claim(self, attempt: str, provider: str, entries: Sequence[Entry]) -> None:
        assert self.bench is not None
        self.claimed.append(
            (attempt, provider, [e.recipient for e in entries], len(self.bench.gateway.asked))
        )
        if self.refuses:
            raise NotSubmitted("the disk is full")

    def complete(
        self,
        attempt: str,
        provider: str,
        segments: int,
        entries: Sequence[Entry],
        verdicts: Sequence[Verdict],
    ) -> None:
        self.completed.append(
            (attempt, provider, segments, [entry.recipient for entry in entries], states(verdicts))
        )


def recorded(bench: Bench, *, refuses: bool = False) -> Journal:
    journal = Journal(refuses)
    journal.bench = bench
    bench.scope.recorder = journal
    return journal


async def test_each_attempt_is_written_down_before_and_after() -> None:
    """The claim comes before the request, under the same ID as what the attempt came to; a retry has its own."""
    bench = Bench("smstele", b'{"error": "-2"}', b'{"error": "-25"}', b'{"error": "-43"}')
    journal = recorded(bench)
    await bench.deliver(*MANY[:2], text="ж" * 71)
    to = MANY[:2]
    assert [(provider, who, before) for _, provider, who, before in journal.claimed[:2]] == [
        ("main", to, 0),
        ("main", to, 1),
    ]
    assert [who for _, _, who, _ in journal.claimed[2:]] == [[MANY[0]], [MANY[1]]]
    assert [attempt for attempt, *_ in journal.claimed] == [attempt for attempt, *_ in journal.completed]
    assert len({attempt for attempt, *_ in journal.claimed}) == 4
    assert [rest for _, *rest in journal.completed] == [
        ["main", 2, to, [REFUSED] * 2],
        ["main", 2, to, [REFUSED] * 2],
        ["main", 2, [MANY[0]], [REFUSED]],
        ["main", 2, [MANY[1]], [REFUSED]],
    ]


async def test_what_cannot_be_written_down_is_not_sent() -> None:
    """The refusal is the verdict, and the gateway hears nothing."""
    bench = Bench("iba", b"1")
    journal = recorded(bench, refuses=True)
    assert str(the_error(await bench.deliver(), NotSubmitted)) == "the disk is full"
    assert bench.gateway.asked == []
    assert len(journal.completed) == 1
