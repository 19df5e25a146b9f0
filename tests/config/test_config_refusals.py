"""config.py: what is wrong in a mapping is named by its path."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from smsgw.config import (
    load,
)
from tests.config.loading import CANARY, MAIN, config, refused, routed

FOREIGN: dict[Any, Any] = {5: 1}  # no key for a mapping of this shape, as its type says
BAD_VALUES: list[tuple[dict[str, Any], str]] = [
    (config(login=None), "providers.main.login: is missing"),
    (config(login=""), "providers.main.login: is empty"),
    (config(login=5), "providers.main.login: must be a text"),
    (
        config(password=None),
        "providers.main.password: is missing; set password, password_env or password_file",
    ),
    (config(password=""), "providers.main.password: is empty"),
    (config(password=f"{CANARY}\n"), "providers.main.password: holds a control character"),
    (config(password=f"{CANARY}\udc80"), "providers.main.password: holds a control character"),
    (config(password=[CANARY]), "providers.main.password: must be a text"),
    (config(password_env="X"), "providers.main: password and password_env are given; keep one"),
    (config(password_file="X"), "providers.main: password and password_file are given; keep one"),
    (config(password=None, password_env=5), "providers.main.password_env: must be the name"),
    (
        config(password=None, password_env="NOT_SET"),
        "password_env: the environment variable NOT_SET is not set",
    ),
    (
        config(password=None, password_env="EMPTY"),
        "password_env: the environment variable EMPTY is not set, or empty",
    ),
    (
        config(password=None, password_env=CANARY),
        "password_env: the environment variable that it names is not set",
    ),
    (config(password=None, password_file=5), "providers.main.password_file: must be the path"),
    (config(password=None, password_file=""), "providers.main.password_file: must be the path"),
    (
        config(password=None, password_file="/no/file"),
        "password_file: the file /no/file cannot be read: No such",
    ),
    (config(password=None, password_file="no.txt"), "password_file: the file no.txt cannot be read: No such"),
    (
        config(password=None, password_file=CANARY),
        f"password_file: the file that it names in {Path.cwd()} cannot",
    ),
    (config(password=None, password_file=f"{CANARY}\0"), "password_file: the file that it names in"),
    (config(name="x"), "providers.main.name: unknown key; a provider is named by its table"),
    (config(driver="ibs"), "providers.main.driver: there is no such driver; known: avist, iba, "),
    (config(driver=None), "providers.main.driver: there is no such driver; known: avist, iba, "),
    (config(driver=CANARY), "providers.main.driver: there is no such driver"),
    (config(driver=["iba"]), "providers.main.driver: must be a text"),
    (config(rat=1), "providers.main.rat: unknown key; did you mean rate?"),
    (config(pasword=CANARY, password=None), "providers.main.pasword: unknown key; did you mean password?"),
    (config(pasword_file=CANARY), "providers.main.pasword_file: unknown key; did you mean password_file?"),
    (config(zzz=CANARY), "providers.main.zzz: unknown key; known: driver, login, "),
    (config(**{"a b": 1}), 'providers.main."a b": unknown key'),
    (config(**{f"iba://u:{CANARY}@h": 1}), 'providers.main."…": unknown key'),
    (config(sender=""), "providers.main.sender: is empty"),
    (config(sender=7), "providers.main.sender: must be a text"),
    (config(batch_size=0), "providers.main.batch_size: must be at least 1"),
    (config(batch_size=11), "providers.main.batch_size: iba takes at most 10 recipients a request"),
    (config(batch_size=2.5), "providers.main.batch_size: must be a whole number"),
    (config(batch_size=True), "providers.main.batch_size: must be a number"),
    (config(batch_size=CANARY), "providers.main.batch_size: must be a number"),
    (config(max_connections=0), "providers.main.max_connections: must be at least 1"),
    (config(rate=0), "providers.main.rate: must be above 0"),
    (config(rate=-0.5), "providers.main.rate: must be above 0"),
    (config(rate="50"), "providers.main.rate: must be a number"),
    (config(rate=False), "providers.main.rate: must be a number"),
    (config(rate=float("nan")), "providers.main.rate: must be a finite number"),
    (config(rate=float("inf")), "providers.main.rate: must be a finite number"),
    (config(rate=10**400), "providers.main.rate: must be a finite number"),
    (config(timeout=0), "providers.main.timeout: must be above 0"),
    (config(timeout=CANARY), "providers.main.timeout: must be a number"),
    (config(keepalive=-1), "providers.main.keepalive: must be at least 0"),
    (config(charset="koi8-r"), "providers.main.charset: iba reads utf-8 or windows-1251"),
    (config(charset=8), "providers.main.charset: must be a text"),
    (config(duplicate_window=30), "providers.main.duplicate_window: TargetSMS only"),
    (config(duplicate_window=0), "providers.main.duplicate_window: TargetSMS only"),
    (config(on_duplicate="wait"), "providers.main.on_duplicate: TargetSMS only"),
    (config(driver="targetsms", duplicate_window=-1), "providers.main.duplicate_window: must be at least 0"),
    (config(driver="targetsms", on_duplicate="retry"), "on_duplicate: must be one of reuse, wait, reject"),
    (config(driver="targetsms", on_duplicate=[CANARY]), "on_duplicate: must be one of reuse, wait, reject"),
    (config(prices=[1]), "providers.main.prices: must be a table"),
    (config(prices={"7": "2,5"}), "providers.main.prices.7: must be a number"),
    (config(prices={"7": True}), "providers.main.prices.7: must be a number"),
    (config(prices={"7": float("nan")}), "providers.main.prices.7: must be a number"),
    (config(prices={"7": Decimal("inf")}), "providers.main.prices.7: must be a number"),
    (config(prices={"7": -1}), "providers.main.prices.7: must be at least 0"),
    (config(prices={"Russia": 1}), "providers.main.prices: the keys must be prefixes"),
    (config(prices={7: 1}), "providers.main.prices: all keys must be strings"),
    ({}, "providers: is missing; add a table [providers.NAME]"),
    ({"providers": {}}, "providers: is empty; add a table [providers.NAME]"),
    ({"providers": [MAIN]}, "providers: must be a table"),
    ({"providers": {"main": CANARY}}, "providers.main: must be a table"),
    ({"providers": {1: MAIN}}, "providers: all keys must be strings"),
    ({"providers": {"": MAIN}}, 'providers."".name: a provider\'s name must be'),
    ({"providers": {"a\nb": MAIN}}, 'providers."…".name: a provider\'s name must be'),
    ({"providers": {" a": MAIN}}, 'providers." a".name: a provider\'s name must be'),
    ({"provider": {"main": MAIN}}, "provider: unknown key; did you mean providers?"),
    ({**config(), **FOREIGN}, "all keys must be strings"),
    (config() | {"routes": {"providers": ["main"]}}, "routes: must be a list"),
    (config() | {"routes": ["main"]}, "routes[0]: must be a table"),
    (config() | {"routes": [{"prefixes": ["7"]}]}, "routes[0].providers: is missing"),
    (routed(providers=[]), "routes[0].providers: is empty; name at least one provider"),
    (routed(providers="main"), "routes[0].providers: must be a list"),
    (routed(providers=["main", 5]), "routes[0].providers[1]: must be a text"),
    (routed(providers=["mian"]), "routes[0].providers: there is no provider mian; did you mean main?"),
    (routed(providers=["zzz"]), "routes[0].providers: there is no provider zzz; known: main"),
    (routed(providers=["main", "main"]), "routes[0].providers: names a provider twice"),
    (routed(prefixes="995"), "routes[0].prefixes: must be a list"),
    (routed(prefixes=["995", "99 5"]), "routes[0].prefixes[1]: must be digits"),
    (routed(prefixes=[""]), "routes[0].prefixes[0]: must be digits; leave prefixes out for every number"),
    (routed(prefixes=["+"]), "routes[0].prefixes[0]: must be digits"),
    (routed(prefixes=["٧"]), "routes[0].prefixes[0]: must be digits"),
    (routed(prefixes=[995]), "routes[0].prefixes[0]: must be a text"),
    (routed(strategy="random"), "routes[0].strategy: must be one of failover, round_robin, weighted"),
    (routed(strategy="weighted"), "routes[0].weights: has none for main; add one"),
    (routed(weights={"main": 1}), 'routes[0].weights: only strategy = "weighted" has weights'),
    (routed(strategy="weighted", weights={"main": 0}), "routes[0].weights.main: must be above 0"),
    (routed(strategy="weighted", weights={"main": "1"}), "routes[0].weights.main: must be a number"),
    (
        routed(strategy="weighted", weights={"main": 1, "b": 1}),
        "routes[0].weights.b: is none of this route's",
    ),
    (routed(weight={}), "routes[0].weight: unknown key; did you mean weights?"),
    (config() | {"retry": {"attempts": 0}}, "retry.attempts: must be at least 1"),
    (config() | {"retry": {"initial": 0}}, "retry.initial: must be above 0"),
    (config() | {"retry": {"initial": 31}}, "retry.maximum: must be at least `initial`, 31"),
    (config() | {"retry": {"maximum": -1}}, "retry.maximum: must be above 0"),
    (config() | {"retry": {"deadline": 0}}, "retry.deadline: must be above 0"),
    (config() | {"retry": {"budget": -1}}, "retry.budget: must be at least 0"),
    (config() | {"retry": {"atempts": 1}}, "retry.atempts: unknown key; did you mean attempts?"),
    (config() | {"breaker": {"failures": 0}}, "breaker.failures: must be at least 1"),
    (config() | {"breaker": {"rest": 0}}, "breaker.rest: must be above 0"),
    (config() | {"breaker": {"account_rest": 0}}, "breaker.account_rest: must be above 0"),
    (config() | {"breaker": 5}, "breaker: must be a table"),
    (config() | {"dedup": {"store": "redis"}}, "dedup.store: must be one of memory"),
    (config() | {"dedup": {"key_ttl": 0}}, "dedup.key_ttl: must be above 0"),
    (config() | {"dedup": {"max_keys": 0}}, "dedup.max_keys: must be at least 1"),
]


@pytest.mark.parametrize(("given", "says"), BAD_VALUES, ids=[says for _, says in BAD_VALUES])
def test_what_is_wrong_is_named_by_its_path(given: dict[str, Any], says: str) -> None:
    """The first line names the path and what is wrong, and nothing of the error tells a value."""
    first = refused(lambda: load(given, {"EMPTY": ""})).splitlines()[0]
    assert says in first
    assert first.startswith(says.partition(":")[0]) or "password_" in says or "on_duplicate" in says


def test_all_problems_are_listed() -> None:
    """Each problem has its line, wherever it stands."""
    lines = refused(
        lambda: load(config(rate=0, timeout="x") | {"retry": {"attempts": 0}, "x": 1})
    ).splitlines()
    assert {line.partition(":")[0] for line in lines} == {
        "x",
        "providers.main.rate",
        "providers.main.timeout",
        "retry.attempts",
    }


@pytest.mark.parametrize(
    ("written", "price"),
    [(2, "2"), (0.1, "0.1"), ("0.10", "0.10"), (Decimal("1.5"), "1.5"), (1e-7, "1E-7"), (0, "0")],
)
def test_a_price_is_what_is_written(written: object, price: str) -> None:
    """A price has the digits that were written, not those of a binary fraction."""
    assert str(load(config(prices={"": written})).providers["main"].prices[""]) == price


def test_the_drivers_own_limit_is_a_batch_size() -> None:
    """batch_size may be as large as the provider allows."""
    assert load(config(batch_size=10)).providers["main"].batch_size == 10


def test_whole_floats_are_whole_numbers() -> None:
    """5.0 is 5 where a whole number is wanted."""
    connections = load(config(max_connections=5.0)).providers["main"].max_connections
    assert (connections, type(connections)) == (5, int)
