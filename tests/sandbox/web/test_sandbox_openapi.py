"""`openapi.json` is a valid description of exactly the paths that there are."""

import re

import aiohttp
import pytest
from openapi_spec_validator import validate

from smsgw.sandbox import Sandbox
from tests.sandbox.web.conftest import Api
from tests.sandbox.web.openapi import DOCUMENT

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def test_the_document_is_valid() -> None:
    """By the rules of OpenAPI 3.1."""
    validate(DOCUMENT)


async def test_the_sandbox_gives_the_document_itself(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    """At /openapi.json."""
    async with session.get(sandbox.url + "openapi.json") as response:
        assert await response.json() == DOCUMENT


@pytest.mark.parametrize("path", DOCUMENT["paths"])
@pytest.mark.parametrize("method", METHODS)
async def test_a_path_answers_to_the_described_methods_and_to_no_other(
    sandbox: Sandbox, session: aiohttp.ClientSession, method: str, path: str
) -> None:
    """The others get 405 with the list of those."""
    described = {name.upper() for name in DOCUMENT["paths"][path]} & set(METHODS)
    url = sandbox.url.rstrip("/") + re.sub(r"\{[a-z]+\}", "1", path)
    async with session.request(method, url) as response:
        assert (response.status == 405) == (method not in described)
        if response.status == 405:
            assert set(response.headers["Allow"].split(", ")) == described


async def test_no_path_is_left_out(sandbox: Sandbox, api: Api) -> None:
    """Every route of the API stands in the document."""
    assert sandbox._runner is not None
    routes = {
        resource.canonical
        for resource in sandbox._runner.app.router.resources()
        if resource.canonical.startswith("/api/")
    }
    assert routes == set(DOCUMENT["paths"])
    assert (await api("GET", "/api/nothing"))[0] == 404
