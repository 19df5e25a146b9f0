"""When the same provider is tried again: only after proof that nothing was taken, with backoff, within a budget."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from smsgw.errors import SmsgwError
from smsgw.settings import RetrySettings

if TYPE_CHECKING:
    import tenacity

__all__ = ["Budget", "Retry"]

T = TypeVar("T")


class Budget:
    """Retries in stock for one provider.

    A lone message is retried in full; when everything fails, only each twentieth message brings a retry of its
    own, so that a gateway that is down gets about 1.05 requests for each message and not four.
    """

    EARNED = 0.05
    """Retries that each first attempt adds."""

    def __init__(self, stock: float) -> None:
        self._most = stock
        self._stock = stock

    def first_attempt(self) -> None:
        self._stock = min(self._most, self._stock + self.EARNED)

    def spend(self) -> bool:
        """Take one retry from the stock, if there is one."""
        if self._stock < 1:
            return False
        self._stock -= 1
        return True


class Retry:
    """tenacity's loop with our waits: random exponential, unless the gateway says how long."""

    def __init__(self, settings: RetrySettings, budget: Budget, clock: Callable[[], float]) -> None:
        import tenacity  # noqa: PLC0415 - 3 ms, when a dispatcher is made; `again` finds it there

        self._settings = settings
        self._budget = budget
        self._clock = clock
        self._backoff = tenacity.wait_random_exponential(multiplier=settings.initial, max=settings.maximum)

    async def again(
        self,
        first: T,
        *,
        until: float,
        attempt: Callable[[], Awaitable[T]],
        refusal: Callable[[T], SmsgwError | None],
        not_before: Callable[[], float],
        pause: Callable[[float], Awaitable[bool]],
    ) -> T:
        """Go on from a `first` result that is worth a retry, and return the last one.

        No try begins after `until`, a time of the clock's. `refusal` tells the retryable error in a result, or None.
        `not_before` is a least wait in seconds.
        `pause` sleeps; it returns False when nobody wants the result any more.
        """
        import tenacity  # noqa: PLC0415 - as above

        stopped = False

        def wait(state: tenacity.RetryCallState) -> float:
            error = refusal(_result(state))
            asked = error.retry_after if error is not None else None
            return max(not_before(), self._backoff(state) if asked is None else asked)

        def stop(state: tenacity.RetryCallState) -> bool:
            return (
                stopped
                or state.attempt_number >= self._settings.attempts
                or self._clock() + state.upcoming_sleep > until
                or not self._budget.spend()
            )

        async def sleep(seconds: float) -> None:
            nonlocal stopped
            # A busy loop, or a machine that slept, wakes it late: too late, perhaps, for another try.
            stopped = not await pause(seconds) or self._clock() > until

        pending: list[T] = [first]
        last = first

        async def step() -> T:
            nonlocal last
            if pending:
                return pending.pop()
            if not stopped:
                last = await attempt()
            return last

        loop = tenacity.AsyncRetrying(
            sleep=sleep,
            wait=wait,
            stop=stop,
            retry=tenacity.retry_if_result(lambda result: refusal(result) is not None),
            retry_error_callback=_result,
        )
        return await loop(step)


def _result(state: "tenacity.RetryCallState") -> Any:
    """tenacity's state does not know the type of its results."""
    if state.outcome is None:
        raise RuntimeError("tenacity asked for a wait before an attempt")
    return state.outcome.result()
