"""breaker.py: what opens a circuit, who may probe it, and what a request's verdicts say of the provider."""

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from smsgw.breaker import Admission, CircuitBreaker, Finding, judge
from smsgw.config import BreakerSettings
from smsgw.drivers.base import Verdict
from smsgw.errors import (
    AuthenticationFailed,
    CircuitOpen,
    ConfigurationError,
    ConnectionFailed,
    ConnectionLost,
    GatewayUnavailable,
    InsufficientCredit,
    OutcomeUnknown,
    RecipientRejected,
    SmsgwError,
    TextRejected,
)
from smsgw.models import State

FAILURES, REST, ACCOUNT_REST = 3, 30.0, 300.0
SETTINGS = BreakerSettings(failures=FAILURES, rest=REST, account_rest=ACCOUNT_REST)
PROBE, ORDINARY = Admission.PROBE, Admission.ORDINARY


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Bench:
    """A breaker on a fake clock, and how often it told that it changed."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.changes = 0
        self.breaker = CircuitBreaker(SETTINGS, self.clock, self._changed)

    def _changed(self) -> None:
        self.changes += 1

    def meets(self, *findings: Finding) -> None:
        """Ordinary attempts, one after another, that were let through before whatever happened since."""
        for finding in findings:
            self.breaker.record(ORDINARY, finding)

    def opened(self) -> CircuitBreaker:
        self.meets(*[Finding.FAILING] * FAILURES)
        return self.breaker

    def later(self, seconds: float) -> None:
        self.clock.now += seconds


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_closed_circuit_lets_everything_through(bench: Bench) -> None:
    """While nothing fails, every attempt is ordinary and there is nothing to wait for."""
    assert [bench.breaker.admit() for _ in range(5)] == [ORDINARY] * 5
    assert bench.breaker.passable
    assert bench.breaker.reopens_in == 0.0


def test_failures_in_a_row_open_it(bench: Bench) -> None:
    """The last of `failures` in a row opens the circuit, not the one before."""
    bench.meets(*[Finding.FAILING] * (FAILURES - 1))
    assert bench.breaker.admit() is ORDINARY
    bench.meets(Finding.FAILING)
    assert not bench.breaker.passable
    assert bench.breaker.admit() is None
    assert bench.breaker.reopens_in == REST
    assert bench.changes == 1


def test_a_success_begins_the_count_anew(bench: Bench) -> None:
    """Failures that are not in a row never open the circuit."""
    for _ in range(10):
        bench.meets(*[Finding.FAILING] * (FAILURES - 1), Finding.HEALTHY)
    assert bench.breaker.passable
    assert bench.changes == 0


def test_what_tells_nothing_counts_for_nothing(bench: Bench) -> None:
    """An attempt that was given up neither counts as a failure nor interrupts a row of them."""
    bench.meets(*[Finding.FAILING] * (FAILURES - 1), *[Finding.NOTHING] * 10)
    assert bench.breaker.admit() is ORDINARY
    bench.meets(Finding.FAILING)
    assert not bench.breaker.passable


def test_it_rests_to_the_second(bench: Bench) -> None:
    """Nothing goes before the rest is over; then a probe does."""
    breaker = bench.opened()
    bench.later(REST - 0.001)
    assert breaker.admit() is None
    assert breaker.reopens_in == pytest.approx(0.001)
    bench.later(0.001)
    assert breaker.reopens_in == 0.0
    assert breaker.admit() is PROBE


def test_one_probe_at_a_time(bench: Bench) -> None:
    """While a probe is on its way nothing else goes, however late it is, and nobody can tell until when."""
    breaker = bench.opened()
    bench.later(REST)
    assert breaker.admit() is PROBE
    bench.later(10 * REST)
    assert not breaker.passable
    assert breaker.admit() is None
    assert breaker.reopens_in is None


def test_a_good_probe_closes_it(bench: Bench) -> None:
    """After a probe's success everything goes again, and it takes a full row of failures to open anew."""
    breaker = bench.opened()
    bench.later(REST)
    breaker.admit()
    breaker.record(PROBE, Finding.HEALTHY)
    assert bench.changes == 2
    assert breaker.admit() is ORDINARY
    bench.meets(*[Finding.FAILING] * (FAILURES - 1))
    assert breaker.passable


