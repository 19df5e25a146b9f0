"""Reading a reply costs work that grows no faster than the reply: counted, so that no machine's speed matters."""

from collections.abc import Callable, Sequence
from typing import Final

import pytest

from smsgw.drivers.base import Batch, Driver
from smsgw.models import Message, Reference
from tests.faults.properties.counting import work_of
from tests.faults.properties.five import BATCH_ID, MESSAGE_ID, NAMES, driver_for
from tests.faults.scale import EXAMPLES

FACTORS: Final = (1, 2, 4, 8)
UNITS: Final = 16 if EXAMPLES < 100 else 48

SHAPES: Final[dict[str, Callable[[int], bytes]]] = {
    "white space": lambda n: b" " * n,
    "white space within": lambda n: b"error:" + b" " * n + b"x" * 300,
    "letters": lambda n: b"x" * n,
    "digits": lambda n: b"7" * n,
    "zeros": lambda n: b"0" * n,
    "IDs": lambda n: b",".join([b"1179038981"] * n),
    "IDs on lines": lambda n: b" \r\n ".join([b"1179038981"] * n),
    "IDs and a letter": lambda n: b"1 , " * n + b"x",
    "commas": lambda n: b"1" + b"," * n,
    "packages": lambda n: b"1 RUR," + ",".join(f"МТС{i}:{i}" for i in range(n)).encode(),
    "packages of one name": lambda n: b"1 RUR" + b",a:1" * n,
    "colons": lambda n: b"1 RUR " + b":" * n,
    "failed numbers": lambda n: b"OK 60 " + b",".join([b"0803123456"] * n),
    "one failed number": lambda n: b"OK 60 " + b"0" * n + b"9031234567",
    "an endless ID": lambda n: b"OK 60 " + b"x" * n,
    "an endless avist ID": lambda n: b"Message successfully sent! Message_ID=" + b"x" * n,
    "an endless error": lambda n: b"Error: " + b"x " * n,
    "an endless balance": lambda n: b"Balance: " + b"1." * n + b"SMS",
    "an endless status": lambda n: b"Mess_ID=1 Status: " + b"a " * n,
    "bars": lambda n: b"1" + b" | " * n,
    "Cyrillic": lambda n: ("я " * n).encode("windows-1251"),
    "dots": lambda n: "error: Закончились SMS".encode() + b"." * n,
    "deep lists": lambda n: b"[" * n,
    "deep objects": lambda n: b'{"messages":[' * n,
    "empty rows": lambda n: b'{"cnt":"1","messages":[' + b",".join([b"{}"] * n) + b"]}",
    "rows of nothing": lambda n: b'{"cnt":"1","messages":[' + b",".join([b"0"] * n) + b"]}",
    "keys": lambda n: ("{" + ",".join(f'"k{i}":1' for i in range(n)) + "}").encode(),
    "a key again and again": lambda n: ("{" + ",".join(['"error":0'] * n) + "}").encode(),
    "a long operator": lambda n: b'{"cnt":"1","messages":[{"operator":"' + b"x" * n + b'"}]}',
    "PHP strings": lambda n: b"a:%d:{" % n + b"".join(b'i:%d;s:1:"x";' % i for i in range(n)) + b"}",
    "PHP promises": lambda n: b"a:999999999:{" + b"i:1;" * n,
    "PHP nesting": lambda n: b"a:1:{i:0;" * n,
    "PHP numbers": lambda n: b"a:1:{i:" + b"9" * n,
    "a PHP key again": lambda n: b"a:%d:{" % n + b's:9:"state_sms";s:4:"send";' * n + b"}",
}


def rows(key: str, recipients: Sequence[str]) -> bytes:
    """A row for each recipient, as SMStele writes it."""
    listed = ",".join(
        f'{{"id":"{MESSAGE_ID}","phone":"{recipient}","cnt":"1","operator":"mMTS","stat":"DELIVRD"}}'
        for recipient in recipients
    )
    return f'{{"cnt":"{len(recipients)}","{key}":[{listed}]}}'.encode()


