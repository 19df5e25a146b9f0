"""The statuses that examples/curl/smstele.sh asks for, letter by letter against protocols/smstele.txt."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

STATUS_FIELDS = (
    *("id", "phone", "sender", "status", "err", "stat", "type"),
    *("send_timestamp", "last_timestamp", "operator", "region", "mnc"),
)
STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\+03")


@pytest.fixture(scope="module")
def shown(run_script: Callable[..., Any]) -> Any:
    return run_script("smstele", delivered=False)


@pytest.fixture(scope="module")
def delivered(run_script: Callable[..., Any]) -> Any:
    return run_script("smstele", delivered=True)


def test_a_status_is_the_documents(delivered: Any) -> None:
    """The example of "Запрос статуса": twelve strings in a result, and a result for each of the good recipients."""
    results = json.loads(delivered.replies["status later"])["results"]
    stamps = {result.pop(name) for result in results for name in ("send_timestamp", "last_timestamp")}
    assert all(STAMP.fullmatch(stamp) for stamp in stamps)
    assert results == [
        {
            "id": "custom-message-id-test-22",
            "phone": phone,
            "sender": "REX400.RU",
            "status": "-99",
            "err": "-99",
            "stat": "DELIVRD",
            "type": "1",
            "operator": operator,
            "region": "77",
            "mnc": mnc,
        }
        for phone, operator, mnc in [("79160001234", "mMTS", "01"), ("79260004567", "mMEGAFON", "02")]
    ]


@pytest.mark.parametrize(
    ("heading", "found"),
    [
        (
            "status at once",
            [("custom-message-id-test-22", "79160001234"), ("custom-message-id-test-22", "79260004567")],
        ),
        ("status by GET, phone and id", [("custom-message-id-test-22", "79260004567")]),
        ("status by phone", [("custom-message-id-test-22", "79260004567"), ("semicolons", "79260004567")]),
        ("status of the deferred", [("deferred", "79160001234")]),
        ("status of the unknown", []),
    ],
)
def test_a_status_is_found_by_phone_by_id_or_by_both(
    shown: Any, heading: str, found: list[tuple[str, str]]
) -> None:
    """ "phone | id | phone+id", with the fields in the document's order, and none of them final yet."""
    reply = json.loads(shown.replies[heading])
    assert list(reply) == ["results"]
    assert [(result["id"], result["phone"]) for result in reply["results"]] == found
    for result in reply["results"]:
        assert tuple(result) == STATUS_FIELDS
        assert result["stat"] == "ENROUTE"


def test_a_deferred_message_waits(delivered: Any) -> None:
    """ "Желаемое время отложенной доставки"."""
    (result,) = json.loads(delivered.replies["status of the deferred"])["results"]
    assert result["stat"] == "ENROUTE"
