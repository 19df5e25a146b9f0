"""What a world holds, kept in a file: loaded once at the beginning, and saved bit by bit as it changes."""

import logging
import os
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from attrs import frozen

from smsgw.sandbox.incoming import IncomingMessage
from smsgw.sandbox.records import Exchange, TakenMessage
from smsgw.sandbox.store.place import StoreError, check_place, file_of, opened, readable, translated
from smsgw.sandbox.store.rows import (
    exchange_of,
    incoming_of,
    message_of,
    row_of_exchange,
    row_of_incoming,
    row_of_message,
)
from smsgw.sandbox.store.shelf import Shelf, write_rows
from smsgw.sandbox.world import World

__all__ = ["Store"]

_REST: Final = 5.0
"""Seconds from a failure to the next try."""
_LOGGER: Final = logging.getLogger(__name__)


@frozen
class _Marks:
    """What tells whether anything has changed, and is kept besides the messages."""

    revisions: tuple[int, int]
    last: tuple[int, int, int]
    gateways: tuple[tuple[str, int, str], ...]


class Store:
    """A file that belongs to one sandbox as long as it is open. Opening and loading raise `StoreError`.

    tell  called with one line when saving begins to fail, and when it works again: the sandbox goes on meanwhile

    trouble  why the last attempt to save failed, in one line; None while all is well
    """

    def __init__(
        self, path: str | os.PathLike[str], *, tell: Callable[[str], object] = _LOGGER.warning
    ) -> None:
        self.path = file_of(path)
        self.name = os.fspath(path)
        self.trouble: str | None = None
        self._tell = tell
        self._rests_until = 0.0
        self._marks: _Marks | None = None
        self._incoming: dict[int, IncomingMessage] = {}
        self._connection, self._identity = opened(self.path, self.name)

    def __repr__(self) -> str:
        return f"<Store {self.name}>"

    def load(self, world: World) -> None:
        """Let a world that is new begin with what the file holds.

        Messages of a gateway that there is no longer stay in the file until all are forgotten.
        """
        clock, wall = world.clock(), world.wall()
        read = self._connection.execute
        with translated(self.name), readable(self.name):
            last = read("SELECT message, request, incoming FROM last").fetchone() or (0, 0, 0)
            serials = {
                str(name): (int(serial), Decimal(spent))
                for name, serial, spent in read("SELECT name, serial, spent FROM gateways")
            }
            rows = read("SELECT * FROM messages ORDER BY number")
            messages = [m for row in rows if (m := message_of(row, clock, wall)).gateway in world.gateways]
            rows = read("SELECT * FROM exchanges ORDER BY number")
            exchanges = [e for row in rows if (e := exchange_of(row)).gateway in world.gateways]
            incoming = [incoming_of(row) for row in read("SELECT * FROM incoming ORDER BY number")]
            last_message, last_request, last_incoming = map(int, last)
        for name, gateway in world.gateways.items():
            serial, spent = serials.get(name, (0, Decimal(0)))
            gateway.restore((m for m in messages if m.gateway == name), serial=serial, spent=spent)
        world.ledger.restore(messages, exchanges, last_message=last_message, last_request=last_request)
        world.incoming.restore(incoming, last_incoming)
        self._messages = Shelf[TakenMessage]("messages", row_of_message, (m.number for m in messages))
        self._exchanges = Shelf[Exchange]("exchanges", row_of_exchange, (e.number for e in exchanges))
        self._incoming = {message.number: message for message in incoming}
        self._marks = _Marks((-1, -1), (0, 0, 0), ())

    def save(self, world: World, *, at_once: bool = False) -> bool:
        """Write what has changed since the last time, all or nothing; whether the file has everything now.

        It raises nothing: what cannot be written is tried again after some seconds, or at once where that is asked
        for, since it is the last time.
        """
        if self._marks is None:
            raise RuntimeError("a store is loaded before it is saved to")
        marks = _marks_of(world)
        if marks == self._marks and self.trouble is None:
            return True
        if self.trouble is not None and not at_once and time.monotonic() < self._rests_until:
            return False
        try:
            check_place(self.path, self.name, self._identity)
            with translated(self.name):
                self._write(world, marks)
        except StoreError as error:
            self._rests_until = time.monotonic() + _REST
            if self.trouble != str(error):
                self.trouble = str(error)
                self._tell(f"{error}; the sandbox goes on without it, and tries again")
            return False
        self._marks = marks
        if self.trouble is not None:
            self.trouble = None
            self._tell(f"{self.name}: is written again; nothing is missing")
        return True

    def close(self) -> None:
        """Let go of the file; saves nothing. May be called twice."""
        self._connection.close()

    def _write(self, world: World, marks: _Marks) -> None:
        messages = self._messages.news(world.ledger.newest_messages(), world.ledger.message)
        exchanges = self._exchanges.news(world.ledger.newest_exchanges(), world.ledger.exchange)
        incoming = {message.number: message for message in world.incoming.messages()}
        changed = [m for number, m in incoming.items() if self._incoming.get(number) is not m]
        gone = [(number,) for number in self._incoming if number not in incoming]
        connection = self._connection
        connection.execute("BEGIN")
        try:
            self._messages.write(connection, messages)
            self._exchanges.write(connection, exchanges)
            connection.executemany("DELETE FROM incoming WHERE number = ?", gone)
            write_rows(connection, "incoming", [row_of_incoming(message) for message in changed])
            write_rows(connection, "gateways", list(marks.gateways))
            connection.execute("DELETE FROM last")
            write_rows(connection, "last", [marks.last])
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        self._messages.written(messages)
        self._exchanges.written(exchanges)
        self._incoming = incoming


def _marks_of(world: World) -> _Marks:
    return _Marks(
        (world.ledger.revision, world.incoming.revision),
        (world.ledger.last_message, world.ledger.last_request, world.incoming.last_number),
        tuple((name, gateway.serial, str(gateway.spent)) for name, gateway in world.gateways.items()),
    )
