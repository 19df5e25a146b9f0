"""A `SandboxServer` starts once, ends whole, and leaves nothing behind."""

import gc
import socket
import threading
import warnings
from urllib.parse import urlsplit

import pytest

from smsgw.testing import SandboxServer

NUMBER = "79031234567"


def is_closed(url: str) -> bool:
    address = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((address.hostname, address.port)) != 0


def test_nothing_is_left_behind() -> None:
    """Neither a thread nor a socket, nor a complaint of one, also with a request under way."""
    before = threading.active_count()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(3):
            with SandboxServer() as sandbox:
                sandbox.faults["iba"].silent = 1
                address = urlsplit(sandbox.url)
                client = socket.create_connection((address.hostname or "", address.port or 0))
                path = f"/iba/sendsms.php?user=test&pwd=test&sadr=A&dadr={NUMBER}&text=x"
                client.sendall(f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
                sandbox.wait_for_sync(1)
            client.close()
            assert threading.active_count() == before
            assert is_closed(sandbox.url)
        gc.collect()


def test_a_test_that_fails_leaves_nothing_behind() -> None:
    def failing() -> None:
        with SandboxServer() as sandbox:
            urls.append(sandbox.url)
            raise KeyboardInterrupt

    urls: list[str] = []
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        failing()
    assert threading.active_count() == before
    assert is_closed(urls[0])


def test_stopping_twice_or_unstarted_does_nothing() -> None:
    sandbox = SandboxServer()
    sandbox.stop()
    assert repr(sandbox) == "<SandboxServer not running>"
    with pytest.raises(RuntimeError, match="not been started"):
        _ = sandbox.url
    with pytest.raises(RuntimeError, match="not running"):
        sandbox.wait_for_sync(1)
    sandbox.start()
    assert repr(sandbox) == f"<SandboxServer {sandbox.url}>"
    with pytest.raises(RuntimeError, match="once"):
        sandbox.start()
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(RuntimeError, match="once"):
        sandbox.start()


def test_what_fails_at_the_start_is_told_to_whoever_started_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(_: object) -> None:
        raise OSError("no port is free")

    monkeypatch.setattr("smsgw.sandbox.Sandbox.start", refused)
    before = threading.active_count()
    with pytest.raises(OSError, match="no port is free"):
        SandboxServer().start()
    assert threading.active_count() == before
