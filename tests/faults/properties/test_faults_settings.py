"""Any configuration is settings, or one error that names what is wrong and repeats no value of it."""

import math
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from attrs import asdict, fields_dict
from hypothesis import given
from hypothesis import strategies as st

from smsgw.config import InsecureUrlWarning, load, load_dsn
from smsgw.drivers.discovery import find_drivers
from smsgw.drivers.settings import ProviderSettings
from smsgw.errors import ConfigurationError
from smsgw.settings import BreakerSettings, DedupSettings, RetrySettings, RouteSettings, Settings
from tests.faults.properties.attack import attack
from tests.faults.scale import EXAMPLES

SECRET: Final = "C4NARY$p4ss"
TOML: Final = f"""
[providers.main]
driver = "iba"
login = "test"
password = "{SECRET}"
url = "https://gate.example/iba/"
sender = "TESTSMS"
batch_size = 10
rate = 50.5
prices = {{ "7" = 1.5, "" = "2.25" }}

[providers.targetsms]
login = "test"
password = "{SECRET}"
on_duplicate = "wait"

[[routes]]
prefixes = ["995", "+7"]
providers = ["main", "targetsms"]
strategy = "weighted"
weights = {{ main = 3, targetsms = 1 }}

[retry]
attempts = 4

[dedup]
store = "memory"
"""
DSN: Final = f"iba://test:{SECRET}@gate.example:8443/iba/?sender=TESTSMS&rate=50&name=main"
JUNK: Final = (
    "", "[", "]" * 3, "[" * 3000, "{", "}", '"', '"""', "'", "=", ",", "#", "\n", "\r", "\0", "\ufeff", "é", "\u2100",
    "nan", "-inf", "1e999", "9" * 5000, "true", "1979-05-27", "%", "%zz", "%00", "%ff", "@", ":", "/", "?", "&", " ", "\\u", "\\ud83d",
    "[retry]\n", "[routes]\n", "a.b.c=1\n", "driver=1\n",
)  # fmt: skip
BLOWS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "cut", "behead", "drop", "double"]),
        st.integers(0, 700),
        st.integers(0, 6),
        st.sampled_from(JUNK),
    ),
    max_size=3,
)


def damaged(text: str, blows: list[tuple[str, int, int, str]]) -> str:
    for what, place, length, junk in blows:
        at = place % (len(text) + 1)
        if what == "put":
            text = text[:at] + junk + text[at + length :]
        elif what == "cut":
            text = text[:at]
        elif what == "behead":
            text = text[at:]
        elif what == "drop":
            text = text[:at] + text[at + length :]
        else:
            text = text[: at + length] + text[at:]
    return text


