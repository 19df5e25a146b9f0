"""curl, alone and in the scripts of examples/curl, against a sandbox; where it is missing the tests say so."""

import asyncio
import re
import shutil
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path

import pytest
from attrs import frozen

from smsgw.sandbox import Sandbox
from smsgw.sandbox.records import TakenMessage

SCRIPTS = Path(__file__).parents[3] / "examples" / "curl"
REPLY = re.compile(r"^# (?P<heading>.+)\n(?P<body>(?:.|\n)*?)\n\[(?P<wire>[0-9]{3} .*)\]\n\n", re.MULTILINE)
# No proxy's settings, no .curlrc and no language of whoever runs the tests.
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nowhere", "PAUSE": "0"}


@frozen
class Shown:
    """What a script printed under each heading, the HTTP status and type of each, and what the gateways then had."""

    replies: Mapping[str, str]
    wire: Mapping[str, str]
    messages: Sequence[TakenMessage]


async def _output(*command: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=ENVIRONMENT
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, err.decode()) == (0, ""), out.decode()
    return out.decode()


@pytest.fixture(scope="session", autouse=True)
def _needs_curl() -> None:
    for program in ("curl", "bash"):
        if shutil.which(program, path=ENVIRONMENT["PATH"]) is None:
            pytest.skip(f"{program} is not installed (apt-get install {program}): its calls were left out")


@pytest.fixture(scope="session")
def run_script(_needs_curl: None) -> Callable[..., Shown]:
    """`run_script("iba", delivered=False)` runs examples/curl/iba.sh on a sandbox of its own.

    Its clock stands still, and messages are delivered at once or not at all while the script runs.
    """

    async def run(name: str, *, delivered: bool) -> Shown:
        async with Sandbox(clock=lambda: 1000.0, delivery_after=0 if delivered else 2) as running:
            printed = await _output("bash", str(SCRIPTS / f"{name}.sh"), running.url)
            found = list(REPLY.finditer(printed))
            assert "".join(match[0] for match in found) == printed
            return Shown(
                replies={match["heading"]: match["body"] for match in found},
                wire={match["heading"]: match["wire"] for match in found},
                messages=running.ledger.messages,
            )

    return lambda name, *, delivered: asyncio.run(run(name, delivered=delivered))


@pytest.fixture
def curl(sandbox: Sandbox) -> Callable[..., Coroutine[None, None, str]]:
    """`await curl("iba/sendsms.php?…", …)` is what curl prints for that path of the sandbox, given those options."""

    async def called(path: str, *options: str) -> str:
        return await _output("curl", "--silent", "--show-error", "--globoff", *options, sandbox.url + path)

    return called
