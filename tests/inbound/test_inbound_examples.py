"""The examples, as they stand, as processes of their own: FastAPI under uvicorn, and aiohttp."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.inbound.conftest import SECRET, SENDER, TEXT
from tests.inbound.iba_calls import IncomingSms

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


async def eventually(sms: IncomingSms, url: str) -> tuple[int, str]:
    """What the first call comes to, once somebody listens."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await sms.call(url)
            except ConnectionError:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", ["inbound_aiohttp", "inbound_fastapi"])
async def test_example(name: str, tmp_path: Path) -> None:
    """An example of at most 40 lines receives, acknowledges, refuses strangers, remembers, and ends when told to."""
    path = ROOT / "examples" / f"{name}.py"
    assert len(path.read_text("utf-8").splitlines()) <= 40
    port = free_port()
    url = f"http://127.0.0.1:{port}/sms/{SECRET}"
    sms = IncomingSms(message_id="5094", text=f"Привет {TEXT}", sender=SENDER)
    for run in range(2):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-W",
            "error",
            str(path),
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "PYTHONUTF8": "1",
                "SMS_SECRET": SECRET,
                "PORT": str(port),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            assert await eventually(sms, url) == (200, "smsid=5094")
            assert await sms.call(url) == (200, "smsid=5094")
            assert (await sms.call(url.removesuffix(SECRET)))[0] == 404
            process.send_signal(signal.SIGTERM)
            out, err = await asyncio.wait_for(process.communicate(), 20)
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()
        assert out.decode().count(f"Привет {TEXT}") == (run == 0)
        assert TEXT not in err.decode()
        assert "Traceback" not in err.decode()
        assert SECRET not in err.decode()
