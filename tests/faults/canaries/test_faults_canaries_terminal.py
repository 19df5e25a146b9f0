"""What a terminal would act on, and what would begin a line of its own, in gateways' words and in people's files."""

import asyncio
import json
import logging
import re
import unicodedata
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from smsgw import Dispatcher
from smsgw.cli.app import app
from smsgw.inbound import InboundMessage
from smsgw.inbound.calls import Call
from smsgw.inbound.receiver import Receiver
from tests.faults.canaries.asking import opened, settings_for
from tests.faults.canaries.commands import Workshop
from tests.faults.scale import EXAMPLES
from tests.faults.server.speech import http
from tests.faults.server.turn import Turn

MARK = "INJECTED"
ACTED_ON = (
    *(
        "\x1b[2J",
        "\x1b]0;title\x07",
        "\x1b[31m",
        "\x9b2J",
        "\x1bP",
        "\x07",
        "\x08" * 5,
        "\x00",
        "\x7f",
        "\x0e",
        "\x85",
    ),
    *(
        "\u202e",
        "\u2066",
        "\u2069",
        "\u200f",
        "\u061c",
        "\ufeff",
        "\u200b",
        "\u00ad",
        "\ufff9",
        "[red]",
        "[/]",
        "[link=x]",
    ),
)
BREAKS = (
    "\n",
    "\r",
    "\r\n",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x1d",
    "\x1e",
    "\x85",
    "\u2028",
    "\u2029",
    "\n\n\x1b[3A",
)
DANGEROUS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
OURS = re.compile(r"\x1b\[([0-9;]*m|\?25[lh]|2K|1A)|\r")
"""Colours, and what a progress bar moves by: the commands themselves print them on a terminal."""

