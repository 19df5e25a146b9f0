"""Where a journal is, as a user says it: the path of an SQLite file, or the URL of a database."""

import os
from pathlib import Path
from typing import Final

from attrs import frozen
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from smsgw.bulk.errors import JournalError

__all__ = ["Address"]

_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
"""What is meant by a URL that names no driver."""
_WHAT_IT_IS: Final = (
    "the journal is a file's path, or a database's URL such as postgresql://user@host/database"
)


@frozen
class Address:
    """Raises `JournalError` where it is none."""

    url: URL
    """For SQLAlchemy; not to be shown."""
    path: Path | None
    """Of the SQLite file, with no links in it, so that two ways to one journal are one; None for a server."""
    name: str
    """To call it by; without a password."""

    @classmethod
    def parse(cls, where: str | os.PathLike[str]) -> "Address":
        given = os.fspath(where)
        if not given or "\0" in given:
            raise JournalError(_WHAT_IT_IS)
        if "://" not in given:
            return cls._file(given, given)
        try:
            url = make_url(given)
        except (ArgumentError, ValueError):
            raise JournalError(_WHAT_IT_IS) from None
        if "@" in f"{url.host}{url.database if url.host else ''}":
            # A password with an @ or a / in it was cut in two, and what follows would be shown.
            raise JournalError(f"{_WHAT_IT_IS}, in which an @ or a / of the password is written %40 or %2F")
        url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
        # Its options are not shown: a password can stand there, too.
        name = url.set(query={}).render_as_string(hide_password=True)
        backend, file = url.get_backend_name(), url.database
        if backend == "postgresql":
            return cls(url, None, name)
        if backend != "sqlite":
            raise JournalError(f"{name}: a journal is in SQLite or in PostgreSQL")
        if not file or file == ":memory:" or url.query:
            raise JournalError(
                f"{name}: the journal of an SQLite URL is a file's path and nothing else: sqlite:///run.db"
            )
        address = cls._file(file, name)
        return cls(address.url.set(drivername=url.drivername), address.path, name)

    @classmethod
    def _file(cls, file: str, name: str) -> "Address":
        path = Path(os.path.realpath(file))
        # `rw`: a file that is gone is not made anew, and nothing in its name means anything.
        url = URL.create("sqlite+aiosqlite", database=path.as_uri(), query={"mode": "rw", "uri": "true"})
        return cls(url, path, name)
