"""`smsgw sandbox`: where it listens, who may call it by which name, and what it keeps."""

import json
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from smsgw.cli import sandboxing
from smsgw.sandbox import Sandbox
from tests.cli.conftest import Invoke, Start

SEND = "iba/sendsms.php?user=test&pwd=test&sadr=TESTSMS&dadr=79160001213&text=Hi"


def fetched(url: str, **headers: str) -> tuple[int, str]:
    """The status and the text of a reply."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def stopped(running: Any) -> str:
    """What a sandbox said on standard error until Ctrl-C ended it."""
    running.kill(signal.SIGINT)
    result = running.ended()
    assert result.status == 0
    said: str = result.err
    return said


def test_a_store_keeps_messages_for_the_next_time(start: Start, tmp_path: Path) -> None:
    """Both sandboxes say nothing on standard error."""
    place = str(tmp_path / "inbox.db")
    for text in ("one", "two"):
        running = start("sandbox", "--port", "0", "--store", place, "--json")
        url = json.loads(running.line())["url"]
        assert fetched(url + SEND + text)[0] == 200
        kept = json.loads(fetched(url + "api/messages")[1])
        assert stopped(running) == ""
    assert [message["text"] for message in kept["messages"]] == ["Hitwo", "Hione"]


def test_it_keeps_as_many_as_it_is_told(start: Start) -> None:
    """And delivers as fast, and knows where messages from phones go."""
    running = start(
        *("sandbox", "--port", "0", "--json", "--keep", "2"),
        *("--delivery-after", "0", "--incoming-url", "http://127.0.0.1:9/in"),
    )
    url = json.loads(running.line())["url"]
    for text in "abc":
        fetched(url + SEND + text)
    page = json.loads(fetched(url + "api/messages")[1])
    assert [(message["text"], message["state"]) for message in page["messages"]] == [
        ("Hic", "undeliverable"),
        ("Hib", "undeliverable"),
    ]
    settings = json.loads(fetched(url + "api/settings")[1])
    assert settings["incoming_url"] == "http://127.0.0.1:9/in"
    stopped(running)


def test_it_is_called_by_no_name_but_those_that_it_is_told(start: Start) -> None:
    """On loopback, where it says nothing about it."""
    running = start("sandbox", "--port", "0", "--json", "--allow-host", "inbox", "--allow-host", "box")
    url = json.loads(running.line())["url"]
    for name, status in (("inbox:80", 200), ("box", 200), ("evil.test", 403)):
        assert fetched(url, Host=name)[0] == status
    assert stopped(running) == ""


def test_on_another_address_it_says_loudly_who_can_read_it(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line on standard error. (It only believes so here: tests listen on loopback.)"""
    sandbox.host = "0.0.0.0"
    sandboxing._announce(sandbox, json=True)
    said = capsys.readouterr()
    assert json.loads(said.out)["url"] == sandbox.url
    assert said.err.startswith("WARNING: listening on 0.0.0.0: whoever reaches this machine")
    assert len(said.err.splitlines()) == 1


def no_folder(tmp_path: Path) -> str:
    return str(tmp_path / "none" / "inbox.db")


def no_database(tmp_path: Path) -> str:
    place = tmp_path / "inbox.db"
    place.write_text("phone,name\n" * 100, "utf-8")
    return str(place)


@pytest.mark.parametrize("place", [no_folder, no_database])
def test_a_store_that_cannot_be_used_is_one_line(
    invoke: Invoke, tmp_path: Path, place: Callable[[Path], str]
) -> None:
    """It names the file; exit status 2."""
    store = place(tmp_path)
    result = invoke("sandbox", "--port", "0", "--store", store)
    assert result.status == 2
    assert result.error.startswith(f"error: {store}: ")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--host", "no.such.host.invalid"), "no.such.host.invalid"),
        (("--host", "192.0.2.1"), "192.0.2.1 is no address of this machine"),
        (("--incoming-url", "here"), "incoming URL"),
        (("--delivery-after", "-1"), "--delivery-after"),
        (("--delivery-after", "inf"), "delivery_after"),
        (("--keep", "0"), "--keep"),
        (("--allow-host", "http://inbox"), "--allow-host"),
        (("--allow-host", "inbox:80"), "--allow-host"),
        (("--store", ""), "--store"),
    ],
)
def test_what_means_nothing_is_one_line(invoke: Invoke, options: tuple[str, str], named: str) -> None:
    """Exit status 2."""
    result = invoke("sandbox", "--port", "0", *options)
    assert result.status == 2
    assert named in result.error
