"""TOML, mapping, environment, DSN -> frozen settings.

`_RULES` has what one value must be beyond its type, `_CHECKS` what several must be together; `strict.py`
reads the types, and turns all that is wrong into one `ConfigurationError` without repeating any value.
"""

import inspect
import os
import re
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from attrs import fields

from smsgw.drivers.discovery import find_drivers
from smsgw.drivers.settings import ProviderSettings
from smsgw.dsn import parse_dsn, plain_host, url_problem
from smsgw.errors import ConfigurationError
from smsgw.settings import (
    BreakerSettings,
    DedupSettings,
    InsecureUrlWarning,
    RetrySettings,
    RouteSettings,
    Settings,
)
from smsgw.sources import PASSWORD_KEYS, read_password, read_toml
from smsgw.strict import Check, Problem, Rule, Strict, each, must, shown, suggestion

__all__ = [
    "BreakerSettings",
    "DedupSettings",
    "InsecureUrlWarning",
    "RetrySettings",
    "RouteSettings",
    "Settings",
    "load",
    "load_dsn",
    "load_env",
    "warn_insecure",
]


def load(
    source: str | os.PathLike[str] | Mapping[str, Any], environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings of a TOML file, by its path, or of a mapping of the same shape.

    A relative `password_file` is looked for beside the TOML file; for a mapping, in the working directory.
    """
    environ = os.environ if environ is None else environ
    if isinstance(source, Mapping):
        settings = _settings(source, Path(), environ)
    else:
        path = Path(source)
        settings = _settings(read_toml(path), path.parent, environ)
    warn_insecure(settings)
    return settings


def load_env(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings that `SMSGW_CONFIG` (a TOML file) or `SMSGW_DSN` (DSNs, separated by spaces) names."""
    environ = os.environ if environ is None else environ
    config, dsns = environ.get("SMSGW_CONFIG", "").strip(), environ.get("SMSGW_DSN", "").split()
    if config and dsns:
        raise ConfigurationError("SMSGW_CONFIG and SMSGW_DSN are both set: unset one of them")
    if config:
        return load(config, environ)
    if dsns:
        return load_dsn(*dsns)
    raise ConfigurationError(
        "set SMSGW_CONFIG to the path of a TOML file, or SMSGW_DSN to driver://login:password@host/path/"
    )


def load_dsn(*dsns: str) -> Settings:
    """One provider a DSN, in the order of routing; all else has its defaults."""
    if not dsns:
        raise ConfigurationError("no DSN is given: write driver://login:password@host/path/")
    providers: dict[str, ProviderSettings] = {}
    for number, dsn in enumerate(dsns, 1):
        where = f"DSN {number}"
        provider = _STRICT.structure(parse_dsn(dsn, where), ProviderSettings, where)
        if provider.name in providers:
            raise ConfigurationError(
                f"{where}: a provider named {shown(provider.name)} is there already; give this one name=…"
            )
        providers[provider.name] = provider
    settings = Settings(providers=MappingProxyType(providers))
    warn_insecure(settings)
    return settings


def warn_insecure(settings: Settings) -> None:
    """Warn once for each provider whose login and password leave this machine unencrypted."""
    for name, provider in settings.providers.items():
        host = plain_host(provider.url or find_drivers()[provider.driver].default_url)
        if host is not None:
            warnings.warn(
                f"providers.{shown(name)}: http:// to {host}: login and password travel readable; "
                "use https:// where the gateway offers it",
                InsecureUrlWarning,
                stacklevel=_frames_of_ours(),
            )


def _frames_of_ours() -> int:
    """The `stacklevel` for a `warn` in the caller that names the user's line, however deep it is in here."""
    level, frame = 0, inspect.currentframe()
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "smsgw":
        level, frame = level + 1, frame.f_back
    return level


def _settings(table: Mapping[str, Any], folder: Path, environ: Mapping[str, str]) -> Settings:
    providers = table.get("providers")
    if isinstance(providers, Mapping):
        filled = {name: _filled_in(name, provider, folder, environ) for name, provider in providers.items()}
        table = {**table, "providers": filled}
    return _STRICT.structure(table, Settings)


def _filled_in(name: object, table: object, folder: Path, environ: Mapping[str, str]) -> object:
    """A provider's table with `name`, `driver` and `password`, or the `Problem` in place of it."""
    if not isinstance(table, Mapping):
        return table
    if "name" in table:
        return Problem("unknown key; a provider is named by its table", "name")
    try:
        password = read_password(table, folder, environ)
    except Problem as problem:
        return problem
    kept = {key: value for key, value in table.items() if key not in PASSWORD_KEYS}
    return {"driver": name} | kept | {"name": name} | ({} if password is None else {"password": password})


# What one value must be.


def _driver(value: str) -> str:
    if value not in find_drivers():
        known = ", ".join(find_drivers())
        raise Problem(
            f"there is no such driver; known: {known} (where it is left out, it is the table's name)"
        )
    return value


def _url(value: str) -> str:
    if (problem := url_problem(value)) is not None:
        raise Problem(problem)
    return value


def _digits(value: str) -> bool:
    return value.isascii() and value.isdigit()


_filled: Final = must(bool, "is empty")
_positive: Final = must(lambda value: value > 0, "must be above 0")
_not_negative: Final = must(lambda value: value >= 0, "must be at least 0")
_one_or_more: Final = must(lambda value: value >= 1, "must be at least 1")
_name: Final = must(
    lambda value: value and value.isprintable() and value == value.strip(),
    "a provider's name must be printable, not empty, without outer spaces",
)
_no_control: Final = must(
    lambda value: not re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", value),
    "holds a control character (a line break at its end?)",
)
_prefix: Final = must(_digits, "must be digits; leave prefixes out for every number")
_prefix_keys: Final = must(
    lambda prices: all(_digits(prefix) for prefix in prices if prefix),
    'the keys must be prefixes: digits, or "" for all other numbers',
)


_RULES: Final[Mapping[type, Mapping[str, Rule]]] = {
    ProviderSettings: {
        "name": _name,
        "driver": _driver,
        "login": lambda value: _no_control(_filled(value)),
        "password": lambda value: _no_control(_filled(value)),
        "url": _url,
        "sender": _filled,
        "batch_size": _one_or_more,
        "max_connections": _one_or_more,
        "rate": _positive,
        "timeout": _positive,
        "keepalive": _not_negative,
        "charset": str.lower,
        "duplicate_window": _not_negative,
        "prices": lambda prices: each(_not_negative)(_prefix_keys(prices)),
    },
    RouteSettings: {
        "providers": must(bool, "is empty; name at least one provider"),
        "prefixes": each(lambda value: _prefix(value.removeprefix("+"))),
        "weights": each(_positive),
    },
    RetrySettings: {
        "attempts": _one_or_more,
        "initial": _positive,
        "maximum": _positive,
        "deadline": _positive,
        "budget": _not_negative,
    },
    BreakerSettings: {"failures": _one_or_more, "rest": _positive, "account_rest": _positive},
    DedupSettings: {"key_ttl": _positive, "max_keys": _one_or_more},
}


# What several values must be together: each check has the settings, and the table they were read from.


def _check_provider(provider: ProviderSettings, table: Mapping[str, Any]) -> Iterator[Problem]:
    driver = find_drivers()[provider.driver]
    if provider.batch_size is not None and provider.batch_size > driver.batch_limit:
        yield Problem(
            f"{provider.driver} takes at most {driver.batch_limit} recipients a request", "batch_size"
        )
    if provider.charset is not None and provider.charset not in driver.charsets:
        yield Problem(f"{provider.driver} reads {' or '.join(driver.charsets)}", "charset")
    if driver.duplicate_window is None:
        # TargetSMS's own values say nothing new, and the documented example has them for all.
        for key, harmless in (("duplicate_window", 60), ("on_duplicate", "reuse")):
            if table.get(key) not in (None, harmless):
                yield Problem(f"TargetSMS only; {provider.driver} has no such rule: leave it out", key)


def _check_route(route: RouteSettings, _: Mapping[str, Any]) -> Iterator[Problem]:
    if len(set(route.providers)) < len(route.providers):
        yield Problem("names a provider twice; name each once", "providers")
    if route.strategy != "weighted":
        if route.weights:
            yield Problem('only strategy = "weighted" has weights', "weights")
        return
    for name in route.providers:
        if name not in route.weights:
            yield Problem(f"has none for {shown(name)}; add one", "weights")
    for name in route.weights:
        if name not in route.providers:
            yield Problem("is none of this route's providers; take it out", "weights", name)


def _check_retry(retry: RetrySettings, _: Mapping[str, Any]) -> Iterator[Problem]:
    if retry.maximum < retry.initial:
        yield Problem(f"must be at least `initial`, {retry.initial}", "maximum")


def _check_settings(settings: Settings, _: Mapping[str, Any]) -> Iterator[Problem]:
    if not settings.providers:
        yield Problem("is empty; add a table [providers.NAME]", "providers")
    for index, route in enumerate(settings.routes):
        for name in route.providers:
            if name not in settings.providers:
                hint = suggestion(name, settings.providers)
                yield Problem(f"there is no provider {shown(name)}; {hint}", "routes", index, "providers")


_CHECKS: Final[Mapping[type, Check]] = {
    ProviderSettings: _check_provider,
    RouteSettings: _check_route,
    RetrySettings: _check_retry,
    Settings: _check_settings,
}

_STRICT: Final = Strict(
    rules=_RULES,
    checks=_CHECKS,
    keys={
        ProviderSettings: [
            *(f.name for f in fields(ProviderSettings) if f.name not in {"name", "password"}),
            *PASSWORD_KEYS,
        ]
    },
    missing={
        "password": "is missing; set password, password_env or password_file",
        "providers": "is missing; add a table [providers.NAME]",
    },
)
