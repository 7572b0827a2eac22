"""Settings for the length of a ``with`` block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from prefect import configuration
from prefect.configuration import Config


@contextmanager
def set_temporary_config(temp_config: Mapping[str, Any]) -> Iterator[Config]:
    """Change settings, named by their dotted paths, and put the former ones back at the end.

    The change is made in place, so that ``prefect.config`` and ``prefect.context.config`` both show it.
    """
    config = configuration.config
    former = config.copy()
    try:
        for path, value in temp_config.items():
            *sections, key = path.split(".")
            section = config
            for name in sections:
                section = section.setdefault(name, Config())
            section[key] = value
        yield config
    finally:
        config.clear()
        for key, value in former.items():
            dict.__setitem__(config, key, value)
