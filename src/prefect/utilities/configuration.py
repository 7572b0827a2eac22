"""Settings for the length of a ``with`` block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from prefect import configuration
from prefect.configuration import Config
from prefect.utilities.context import context


@contextmanager
def set_temporary_config(temp_config: Mapping[str, Any]) -> Iterator[Config]:
    """Change settings, named by their dotted paths, and put the former ones back at the end.

    The change is made in place, so that ``prefect.config`` and ``prefect.context.config`` both show it. Other threads
    see it too.
    """
    config = configuration.config
    configs = [config] if context.config is config else [config, context.config]
    former = [changed.copy() for changed in configs]
    try:
        for changed in configs:
            for path, value in temp_config.items():
                _put(changed, path.split("."), value)
        configuration.validate_config(config)
        yield config
    finally:
        for changed, content in zip(configs, former, strict=True):
            _restore(changed, content)


def _put(config: Config, path: list[str], value: Any) -> None:
    section: Any = config
    for name in path[:-1]:
        if not isinstance(section.get(name), Config):
            section[name] = Config()
        section = section[name]
    section[path[-1]] = value


def _restore(config: Config, former: Config) -> None:
    # Key by key and never empty in between: other threads are reading.
    for key in [key for key in config if key not in former]:
        del config[key]
    for key, value in former.items():
        if isinstance(value, Config) and isinstance(config.get(key), Config):
            _restore(config[key], value)
        elif config.get(key) is not value:
            config[key] = value
