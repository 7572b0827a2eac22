"""The backend that a user has chosen with ``prefect backend``: one line in ``<home_dir>/backend.toml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import configuration
from prefect.configuration import interpolate_env_vars, load_toml


def backend_path() -> Path:
    """Give the path of the file; its folder need not be there."""
    return Path(str(interpolate_env_vars(configuration.config.home_dir))) / "backend.toml"


def load_backend() -> dict[str, Any]:
    """Give the content of the file, ``{"backend": ...}``, or an empty dictionary when there is none."""
    path = backend_path()
    return load_toml(str(path)) if path.is_file() else {}


def save_backend(backend: str) -> None:
    """Write the file, with its folder."""
    path = backend_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'backend = "{backend}"\n', encoding="utf-8")
