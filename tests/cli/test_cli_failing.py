"""Whatever goes wrong: one line on standard error, an exit status, no traceback and no secret."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

import smsgw
from smsgw.cli import sending
from smsgw.cli.output import because, complain
from smsgw.cli.running import Sms
from smsgw.sandbox import Sandbox

if TYPE_CHECKING:
    from tests.cli.conftest import Configure, Invoke, Start

SEND = ("--to", "79031234567", "--text", "Hi")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[providers.iba", "is not valid TOML"),
        (
            '[providers.iba]\nlogin = "x"\npassword = "CANARY"\nrate = "CANARY"\n',
            "providers.iba.rate: must be",
        ),
        ('[providers.iba]\nlogin = "x"\npasswrod = "CANARY"\n', "providers.iba.passwrod: unknown key"),
        ('[providers.iba]\nlogin = "x"\npassword_env = "SMSGW_TEST_NOT_SET"\n', "SMSGW_TEST_NOT_SET"),
        ('[providers.x]\ndriver = "CANARY"\nlogin = "x"\npassword = "CANARY"\n', "there is no such driver"),
        ("", "providers: is missing"),
    ],
)
def test_broken_configuration(content: str, said: str, invoke: Invoke, tmp_path: Path) -> None:
    """A broken configuration is one line that names the path, without its values, and exit status 2."""
    path = tmp_path / "broken.toml"
    path.write_text(content, encoding="utf-8")
    result = invoke("send", "--config", str(path), *SEND)
    assert result.status == 2
    assert said in result.error
    assert "CANARY" not in result.error


def test_no_configuration(invoke: Invoke) -> None:
    """Without --config and without the variables, the line says what to give or set, --config first."""
    result = invoke("balance")
    assert result.status == 2
    assert result.error.startswith("error: no configuration: give --config FILE, or set SMSGW_CONFIG")
    assert "SMSGW_DSN" in result.error


def test_configuration_from_the_environment(
    configure: Configure, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    """SMSGW_CONFIG and SMSGW_DSN stand in for --config."""
    monkeypatch.setenv("SMSGW_CONFIG", configure("iba"))
    assert invoke("send", *SEND).status == 0
    monkeypatch.delenv("SMSGW_CONFIG")
    host = sandbox.url.removeprefix("http://")
    monkeypatch.setenv("SMSGW_DSN", f"avist://test:CANARY-pa55word@{host}avist/?http=1&sender=S")
    assert invoke("send", *SEND).status == 0
    monkeypatch.setenv("SMSGW_DSN", "avist://test:CANARY:pa55word@127.0.0.1/")
    result = invoke("send", *SEND)
    assert result.status == 2
    assert "CANARY" not in result.error


def test_warning_of_plain_http(invoke: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """That a password would travel readable is one warning line, and no Python source with it."""
    path = tmp_path / "plain.csv"
    path.write_text("phone\n79031234567\n")
    monkeypatch.setenv("SMSGW_DSN", "iba://test:CANARY@sms.example.com/?http=1&sender=S")
    result = invoke("preview", str(path), "--text", "Hi")
    assert result.status == 0
    (line,) = result.err.splitlines()
    assert line.startswith("warning: providers.iba: http:// to sms.example.com")


def test_last_resort(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody foresaw is named by its type alone, with the hint how to see more."""

    def broken(_: object) -> None:
        raise KeyError("CANARY")

    monkeypatch.setattr(sending, "open_dispatcher", broken)
    result = invoke("send", *SEND)
    assert result.status == 1
    assert result.error == "error: smsgw failed: KeyError (SMSGW_DEBUG=1 shows where)"
    monkeypatch.setenv("SMSGW_DEBUG", "1")
    result = invoke("send", *SEND)
    assert result.status == 1
    assert "in broken" in result.err
    assert result.err.splitlines()[-1] == "error: smsgw failed: KeyError"
    assert "KeyError: " not in result.err
    assert "'CANARY'" not in result.err