def test_one_bad_probe_is_enough_for_another_rest(bench: Bench) -> None:
    """A probe that fails opens the circuit for a full rest from then on."""
    breaker = bench.opened()
    bench.later(REST + 7)
    breaker.admit()
    bench.later(5)
    breaker.record(PROBE, Finding.FAILING)
    assert breaker.reopens_in == REST
    assert breaker.admit() is None
    bench.later(REST)
    assert breaker.admit() is PROBE


def test_a_probe_given_up_lets_another_go(bench: Bench) -> None:
    """A probe of which nothing was learned is replaced at once, and those who wait for it are told."""
    breaker = bench.opened()
    bench.later(REST)
    breaker.admit()
    changes = bench.changes
    breaker.record(PROBE, Finding.NOTHING)
    assert bench.changes == changes + 1
    assert breaker.reopens_in == 0.0
    assert breaker.admit() is PROBE


def test_one_account_error_rests_it_for_longer(bench: Bench) -> None:
    """One refusal of the account is enough, and its rest is `account_rest`."""
    bench.meets(Finding.ACCOUNT)
    assert bench.breaker.reopens_in == ACCOUNT_REST
    bench.later(ACCOUNT_REST - 1)
    assert bench.breaker.admit() is None
    bench.later(1)
    assert bench.breaker.admit() is PROBE


def test_a_late_success_ends_a_rest_after_failures(bench: Bench) -> None:
    """An attempt from before the opening that succeeds proves that the provider works."""
    breaker = bench.opened()
    bench.meets(Finding.HEALTHY)
    assert breaker.admit() is ORDINARY


def test_a_late_success_does_not_end_the_rest_of_an_account(bench: Bench) -> None:
    """It was taken before the account was refused, and the account still is."""
    bench.meets(Finding.ACCOUNT, Finding.HEALTHY)
    assert bench.breaker.reopens_in == ACCOUNT_REST


def test_late_failures_do_not_shorten_the_rest_of_an_account(bench: Bench) -> None:
    """Attempts from before that fail now, as many as they are, leave the longer rest as it is."""
    bench.meets(Finding.ACCOUNT, *[Finding.FAILING] * (2 * FAILURES))
    assert bench.breaker.reopens_in == ACCOUNT_REST


def test_late_failures_do_not_prolong_a_rest(bench: Bench) -> None:
    """What began before the opening and fails later says nothing new."""
    breaker = bench.opened()
    bench.later(10)
    bench.meets(*[Finding.FAILING] * FAILURES)
    assert breaker.reopens_in == REST - 10


def test_an_account_recovers_by_a_probe(bench: Bench) -> None:
    """After an account's rest a good probe closes the circuit, and late successes count as ever."""
    bench.meets(Finding.ACCOUNT)
    bench.later(ACCOUNT_REST)
    bench.breaker.admit()
    bench.breaker.record(PROBE, Finding.HEALTHY)
    assert bench.breaker.admit() is ORDINARY
    bench.opened()
    bench.meets(Finding.HEALTHY)
    assert bench.breaker.passable


@pytest.mark.parametrize("finding", [Finding.HEALTHY, Finding.FAILING])
def test_an_account_refused_during_a_probe_rests_in_full(bench: Bench, finding: Finding) -> None:
    """Whatever the probe comes to, it began before the account was refused, and does not shorten that rest."""
    breaker = bench.opened()
    bench.later(REST)
    assert breaker.admit() is PROBE
    bench.meets(Finding.ACCOUNT)
    breaker.record(PROBE, finding)
    assert breaker.reopens_in == ACCOUNT_REST