def settings_of(load_it: Callable[[], Settings]) -> Settings | None:
    """What is loaded; None where it is refused, with an error that tells neither the secret nor where it was."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InsecureUrlWarning)
            loaded = load_it()
    except ConfigurationError as error:
        refusal = error
    else:
        assert type(loaded) is Settings
        assert SECRET not in repr(loaded)
        for group in (loaded.providers.values(), (loaded.retry, loaded.breaker, loaded.dedup)):
            numbers = [
                value for one in group for value in asdict(one).values() if isinstance(value, int | float)
            ]
            assert all(math.isfinite(number) for number in numbers)
        for name, provider in loaded.providers.items():
            assert provider.name == name
            find_drivers()[provider.driver](provider)
        return loaded
    assert refusal.__cause__ is None
    assert refusal.__context__ is None
    for said in (str(refusal), repr(refusal), *map(str, refusal.args)):
        assert said
        assert SECRET not in said
        assert len(said) < 4000
    return None


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings") / "smsgw.toml"


@attack
@given(
    body=st.builds(damaged, st.just(TOML), BLOWS).map(lambda text: text.encode("utf-8", "replace"))
    | st.binary(max_size=100)
)
def test_any_file_is_settings_or_one_error(file: Path, body: bytes) -> None:
    """Whatever its bytes are, and however deep; a file that is good makes drivers that are."""
    file.write_bytes(body)
    settings_of(lambda: load(file, {}))


@attack
@given(dsn=st.builds(damaged, st.just(DSN), BLOWS) | st.text(max_size=60))
def test_any_dsn_is_settings_or_one_error(dsn: str) -> None:
    """However it is cut, and whatever is put into it."""
    settings_of(lambda: load_dsn(dsn))


def test_junk_at_any_place_is_settings_or_one_error(file: Path) -> None:
    """Each piece at each place, as many as the scale allows; within the secret neither half of it is told."""
    everywhere = [
        (whole, at, junk)
        for whole in (TOML, DSN)
        for at in range(len(whole))
        for junk in (*JUNK, "@h/", " = " + "[" * 3000, '"\n' + "[" * 50)
    ]
    halves = SECRET[:6], SECRET[7:]
    for whole, at, junk in everywhere[:: len(everywhere) // (20 * EXAMPLES) | 1]:
        text = whole[:at] + junk + whole[at:]
        if whole is TOML:
            file.write_text(text, encoding="utf-8")
            settings_of(lambda: load(file, {}))
        elif (loaded := settings_of(lambda text=text: load_dsn(text))) is not None:  # type: ignore[misc]
            assert not any(half in repr(loaded) for half in halves)


@pytest.mark.parametrize("deep", ["x = " + "[" * 3000, "x = " + "{a=" * 3000, "[" + "a." * 3000 + "b]"])
def test_a_deep_file_is_one_error(file: Path, deep: str) -> None:
    """However deep it is nested."""
    file.write_text(deep, encoding="utf-8")
    assert settings_of(lambda: load(file, {})) is None


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 10**400, True, -1, "5", b"5", [1], {}, 0.5])
@pytest.mark.parametrize(
    "key", sorted(key for key in fields_dict(ProviderSettings) if key not in ("name", "driver"))
)
def test_any_value_of_any_key_is_settings_or_one_error(key: str, value: object) -> None:
    """No number without end, no bool for a number, and nothing that a driver could not be made with."""
    main = {"driver": "targetsms", "login": "u", "password": SECRET, key: value}
    settings_of(lambda: load({"providers": {"main": main}}, {}))


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals(allow_nan=True)
    | st.text(max_size=6)
    | st.binary(max_size=3)
    | st.sampled_from(["iba", "main", "7", 10**400, "weighted", "memory", "wait", 1, 2.5, Path("x")]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=3) | st.integers() | st.sampled_from(["7", "main"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def tables_of(*classes: type) -> st.SearchStrategy[dict[Any, Any]]:
    keys = sorted({key for cl in classes for key in fields_dict(cl)} | {"password_env", "password_file", "x"})
    return st.dictionaries(st.sampled_from(keys) | st.text(max_size=4), VALUES, max_size=3)


WHOLE = st.fixed_dictionaries(
    {
        "providers": st.fixed_dictionaries(
            {
                "main": tables_of(ProviderSettings).map(
                    lambda table: {"driver": "iba", "login": "u", "password": SECRET} | table
                )
            }
        )
        | VALUES
    },
    optional={
        "routes": st.lists(
            tables_of(RouteSettings).map(lambda table: {"providers": ["main"]} | table), max_size=2
        )
        | VALUES,
        "retry": tables_of(RetrySettings) | VALUES,
        "breaker": tables_of(BreakerSettings) | VALUES,
        "dedup": tables_of(DedupSettings) | VALUES,
        "x": VALUES,
    },
)


@attack
@given(table=WHOLE | st.dictionaries(st.text(max_size=3), VALUES, max_size=3))
def test_any_mapping_is_settings_or_one_error(table: Mapping[str, Any]) -> None:
    """Whatever a program puts together, values of any type at any depth included."""
    settings_of(lambda: load(table, {}))


def test_a_good_configuration_is_loaded(file: Path) -> None:
    """In all three forms, so that what is damaged above was whole before."""
    file.write_text(TOML, encoding="utf-8")
    for load_it in (lambda: load(file, {}), lambda: load_dsn(DSN)):
        loaded = settings_of(load_it)
        assert loaded is not None
        assert loaded.providers["main"].password == SECRET
