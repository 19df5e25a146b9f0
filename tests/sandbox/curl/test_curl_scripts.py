"""The scripts of examples/curl as programs: how they are called, and what they do where no sandbox is."""

import asyncio
import os
from pathlib import Path

import pytest

from smsgw.sandbox import Sandbox
from smsgw.sandbox.discovery import gateway_types

SCRIPTS = {path.stem: path for path in (Path(__file__).parents[3] / "examples" / "curl").glob("*.sh")}
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nowhere", "PAUSE": "0"}

every_script = pytest.mark.parametrize("name", sorted(SCRIPTS))


async def run(name: str, *arguments: str, **environment: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        str(SCRIPTS[name]),
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**ENVIRONMENT, **environment},
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def test_every_gateway_has_a_script() -> None:
    """Named as it is; only the package's own have a document."""
    own = {name for name, found in gateway_types().items() if found.__module__.startswith("smsgw.")}
    assert set(SCRIPTS) == own


@every_script
def test_a_script_needs_bash_and_curl_alone(name: str) -> None:
    """It can be started, stops at the first mistake, and calls nothing but curl and what is always there."""
    lines = SCRIPTS[name].read_text("utf-8").splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines
    assert os.access(SCRIPTS[name], os.X_OK)
    code = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    words = {line.split(maxsplit=1)[0] for line in code if "=" not in line.split(maxsplit=1)[0]}
    assert words <= {"set", "show()", "printf", "}", "show", "sleep", "-d", "--data", "--data-urlencode"} | {
        word for word in words if word.startswith('"$url')
    }


@every_script
async def test_the_sandbox_is_named_by_the_argument_or_by_the_environment(name: str) -> None:
    """With or without a slash at its end; what is printed is the same."""
    printed = []
    for by_argument in (True, False):
        async with Sandbox(clock=lambda: 1000.0, delivery_after=0) as running:
            url = running.url if by_argument else running.url.rstrip("/")
            code, out, err = await run(name, url) if by_argument else await run(name, SANDBOX=url)
            assert (code, err) == (0, "")
            printed.append(
                [line for line in out.splitlines() if "timestamp" not in line and "time_change" not in line]
            )
    assert printed[0] == printed[1]


@every_script
async def test_where_no_sandbox_is_it_says_so(name: str) -> None:
    """curl's own word and number: 7, it could not connect."""
    async with Sandbox() as running:
        url = running.url
    code, _, err = await run(name, url)
    assert code == 7
    assert err.startswith("curl: (7) ")


@every_script
@pytest.mark.parametrize(("fault", "value"), [("unavailable", 999), ("blocked", True), ("bad_gateway", 999)])
async def test_a_script_goes_on_where_the_gateway_does_not(name: str, fault: str, value: object) -> None:
    """Whoever has a fault switched on sees what the gateway says, to the end, and no mistake of the script's."""
    async with Sandbox() as running:
        setattr(running.gateways[name].faults, fault, value)
        code, out, err = await run(name, running.url)
    assert (code, err) == (0, "")
    assert out.count("\n# ") > 10