RICH: Final[dict[str, Callable[[Sequence[str]], bytes]]] = {
    "a message each": lambda to: rows("messages", to),
    "a result each": lambda to: rows("results", to),
    "an ID each": lambda to: ",".join(f"11790{number}" for number in to).encode(),
    "a failure each but one": lambda to: b"OK 9 " + ",".join(f"0{number[-9:]}" for number in to[1:]).encode(),
}
"""Replies that grow with the request."""


def reads(driver: Driver, to: Sequence[str], body: bytes) -> dict[str, int]:
    """The work of reading this as the answer to each question about these recipients."""
    batch = Batch(driver.prepare(Message(to=tuple(to), text="Hi")), tuple(to), BATCH_ID)
    references = [Reference("main", MESSAGE_ID, recipient) for recipient in to]
    return {
        "send": work_of(lambda: driver.read_send(batch, body)),
        "status": work_of(lambda: driver.read_status(references, body)),
        "balance": work_of(lambda: driver.read_balance(body)),
        "lookup": work_of(lambda: driver.read_lookup(to, body)),
        "settled": work_of(lambda: driver.read_settled(MESSAGE_ID, body)),
        "account": work_of(lambda: driver.read_account(body)),
    }


def assert_linear(works: Sequence[dict[str, int]], sizes: Sequence[int], most: float = 1.3) -> None:
    """What is added from one size to the next is what the growth before it added, a unit for a unit, or little more.

    Something quadratic adds four times as much when the size doubles, and eight times from the second to the fourth.
    """
    for question in works[0]:
        base, *_, last = (work[question] for work in works)
        early = (works[1][question] - base) / (sizes[1] - sizes[0])
        late = (last - works[-2][question]) / (sizes[-1] - sizes[-2])
        # Where hardly anything grows at first (a cap, a cache), a few opcodes a byte are no fault.
        assert late <= max(most * early, 25), (question, [work[question] for work in works], sizes)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", NAMES)
def test_work_grows_no_faster_than_the_reply(name: str, shape: str) -> None:
    """Of twice, four and eight times the bytes each reading takes at most so many times the work."""
    driver = driver_for(name)
    to = ["79031234567", "79160001234"][: driver.batch_limit]
    bodies = [SHAPES[shape](UNITS * factor) for factor in FACTORS]
    reads(driver, to, bodies[0])  # what is done once only is done now
    assert_linear([reads(driver, to, body) for body in bodies], [len(body) for body in bodies])


@pytest.mark.parametrize("shape", RICH)
@pytest.mark.parametrize("name", [name for name in NAMES if driver_for(name).batch_limit >= 8])
def test_work_grows_no_faster_than_the_request(name: str, shape: str) -> None:
    """Of a batch twice as large, with as many rows in its reply, each row costs what it cost before."""
    driver = driver_for(name)
    many = min(driver.batch_limit, 2 * UNITS)
    batches = [[str(79031000000 + at) for at in range(many * factor // 8)] for factor in FACTORS]
    reads(driver, batches[0], RICH[shape](batches[0]))
    works = [reads(driver, to, RICH[shape](to)) for to in batches]
    assert_linear(works, [len(to) for to in batches], most=1.15)


def test_counting_sees_what_is_quadratic() -> None:
    """A loop in a loop and a text copied at each step are seen; one pass over it is not taken for them."""

    def in_pairs(text: str) -> int:
        return sum(1 for one in text for other in text if one == other)

    def by_copies(text: str) -> None:
        while text:
            text = text[1:]

    def in_one_pass(text: str) -> int:
        return sum(1 for one in text if one == "x")

    sizes = [UNITS * factor for factor in FACTORS]
    for read, is_linear in ((in_pairs, False), (by_copies, False), (in_one_pass, True)):
        works = [{"read": work_of(lambda read=read, size=size: read("x" * size))} for size in sizes]  # type: ignore[misc]
        if is_linear:
            assert_linear(works, sizes)
        else:
            with pytest.raises(AssertionError):
                assert_linear(works, sizes)
