"""The pytest plugin, in runs of its own: fixtures, marker, and what a run without them pays for it."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.testing.conftest import Runs

SEND = """
    import asyncio, pytest
    from smsgw import Dispatcher, State

    async def state_of(config, provider="iba"):
        async with Dispatcher.from_config(config) as sms:
            return (await sms.send("79031234567", "Hi", provider=provider)).outcome.state

    def send(sandbox, provider="iba"):
        return asyncio.run(state_of(sandbox.config(timeout=1), provider))
"""
STRICT = ("-o", "asyncio_mode=strict")
AUTO = ("-o", "asyncio_mode=auto")
ALONE = ("--disable-plugin-autoload", "-p", "smsgw")


# smsgw_sandbox


@pytest.mark.parametrize("plugins", [(), ALONE], ids=["all plugins", "no other plugin"])
def test_a_sync_test_has_a_sandbox_of_its_own(fresh_run: Runs, plugins: tuple[str, ...]) -> None:
    run = fresh_run(
        SEND
        + """
    @pytest.mark.parametrize("time", [1, 2, 3])
    def test_it(smsgw_sandbox, time):
        assert smsgw_sandbox.messages == ()
        assert send(smsgw_sandbox) is State.ACCEPTED
        assert [m.text for m in smsgw_sandbox.wait_for_sync(1)] == ["Hi"]
    """,
        *plugins,
    )
    assert (run.exit_status, len(run.passed)) == (0, 3), run.output


def test_nothing_is_left_behind_by_tests_that_pass_fail_or_are_interrupted(fresh_run: Runs) -> None:
    run = fresh_run(
        SEND
        + """
    import gc, threading

    def test_passes(smsgw_sandbox):
        send(smsgw_sandbox)

    def test_fails(smsgw_sandbox):
        smsgw_sandbox.faults["iba"].silent = 1
        assert send(smsgw_sandbox) is State.ACCEPTED

    def test_is_left_with_none():
        gc.collect()
        assert threading.active_count() == 1

    def test_is_interrupted(smsgw_sandbox):
        raise KeyboardInterrupt

    @pytest.fixture(scope="session", autouse=True)
    def left():
        yield
        gc.collect()
        print("threads at the end:", threading.active_count())
    """,
        "-s",
    )
    assert run.exit_status == 2, run.output
    assert run.passed == ["test_it::test_passes", "test_it::test_is_left_with_none"]
    assert "threads at the end: 1" in run.output
    assert "ResourceWarning" not in run.output


# smsgw_dispatcher

DISPATCHER = """
    import pytest
    from smsgw import State

    MARK

    async def test_it(smsgw_dispatcher, smsgw_sandbox):
        submission = await smsgw_dispatcher.send("79031234567", "Hi")
        assert submission.outcome.state is State.ACCEPTED
        assert [m.recipient for m in await smsgw_sandbox.wait_for(1)] == ["79031234567"]

    @pytest.fixture
    def smsgw_config(smsgw_sandbox):
        return smsgw_sandbox.config("iba", sender="SHOP")

    async def test_other_settings(smsgw_dispatcher, smsgw_sandbox):
        assert smsgw_dispatcher.providers == ("iba",)
        await smsgw_dispatcher.send("79031234567", "Hi")
        assert smsgw_sandbox.messages[0].sender == "SHOP"

    used = []

    async def test_closed(smsgw_dispatcher):
        await smsgw_dispatcher.send("79031234567", "Hi")
        used.append(smsgw_dispatcher)

    async def test_it_was_closed():
        with pytest.raises(RuntimeError, match="closed"):
            await used[0].send("79031234567", "Hi")
