"""The former names of the functions in :mod:`prefect.backend.artifacts`, which warn, and their present names."""

from __future__ import annotations

import warnings

from prefect.backend.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    update_link_artifact,
    update_markdown_artifact,
)
from prefect.backend.artifacts import delete_artifact as _delete_artifact

__all__ = [
    "create_link",
    "create_link_artifact",
    "create_markdown",
    "create_markdown_artifact",
    "delete_artifact",
    "update_link",
    "update_link_artifact",
    "update_markdown",
    "update_markdown_artifact",
]


def _warn(former: str, present: str) -> None:
    warnings.warn(
        f"`prefect.artifacts.{former}` is deprecated; use `prefect.backend.artifacts.{present}`.",
        UserWarning,
        stacklevel=3,
    )


def create_link(link: str) -> str | None:
    """Deprecated: use ``prefect.backend.artifacts.create_link_artifact``."""
    _warn("create_link", "create_link_artifact")
    return create_link_artifact(link)


def update_link(task_run_artifact_id: str, link: str) -> None:
    """Deprecated: use ``prefect.backend.artifacts.update_link_artifact``."""
    _warn("update_link", "update_link_artifact")
    update_link_artifact(task_run_artifact_id, link)


def create_markdown(markdown: str) -> str | None:
    """Deprecated: use ``prefect.backend.artifacts.create_markdown_artifact``."""
    _warn("create_markdown", "create_markdown_artifact")
    return create_markdown_artifact(markdown)


def update_markdown(task_run_artifact_id: str, markdown: str) -> None:
    """Deprecated: use ``prefect.backend.artifacts.update_markdown_artifact``."""
    _warn("update_markdown", "update_markdown_artifact")
    update_markdown_artifact(task_run_artifact_id, markdown)


def delete_artifact(task_run_artifact_id: str) -> None:
    """Deprecated: use ``prefect.backend.artifacts.delete_artifact``."""
    _warn("delete_artifact", "delete_artifact")
    _delete_artifact(task_run_artifact_id)
