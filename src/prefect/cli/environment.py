"""What the environment says of settings: names that are almost theirs are told, values are held against them.

A name that is near no setting may be one of the user's own, which flows read: nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from prefect.utilities.setting_sources import Source

__all__ = ["look_through", "nearest", "wrong_kind"]

PREFIX = "PREFECT__"
SERVER_PREFIX = "PREFECT_SERVER__"
# Read before there are settings, or by other programs of ours.
OWN = frozenset({"PREFECT_PROFILE", "PREFECT__USER_CONFIG_PATH", "PREFECT__BACKEND_CONFIG_PATH", "PREFECT_WARM_PARENT"})
NEAR = 0.8
LEVELS = ("DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL", "FATAL", "NOTSET")
CHOICES = {
    "backend": ("server", "cloud"),
    "logging.level": LEVELS,
    "cloud.agent.level": LEVELS,
    "cloud.heartbeat_mode": ("process", "thread", "off"),
}
"""Settings that take one of a few words; levels of logs take numbers too."""


def look_through(environment: Mapping[str, str]) -> None:
    """Warn of variables that are almost settings.

    Raises:
        ConfigurationError: a variable has a value that its setting cannot have.
    """
    from prefect.exceptions import ConfigurationError
    from prefect.utilities import setting_sources

    try:
        known = _files()[0].settings
    except ConfigurationError:
        return  # told by whoever needs them: the command may be the one that mends them
    for name, meant in misspelt(environment):
        text = f"warning: {name} is no setting and has no effect. Did you mean {meant}?"
        click.secho(text, fg="yellow", err=True)
    for name, text in environment.items():
        key = name.removeprefix(PREFIX).lower().replace("__", ".")
        if name.startswith(PREFIX) and key in known and (expected := wrong_kind(key, known[key], _typed(text))):
            shown = "something else" if setting_sources.is_confidential(key) else repr(text[:80])
            raise ConfigurationError(f"{name}: expected {expected}, got {shown}.")


def wrong_in_files() -> list[str]:
    """Name the settings of files that have a value of another kind."""
    from prefect.utilities import setting_sources

    defaults, *files = setting_sources.files()
    found = []
    for path, settings in files:
        for key, value in settings.items():
            if expected := wrong_kind(key, defaults.settings.get(key), value):
                shown = "something else" if setting_sources.is_confidential(key) else repr(str(value)[:80])
                found.append(f"{path}: {key}: expected {expected}, got {shown}.")
    return found


def misspelt(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Give the variables that are no settings but almost: each with the nearest one."""
    found = []
    names: dict[str, str] | None = None
    for name in sorted(environment):
        if not name.startswith("PREFECT_") or name in OWN or name.startswith((SERVER_PREFIX, PREFIX + "CONTEXT__")):
            continue
        if names is None:
            names = {_bare(key.replace(".", "_")): key for source in _files() for key in source.settings}
        key = name.removeprefix(PREFIX).lower().replace("__", ".")
        if name.startswith(PREFIX) and (key in names.values() or _is_section(key, names.values())):
            continue
        if near := nearest(_bare(name), names):
            found.append((name, PREFIX + names[near].upper().replace(".", "__")))
    return found


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Give the known word that is almost this one."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=NEAR)), None)


def wrong_kind(key: str, default: Any, value: Any) -> str | None:
    """Say what was expected of a setting, when this value is no such thing."""
    choices = CHOICES.get(key, ())
    if choices and not isinstance(value, int) and str(value) not in choices:
        return "one of " + ", ".join(choices)
    if isinstance(default, bool) or isinstance(value, bool):
        # false stands for "none" with some settings, and true for their own default.
        return None
    if isinstance(default, int | float) and not isinstance(value, int | float):
        return "a number"
    return None


def _bare(name: str) -> str:
    return name.removeprefix("PREFECT").strip("_").lower().replace("__", "_")


def _is_section(key: str, keys: Iterable[str]) -> bool:
    return any(known.startswith(key + ".") for known in keys)


def _typed(text: str) -> Any:
    from prefect.configuration import interpolate_env_vars, string_to_type

    return string_to_type(interpolate_env_vars(text))


def _files() -> list[Source]:
    from prefect.utilities import setting_sources

    return setting_sources.files()
