"""smsgw's pytest plugin: the fixtures `smsgw_sandbox`, `smsgw_config` and `smsgw_dispatcher`, and `smsgw_faults`.

It is loaded in every run of pytest where smsgw is installed, and so stands beside the package: importing anything of
`smsgw` takes as long as pytest itself, which only a run that uses a fixture shall pay.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterator
from inspect import signature
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from smsgw import Dispatcher
    from smsgw.testing import SandboxServer

__all__ = ["smsgw_config", "smsgw_dispatcher", "smsgw_sandbox"]

_LoopScope = Literal["function", "class", "module", "package", "session"]
_LOOP_SCOPES: tuple[_LoopScope, ...] = ("function", "class", "module", "package", "session")
_MARK = "smsgw_faults"

# A failed check of the conformance kit shows both sides, as in anybody's own tests.
pytest.register_assert_rewrite("smsgw.testing.conformance")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{_MARK}(*gateways, **faults): what goes wrong at these gateways of smsgw_sandbox in this test, "
        'such as smsgw_faults("iba", drop=1)',
    )
    if _has_pytest_asyncio(config):
        config.pluginmanager.register(_for_pytest_asyncio(), "smsgw-asyncio")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed test says what its requests met: an outcome alone seldom says why it is what it is."""
    report = yield
    sandbox = getattr(item, "funcargs", {}).get("smsgw_sandbox")
    if report.when == "call" and report.failed and sandbox is not None and (story := sandbox.story()):
        report.sections.append(("smsgw sandbox", story))
    return report


@pytest.fixture
def smsgw_sandbox(request: pytest.FixtureRequest) -> Iterator[SandboxServer]:
    """Fake SMS gateways on a free port of 127.0.0.1, fresh for each test, with the faults of its markers."""
    from smsgw.testing import SandboxServer  # noqa: PLC0415 - see above

    with SandboxServer() as sandbox:
        nearest_first = list(request.node.iter_markers(_MARK))
        for mark in reversed(nearest_first):  # the nearest has the last word
            _switch_on(sandbox, mark)
        yield sandbox


@pytest.fixture
def smsgw_config(smsgw_sandbox: SandboxServer) -> dict[str, Any]:
    """The settings of `smsgw_dispatcher`: define a fixture of this name to have others."""
    return smsgw_sandbox.config()


@pytest.fixture
def smsgw_dispatcher(request: pytest.FixtureRequest) -> Dispatcher:
    """A `smsgw.Dispatcher` that leads to `smsgw_sandbox`; closed at the end. Needs pytest-asyncio or anyio."""
    opened: Dispatcher
    if "anyio_backend" in request.fixturenames:
        opened = request.getfixturevalue("_smsgw_dispatcher_of_anyio")
    elif _has_pytest_asyncio(request.config):
        opened = request.getfixturevalue(f"_smsgw_dispatcher_of_{_loop_scope(request)}")
    else:
        pytest.fail(
            "smsgw_dispatcher needs a plugin for async tests: install pytest-asyncio (0.24 or newer), or mark the test"
            " for anyio",
            pytrace=False,
        )
    return opened


@pytest.fixture
async def _smsgw_dispatcher_of_anyio(
    anyio_backend_name: str, smsgw_config: dict[str, Any], smsgw_sandbox: SandboxServer
) -> AsyncIterator[Dispatcher]:
    if anyio_backend_name != "asyncio":
        pytest.fail(
            f"smsgw runs on asyncio, not on {anyio_backend_name}: let `anyio_backend` be it", pytrace=False
        )
    async for opened in _opened(smsgw_config, smsgw_sandbox):
        yield opened


def _has_pytest_asyncio(config: pytest.Config) -> bool:
    """By the name of its entry point, or by that of its module, which `-p` takes as well.

    Before 0.24 it does not know in which loop a fixture shall run: those versions are as good as none, and must not
    break a run that uses nothing of ours.
    """
    if not any(map(config.pluginmanager.hasplugin, ("asyncio", "pytest_asyncio.plugin"))):
        return False
    import pytest_asyncio  # noqa: PLC0415 - it is loaded, for its plugin is

    return "loop_scope" in signature(pytest_asyncio.fixture).parameters


def _for_pytest_asyncio() -> ModuleType:
    """One fixture for each kind of loop that a test may run in: what is opened in one is closed in it."""
    import pytest_asyncio  # noqa: PLC0415 - it is loaded, for its plugin is

    def in_loop_of(scope: _LoopScope) -> Callable[[dict[str, Any], SandboxServer], AsyncIterator[Dispatcher]]:
        @pytest_asyncio.fixture(name=f"_smsgw_dispatcher_of_{scope}", loop_scope=scope)
        async def opened_there(
            smsgw_config: dict[str, Any], smsgw_sandbox: SandboxServer
        ) -> AsyncIterator[Dispatcher]:
            async for opened in _opened(smsgw_config, smsgw_sandbox):
                yield opened

        return opened_there

    module = ModuleType("pytest_smsgw.asyncio")
    for scope in _LOOP_SCOPES:
        setattr(module, f"in_loop_of_{scope}", in_loop_of(scope))
    return module


async def _opened(config: dict[str, Any], sandbox: SandboxServer) -> AsyncIterator[Dispatcher]:
    from smsgw import Dispatcher  # noqa: PLC0415 - see above

    async with Dispatcher.from_config(config) as dispatcher:
        yield dispatcher
        sandbox.stop()  # a reply that never comes would be waited for as long as the provider's timeout


def _loop_scope(request: pytest.FixtureRequest) -> str:
    """The scope of the loop in which pytest-asyncio runs this test."""
    mark = request.node.get_closest_marker("asyncio")
    given = mark.kwargs.get("loop_scope") if mark is not None else None
    try:
        return str(given or request.config.getini("asyncio_default_test_loop_scope"))
    except ValueError:  # a version that has no such setting
        return "function"


def _switch_on(sandbox: SandboxServer, mark: pytest.Mark) -> None:
    """The faults that a marker declares; one clear failure for a marker that makes no sense."""
    problem = None
    if not mark.args or not mark.kwargs:
        problem = 'it takes gateways and faults, such as smsgw_faults("iba", drop=1)'
    elif unknown := [name for name in mark.args if name not in sandbox.gateways]:
        problem = f"no such gateway: {', '.join(map(repr, unknown))}"
    if problem is not None:
        pytest.fail(
            f"@pytest.mark.{_MARK}: {problem}; there are {', '.join(sandbox.gateways)}", pytrace=False
        )
    for name in mark.args:
        lacking = sorted({*sandbox.gateways[name].unknown_faults} & {*mark.kwargs})
        try:
            sandbox.faults[name].change(**mark.kwargs)
        except (TypeError, ValueError) as error:
            problem = str(error)
        else:
            problem = f"this gateway cannot have {', '.join(lacking)}" if lacking else None
        if problem is not None:
            pytest.fail(f"@pytest.mark.{_MARK} for {name}: {problem}", pytrace=False)
