"""A client of the JSON API that holds every reply against `openapi.json`."""

import json
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp
import pytest

from smsgw.sandbox import Sandbox
from tests.sandbox.web.openapi import assert_described

Api = Callable[..., Coroutine[None, None, tuple[int, Any]]]


@pytest.fixture
def api(sandbox: Sandbox, session: aiohttp.ClientSession) -> Api:
    """`await api("PATCH", "/api/faults/iba", drop=1)` is the status and the value of the reply; fields are the JSON body."""

    async def asked(
        method: str, path: str, *, query: Any = None, raw: Any = None, headers: Any = None, **given: Any
    ) -> tuple[int, Any]:
        request: dict[str, Any] = {"params": query, "headers": headers}
        if raw is not None:
            request["data"] = raw
        elif given or method in {"POST", "PATCH"}:
            request["json"] = given
        async with session.request(method, sandbox.url.rstrip("/") + path, **request) as response:
            text = await response.text()
            if text:
                assert response.content_type == "application/json"
            value = json.loads(text) if text else None
            assert_described(method, path, response.status, value)
            return response.status, value

    return asked
