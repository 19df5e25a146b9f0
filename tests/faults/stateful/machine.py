"""Steps in any order: callers come and leave, gateways answer or do not, and time flows or jumps."""

from random import Random

from attrs import evolve
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from smsgw import Dispatcher, Message, State
from smsgw.drivers.settings import OnDuplicate
from smsgw.errors import SmsgwError
from tests.faults.stateful.callers import Call
from tests.faults.stateful.draws import (
    AGES,
    KEYED,
    NEVER_THERE,
    ONE,
    TEXT,
    TEXTS,
    TWO,
    Flow,
    Order,
    accounts,
    fate_by,
    fates,
    flows,
    keys,
    orders,
    recipients,
    setups,
    timeouts,
)
from tests.faults.stateful.gateway import Exchange, Fate
from tests.faults.stateful.promises import check, check_nothing_is_left
from tests.faults.stateful.world import Setup, World

__all__ = ["Attack"]


class Attack(RuleBasedStateMachine):
    """What anyone can do to a dispatcher, and what the gateways can."""

    on_duplicate: OnDuplicate = "reuse"
    world: World

    @initialize(
        setup=setups,
        closes=st.sampled_from([False, False, True]),
        seed=st.integers(0, 2**32),
        trouble=st.sampled_from([0.5, 0.0, 0.2, 0.9]),
    )
    def open(self, setup: Setup, closes: bool, seed: int, trouble: float) -> None:
        self.closes = closes
        self.world = World(evolve(setup, on_duplicate=self.on_duplicate))
        dice = Random(f"{self.on_duplicate} {seed}")
        for gateway in self.world.gateways.values():
            gateway.luck = lambda: fate_by(dice) if dice.random() < trouble else Fate()

    # The callers.

    @rule(orders=st.lists(orders, min_size=1, max_size=3), given=st.lists(fates, max_size=2), then=flows)
    def callers_come(self, orders: list[Order], given: list[Fate], then: Flow) -> None:
        self.world.gateways["a"].fates.extend(given)
        for message, timeout in orders:
            self.world.call(message, timeout=timeout)
        self._let_time_flow(then)

    @precondition(lambda self: self._single)
    @rule(which=st.integers(0, 99), timeouts=st.lists(timeouts, min_size=1, max_size=3), then=flows)
    def a_message_comes_again(self, which: int, timeouts: list[float | None], then: Flow) -> None:
        message = self._single[which % len(self._single)].messages[0]
        for timeout in timeouts:
            self.world.call(evolve(message), timeout=timeout)
        self._let_time_flow(then)

    @rule(
        to=recipients,
        accounts=st.lists(st.sampled_from(["main", "twin"]), min_size=2, max_size=4),
        timeout=timeouts,
        then=flows,
        later=flows,
    )
    def a_crowd_comes_with_one_message(
        self, to: tuple[str, ...], accounts: list[str], timeout: float | None, then: Flow, later: Flow
    ) -> None:
        for provider in accounts:
            self.world.call(Message(to=to, text=TEXT, provider=provider), timeout=timeout)
        self._let_time_flow(then)
        self._let_time_flow(later)

    @precondition(lambda self: not self.world.engine.closed)
    @rule(given=st.lists(st.tuples(recipients, keys), min_size=1, max_size=4), then=flows)
    def a_list_comes(self, given: list[tuple[tuple[str, ...], str | None]], then: Flow) -> None:
        messages = [Message(to=to, text=TEXT if key is None else KEYED[key], key=key) for to, key in given]
        self.world.call(*messages, many=True)
        self._let_time_flow(then)

    @precondition(lambda self: not self.world.engine.closed)
    @rule(provider=st.sampled_from(["main", "twin", "iba"]), then=flows)
    def somebody_asks_for_the_balance(self, provider: str, then: Flow) -> None:
        self.world.ask(_balance(self.world.sms, provider))
        self._let_time_flow(then)

    @precondition(lambda self: self._waiting)
    @rule(which=st.integers(0, 99), then=flows)
    def a_caller_leaves(self, which: int, then: Flow) -> None:
        self._waiting[which % len(self._waiting)].task.cancel()
        self._let_time_flow(then)

    @precondition(lambda self: self._waiting)
    @rule(which=st.integers(0, 99), then=flows, later=flows)
    def a_caller_leaves_and_comes_again(self, which: int, then: Flow, later: Flow) -> None:
        call = self._waiting[which % len(self._waiting)]
        call.task.cancel()
        self._let_time_flow(then)
        if not call.many:
            self.world.call(evolve(call.messages[0]))
        self._let_time_flow(later)

    @precondition(lambda self: self.closes and len(self.world.calls) > 4 and self.world.closing is None)
    @rule(then=flows)
    def the_dispatcher_closes(self, then: Flow) -> None:
        self.world.close()
        self._let_time_flow(then)

    @precondition(lambda self: self.world.closing is not None and not self.world.closing.done())
    @rule(then=flows)
    def closing_is_cancelled(self, then: Flow) -> None:
        assert self.world.closing is not None
        self.world.closing.cancel()
        self._let_time_flow(then)

    # Time.

    @rule(then=flows)
    def time_flows(self, then: Flow) -> None:
        self._let_time_flow(then)

    @precondition(lambda self: self._ended)
    @rule(
        which=st.integers(0, 99),
        after=st.sampled_from([60.0, 60.999, 61.0, 61.001, 120.0]),
        jumps=st.booleans(),
    )
    def time_comes_to_the_edge_of_a_window(self, which: int, after: float, jumps: bool) -> None:
        ended = self._ended[which % len(self._ended)].ended
        assert ended is not None
        left = ended + after - self.world.loop.time()
        if left > 0:
            self._let_time_flow(("jump" if jumps else "pass", left))

    def _let_time_flow(self, flow: Flow) -> None:
        how, amount = flow
        if how == "turn":
            for _ in range(int(amount)):
                self.world.loop.turn()
        elif how == "pass":
            self.world.loop.pass_time(amount)
        else:
            self.world.loop.jump(amount)

    # The gateways.

    @rule(account=accounts, given=st.lists(fates, min_size=1, max_size=4), then=flows)
    def a_gateway_will(self, account: str, given: list[Fate], then: Flow) -> None:
        self.world.gateways[account].fates.extend(given)
        self._let_time_flow(then)

    @rule(account=accounts, health=fates, then=flows)
    def a_gateways_health_changes(self, account: str, health: Fate, then: Flow) -> None:
        self.world.gateways[account].luck = None
        self.world.gateways[account].health = health
        self._let_time_flow(then)

    @precondition(lambda self: self._parked)
    @rule(which=st.integers(0, 99), fate=fates.filter(lambda fate: fate.act not in NEVER_THERE), then=flows)
    def a_gateway_handles_what_lies_there(self, which: int, fate: Fate, then: Flow) -> None:
        exchange = self._parked[which % len(self._parked)]
        exchange.gateway.parked.remove(exchange)
        exchange.gateway.handle(exchange, fate, self.world.loop.time())
        self._let_time_flow(then)

    # What must hold.

    @invariant()
    def the_promise_is_kept(self) -> None:
        check(self.world)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        with self.world.ending():
            self.world.loop.drain(AGES)
            check(self.world)
            check_nothing_is_left(self.world)
            if self.world.closing is None:
                self._everything_is_free_again()
                self.world.close()
                self.world.loop.drain(AGES)
            check(self.world)
            check_nothing_is_left(self.world)

    def _everything_is_free_again(self) -> None:
        """After its time no request, no key and no rest stands in the way of a message."""
        world = self.world
        for gateway in world.gateways.values():
            gateway.fates.clear()
            gateway.luck = None
            gateway.health = Fate()
        world.loop.pass_time(world.setup.account_rest + 200)
        world.call(Message(to=ONE, text="The probe, if the circuit is open", provider="main"))
        world.loop.drain(AGES)
        for key in (None, *KEYED):
            world.loop.pass_time(world.setup.key_ttl + 100)
            calls = [
                world.call(Message(to=to, text=text, key=key, provider="main"))
                for to in ((ONE,), (TWO,), (ONE, TWO))
                for text in (TEXTS if key is None else (TEXT,))
                if key is None or len(to) == 2
            ]
            world.loop.drain(AGES)
            for call in calls:
                assert call.outcomes, f"nothing came of {call}"
                assert {(o.state, o.duplicate) for o in call.outcomes} == {(State.ACCEPTED, False)}, call

    # Who can be meant.

    @property
    def _single(self) -> list[Call]:
        return [call for call in self.world.calls if not call.many]

    @property
    def _waiting(self) -> list[Call]:
        return [call for call in self.world.calls if not call.task.done()]

    @property
    def _ended(self) -> list[Exchange]:
        return [exchange for exchange in self.world.exchanges if exchange.ended is not None]

    @property
    def _parked(self) -> list[Exchange]:
        return [exchange for gateway in self.world.gateways.values() for exchange in gateway.parked]


async def _balance(sms: Dispatcher, provider: str) -> SmsgwError | None:
    try:
        await sms.balance(provider)
    except SmsgwError as error:
        return error
    return None