"""


@pytest.mark.parametrize(
    ("mark", "arguments"),
    [
        ("", AUTO),
        ("pytestmark = pytest.mark.asyncio", STRICT),
        ("pytestmark = pytest.mark.asyncio(loop_scope='module')", STRICT),
        ("pytestmark = pytest.mark.asyncio(loop_scope='session')", AUTO),
        ("", (*AUTO, "-o", "asyncio_default_test_loop_scope=session")),
        ("", (*AUTO, "-o", "asyncio_default_fixture_loop_scope=session")),
        ("", (*AUTO, *ALONE, "-p", "pytest_asyncio.plugin")),
    ],
)
def test_pytest_asyncio_has_a_dispatcher_in_the_tests_own_loop(
    fresh_run: Runs, mark: str, arguments: tuple[str, ...]
) -> None:
    run = fresh_run(DISPATCHER.replace("MARK", mark), *arguments)
    assert (run.exit_status, len(run.passed)) == (0, 4), run.output


@pytest.mark.skipif(find_spec("anyio") is None, reason="anyio is not installed")
@pytest.mark.parametrize("arguments", [STRICT, ("-p", "no:asyncio", "-p", "no:looptime_plugin")])
def test_anyio_has_a_dispatcher(fresh_run: Runs, arguments: tuple[str, ...]) -> None:
    mark = "pytestmark = pytest.mark.anyio\n    anyio_backend = pytest.fixture(lambda: 'asyncio')"
    run = fresh_run(DISPATCHER.replace("MARK", mark), *arguments)
    assert (run.exit_status, len(run.passed)) == (0, 4), run.output


def test_a_failed_test_says_what_its_requests_met(fresh_run: Runs) -> None:
    run = fresh_run(
        SEND
        + """
    def test_it(smsgw_sandbox):
        smsgw_sandbox.faults["iba"].drop = 2
        assert send(smsgw_sandbox) is State.ACCEPTED
    """
    )
    assert run.exit_status == 1
    assert "#1 iba send for 79031234567: no reply (drop), 1 taken" in run.output
    assert "faults still on: iba: drop" in run.output


def test_a_reply_that_never_comes_does_not_hold_the_end_of_a_test_up(fresh_run: Runs) -> None:
    """The provider's timeout is 30 s."""
    run = fresh_run(
        SEND
        + """
    async def test_it(smsgw_dispatcher, smsgw_sandbox):
        smsgw_sandbox.faults["iba"].silent = 1
        sent = await smsgw_dispatcher.send("79031234567", "Hi", provider="iba", timeout=0.2)
        assert sent.outcome.state is State.UNKNOWN

    @pytest.fixture
    def ledger(smsgw_sandbox):
        yield
        assert len(smsgw_sandbox.messages) == 1

    async def test_what_was_taken_can_be_read_afterwards(ledger, smsgw_dispatcher):
        await smsgw_dispatcher.send("79031234567", "Hi", provider="iba")
    """,
        *AUTO,
        "--durations=1",
    )
    assert (run.exit_status, len(run.passed)) == (0, 2), run.output
    assert "s teardown" not in run.output


def test_without_a_plugin_for_async_tests_only_its_use_is_an_error(fresh_run: Runs) -> None:
    run = fresh_run(
        """
        def test_it(smsgw_dispatcher):
            pass

        def test_another(smsgw_config):
            assert smsgw_config["providers"]["iba"]["login"] == "test"
        """,
        *ALONE,
    )
    assert run.exit_status == 1, run.output
    assert len(run.passed) == 1
    (message,) = run.failed.values()
    assert "smsgw_dispatcher needs a plugin for async tests: install pytest-asyncio" in message
    assert "Traceback" not in run.output


def test_an_old_pytest_asyncio_breaks_no_run(fresh_run: Runs, tmp_path: Path) -> None:
    """Before 0.24 its fixtures took no `loop_scope`."""
    (tmp_path / "old.py").write_text(
        "import pytest, pytest_asyncio\n"
        "pytest_asyncio.fixture = lambda function=None, **given: pytest.fixture(function, **given)\n",
        "utf-8",
    )
    run = fresh_run(
        """
        def test_it():
            pass

        def test_another(smsgw_dispatcher):
            pass
        """,
        *("-p", "old"),
    )
    assert (run.exit_status, len(run.passed)) == (1, 1), run.output
    assert "pytest-asyncio (0.24 or newer)" in "".join(run.failed.values())


