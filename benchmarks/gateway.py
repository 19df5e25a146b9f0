"""A gateway that costs next to nothing: it answers each `dadr` with as many IDs, in a process of its own.

It parses just enough of HTTP/1.1 to count recipients, so that what is measured is the client.
"""

import asyncio
import contextlib
import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection


class _Gateway(asyncio.Protocol):
    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            target = head[: head.find(b"\r\n")]
            dadr = target[target.find(b"dadr=") + 5 :].partition(b" ")[0].partition(b"&")[0]
            body = b",".join([b"1178440060"] * (dadr.count(b",") + 1))
            assert self._transport is not None
            reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._transport.write, reply)
            else:
                self._transport.write(reply)


def _serve(ready: Connection, delay: float) -> None:
    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Gateway(delay), "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, _wait_for_end, ready)

    asyncio.run(main())


def _wait_for_end(ready: Connection) -> None:
    with contextlib.suppress(EOFError):
        ready.recv()


@contextlib.contextmanager
def gateway(delay: float = 0.0) -> Iterator[str]:
    """The URL of a gateway that answers after `delay` seconds, and stops with the block, or with this process."""
    here, there = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_serve, args=(there, delay), daemon=True)
    process.start()
    there.close()
    try:
        yield f"http://127.0.0.1:{here.recv()}/"
    finally:
        here.close()
        process.join(5)
