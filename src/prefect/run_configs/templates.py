"""Job templates of run configs: YAML text, a file of this machine, or a path that the agent reads."""

from __future__ import annotations

from typing import Any


def parse_yaml(content: str | bytes) -> Any:
    """Give the value of a YAML text."""
    import yaml  # only for templates

    return yaml.safe_load(content)


def read_if_local(path: str | None) -> tuple[str | None, Any]:
    """Read a template that lies on this machine.

    Returns:
        What is left of the path, and the template: a file of this machine gives (None, template), any other path
        (path, None), since only the agent can read it.

    Raises:
        OSError: there is no such file.
    """
    if path is None:
        return None, None
    from prefect.utilities.filesystems import parse_path, read_bytes_from_path

    if parse_path(path).scheme in ("", "file", "local"):
        return None, parse_yaml(read_bytes_from_path(path))
    return path, None
