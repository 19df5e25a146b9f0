"""Every command as a process of its own, in front of gateways that fail and repeat: no secret is printed or left behind."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import aiohttp
import pytest

from tests.faults.canaries.asking import opened
from tests.faults.canaries.canary import MARKS, TEXT
from tests.faults.canaries.commands import Ran, Workshop
from tests.faults.canaries.echoes import ECHOES
from tests.faults.scale import SEEDS
from tests.faults.server.gateway import Serve
from tests.faults.server.speech import DRIVERS, http
from tests.faults.server.turn import Turn

Scenario = Callable[[Workshop, Random], Awaitable[None]]
NUMBER = MARKS.recipients[0]
SEND = ("send", "--to", NUMBER, "--to", MARKS.recipients[1], "--text", TEXT.word)


async def against(
    shop: Workshop, driver: str, serve: Serve, *arguments: str, stdin: str = "", times: int = 1
) -> Ran:
    """The command, run so many times in front of one gateway; the last of its runs, checked as all of them were."""
    async with opened(driver, serve, 0) as gateway:
        shop.configure(driver, f"http://127.0.0.1:{gateway.port}/")
        for _ in range(times):
            ran = await shop.run(*arguments, stdin=stdin)
            assert ran.findings(shop.files()) == []
        assert gateway.unforeseen == []
    return ran


async def accept(turn: Turn) -> None:
    await turn.accept()


async def refuse(turn: Turn) -> None:
    await turn.refuse(http(turn.speech.refused))


async def send_to_an_echo(shop: Workshop, random: Random) -> None:
    echo, driver = random.choice(ECHOES), random.choice(DRIVERS)
    ran = await against(shop, driver, echo, *SEND, *random.choice(((), ("--json",))))
    assert (ran.status in (0, 1), NUMBER in ran.out) == (True, True)


async def send_with_a_wrong_password(shop: Workshop, random: Random) -> None:
    ran = await against(shop, random.choice(DRIVERS), refuse, *SEND[:-1], "-", stdin=TEXT.word)
    assert (ran.status, "login" in ran.out or "Latin" in ran.out) == (1, True)


async def everything_at_a_dead_gateway(shop: Workshop, random: Random) -> None:
    driver = random.choice(DRIVERS)
    shop.configure(driver, "http://127.0.0.1:1/").write_sheet(3)
    command = random.choice(
        (
            SEND,
            ("status", f"main:4711:{NUMBER}"),
            ("balance",),
            ("status", "--watch", "--deadline", "0.2", "main:4711"),
        )
    )
    ran = await shop.run(*command)
    asks_nobody = command == ("balance",) and driver == "smstele"  # which tells no balances
    assert (ran.status, ran.findings()) == (0 if asks_nobody else 1, [])


async def ask_an_echo(shop: Workshop, random: Random) -> None:
    """Balances, states and lookups, full of what was asked."""
    question, driver = random.choice(
        (
            (("balance",), "iba"),
            (("status", f"main:4711:{NUMBER}"), "smstele"),
            (("lookup", NUMBER), "smstele"),
            (("status", "--watch", "--deadline", "0.2", "main:0"), "targetsms"),
        )
    )
    echoes = [echo for echo in ECHOES if driver in echo.readers]
    ran = await against(shop, driver, random.choice(echoes), *question, *random.choice(((), ("--json",))))
    assert ran.status in (0, 1)


async def interrupt_it(shop: Workshop, random: Random) -> None:
    """Once and twice, while the gateway is silent after half a reply."""
    asked = asyncio.Event()

    async def silence(turn: Turn) -> None:
        asked.set()
        await turn.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + turn.arrival.data)
        await turn.line.silence()

    command = random.choice((SEND, ("balance",), ("status", "--watch", "main:4711")))
    async with opened("iba", silence, 0) as gateway:
        shop.configure("iba", f"http://127.0.0.1:{gateway.port}/")
        async with shop.running(*command) as process:
            await asyncio.wait_for(asked.wait(), 30)
            ran = await shop.ended(process, interrupt=random.choice((1, 2)))
    assert (ran.status, ran.findings(), "interrupted" in ran.err) == (130, [], True)


async def crash_inside(shop: Workshop, random: Random) -> None:
    """A driver of others that fails in words which hold all it knows."""
    shop.install_a_wordy_driver().configure("wordy", "http://127.0.0.1:1/").write_sheet(2)
    bulk = (
        "bulk",
        "list.csv",
        "--text",
        TEXT.word,
        "--journal",
        "run.db",
        "--results",
        "out.csv",
        "--give-up-after",
        "0.1",
    )
    command = random.choice((SEND, ("balance",), ("status", "main:4711"), bulk))
    ran = await shop.run(*command, SMSGW_DEBUG=random.choice(("", "1")))
    assert (ran.status, ran.findings(shop.files())) == (1, [])
    assert b"driver wordy failed" in ran.log
    ran = await shop.break_it().run("balance", SMSGW_DEBUG=random.choice(("", "1")))
    assert (ran.status, ran.findings(), "RuntimeError" in ran.err) == (2, [], True)


BULK = (
    "bulk",
    "list.csv",
    "--text",
    TEXT.word + " {name}",
    "--journal",
    "run.db",
    "--results",
    "out.csv",
    "--give-up-after",
    "0.3",
)


async def bulk_to_an_echo(shop: Workshop, random: Random) -> None:
    """Journal, results, and how the campaign stands; the second run goes on."""
    shop.write_sheet(10)
    driver = random.choice(DRIVERS)
    serves: list[Serve] = [accept, *(echo for echo in ECHOES if driver in echo.readers)]
    more = random.choice(((), ("--json",), ("--track", "--track-for", "0.2")))
    ran = await against(shop, driver, random.choice(serves), *BULK, *more, times=random.choice((1, 2)))
    assert ran.status in (0, 1)
    assert NUMBER in (shop.folder / "out.csv").read_text("utf-8")
    standing = await shop.run("bulk", "--status", "run.db", *random.choice(((), ("--json",))))
    assert standing.findings(shop.files()) == []


async def bulk_killed(shop: Workshop, random: Random) -> None:
    """The journal, and SQLite's own log beside it, hold no password in any byte."""
    asked = asyncio.Event()

    async def silence(turn: Turn) -> None:
        asked.set()
        await turn.line.silence()

    shop.write_sheet(10)
    async with opened("smstele", silence, 0) as gateway:
        shop.configure("smstele", f"http://127.0.0.1:{gateway.port}/", batch_size=2)
        async with shop.running(*BULK) as process:
            await asyncio.wait_for(asked.wait(), 30)
            process.kill()
            ran = await shop.ended(process)
    left = shop.files()
    assert left["run.db-wal"], "nothing was in SQLite's log"
    assert ran.findings(left) == []
    with sqlite3.connect(shop.folder / "run.db") as database:
        (said,) = database.execute("SELECT count(*) FROM smsgw_claims").fetchone()
    database.close()
    assert said >= 1