# smsgw_faults


def test_markers_of_test_class_and_module_stack(fresh_run: Runs) -> None:
    run = fresh_run(
        SEND
        + """
    pytestmark = pytest.mark.smsgw_faults("avist", blocked=True)

    @pytest.mark.smsgw_faults("iba", drop=1)
    def test_one(smsgw_sandbox):
        assert send(smsgw_sandbox) is State.UNKNOWN
        assert send(smsgw_sandbox, "avist") is State.REJECTED
        assert send(smsgw_sandbox) is State.ACCEPTED

    @pytest.mark.smsgw_faults("iba", unavailable=7, drop=3)
    class TestClass:
        @pytest.mark.smsgw_faults("iba", "targetsms", unavailable=2, share={"drop": 0.5})
        @pytest.mark.smsgw_faults("smsco", stop_list={"79031234567"})
        def test_several(self, smsgw_sandbox):
            faults = smsgw_sandbox.faults
            assert (faults["iba"].unavailable, faults["iba"].drop) == (2, 3)
            assert faults["iba"].share == faults["targetsms"].share == {"drop": 0.5}
            assert faults["smsco"].on == ("stop_list",)
            assert faults["smstele"].on == ()
            assert send(smsgw_sandbox, "smsco") is State.REJECTED

    @pytest.mark.parametrize("count", [pytest.param(5, marks=pytest.mark.smsgw_faults("iba", silent=5))])
    def test_parameters(smsgw_sandbox, count):
        assert smsgw_sandbox.faults["iba"].silent == count

    def test_without_the_fixture():
        pass
    """
    )
    assert (run.exit_status, len(run.passed)) == (0, 4), run.output


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (
            '"ibaa", drop=1',
            "no such gateway: 'ibaa'; there are avist, georgia, iba, smsco, smstele, targetsms",
        ),
        ('"iba", dorp=1', "for iba: no such fault: dorp; there are unavailable, drop_before, drop, "),
        ('"iba", drop=-1', "for iba: "),
        ('"iba", blocked=1', "for iba: "),
        ('"iba", share={"drop": 2}', "for iba: shares are from 0 to 1"),
        ('"iba"', 'it takes gateways and faults, such as smsgw_faults("iba", drop=1)'),
        ('"smsco", held=True', "for smsco: this gateway cannot have held"),
        ("drop=1", "there are avist, georgia, iba"),
    ],
)
def test_a_marker_that_makes_no_sense_is_one_clear_error(fresh_run: Runs, mark: str, words: str) -> None:
    run = fresh_run(
        f"""
        import pytest

        @pytest.mark.smsgw_faults({mark})
        def test_it(smsgw_sandbox):
            pass
        """
    )
    assert run.exit_status == 1
    (message,) = run.failed.values()
    assert words in message
    assert "@pytest.mark.smsgw_faults" in message
    assert "Traceback" not in run.output


def test_the_marker_and_the_fixtures_are_documented(fresh_run: Runs) -> None:
    assert "smsgw_faults(*gateways, **faults): what goes wrong" in fresh_run("", "--markers").output
    shown = fresh_run("", "--fixtures").output
    for name in ("smsgw_sandbox", "smsgw_config", "smsgw_dispatcher"):
        assert f"{name} -- " in shown
    assert "_smsgw_dispatcher" not in shown


# What it costs.


def test_a_run_that_uses_no_fixture_imports_nothing_of_ours(fresh_run: Runs) -> None:
    run = fresh_run(
        """
        import sys

        def test_it():
            ours = [name for name in sys.modules if name.partition(".")[0] in {"smsgw", "aiohttp", "attr"}]
            assert ours == []
        """,
        "-p",
        "no:hypothesispytest",
    )
    assert run.exit_status == 0, run.output


def test_the_plugin_imports_nothing_but_pytest() -> None:
    script = (
        "import sys, pytest; before = set(sys.modules); import pytest_smsgw; print(set(sys.modules) - before)"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert run.stdout.strip() == "{'pytest_smsgw'}"
