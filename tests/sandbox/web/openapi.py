"""`openapi.json`, and whether a reply is as it says."""

import json
import re
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

DOCUMENT: dict[str, Any] = json.loads(
    (files("smsgw.sandbox.web") / "static" / "openapi.json").read_text("utf-8")
)


def described(method: str, path: str) -> dict[str, Any] | None:
    """What the document says of this request, or None."""
    for template, item in DOCUMENT["paths"].items():
        if re.fullmatch(re.sub(r"\{[a-z]+\}", "[^/]+", template), path):
            found: dict[str, Any] | None = item.get(method.lower())
            return found
    return None


def resolved(value: dict[str, Any]) -> dict[str, Any]:
    """What a `$ref` refers to."""
    while "$ref" in value:
        found: Any = DOCUMENT
        for name in value["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        value = found
    return value


def assert_described(method: str, path: str, status: int, body: Any) -> None:
    """The document knows such a reply, field for field."""
    if (operation := described(method, path)) is None:
        assert status in {403, 404, 405}
        schema: dict[str, Any] = {"$ref": "#/components/schemas/Error"}
    else:
        assert str(status) in operation["responses"], f"{method} {path} may not answer {status}: {body}"
        reply = resolved(operation["responses"][str(status)])
        if "content" not in reply:
            assert body is None
            return
        schema = reply["content"]["application/json"]["schema"]
    # Inside of the document, so that its references lead where they should.
    whole = {**DOCUMENT, **schema}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(body)