class AnyOrder(RuleBasedStateMachine):
    """Attempts that begin and end in any order, at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench()
        self.breaker = self.bench.breaker
        self.under_way: list[Admission] = []
        self.row = 0
        self.closed_until = 0.0
        """No attempt may be let through before; a success that counts sets it back."""
        self.account = False

    @rule()
    def begin(self) -> None:
        admission = self.breaker.admit()
        if admission is None:
            assert self.bench.clock.now < self.closed_until or PROBE in self.under_way
            return
        assert self.bench.clock.now >= self.closed_until
        assert admission is ORDINARY or PROBE not in self.under_way
        self.under_way.append(admission)

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 10_000), finding=st.sampled_from(Finding))
    def end(self, which: int, finding: Finding) -> None:
        admission = self.under_way.pop(which % len(self.under_way))
        was_open = self.breaker._reopens_at is not None
        self.breaker.record(admission, finding)
        now = self.bench.clock.now
        if finding is Finding.ACCOUNT:
            self.account, self.closed_until = True, max(self.closed_until, now + ACCOUNT_REST)
        elif finding is Finding.FAILING:
            self.row += 1
            if admission is PROBE or (not was_open and self.row >= FAILURES):
                self.closed_until = max(self.closed_until, now + REST)
        elif finding is Finding.HEALTHY and (
            self.closed_until <= now if admission is PROBE else not self.account
        ):
            self.row, self.account, self.closed_until = 0, False, 0.0

    @rule(seconds=st.sampled_from([0.5, REST, ACCOUNT_REST]))
    def wait(self, seconds: float) -> None:
        self.bench.later(seconds)

    @invariant()
    def tells_what_it_does(self) -> None:
        reopens_in = self.breaker.reopens_in
        assert self.under_way.count(PROBE) <= 1
        if self.breaker.passable:
            assert reopens_in == 0.0
        else:
            assert reopens_in is None or reopens_in == self.closed_until - self.bench.clock.now > 0


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = hypothesis_settings(max_examples=200, stateful_step_count=40, deadline=None)


def _refused(error: SmsgwError) -> Verdict:
    return Verdict(State.REJECTED, None, error)


def _unknown(error: SmsgwError) -> Verdict:
    return Verdict(State.UNKNOWN, None, error)


TAKEN = Verdict(State.ACCEPTED, "1")
BAD_NUMBER = _refused(RecipientRejected("no"))


@pytest.mark.parametrize(
    ("verdicts", "finding"),
    [
        ([TAKEN], Finding.HEALTHY),
        ([BAD_NUMBER], Finding.HEALTHY),
        ([_refused(TextRejected("no"))], Finding.HEALTHY),
        ([BAD_NUMBER, TAKEN], Finding.HEALTHY),
        # A wrong `url` is the configuration's fault: neither `NotSubmitted` nor `OutcomeUnknown`.
        ([_refused(ConfigurationError("404"))], Finding.HEALTHY),
        ([_refused(ConnectionFailed("no"))], Finding.FAILING),
        ([_refused(GatewayUnavailable("no"))] * 3, Finding.FAILING),
        ([_unknown(ConnectionLost("no"))] * 3, Finding.FAILING),
        # One doubtful row of a reply that could be read says nothing of the provider.
        ([_unknown(OutcomeUnknown("?", scope="recipient"))], Finding.HEALTHY),
        ([_unknown(OutcomeUnknown("?")), TAKEN], Finding.HEALTHY),
        ([_refused(AuthenticationFailed("no"))], Finding.ACCOUNT),
        ([_refused(InsufficientCredit("no"))] * 2, Finding.ACCOUNT),
        ([BAD_NUMBER, _refused(InsufficientCredit("no"))], Finding.ACCOUNT),
        ([TAKEN, _refused(InsufficientCredit("no"))], Finding.ACCOUNT),
        ([Verdict(State.HELD)], Finding.ACCOUNT),
        ([TAKEN, Verdict(State.HELD)], Finding.ACCOUNT),
    ],
)
def test_verdicts_tell_about_the_provider(verdicts: list[Verdict], finding: Finding) -> None:
    """The account, its credit and the provider's own failures count; a recipient's or a text's fault never does."""
    assert judge(verdicts) is finding


def test_an_open_circuit_is_not_retried() -> None:
    """`CircuitOpen` is no failure that a retry could mend."""
    assert not CircuitOpen("rests").retryable