def test_faults_within_the_loop(
    configure: Configure, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault while the dispatcher is open ends so, too."""

    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("CANARY")

    monkeypatch.setattr("smsgw.cli.running.submit", broken)
    result = invoke("send", "--config", configure("iba"), *SEND)
    assert result.status == 1
    assert result.error == "error: smsgw failed: RuntimeError (SMSGW_DEBUG=1 shows where)"


def test_what_is_logged_is_a_line(
    configure: Configure, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning in the log is one line; its further lines, such as frames, are for debugging."""

    class Loud(Sms):
        async def __aenter__(self) -> Self:
            logging.getLogger("smsgw.delivery").error("driver %s failed:\n  File x.py", "iba")
            return await super().__aenter__()

    monkeypatch.setattr("smsgw.cli.running.Sms", Loud)
    config = configure("iba")
    result = invoke("send", "--config", config, *SEND)
    assert result.status == 0
    assert result.err == "warning: driver iba failed\n"
    monkeypatch.setenv("SMSGW_DEBUG", "1")
    assert "File x.py" in invoke("send", "--config", config, "--to", "79031234568", "--text", "Hi").err
    assert not [handler for handler in logging.getLogger().handlers if "OneLine" in type(handler).__name__]


def test_an_error_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Line breaks and what a terminal would act on are taken out of what is said."""
    complain("one\ntwo\x1b[31m\u202ethree")
    assert capsys.readouterr().err == "error: one two\ufffd[31m\ufffdthree\n"


def test_unknown_command(invoke: Invoke) -> None:
    """A command that there is none of is one line and exit status 2."""
    result = invoke("sned")
    assert result.status == 2
    assert "sned" in result.error


def test_no_command(invoke: Invoke) -> None:
    """Without a command the help goes to standard error, with exit status 2."""
    result = invoke()
    assert result.status == 2
    assert result.out == ""
    assert all(
        name in result.err for name in ("send", "status", "balance", "preview", "lookup", "sandbox", "demo")
    )


def test_version(invoke: Invoke) -> None:
    """--version says the version."""
    result = invoke("--version")
    assert (result.status, result.out) == (0, f"smsgw {smsgw.__version__}\n")


@pytest.mark.parametrize("command", ["send", "status", "balance", "preview", "lookup", "sandbox", "demo"])
def test_every_command(command: str, invoke: Invoke) -> None:
    """Every command has --config and --json, and its help is on standard output."""
    result = invoke(command, "--help")
    assert result.status == 0
    assert "--config FILE" in result.out
    assert "--json" in result.out


@pytest.mark.parametrize("missing", ["typer", "rich"])
def test_without_the_extra(missing: str) -> None:
    """Where the extra is not installed, the command says in one line what to install, with exit status 2."""
    script = f"""
import runpy, sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {missing!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Blocker())
sys.argv = ["smsgw", "--version"]
runpy.run_module("smsgw.cli", run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        timeout=30,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "error: the commands need typer and rich: install smsgw[cli]\n"


def test_as_a_process(configure: Configure, run: Invoke) -> None:
    """The real command ends with the same status, with nothing but the result on its streams."""
    result = run("send", "--config", configure("iba"), *SEND, "--json")
    assert (result.status, result.err) == (0, "")
    assert result.objects[0]["state"] == "accepted"
    result = run("send", "--config", "nothing.toml", *SEND)
    assert result.status == 2
    assert result.error == "error: nothing.toml: cannot be read: No such file or directory"


def test_reader_that_leaves(start: Start, configure: Configure) -> None:
    """Whoever reads the output may leave, as `head` does: nothing is said, and the status stays that of the work."""
    numbers = [word for n in range(1000) for word in ("--to", f"7903{n:07}")]  # more output than a pipe holds
    running = start("send", *numbers, "--config", configure("iba"), "--text", "Hi", "--json")
    assert running.line().startswith("{")
    running.leave()
    result = running.ended()
    assert (result.status, result.err) == (0, "")


@pytest.mark.parametrize("module", ["smsgw.cli", "smsgw"])
def test_interrupted_while_it_starts(module: str) -> None:
    """Ctrl-C while the commands are still read is the one line and exit status 130."""
    script = f"""
import runpy, sys, smsgw
class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupter())
sys.argv = ["smsgw", "--version"]
runpy.run_module({module!r}, run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        timeout=30,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: interrupted\n")


def test_interrupted_before_it_listens_to_signals(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C within a command that has not begun is the one line, too."""

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sending, "open_dispatcher", interrupted)
    result = invoke("send", *SEND)
    assert (result.status, result.error) == (130, "error: interrupted")


def test_text_of_another_locale(configure: Configure, invoke: Invoke, sandbox: Sandbox) -> None:
    """A text whose bytes the locale could not decode is a matter of usage, and nothing is sent."""
    result = invoke("send", "--config", configure("iba"), "--to", "79031234567", "--text", "Hi \udcd0")
    assert result.status == 2
    assert "set LC_ALL=C.UTF-8" in result.error
    assert not sandbox.ledger.requests


@pytest.mark.parametrize(
    ("description", "code", "said"),
    [
        ("no connection", "ClientConnectorError", "no connection"),
        ("no connection", "TimeoutError", "no connection"),
        ("the gateway says E12", "E12", "the gateway says E12"),
        ("refused", "E12", "refused (E12)"),
        ("several: pass them as a list", None, "several: one --to for each"),
        ("(transliterate=True may help)", None, "(--transliterate may help)"),
        ("`send_at` has no time zone", None, "--send-at has no time zone"),
    ],
)
def test_why(description: str, code: str | None, said: str) -> None:
    """Why is said once, and in the words of the command line."""
    assert because(smsgw.GatewayRejected(description, code=code)) == said
