"""Nothing waits without a deadline: each place where `smsgw` waits for another party is here, with what bounds it.

An `await` of a coroutine of our own is no wait by itself: what it waits for is in the table under its own module.
Commands, bulk runs, the sandbox and the users' test kit are left out; the first three end by signals.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import smsgw

ROOT = Path(smsgw.__file__).parent
WINGS = {"cli", "bulk", "sandbox", "testing", "inbound", "sheets"}

_QUEUE = "`timeout` of the call, if given; else those before it, each by its provider's `timeout`, or the open circuit"
_CALLER = "the caller takes outcomes, or stops, or the dispatcher closes"
_SOURCE = "the caller's own source; closing the stream or the dispatcher cancels the read"
_REQUEST = "the provider's `timeout`, by aiohttp's `ClientTimeout(total=…)`"
_OUR_TASKS = "tasks of our own, each bounded by what it waits for itself"

BOUNDS: dict[tuple[str, str], str] = {
    (
        "engine.py",
        "asyncio.wait(waiting)",
    ): "requests in flight, by `timeout`: all other waits end with the scopes",
    ("engine.py", "async with AsyncExitStack()"): "aiohttp's closing of sockets, which it does not wait for",
    (
        "entry.py",
        "woken",
    ): "in `pause` the timer; in `Signal.wait` see those who call it: flow.py, tracking/tracker.py",
    (
        "flow.py",
        "self._came.wait()",
    ): "an outcome of what was read, or the end: each batch by `retry.deadline` and "
    "its provider's `timeout`; " + _SOURCE,
    ("flow.py", "self._taken.wait()"): _CALLER,
    ("flow.py", "asyncio.wait([self._reader])"): _SOURCE,
    ("flow.py", "asyncio.wait([claim.ended])"): "the other call's sending; `engine.close` ends its scope",
    ("flow.py", "async for source"): _SOURCE,
    ("flow.py", "asyncio.sleep(0)"): "a turn of the loop",
    ("sending.py", "work.done"): _QUEUE,
    (
        "sending.py",
        "asyncio.wait([claim.ended], timeout=left)",
    ): "`timeout` of the call, if given; else the other call's sending",
    ("sending.py", "asyncio.wait(…)"): "a task that only writes down what is known",
    ("carriage.py", "asyncio.gather(…)"): _OUR_TASKS,
    ("carriage.py", "self._over(candidate, pending, load, until)"): "`Carriage._batch` or `_batches`",
    ("drivers/base.py", "wire.request(request)"): "`GatedWire._go`: a connection, the rate, the request",
    ("drivers/base.py", "wire.request(self.send_request(batch))"): "the same",
    ("tracking/asking.py", "self._wire.request(request)"): "the same",
    ("delivery.py", "asyncio.gather(…)"): _OUR_TASKS,
    ("dedup.py", "asyncio.wait([record.answered])"): "the identical request: its scope while it waits, its "
    "provider's `timeout` once it began; the caller's own `timeout` ends the wait for both",
    (
        "dedup.py",
        "record.previous.answered",
    ): "the request before, which has its answer, or has it by its `timeout`",
    (
        "carriage.py",
        "scope.pause(wait, self._signal)",
    ): "a timer: what is left of `retry.deadline` at the most",
    ("dedup.py", "pause(self.remaining(identity))"): "a timer: what is left of the window",
    ("dedup.py", "send()"): "`GatedWire._go`: a connection, the rate, then the provider's `timeout`",
    ("retry.py", "pause(seconds)"): "`Scope.pause`: a timer",
    ("retry.py", "attempt()"): "`Lane._attempt`: one request",
    ("retry.py", "loop(step)"): "`retry.attempts`, and no try begins after `retry.deadline`",
    ("wire.py", "self.claim()"): "whoever writes attempts down: a bulk run's journal, or nothing",
    ("transport/slots.py", "turn"): _QUEUE,
    ("wire.py", "async with self._gate.turn"): _QUEUE,
    ("wire.py", "gate.transport.request(request, self._first_byte)"): _REQUEST,
    ("wire.py", "self._scope.pause(wait)"): "a timer of a second at the most, or 1 / `rate`",
    ("transport/client.py", "session.request(…)"): _REQUEST,
    ("transport/bodies.py", "content.readany()"): _REQUEST,
    ("transport/client.py", "anext(self._opened)"): "nobody: it opens no connection yet",
    ("transport/sessions.py", "async with aiohttp.ClientSession(…)"): "aiohttp's closing of sockets",
    ("transport/exchange.py", "asyncio.sleep(0)"): "a turn of the loop",
    ("transport/exchange.py", "self._send(connection)"): _REQUEST,
    ("transport/exchange.py", "self.begin(connection)"): "two turns of the loop",
    ("transport/exchange.py", "self._meet(protocol)"): "the same",
    ("transport/client.py", "reply"): _REQUEST,
    ("transport/direct.py", "connector.connect(letter.address, _NO_TRACES, self._timeout)"): _REQUEST,
    ("transport/direct.py", "exchange.begin(connection)"): "two turns of the loop",
    ("transport/direct.py", "protocol.read()"): _REQUEST,
    ("transport/exchange.py", "handler(request)"): _REQUEST,
    (
        "queries.py",
        "asyncio.wait(workers)",
    ): "questions, each by its turn for a connection and its provider's `timeout`",
    ("queries.py", "question(self._scope)"): "one question",
    ("tracking/stream.py", "async with self._turn"): "whoever takes the step before",
    (
        "tracking/stream.py",
        "self._learned(self._group)",
    ): "whoever writes reports down: a bulk run's journal, or nobody",
    ("tracking/tracker.py", "self._came.wait()"): "`deadline`, by the tracker's timer; closing",
    ("tracking/tracker.py", "asyncio.wait(waiting)"): "tasks that were cancelled",
    ("tracking/tracker.py", "asyncio.sleep(0)"): "a turn of the loop",
    ("tracking/tracker.py", "async for subjects"): _SOURCE,
}
"""Module and what it waits for, to what ends the wait."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if name.partition("/")[0] not in WINGS and name.removesuffix(".py") not in WINGS:
            yield name, ast.parse(path.read_text("utf-8"))


