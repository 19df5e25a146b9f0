"""Replies in JSON."""

import json
from typing import Any

from aiohttp import web

__all__ = ["error_reply", "json_reply"]

_LONGEST_ERROR = 500  # characters: whoever has written a megabyte need not read it again


def json_reply(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """The value in readable UTF-8."""
    # A lone surrogate has no UTF-8; what is written in its place is, as it happens, JSON's own escape for it.
    body = json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return web.Response(
        body=body,
        status=status,
        headers={
            "Content-Type": "application/json; charset=utf-8",
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **(headers or {}),
        },
    )


def error_reply(status: int, why: str, **headers: str) -> web.Response:
    """A refusal, with one line that says why."""
    return json_reply({"error": why[:_LONGEST_ERROR]}, status=status, headers=headers)
