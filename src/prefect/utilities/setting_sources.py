"""What the files of settings say, one by one, and the profiles of this user: for those who show and change settings."""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple

from prefect import configuration, profiles

__all__ = [
    "Source",
    "files",
    "is_confidential",
    "path_of_profile",
    "profile_in_use",
    "profile_names",
    "profiles_folder",
]

_CONFIDENTIAL = re.compile(
    r"(?:^|\.)\w*(?:key|secret|secrets|token|password|passwd|passphrase|credentials)(?:\.|$)", re.IGNORECASE
)


class Source(NamedTuple):
    """What one file says: its path, its settings by dotted name; no path: the packaged defaults."""

    path: str
    settings: dict[str, Any]


def files() -> list[Source]:
    """Give what each file says that there is, the packaged defaults first, later ones go before earlier ones.

    Raises:
        ConfigurationError: one cannot be read.
    """
    named = (configuration.USER_CONFIG, configuration.BACKEND_CONFIG)
    paths = [str(configuration.interpolate_env_vars(path)) for path in named]
    name, _ = profile_in_use()
    paths += [path_of_profile(name)] if name else []
    found = [Source("", _by_name(configuration.DEFAULT_CONFIG))]
    return found + [Source(path, _by_name(path)) for path in paths if os.path.isfile(path)]


def _by_name(path: str) -> dict[str, Any]:
    return {".".join(names): value for names, value in configuration.leaves(configuration.load_toml(path))}


def is_confidential(key: str) -> bool:
    """Whether the value of a setting (``cloud.api_key``) is for nobody's eyes."""
    return bool(_CONFIDENTIAL.search(key))


def profiles_folder() -> str:
    """Give the folder of the profiles, beside the user's file; it need not be there."""
    return os.path.join(os.path.dirname(str(configuration.interpolate_env_vars(configuration.USER_CONFIG))), "profiles")


def path_of_profile(name: str) -> str:
    """Give the file of a profile.

    Raises:
        ConfigurationError: no profile can have this name.
    """
    return profiles.path_of(profiles_folder(), name)


def profile_in_use() -> tuple[str, str]:
    """Give the name of the profile in use, and what says so; empty names when there is none."""
    return profiles.in_use(profiles_folder())


def profile_names() -> list[str]:
    """Give the names of all profiles, in order."""
    return profiles.names(profiles_folder())