def own_coroutines() -> set[str]:
    """Names of the functions that are asynchronous wherever they are defined in these modules."""
    asynchronous: set[str] = set()
    others: set[str] = set()
    for _, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.AsyncFunctionDef):
                asynchronous.add(node.name)
            elif isinstance(node, ast.FunctionDef):
                others.add(node.name)
    return asynchronous - others


HANDED = {"session.request", "send", "self.claim", "pause", "attempt", "question", "self._learned"}
HANDED |= {"asyncio.sleep", "scope.pause", "self._scope.pause"}
"""Calls of what was handed in, or of others, that have the name of one of our own."""
OWN = {
    "ask",
    "driver.find",
    "self.driver.find",
    "self.find",
    "self._retry.again",
    "self._open",
    "self._flow.next",
}
OWN |= {"self._engine.close"}
"""Calls of our own whose names others have, too."""
LONGEST = 60


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text.partition('(')[0]}(…)"


def waits(name: str, tree: ast.Module, own: set[str]) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Await):
            if isinstance(node.value, ast.Call):
                called = ast.unparse(node.value.func)
                if called in OWN or (called.rpartition(".")[2] in own and called not in HANDED):
                    continue
            yield name, shortened(ast.unparse(node.value))
        elif isinstance(node, ast.AsyncFor):
            yield name, f"async for {ast.unparse(node.iter)}"
        elif isinstance(node, ast.AsyncWith):
            for item in node.items:
                yield name, f"async with {shortened(ast.unparse(item.context_expr))}"


def test_each_wait_is_known_and_bounded() -> None:
    """A new one has to be thought about, and written down here."""
    own = own_coroutines()
    found = {wait for name, tree in modules() for wait in waits(name, tree, own)}
    assert found - set(BOUNDS) == set(), "what bounds these?"
    assert set(BOUNDS) - found == set(), "these are there no longer"
