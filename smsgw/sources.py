"""The files and variables that settings come from.

No error repeats a file's content, nor a name that is more likely a password or a DSN in the wrong place.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from smsgw.errors import ConfigurationError
from smsgw.strict import Problem

__all__ = ["PASSWORD_KEYS", "read_password", "read_toml"]

PASSWORD_KEYS: Final = ("password", "password_env", "password_file")


def read_toml(path: Path) -> dict[str, Any]:
    """Raises `ConfigurationError`."""
    if re.search(r":/|[\x00-\x1f\"]|=\s*'", str(path)):
        name = "what was given as a path (not shown: it looks like a DSN or like TOML itself)"
    else:
        name = str(path)
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        problem = f"line {line} is not UTF-8; save the file as UTF-8"
    except (ValueError, RecursionError) as error:
        # tomllib's texts quote what it read, so only the place is taken from them.
        place = re.search(r"at (line \d+, column \d+|end of document)", str(error))
        where = f" {place[0]}" if place else ""
        problem = f"is not valid TOML{where}: {_guess(str(error))}"
    raise ConfigurationError(f"{name}: {problem}")


def _guess(said: str) -> str:
    """tomllib's complaint without what it read."""
    for beginning, guess in (
        ("Cannot", "a key or a table that is given twice?"),
        ("Unterminated", "a quote that is not closed?"),
        ("Illegal", "a quote that is not closed?"),
        ("Expected", "a bracket, a quote or an = that is missing?"),
    ):
        if said.startswith(beginning):
            return guess
    return "a text without quotes?"


def read_password(table: Mapping[Any, Any], folder: Path, environ: Mapping[str, str]) -> object:
    """A provider's password, from the one key that is given; None where none is. Raises `Problem`."""
    given = [key for key in PASSWORD_KEYS if table.get(key) is not None]
    if len(given) > 1:
        raise Problem(f"{' and '.join(given)} are given; keep one")
    for key in given:
        value = table[key]
        if key == "password_env":
            return _from_environment(value, environ)
        return _from_file(value, folder) if key == "password_file" else value
    return None


def _from_environment(name: object, environ: Mapping[str, str]) -> str:
    if not isinstance(name, str) or not name:
        raise Problem("must be the name of an environment variable", "password_env")
    if value := environ.get(name):
        return value
    variable = name if re.fullmatch(r"[A-Z_][A-Z0-9_]*", name) else "that it names"
    raise Problem(f"the environment variable {variable} is not set, or empty; set it", "password_env")


def _from_file(name: object, folder: Path) -> str:
    """The first line without its end."""
    if not isinstance(name, str | os.PathLike) or not os.fspath(name):
        raise Problem("must be the path of a file", "password_file")
    path = folder / name
    file = (
        path
        if re.search(r"^\.{0,2}/|\.[a-z]{2,8}$", os.fspath(name))
        else f"that it names in {folder.absolute()}"
    )
    try:
        with path.open(encoding="utf-8-sig") as lines:
            password = lines.readline(4096).removesuffix("\n")
    except OSError as error:
        raise Problem(f"the file {file} cannot be read: {error.strerror}", "password_file") from None
    except ValueError:  # not UTF-8, or a path with a NUL
        raise Problem(f"the file {file} is not UTF-8 text", "password_file") from None
    if not password:
        raise Problem(
            f"the first line of the file {file} is empty; write the password there", "password_file"
        )
    return password