words = st.tuples(
    st.lists(st.sampled_from([*ACTED_ON, "МТС", "ok", " ", ",", ":", '"', "%"]), max_size=4).map("".join),
    st.sampled_from(BREAKS),
    st.lists(st.sampled_from(ACTED_ON), max_size=2).map("".join),
).map(lambda parts: f"a{parts[0]}{parts[1]}{MARK}{parts[2]}z")
lasting = settings(
    max_examples=max(3, EXAMPLES // 5),
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],  # an example is a command, or several: a smaller one is not worth the time
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def tame(said: str, *, coloured: bool = False) -> None:
    """Nothing but signs that are shown, in lines that we began."""
    shown = OURS.sub("", said) if coloured else said
    assert [sign for sign in shown if sign != "\n" and not sign.isprintable()] == []
    if not coloured:  # where cells are folded, any word may begin a line
        assert [line for line in shown.splitlines() if line.lstrip().startswith(MARK)] == []


def tame_json(said: str) -> None:
    """An object a line, without anything raw that acts."""
    for line in said.splitlines():
        assert isinstance(json.loads(line), dict)
    acting = [sign for sign in said if sign != "\n" and unicodedata.category(sign) in ("Cc", "Zl", "Zp")]
    assert (acting, DANGEROUS.findall(said)) == ([], [])


def hostile(word: str) -> dict[str, str]:
    """What each gateway says with this word wherever its protocol has room, to any question."""
    one_word = "".join(word.split())
    row = dict.fromkeys(("operator", "region", "mnc", "stat", "err", "status", "last_timestamp"), word)
    rows = [{"id": word, "phone": "79161234567", "cnt": "1", "error": "0", **row}]
    return {
        "smstele": json.dumps(
            {"id": word, "cnt": "1", "messages": rows, "results": rows, "description": word}
        ),
        "avist": f"Message successfully sent! Message_ID={one_word[:60]}",
        "smsco": f"OK 1 {one_word.replace(',', '')}",
        "iba": f"445.6 RUR\n{word.replace(chr(10), chr(11))}:361,{one_word}:1",
        "targetsms": f"Отправитель не должен превышать 15 символов {word}",
    }


QUESTIONS = (
    *(
        (driver, ("send", "--to", "79161234567", "--text", "Hi"))
        for driver in ("smstele", "avist", "smsco", "targetsms")
    ),
    *(
        ("smstele", (*question,))
        for question in (
            ("lookup", "79161234567"),
            ("status", "main:4711"),
            ("status", "--watch", "--deadline", "0.01", "main:4711"),
        )
    ),
    ("iba", ("balance",)),
)
BULK = (
    "bulk",
    "list.csv",
    "--text",
    "Hi {name}",
    "--journal",
    "run.db",
    "--give-up-after",
    "0.05",
    "--track",
    "--track-for",
    "0.05",
)


@pytest.mark.parametrize(
    ("driver", "command"), QUESTIONS, ids=lambda value: value if isinstance(value, str) else value[0]
)
@given(word=words)
@lasting
def test_no_word_of_a_gateway_reaches_a_terminal_raw(
    driver: str, command: tuple[str, ...], word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it says for an ID, an operator, a state or a package: in tables, in JSON, with colours and without."""
    _check(driver, command, word, tmp_path, monkeypatch)


@pytest.mark.parametrize("driver", ["smstele", "targetsms"])
@given(word=words)
@settings(lasting, max_examples=max(1, EXAMPLES // 20))
def test_no_word_of_a_gateway_reaches_a_terminal_raw_from_a_campaign(
    driver: str, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor while it goes on: why it is paused, why a gateway takes nothing."""
    _check(driver, BULK, word, tmp_path, monkeypatch)


def _check(
    driver: str, command: tuple[str, ...], word: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SMSGW_CONFIG", "smsgw.toml")
    monkeypatch.setenv("COLUMNS", "100")
    for how, more in (("table", []), ("json", ["--json"]), ("colours", [])):
        for left in folder.glob("run.db*"):
            left.unlink()
        with monkeypatch.context() as patch:
            if how == "colours":
                patch.setenv("FORCE_COLOR", "1")
            out, err = asyncio.run(_said(driver, [*command, *more], word, folder))
        assert out
        tame_json(out) if how == "json" else tame(out, coloured=how == "colours")
        tame(err, coloured=how == "colours")


async def _said(driver: str, arguments: list[str], word: str, folder: Path) -> tuple[str, str]:
    """What a command says in front of a gateway that knows but one word."""
    body = hostile(word)[driver]

    async def serve(turn: Turn) -> None:
        await turn.say(http(body))

    async with opened(driver, serve, 0) as gateway:
        Workshop(folder).write_sheet(2).configure(driver, f"http://127.0.0.1:{gateway.port}/")
        result = await asyncio.to_thread(CliRunner().invoke, app, arguments, catch_exceptions=False)
    assert result.exit_code in (0, 1), result.stderr
    return result.stdout, result.stderr


@given(name=words, cell=words, phone=words)
@lasting
def test_no_cell_of_a_file_reaches_a_terminal_raw(
    name: str, cell: str, phone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in a preview nor in what is wrong with the file."""
    monkeypatch.chdir(tmp_path)
    Workshop(tmp_path).configure("iba", "http://127.0.0.1:1/")
    monkeypatch.setenv("SMSGW_CONFIG", "smsgw.toml")
    quoted = [text.replace('"', '""') for text in (name, cell, phone)]
    for head, row in (
        (f'phone,"{quoted[0]}"', f'79161234567,"{quoted[1]}"'),
        ("phone,name", f'"{quoted[2]}","{quoted[1]}"'),
        (f'"{quoted[0]}"', "1"),
    ):
        (tmp_path / "list.csv").write_text(f"{head}\n{row}\n", "utf-8", newline="")
        for text in ("Hi", "Hi {name}", f"Hi {{{name}}}"):
            for more in ([], ["--json"]):
                result = CliRunner().invoke(
                    app, ["preview", "list.csv", "--text", text, *more], catch_exceptions=False
                )
                (tame_json if more else tame)(result.stdout)
                tame(result.stderr)
                assert result.stdout or result.stderr


@pytest.mark.parametrize("failing", [True, False])
@given(word=words)
@lasting
def test_no_word_from_outside_begins_a_line_of_our_logs(
    word: str, failing: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Of an incoming message, of a gateway: a log has no line and no sign that they chose."""
    caplog.set_level(logging.DEBUG)
    caplog.clear()

    async def handler(message: InboundMessage) -> str:
        if failing:
            raise RuntimeError(message.text)
        return message.text

    async def receive() -> None:
        spelt = quote_from_bytes(word.encode())
        query = f"date=x&text={spelt}&smsid={spelt}&sender={spelt}&receiver={spelt}&prefix={spelt}".encode()
        async with Receiver(handler) as receiver:
            await receiver.receive(Call("GET", "", query, "127.0.0.1", ()))
            known = query.replace(f"smsid={spelt}".encode(), b"smsid=4711")
            await receiver.receive(Call("GET", "", known, "127.0.0.1", (word,)))

    async def send() -> None:
        body = hostile(word)

        async def serve(turn: Turn) -> None:
            await turn.say(http(body["smstele"], "200 OK", "X: y"))

        async with opened("smstele", serve, 0) as gateway:
            url = f"http://127.0.0.1:{gateway.port}/"
            async with Dispatcher.from_config(settings_for("smstele", url)) as sms:
                submission = await sms.send("79161234567", "Hi")
                await sms.status(submission.outcomes)

    asyncio.run(receive())
    asyncio.run(send())
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("smsgw")]
    assert ours or not failing
    for message in ours:
        tame(message)