async def preview_it(shop: Workshop, random: Random) -> None:
    shop.configure(random.choice(DRIVERS), "http://127.0.0.1:1/").write_sheet(10)
    ran = await shop.run(
        "preview", "list.csv", "--text", TEXT.word + " {name}", *random.choice(((), ("--json",)))
    )
    assert (ran.status in (0, 1), ran.findings()) == (True, [])


async def configure_it_wrongly(shop: Workshop, random: Random) -> None:
    """Whatever is wrong with the file, or the DSN, it is said without the password."""
    secret = json.dumps(MARKS.password)
    wrong = random.choice(
        (
            f"[providers.main]\ndriver = 'iba'\nlogin = 'x'\npassword = {secret}\nrate = {secret}",
            f"[providers.main]\ndriver = {secret}\nlogin = 'x'\npassword = 'x'",
            f"[providers.main]\ndriver = 'iba'\nlogin = 'x'\n{secret} = 1\npassword = {secret}",
            f"[providers.main]\ndriver = 'iba'\nlogin = 'x'\npassword_file = {secret}",
            f"[providers.main]\npassword = {secret}\npassword = 1",
            f"[providers.main]\ndriver = 'iba'\nlogin = 'x'\npassword = {secret}\nurl = 'http://x:'{secret}",
        )
    )
    shop.config.write_text(wrong, "utf-8")
    ran = await shop.run("balance")
    assert (ran.status, ran.findings()) == (2, [])
    dsn = f"iba://login:{random.choice((MARKS.password.replace(' ', ''), 'Zx7Vault9q@', 'Zx7Vault9q%zz', 'Zx7Vault9q%d0'))}@127.0.0.1:1/?rat=Zx7Vault9q"
    ran = await shop.run("balance", SMSGW_CONFIG="", SMSGW_DSN=dsn)
    assert (ran.status, ran.findings()) == (2, [])


