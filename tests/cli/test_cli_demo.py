"""`smsgw demo`: the main job, and that its comparison would find what must not be."""

from __future__ import annotations

import json
import runpy
import signal
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from smsgw import config
from smsgw.cli.audit import Audit, audit
from smsgw.models import Message, Outcome, State
from smsgw.msisdn import normalise
from smsgw.sheets import Sheet, Template

if TYPE_CHECKING:
    from tests.cli.conftest import Invoke, Start


ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def test_demo(run: Invoke) -> None:
    """Thousands of recipients go out through all five gateways, and nothing is sent twice and nothing lost."""
    result = run("demo", "--json")
    assert (result.status, result.err) == (0, "")
    (summary,) = result.objects
    assert summary["sent_twice"] == summary["lost"] == 0
    assert summary["rows"] == sum(summary[state] for state in State) >= 4000
    providers = summary["providers"]
    assert set(providers) == {"avist", "iba", "smsco", "smstele", "targetsms"}
    for one in providers.values():
        assert one["requests"] > 0
        assert one["accepted"] > 0
        assert one["recipients_per_second"] > 0
        assert one["rejected"] == sum(one["reasons"].values())
    assert providers["avist"]["retries"] > 0
    assert providers["iba"]["unknown"] > 0
    assert providers["targetsms"]["rejected"] > 0
    assert summary["unknown_taken"] == summary["unknown"] == providers["iba"]["unknown"]
    assert summary["refused_here"]["rejected"] > 100
    assert all(summary["gone_on"].values())


def test_demo_for_people(run: Invoke, tmp_path: Path) -> None:
    """The report names each gateway and the two sums that have to be none, without colours where it is no terminal."""
    path = tmp_path / "few.csv"
    path.write_text("phone,text\n+7 903 123-45-67,Hi\n995599244409,Hi\nword,Hi\n", encoding="utf-8")
    result = run("demo", "--recipients", str(path))
    assert (result.status, result.err) == (0, "")
    assert "\x1b" not in result.out
    lines = [line.split() for line in result.out.splitlines()]
    assert ["sent", "twice", "0"] in lines
    assert ["lost", "0"] in lines
    assert {"avist", "iba", "smsco", "smstele", "targetsms", "all"} <= {line[0] for line in lines if line}


def test_demo_interrupted(start: Start) -> None:
    """Ctrl-C in the middle of the demo ends it with exit status 130 and without a traceback."""
    running = start("demo")
    assert "recipients.csv" in running.line()
    time.sleep(0.5)
    running.kill(signal.SIGINT)
    result = running.ended()
    assert result.status == 130
    assert result.err.splitlines()[-1] == "error: interrupted"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("phone\n79031234567\n", "has no column text"),
        ('phone,text\n79031234567,"Hi\n', "line 2: a quote that is opened and not closed"),
        ("phone,text\n79031234567,\n", "line 2: the text is empty"),
        ("phone,text\n", "has no recipients"),
    ],
)
def test_demo_of_a_bad_file(content: str, said: str, invoke: Invoke, tmp_path: Path) -> None:
    """A file that cannot be sent is one line and exit status 2."""
    path = tmp_path / "bad.csv"
    path.write_text(content, encoding="utf-8")
    result = invoke("demo", "--recipients", str(path))
    assert result.status == 2
    assert said in result.error


MESSAGE = Message(to="79031234567", text="Hi")
PAIR = ("79031234567", "Hi")
ACCEPTED = Outcome("79031234567", State.ACCEPTED, message=MESSAGE)


@pytest.mark.parametrize(
    ("outcomes", "taken", "found"),
    [
        ([ACCEPTED], 1, Audit(0, 0, 0, 0, 0)),
        ([ACCEPTED], 2, Audit(1, 0, 0, 0, 0)),
        ([ACCEPTED], 0, Audit(0, 0, 1, 0, 0)),
        ([], 0, Audit(0, 1, 0, 0, 0)),
        ([], 1, Audit(1, 1, 0, 0, 0)),
        ([ACCEPTED, ACCEPTED], 1, Audit(0, 1, 1, 0, 0)),
        ([evolve(ACCEPTED, state=State.HELD)], 1, Audit(0, 0, 0, 0, 0)),
        ([evolve(ACCEPTED, state=State.HELD)], 0, Audit(0, 0, 1, 0, 0)),
        ([evolve(ACCEPTED, state=State.REJECTED)], 0, Audit(0, 0, 0, 0, 0)),
        ([evolve(ACCEPTED, state=State.REJECTED)], 1, Audit(0, 0, 0, 1, 0)),
        ([evolve(ACCEPTED, state=State.UNKNOWN)], 0, Audit(0, 0, 0, 0, 0)),
        ([evolve(ACCEPTED, state=State.UNKNOWN)], 1, Audit(0, 0, 0, 0, 1)),
        ([evolve(ACCEPTED, state=State.UNKNOWN)], 2, Audit(1, 0, 0, 0, 1)),
    ],
)
def test_audit(outcomes: list[Outcome], taken: int, found: Audit) -> None:
    """The comparison finds each way in which our word and the gateways' can differ."""
    assert audit([MESSAGE], outcomes, Counter({PAIR: taken})) == found


def test_audit_of_a_duplicate() -> None:
    """Two rows that are one message, of which the second repeats the first one's outcome, are neither twice nor lost."""
    second = Message(to="79031234567", text="Hi")
    outcomes = [ACCEPTED, evolve(ACCEPTED, duplicate=True, message=second)]
    assert audit([MESSAGE, second], outcomes, Counter({PAIR: 1})) == Audit(0, 0, 0, 0, 0)
    assert audit([MESSAGE, second], outcomes, Counter({PAIR: 3})).sent_twice == 1


def test_recipients_are_the_script_s(tmp_path: Path) -> None:
    """examples/recipients.csv is what examples/make_recipients.py writes, and no row is there twice."""
    script = tmp_path / "make_recipients.py"
    script.write_bytes((EXAMPLES / "make_recipients.py").read_bytes())
    runpy.run_path(str(script), run_name="__main__")
    made = (tmp_path / "recipients.csv").read_bytes()
    assert made == (EXAMPLES / "recipients.csv").read_bytes()
    sheet = Sheet(tmp_path / "recipients.csv")
    assert set(sheet.columns) == {"phone", "name", "text"}
    text = Template("{text}", sheet.columns)
    pairs = Counter((_normal(row.phone), text.fill(row.cells)) for row in sheet)
    assert [pair for pair, times in pairs.items() if times > 1 and pair[0]] == []


def _normal(phone: str) -> str:
    try:
        return normalise(phone)
    except ValueError:
        return ""


def test_example_configuration() -> None:
    """examples/smsgw.toml is in order, and its routes use all five drivers at the sandbox's address."""
    settings = config.load(EXAMPLES / "smsgw.toml")
    assert {provider.driver for provider in settings.providers.values()} == {
        *("avist", "iba", "smsco", "smstele", "targetsms"),
    }
    assert {name for route in settings.routes for name in route.providers} == set(settings.providers)
    assert all(
        provider.url == f"http://127.0.0.1:8025/{provider.driver}/"
        for provider in settings.providers.values()
    )


def test_summary_is_one_line(run: Invoke, tmp_path: Path) -> None:
    """With --json the whole report is one object on one line, whatever the reasons say."""
    path = tmp_path / "one.csv"
    path.write_text("phone,text\n375291234567,Hi\n", encoding="utf-8")
    result = run("demo", "--recipients", str(path), "--json")
    assert json.loads(result.out)["rows"] == 1
