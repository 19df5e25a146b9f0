"""`smsgw sandbox`: five fake gateways to try things out on."""

import asyncio
import errno
from typing import Annotated

import typer

from smsgw.cli.failing import ALL_WELL, CommandFailed
from smsgw.cli.options import Json, NoConfig
from smsgw.cli.output import Column, print_json, print_table, print_text
from smsgw.cli.running import Signals
from smsgw.sandbox import Sandbox

__all__ = ["sandbox"]

_LOGIN = "test"  # the sandbox's documented login and password, which guard nothing


def sandbox(
    port: Annotated[
        int, typer.Option("--port", metavar="PORT", min=0, max=65535, help="0 is any free one.")
    ] = 8025,
    config: NoConfig = None,  # noqa: ARG001 - every command takes it
    json: Json = False,
) -> int:
    """Run five fake gateways on this machine until Ctrl-C. Nothing is sent to any phone."""
    asyncio.run(_serve(port, json))
    return ALL_WELL


async def _serve(port: int, json: bool) -> None:
    ended = asyncio.Event()
    with Signals(ended.set, lambda _: None):
        running = Sandbox(port=port, login=_LOGIN, password=_LOGIN)
        try:
            await running.start()
        except OSError as error:
            raise CommandFailed(_why(error, port)) from None
        try:
            _announce(running, json)
            await ended.wait()
        finally:
            await running.stop()


def _why(error: OSError, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: choose another with --port, or 0 for any free one"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} is not for ordinary users: choose one above 1023 with --port"
    return f"port {port} cannot be listened on (error {error.errno})"


def _announce(running: Sandbox, json: bool) -> None:
    urls = {name: running.url_for(name) for name in running.gateways}
    if json:
        print_json({"url": running.url, "gateways": urls, "login": _LOGIN, "password": _LOGIN})
        return
    print_text(f"Five fake gateways and their inbox at {running.url} (nothing is sent to any phone).", "")
    print_table((Column("driver", keep=True), Column("url")), urls.items())
    host = running.url.removeprefix("http://").rstrip("/")
    print_text(
        "",
        f"Login {_LOGIN}, password {_LOGIN}. To try it in another terminal:",
        f"  export SMSGW_DSN='iba://{_LOGIN}:{_LOGIN}@{host}/iba/?http=1&sender=TESTSMS'",
        "  smsgw send --to '+7 903 123-45-67' --text 'Code 1234'",
        "Ctrl-C ends it.",
    )
