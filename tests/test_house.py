"""The house of DESIGN.md: data flows one way, down the list of layers, and every module has its place in it."""

import ast
import subprocess
import sys
from fnmatch import fnmatch
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import smsgw

ROOT = Path(smsgw.__file__).parent
FILES = {path.relative_to(ROOT).as_posix(): path for path in sorted(ROOT.rglob("*.py"))}

# A module imports only from lines below its own; modules on one line know nothing of each other, but for those of
# one wing ("cli.*"). The first pattern that fits decides, from below: a new provider is one of "drivers.*".
LAYERS = """
__main__
cli                   cli.*
testing               testing.*
bulk                  bulk.*
inbound               inbound.*
smsgw
dispatcher
tracking              tracking.*
queries               previewing   planning     streaming
flow
sending               coalescing
engine
departures
carriage
loads                 contents
routing
delivery
wire                  keys
entry                 retry        breaker      throttle     dedup      batching
config
settings              dsn          sources      sheets       sheets.*
strict
drivers.discovery
drivers.*
drivers.platform
drivers.platform_*    drivers.*_reply
drivers.base
drivers.values
drivers.echoes        drivers.http     drivers.settings   drivers.words
drivers
transport
transport.client
transport.direct
transport.bodies      transport.exchange        transport.sessions
transport.replies     transport.deadlines       transport.slots
transport.values
models
message
segments              msisdn       translit     faults      frozen
errors                _version
"""
WINGS = ("cli", "testing", "bulk", "tracking", "inbound", "sheets")
SANDBOX_MAY_IMPORT = {"segments", "msisdn", "_version"}
MOST_LINES = 330
EXTRAS = ("typer", "rich", "sqlalchemy", "aiosqlite", "phonenumbers")


def name_of(file: str) -> str:
    """`drivers/base.py` is `drivers.base`; a package's `__init__.py` is the package, the topmost is `smsgw`."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".").replace("__init__", "smsgw")


def wing_of(module: str) -> str:
    """The package, or the module right in the house, that it belongs to."""
    return module.partition(".")[0]


MODULES = {name_of(file): path for file, path in FILES.items()}
HOUSE = [name for name in MODULES if wing_of(name) != "sandbox"]
SANDBOX = [name for name in MODULES if wing_of(name) == "sandbox"]


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text("utf-8"))


def imports_of(module: str) -> set[str]:
    """The dotted names that a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own_imports_of(module: str) -> set[str]:
    """The modules of this package that it imports."""
    own: set[str] = set()
    for name in imports_of(module):
        head, _, rest = name.partition(".")
        if head != "smsgw":
            continue
        while rest and rest not in MODULES:
            rest = rest.rpartition(".")[0]
        own.add(rest or "smsgw")
    return own


def foreign_imports_of(module: str) -> set[str]:
    """The top-level packages of others that it imports."""
    return {name.partition(".")[0] for name in imports_of(module)} - {"smsgw"}


@cache
def layer_of(module: str) -> int:
    """Counted from below."""
    for exact in (True, False):
        for height, line in enumerate(reversed(LAYERS.split("\n")[1:-1])):
            if any(module == name if exact else fnmatch(module, name) for name in line.split()):
                return height
    raise AssertionError(f"{module} has no place in the house: put it on a line of LAYERS")


# The direction of imports.


@pytest.mark.parametrize("module", HOUSE)
def test_imports_go_down(module: str) -> None:
    """A module belongs to a layer, and imports only from layers below its own."""
    height = layer_of(module)
    for imported in own_imports_of(module):
        if wing_of(module) in WINGS and wing_of(imported) in (wing_of(module), "sandbox"):
            continue
        assert layer_of(imported) < height, f"{module} imports {imported}"


def test_no_imports_go_round() -> None:
    """Nor do they inside of a wing."""
    TopologicalSorter({module: own_imports_of(module) - {module} for module in MODULES}).prepare()


@pytest.mark.parametrize("module", SANDBOX)
def test_the_sandbox_stands_alone(module: str) -> None:
    """A fake that shared the drivers' code would share their bugs."""
    others = {name for name in own_imports_of(module) if wing_of(name) != "sandbox"}
    assert others <= SANDBOX_MAY_IMPORT


def test_only_the_commands_know_the_sandbox() -> None:
    """Nothing that users import pulls a fake gateway in."""
    knowing = {m for m in HOUSE if any(wing_of(name) == "sandbox" for name in own_imports_of(m))}
    assert {wing_of(module) for module in knowing} <= {"cli", "testing"}


# What is imported of others.


