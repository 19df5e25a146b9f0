"""Configurations to load, and what a refusal tells."""

import warnings
from collections.abc import Callable
from typing import Any

from smsgw.config import (
    InsecureUrlWarning,
)
from smsgw.errors import ConfigurationError

CANARY = "CANARY-p4ss"
TLS = "https://gate.example/"
MAIN = {"driver": "iba", "login": "user", "password": CANARY, "url": TLS}
GATE = {"driver": "targetsms", "login": "user", "password": CANARY}


def config(**main: Any) -> dict[str, Any]:
    """One provider `main`, with these keys over good ones; None leaves a key out."""
    return {"providers": {"main": {key: value for key, value in (MAIN | main).items() if value is not None}}}


def routed(**route: Any) -> dict[str, Any]:
    return config() | {"routes": [{"providers": ["main"]} | route]}


def attempt(load_it: Callable[[], object]) -> ConfigurationError | None:
    """The error of a load, if any, away from the `except` that would become a context."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InsecureUrlWarning)
            load_it()
    except ConfigurationError as error:
        return error
    return None


def tells(error: ConfigurationError) -> str:
    """All that an error may show, its causes included."""
    assert error.__cause__ is None
    assert error.__context__ is None
    return " ".join((str(error), repr(error), repr(error.args), *getattr(error, "__notes__", ())))


def refused(load_it: Callable[[], object]) -> str:
    """The lines of the error, once it is sure that nothing of it tells a secret."""
    error = attempt(load_it)
    assert error is not None
    assert CANARY not in tells(error)
    return str(error)
