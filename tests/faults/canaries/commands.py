"""The commands as processes of their own, in Python's development mode, and all that they said."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Self

from attrs import define, field

from tests.faults.canaries.canary import MARKS, PASSWORD, RECIPIENT, TEXT, Search

__all__ = ["Ran", "Workshop"]

_ROOT = Path(__file__).parents[3]
_CHILD = Path(__file__).with_name("child")
_PATIENCE = 60.0
"""Seconds after which a command hangs; the machine may be busy."""
_DRIVER = '''
"""A driver of others, whose every fault says all that it knows."""

from smsgw.drivers.iba import Iba


class Wordy(Iba):
    name = "wordy"

    def _say(self):
        raise RuntimeError(f"cannot reach {self.url}?user=x&pwd={self.settings.password}")

    def send_request(self, batch):
        raise RuntimeError(f"{self.settings.password} {batch.prepared.text} {batch.recipients}")

    def status_request(self, reference):
        self._say()

    def balance_request(self):
        self._say()
'''


@define
class Ran:
    """What a command came to."""

    status: int
    out: str
    err: str
    log: bytes = field(repr=False)

    def findings(
        self, files: Mapping[str, bytes] | None = None, *, text_is_asked_for: bool = False
    ) -> list[str]:
        """Secrets in anything that it said or left behind, and recipients where nobody asked for them."""
        secrets = Search.of(PASSWORD) if text_is_asked_for else Search.of(PASSWORD, TEXT)
        secrets.look("standard output", self.out)
        everywhere = Search.of(PASSWORD, TEXT, RECIPIENT)
        everywhere.look("standard error", self.err)
        everywhere.look("the log", self.log)
        passwords = Search.of(PASSWORD)
        for name, content in (files or {}).items():
            passwords.look(name, content)
        wild = [
            word
            for word in ("Traceback", "Exception ignored", "never retrieved", "Warning:")
            if word in self.out + self.err
        ]
        return [*secrets.findings, *everywhere.findings, *passwords.findings, *wild]


class Workshop:
    """A folder, a configuration in it, and commands that run there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._site = folder / "site"
        self.config = folder / "smsgw.toml"
        self.sheet = folder / "list.csv"

    def configure(self, driver: str, url: str, **more: object) -> Self:
        """One provider `main`; the retries are quick."""
        table = {
            "driver": driver,
            "login": "login",
            "password": PASSWORD.word,
            "url": url,
            "timeout": 5,
            **more,
        }
        lines = [f"{name} = {json.dumps(value)}" for name, value in table.items()]
        retry = "[retry]\nattempts = 2\ninitial = 0.001\nmaximum = 0.002\n"
        self.config.write_text("\n".join(["[providers.main]", *lines, retry]), "utf-8")
        return self

    def write_sheet(self, rows: int) -> Self:
        numbers = (*MARKS.recipients, "+7 (903) 471-82-90", "12")[:rows]
        self.sheet.write_text("phone,name\n" + "".join(f"{number},Ann\n" for number in numbers), "utf-8")
        return self

    def install_a_wordy_driver(self) -> Self:
        """As pip would."""
        installed = self._site / "wordy-1.0.dist-info"
        installed.mkdir(parents=True)
        (self._site / "wordy.py").write_text(_DRIVER, "utf-8")
        (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: wordy\nVersion: 1.0\n", "utf-8")
        (installed / "entry_points.txt").write_text("[smsgw.drivers]\nwordy = wordy:Wordy\n", "utf-8")
        return self

    def break_it(self) -> Self:
        """Importing it fails, in words that hold the whole configuration."""
        words = (
            "import os, pathlib\nraise RuntimeError(pathlib.Path(os.environ['SMSGW_CONFIG']).read_text())\n"
        )
        (self._site / "wordy.py").write_text(words, "utf-8")
        return self

    def files(self) -> dict[str, bytes]:
        """What commands have left in the folder."""
        given = {self.config.name, "the.log"}
        return {
            path.name: path.read_bytes()
            for path in self.folder.iterdir()
            if path.is_file() and path.name not in given
        }

    async def run(self, *arguments: str, stdin: str = "", **environment: str) -> Ran:
        async with self.running(*arguments, **environment) as process:
            return await self.ended(process, stdin)

    @contextlib.asynccontextmanager
    async def running(self, *arguments: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """It is killed at the end, if it still runs."""
        path = os.pathsep.join(map(str, (self._site, _CHILD, _ROOT)))
        ours = {
            "PYTHONPATH": path,
            "PYTHONASYNCIODEBUG": "1",
            "CANARY_LOG": str(self.folder / "the.log"),
            "LC_ALL": "C.UTF-8",
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SMSGW", "PYTHON"))}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-X", "dev", "-W", "error", "-m", "smsgw", *arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=self.folder,
            env={**kept, **ours, "SMSGW_CONFIG": str(self.config), **environment},
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()

    async def ended(self, process: asyncio.subprocess.Process, stdin: str = "", interrupt: int = 0) -> Ran:
        """Wait for its end, after so many times Ctrl-C."""
        for _ in range(interrupt):
            process.send_signal(signal.SIGINT)
            await asyncio.sleep(0.2)
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), _PATIENCE)
        log = self.folder / "the.log"
        return Ran(
            process.returncode or 0, out.decode(), err.decode(), log.read_bytes() if log.exists() else b""
        )