async def play_the_demo(shop: Workshop, random: Random) -> None:
    numbers = "".join(f"{number},{json.dumps(TEXT.hearts[0])}\n" for number in MARKS.recipients)
    shop.sheet.write_text(f"phone,text\n{numbers}", "utf-8")
    ran = await shop.run("demo", "--recipients", "list.csv", *random.choice(((), ("--json",))))
    assert (ran.status, ran.findings()) == (0, [])


async def receive(shop: Workshop, random: Random) -> None:
    """What comes in is what was asked for, and is not logged."""
    secret = "SecretPathZx7Vault9q"
    async with shop.running(
        "inbox", "--listen", "127.0.0.1:0", "--json", "--secret", secret, "--store", "seen.db"
    ) as process:
        assert process.stderr is not None
        announced = (await process.stderr.readline()).decode()
        url = announced.rpartition("listening at ")[2].strip()
        asked = {
            "date": "2026-01-01 00:00:00",
            "text": TEXT.word,
            "smsid": "1",
            "sender": NUMBER,
            "receiver": "1",
            "prefix": "x",
        }
        async with aiohttp.ClientSession() as session:
            for path in (secret, "wrong", secret):
                async with session.get(url + path, params=asked) as answer:
                    await answer.read()
        ran = await shop.ended(process, interrupt=1)
    assert (ran.status, ran.out.count("\n")) == (0, 1)
    assert json.loads(ran.out)["text"] == TEXT.word
    assert ran.findings(shop.files(), text_is_asked_for=True) == []


async def serve_the_sandbox(shop: Workshop, random: Random) -> None:
    """The fake gateways say nothing of what they are sent, but to those who look into the inbox."""
    async with shop.running("sandbox", "--port", "0", "--json") as process:
        assert process.stdout is not None
        url = json.loads(await process.stdout.readline())["url"]
        shop.configure("iba", f"{url}iba/")
        sent = await shop.run(*SEND)
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{url}iba/sendsms.php?\x1b[2J\x80={TEXT.word}") as answer,
        ):
            await answer.read()
        ran = await shop.ended(process, interrupt=1)
    assert (sent.status, "rejected" in sent.out, sent.findings()) == (1, True, [])
    assert (ran.status, ran.findings()) == (0, [])


SCENARIOS: tuple[Scenario, ...] = (
    *(
        send_to_an_echo,
        ask_an_echo,
        bulk_to_an_echo,
        crash_inside,
        interrupt_it,
        bulk_killed,
        configure_it_wrongly,
    ),
    *(
        send_with_a_wrong_password,
        everything_at_a_dead_gateway,
        preview_it,
        receive,
        serve_the_sandbox,
        play_the_demo,
    ),
)
_TURNS = 3
"""Seeds after which each command has had its turn: a process takes as long as many a test."""
CASES = [
    pytest.param(scenario, seed, id=f"{scenario.__name__}-seed{seed}")
    for seed in SEEDS[: max(1, len(SEEDS) // 3)]
    for number, scenario in enumerate(SCENARIOS)
    if number % _TURNS == seed % _TURNS
]


@pytest.mark.parametrize(("scenario", "seed"), CASES)
async def test_no_command_tells_a_secret(scenario: Scenario, seed: int, tmp_path: Path) -> None:
    """On neither stream, in no log at any level, in no file; numbers are in results alone, and nothing ends in a traceback."""
    await scenario(Workshop(tmp_path), Random(seed))