def names_outside_annotations(module: str, name: str) -> set[str]:
    """What a module does with an imported name, but for saying types."""
    in_annotations: set[ast.AST] = set()
    for node in ast.walk(tree_of(module)):
        annotations: list[ast.expr | None] = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            annotations = [node.returns]
        elif isinstance(node, ast.arg | ast.AnnAssign):
            annotations = [node.annotation]
        for annotation in annotations:
            in_annotations |= set(ast.walk(annotation)) if annotation is not None else set()
    return {
        ast.unparse(node)
        for node in ast.walk(tree_of(module))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        and node not in in_annotations
    }


@pytest.mark.parametrize("module", [name for name in HOUSE if wing_of(name) not in ("transport", "inbound")])
def test_only_the_transport_touches_aiohttps_client(module: str) -> None:
    """Others may import aiohttp to say the type of a session, and for nothing else."""
    imported = {name for name in imports_of(module) if name.partition(".")[0] == "aiohttp"}
    assert imported <= {"aiohttp"}
    assert not names_outside_annotations(module, "aiohttp")


@pytest.mark.parametrize("module", [*SANDBOX, *(name for name in HOUSE if wing_of(name) == "inbound")])
def test_servers_serve_only(module: str) -> None:
    """Of aiohttp they need the server; what comes from a phone of the sandbox alone has to be carried somewhere."""
    imported = {name for name in imports_of(module) if name.partition(".")[0] == "aiohttp"}
    if wing_of(module.removeprefix("sandbox.")) == "incoming":
        return
    assert imported <= {"aiohttp.web", "aiohttp.typedefs.Middleware"}


@pytest.mark.parametrize("module", [name for name in HOUSE if wing_of(name) == "drivers"])
def test_drivers_are_pure_protocol(module: str) -> None:
    """A driver opens no socket, sleeps never, starts nothing and logs nothing."""
    forbidden = {"asyncio", "aiohttp", "socket", "ssl", "time", "threading", "subprocess", "logging"}
    assert not foreign_imports_of(module) & forbidden


@pytest.mark.parametrize("module", ["errors", "models", "segments", "msisdn", "translit"])
def test_values_and_arithmetic_do_no_io(module: str) -> None:
    """The lowest layers need nothing but the language and attrs (and phone numbers' tables, where installed)."""
    assert foreign_imports_of(module) <= {*sys.stdlib_module_names, "attrs"} - {
        "asyncio",
        "socket",
        "logging",
    }


# Files.


@pytest.mark.parametrize("file", FILES)
def test_files_are_short_and_named_for_what_they_do(file: str) -> None:
    """A file that has grown too long, or that is named for nothing, wants to be two."""
    lines = FILES[file].read_text("utf-8").count("\n")
    assert lines <= MOST_LINES
    assert FILES[file].stem not in {"utils", "util", "helpers", "helper", "misc", "common", "tools"}


@pytest.mark.parametrize("file", [file for file in FILES if file.endswith("__init__.py")])
def test_a_package_only_exports(file: str) -> None:
    """An `__init__.py` has a docstring, imports and an `__all__` of what it imports, and no code."""
    body = tree_of(name_of(file)).body
    assert ast.get_docstring(tree_of(name_of(file)))
    exported: list[str] = []
    imported: set[str] = set()
    for node in body[1:]:
        if isinstance(node, ast.Assign):
            assert ast.unparse(node.targets[0]) == "__all__"
            exported = ast.literal_eval(node.value)
        else:
            assert isinstance(node, ast.ImportFrom)
            imported |= {alias.asname or alias.name for alias in node.names}
    assert set(exported) == imported


@pytest.mark.parametrize("module", [name for name in MODULES if name != "_version"])
def test_a_module_says_what_it_is(module: str) -> None:
    """Each file begins with what it is for."""
    assert ast.get_docstring(tree_of(module))


# The extras.

_IMPORT_WITHOUT = """
import importlib.abc, sys

class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {extras!r}:
            raise ModuleNotFoundError(name)
        return None

sys.meta_path.insert(0, Block())
import smsgw
for name in smsgw.__all__:
    getattr(smsgw, name)
print(*sorted(name for name in sys.modules if name.partition(".")[0] in {unwanted!r}))
"""


def test_the_package_needs_no_extra() -> None:
    """`import smsgw` works where no extra is installed, and pulls in neither the commands nor the sandbox."""
    script = _IMPORT_WITHOUT.format(extras=EXTRAS, unwanted=EXTRAS)
    script += (
        "print(*sorted(name for name in sys.modules if name.startswith(('smsgw.cli', 'smsgw.sandbox'))))\n"
    )
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []
