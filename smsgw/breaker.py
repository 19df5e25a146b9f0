"""A circuit breaker for one provider: after failures in a row it rests, then one probe at a time may go.

It knows nothing of time but its clock and nothing of tasks: whoever waits for it asks `reopens_in`.
"""

from collections.abc import Callable, Sequence
from enum import Enum, auto

from smsgw.drivers.base import Verdict
from smsgw.errors import NotSubmitted, OutcomeUnknown
from smsgw.models import State
from smsgw.settings import BreakerSettings

__all__ = ["Admission", "CircuitBreaker", "Finding", "judge"]


class Admission(Enum):
    """How an attempt got through; it is handed back with what came of it."""

    ORDINARY = auto()
    PROBE = auto()


class Finding(Enum):
    """What an attempt tells about the provider."""

    HEALTHY = auto()
    FAILING = auto()
    ACCOUNT = auto()
    """The account or its credit: sending more would only be refused, or held, too."""
    NOTHING = auto()
    """The attempt was given up before it could tell anything."""


def judge(verdicts: Sequence[Verdict]) -> Finding:
    """What one request's verdicts say of the provider, never of a recipient or a text."""
    accepted = failing = False
    held = State.HELD  # (45 ns each time that it is asked for)
    for verdict in verdicts:
        error = verdict.error
        if error is None:
            if verdict.state is held:
                return Finding.ACCOUNT
            accepted = True
        elif error.scope == "account":
            return Finding.ACCOUNT
        elif isinstance(error, NotSubmitted | OutcomeUnknown) and error.scope == "provider":
            failing = True
    return Finding.FAILING if failing and not accepted else Finding.HEALTHY


class CircuitBreaker:
    """Closed, open for a rest, or half open with one probe on its way."""

    def __init__(
        self,
        settings: BreakerSettings,
        clock: Callable[[], float],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._on_change = on_change
        self._failures = 0
        self._reopens_at: float | None = None
        self._resting = False
        self._probing = False

    @property
    def closed(self) -> bool:
        """Whether everything is let through."""
        return self._reopens_at is None

    @property
    def passable(self) -> bool:
        """Whether `admit` would let an attempt through now."""
        return self._reopens_at is None or (not self._probing and self._clock() >= self._reopens_at)

    @property
    def reopens_in(self) -> float | None:
        """Seconds until a probe may go; 0 where something may go now; None while a probe is on its way."""
        if self._reopens_at is None:
            return 0.0
        return None if self._probing else max(0.0, self._reopens_at - self._clock())

    def admit(self) -> Admission | None:
        """Let an attempt through, or not. What is let through must be handed to `record`."""
        if self._reopens_at is None:
            return Admission.ORDINARY
        if not self.passable:
            return None
        self._probing = True
        return Admission.PROBE

    def record(self, admission: Admission, finding: Finding, asked: float | None = None) -> None:
        """Take note of what came of an attempt.

        `asked` is the `Retry-After` of a failure, in seconds. An open circuit does not let anything through before,
        up to the longest rest of the settings: a slip of the gateway's must not shut it out for ever.
        """
        if finding is Finding.HEALTHY and self.is_calm:
            return
        if admission is Admission.PROBE:
            self._probing = False
        if finding is Finding.ACCOUNT:
            self._resting = True
            self._open(self.settings.account_rest)
        elif finding is Finding.FAILING:
            self._failures += 1
            if admission is Admission.PROBE or (
                self._reopens_at is None and self._failures >= self.settings.failures
            ):
                self._open(self.settings.rest)
            if asked and self._reopens_at is not None:
                self._resting = True
                self._open(min(asked, max(self.settings.rest, self.settings.account_rest)))
        elif finding is Finding.HEALTHY and self._may_close(admission):
            self._close()
        elif admission is Admission.PROBE:
            self._on_change()

    @property
    def is_calm(self) -> bool:
        """Whether nothing has failed since it was last known to be well: one more success is no news."""
        return not self._failures and self._reopens_at is None and not (self._probing or self._resting)

    def _may_close(self, admission: Admission) -> bool:
        """A late success from before a rest that was asked for, or an account's, does not end it."""
        if admission is Admission.PROBE:
            return self._reopens_at is None or self._reopens_at <= self._clock()
        return not self._resting

    def _open(self, rest: float) -> None:
        self._reopens_at = max(self._reopens_at or 0.0, self._clock() + rest)
        self._on_change()

    def _close(self) -> None:
        self._failures = 0
        self._resting = False
        if self._reopens_at is not None:
            self._reopens_at = None
            self._on_change()
