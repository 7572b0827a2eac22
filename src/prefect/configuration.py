"""Settings: packaged defaults, then the user's file, the backend file, the profile in use, ``PREFECT__`` variables.

``config`` is read from these on first use, not at import, so that a program that never asks for it reads no file.
Knows nothing of what the settings are for; each room reads its own.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from prefect._dotted import DottedDict

DEFAULT_CONFIG = os.path.join(os.path.dirname(os.path.abspath(__file__)), "config.toml")
USER_CONFIG = os.getenv("PREFECT__USER_CONFIG_PATH", "~/.prefect/config.toml")
BACKEND_CONFIG = os.getenv("PREFECT__BACKEND_CONFIG_PATH", "~/.prefect/backend.toml")
ENV_VAR_PREFIX = "PREFECT"
INTERPOLATION_REGEX = re.compile(r"\${(.[^${}]*)}")

# Texts that are no Python literal, as almost all of the settings are, can be told without loading the parser (2 ms):
# words, paths, addresses, and what holds a sign that literals have in quotes only.
_NO_LITERAL = re.compile(
    r"(?!(?:None|True|False|set)\b)[A-Za-z_]{3}|[$/~%]|\d+\.\d+\.\d|[^\"'#]*[%$/@|]|\Z",
    re.ASCII,
)
_WHOLE_NUMBER = re.compile(r"(?:0|-?[1-9][0-9]{0,15})\Z")

# References may lead to references; a circle ends here with the reference left as text.
_INTERPOLATION_PASSES = 10
_NOT_A_KEY = frozenset(name for name in dir(dict) if not name.startswith("_")) | {"to_dict", "to_json"}

Path_ = tuple[str, ...]


class Config(DottedDict):
    """A tree of settings with attribute access. ``copy`` copies the sections, and shares the values."""

    __slots__ = ()


if TYPE_CHECKING:
    config: Config


def __getattr__(name: str) -> Any:
    if name == "config":
        return _load_once()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_loading = threading.RLock()


def _load_once() -> Config:
    with _loading:
        loaded: Config | None = globals().get("config")
        if loaded is None:
            loaded = globals()["config"] = load_default_config()
        return loaded


def forget() -> None:
    """Let the settings be read again when they are next asked for, as in a process that has just begun."""
    global USER_CONFIG, BACKEND_CONFIG
    USER_CONFIG = os.getenv("PREFECT__USER_CONFIG_PATH", "~/.prefect/config.toml")
    BACKEND_CONFIG = os.getenv("PREFECT__BACKEND_CONFIG_PATH", "~/.prefect/backend.toml")
    with _loading:
        former = globals().pop("config", None)
        # The modules that hand the settings on keep what they gave once.
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] == "prefect" and former is not None and vars(module).get("config") is former:
                del vars(module)["config"]


def load_default_config() -> Config:
    """Read the settings that this process runs with, afresh."""
    return process_task_defaults(
        load_configuration(
            DEFAULT_CONFIG,
            user_config_path=USER_CONFIG,
            backend_config_path=BACKEND_CONFIG,
            env_var_prefix=ENV_VAR_PREFIX,
            profile_path=_path_of_profile_in_use(),
        )
    )


def load_configuration(
    path: str,
    user_config_path: str | None = None,
    backend_config_path: str | None = None,
    env_var_prefix: str | None = None,
    profile_path: str | None = None,
) -> Config:
    """Read one TOML file, lay the other files over it if they exist, then the environment, and resolve references.

    Raises:
        ValueError: a key is named like a dictionary's method, or a file is no TOML (the message names the file).
        FileNotFoundError: there is no file at ``path``.
    """
    settings = load_toml(path)
    for overlay_path in (user_config_path, backend_config_path, profile_path):
        if overlay_path is not None:
            overlay_file = str(interpolate_env_vars(overlay_path))
            if os.path.isfile(overlay_file):
                _lay_over(settings, load_toml(overlay_file))
    loaded = interpolate_config(settings, env_var_prefix=env_var_prefix)
    validate_config(loaded)
    return loaded


def _path_of_profile_in_use() -> str | None:
    folder = os.path.join(os.path.dirname(str(interpolate_env_vars(USER_CONFIG))), "profiles")
    if not os.environ.get("PREFECT_PROFILE") and not os.path.exists(os.path.join(folder, "active")):
        return None
    from prefect import profiles

    return profiles.path_in_use(folder)


def _refused(text: str) -> ValueError:
    # Late: a start that goes well does without.
    from prefect.exceptions import ConfigurationError

    return ConfigurationError(text)


def load_toml(path: str) -> dict[str, Any]:
    """Read a TOML file; ``~`` and environment variables in the path are expanded."""
    # Late: only a process that reads settings pays for the parser.
    import tomllib

    file = str(interpolate_env_vars(path))
    try:
        with open(file, "rb") as stream:
            text = stream.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _refused(f"The configuration file {file} cannot be read: {error.strerror or error}.") from error
    try:
        return tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _refused(f"The configuration file {file} is not valid TOML: {error}") from error


def interpolate_config(config: Mapping[str, Any], env_var_prefix: str | None = None) -> Config:
    """Lay the environment over the settings, expand variables, give text its type and resolve ``${a.b}`` references."""
    flat = dict(leaves(config))
    if env_var_prefix:
        for path, value in _from_environment(env_var_prefix):
            _put(flat, path, value)
    # A text of the environment is given its type twice, as 1.x does: PREFECT__A='"5"' is the number 5.
    flat = {path: _from_text(value) for path, value in flat.items()}

    names = {".".join(path): path for path in flat}
    for path in list(flat):
        value = flat[path]
        for _ in range(_INTERPOLATION_PASSES):
            if not isinstance(value, str):
                break
            match = INTERPOLATION_REGEX.search(value)
            if match is None:
                break
            referred = names.get(match.group(1))
            replacement = "" if referred is None else flat[referred]
            # A value that is nothing but a reference keeps the type of what it refers to.
            if value == match.group(0):
                value = replacement
            else:
                value = value.replace(match.group(0), str(replacement), 1)
        flat[path] = value
    return _nested(flat)


def interpolate_env_vars(env_var: Any) -> Any:
    """Expand environment variables and ``~`` in a text until nothing changes; other values are handed back."""
    if not isinstance(env_var, str):
        return env_var
    text = env_var
    for _ in range(_INTERPOLATION_PASSES):
        expanded = os.path.expanduser(os.path.expandvars(text))
        if expanded == text:
            break
        text = expanded
    return text


def string_to_type(val: str) -> Any:
    """Give a text its type: ``true`` and ``false`` in any case, then a Python literal, else the text itself."""
    lowered = val.lower()
    if lowered in ("true", "false"):
        return lowered == "true"
    if _NO_LITERAL.match(val):
        return val
    if _WHOLE_NUMBER.match(val):
        return int(val)
    if val == "[]":
        return []
    import ast

    try:
        return ast.literal_eval(val)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return val


def process_task_defaults(config: Config) -> Config:
    """Bring ``tasks.defaults`` into the form that tasks use: a count, a timedelta or None, seconds or None."""
    defaults = config.setdefault("tasks", Config()).setdefault("defaults", Config())
    defaults.max_retries = defaults.get("max_retries") or 0
    timeout = defaults.get("timeout")
    defaults.timeout = None if timeout is False else timeout
    delay = defaults.get("retry_delay")
    if delay is False or delay is None:
        defaults.retry_delay = None
    elif not isinstance(delay, timedelta):
        defaults.retry_delay = timedelta(seconds=delay)
    return config


def validate_config(config: Mapping[str, Any]) -> None:
    """Refuse keys that could not be read as attributes because dictionaries have methods of that name."""
    for key, value in config.items():
        if key in _NOT_A_KEY:
            raise _refused(f'Invalid config key: "{key}"')
        if isinstance(value, dict):
            validate_config(value)


def create_user_config(dest_path: str, source_path: str = DEFAULT_CONFIG) -> None:
    """Write a configuration file to start from: a copy of the defaults.

    Raises:
        ValueError: there is a file already.
    """
    from pathlib import Path

    destination = Path(str(interpolate_env_vars(dest_path)))
    if destination.is_file():
        raise ValueError(f"File already exists: {destination}")
    destination.parent.mkdir(parents=True, exist_ok=True)
    source = Path(str(interpolate_env_vars(source_path)))
    # A file of settings may hold keys: the copy is made as protected as what it is copied from.
    mode = source.stat().st_mode & 0o666
    with open(destination, "wb", opener=lambda path, flags: os.open(path, flags, mode)) as file:
        file.write(source.read_bytes())


def to_environment_variables(
    config: Mapping[str, Any], include: Iterable[str] | None = None, prefix: str = "PREFECT"
) -> dict[str, str]:
    """Give settings as environment variables that make them again in another process.

    Args:
        include: dotted names of the settings wanted, all by default; a name of a section or of nothing is passed over.
    """
    wanted = None if include is None else set(include)
    return {
        "__".join((prefix, *path)).upper(): str(value)
        for path, value in leaves(config)
        if wanted is None or ".".join(path) in wanted
    }


def _lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _lay_over(below[key], value)
        else:
            below[key] = value


def _from_text(value: Any) -> Any:
    return string_to_type(interpolate_env_vars(value)) if isinstance(value, str) else value


def _from_environment(prefix: str) -> Iterator[tuple[Path_, Any]]:
    start = f"{prefix}__"
    for variable, text in os.environ.items():
        if not variable.startswith(start):
            continue
        words = variable.removeprefix(start).split("__")
        if not all(words):
            continue
        # The name of a local secret, and those of its fields, keep their case; every other key is lower-case.
        is_secret = len(words) >= 3 and [word.lower() for word in words[:2]] == ["context", "secrets"]
        path = ("context", "secrets", *words[2:]) if is_secret else tuple(word.lower() for word in words)
        yield path, _from_text(text)


def _put(flat: dict[Path_, Any], path: Path_, value: Any) -> None:
    """Set one value in a flat tree; a dictionary is taken as a section."""
    if isinstance(value, dict):
        for below, leaf in leaves(value):
            flat[(*path, *below)] = leaf
        if value:
            return
    flat[path] = value


def leaves(tree: Mapping[str, Any], above: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Give the values of nested sections, each with the names that lead to it."""
    for key, value in tree.items():
        path = (*above, str(key))
        if isinstance(value, dict) and value:
            yield from leaves(value, path)
        elif isinstance(value, dict):
            yield path, Config()
        else:
            yield path, value


def _nested(flat: Mapping[Path_, Any]) -> Config:
    tree = Config()
    for path, value in flat.items():
        section = tree
        for key in path[:-1]:
            below = section.get(key)
            if not isinstance(below, Config):
                below = Config()
                dict.__setitem__(section, key, below)
            section = below
        # A single value for what is a section (PREFECT__CLOUD=x) would take all its settings away: the section stays.
        if not (isinstance(section.get(path[-1]), Config) and not isinstance(value, dict)):
            section[path[-1]] = value
    return tree
