"""Profiles: named files of settings in one folder, and which of them is in use. Loaded where there is one.

``prefect.utilities.setting_sources`` knows the folder.
"""

from __future__ import annotations

import os
import re

from prefect.exceptions import ConfigurationError

VARIABLE = "PREFECT_PROFILE"
NONE = "default"
"""The name that stands for no profile."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


def path_of(folder: str, name: str) -> str:
    """Give the file of a profile.

    Raises:
        ConfigurationError: no profile can have this name.
    """
    if not _NAME.match(name) or name == NONE:
        raise ConfigurationError(
            f"A profile cannot be named {name[:80]!r}: expected letters, digits and ._- , at most 64, and not {NONE!r}."
        )
    return os.path.join(folder, f"{name}.toml")


def in_use(folder: str) -> tuple[str, str]:
    """Give the name of the profile in use, and what says so; empty names when there is none."""
    named = os.environ.get(VARIABLE, "").strip()
    source = VARIABLE
    if not named:
        source = os.path.join(folder, "active")
        try:
            with open(source, encoding="utf-8") as file:
                named = file.read(200).strip()
        except (OSError, UnicodeDecodeError):
            return "", ""
    return (named, source) if named and named != NONE else ("", "")


def names(folder: str) -> list[str]:
    """Give the names of all profiles, in order."""
    try:
        found = os.listdir(folder)
    except OSError:
        return []
    return sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml") and not name.startswith("."))


def path_in_use(folder: str) -> str | None:
    """Give the file of the profile in use, None when there is none.

    Raises:
        ConfigurationError: one is named that is not there.
    """
    name, source = in_use(folder)
    if not name:
        return None
    path = path_of(folder, name)
    if not os.path.isfile(path):
        unknown = ConfigurationError(
            f"There is no profile {name!r}, which {source} names; there are: {', '.join(names(folder)) or 'none'}."
        )
        unknown.code = "PROFILE_UNKNOWN"
        raise unknown
    return path
