"""What is sent in a run, and through what: the seed's choice."""

import zlib
from collections.abc import Sequence
from random import Random

from attrs import frozen

from smsgw import Message
from tests.faults.evidence import Marks
from tests.faults.points.point import Point
from tests.faults.server.speech import DRIVERS

__all__ = ["SHAPES", "Job", "choose"]

SHAPES = ("one", "batch", "requests", "many", "failover", "failover of a batch", "failover to the same")
"""One recipient; several in a request; in requests of their own; as a stream; and where another provider stands by."""


@frozen
class Job:
    """One run's orders."""

    shape: str
    messages: Sequence[Message]
    batch_size: int
    reused: bool
    """The connection has carried a request before."""
    own_session: bool
    truthful: bool = True
    """Questions are answered, though sends meet the fault."""
    duplicate_window: float = 60
    spare: str = ""
    """The driver of a provider that stands by."""
    spare_struck: bool = False
    """It has the same fault."""
    turns: int = 0
    """Of the event loop, between the fault's beginning and the request."""

    @property
    def is_stream(self) -> bool:
        return self.shape == "many"

    def __str__(self) -> str:
        words = [
            self.shape,
            f"{sum(len(m.to) for m in self.messages)} recipients, {self.batch_size} a request",
        ]
        words.append("own session" if self.own_session else "a session passed in")
        if self.reused:
            words.append("used before")
        if not self.truthful:
            words.append("questions meet the fault")
        if self.spare:
            words.append(f"{self.spare} stands by" + (", with the same fault" if self.spare_struck else ""))
        return "; ".join(words)


def choose(point: Point, driver: str, seed: int, marks: Marks) -> Job:
    """The same for the same arguments; seven seeds in a row have all shapes."""
    name = f"{point.name}/{driver}"
    random = Random(f"{name}/{seed}")
    shape = SHAPES[(zlib.crc32(name.encode()) + seed) % len(SHAPES)]
    several = shape in ("batch", "requests", "failover of a batch")
    size = random.randrange(2, 6) if several else 1
    if shape == "many":
        messages = [
            _message(marks, number % 2, [marks.recipients[number]])
            for number in range(random.randrange(2, 6))
        ]
    else:
        messages = [_message(marks, 0, random.sample(list(marks.recipients), size))]
    together = driver != "avist" and shape not in ("requests", "failover to the same")
    failover = shape.startswith("failover")
    others = [other for other in DRIVERS if other != driver]
    spare = "" if not failover else driver if shape == "failover to the same" else random.choice(others)
    return Job(
        shape,
        messages,
        batch_size=10 if together else 1,
        reused=random.random() < 0.5 if point.reused is None else point.reused,
        own_session=random.random() < 0.5,
        truthful=random.random() < 0.7,
        duplicate_window=random.choice((0, 60)),
        spare=spare,
        spare_struck=failover and random.random() < 0.4,
        turns=random.choice((0, 0, 1, 2, 5)),
    )


def _message(marks: Marks, number: int, to: Sequence[str]) -> Message:
    return Message(to=to, text=f"{marks.text} ({number})")
