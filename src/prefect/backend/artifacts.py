"""Artifacts of a task run: links and Markdown texts shown beside it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.contract import errors
from prefect.exceptions import ClientError
from prefect.utilities.context import context

ATTEMPTS = 6
ATTEMPT_SECONDS = 1.0


def create_link_artifact(link: str) -> str | None:
    """Add a link to the task run at hand, and give the artifact's id; None when no backend takes part."""
    return _create("link", {"link": link})


def create_markdown_artifact(markdown: str) -> str | None:
    """Add a Markdown text to the task run at hand, and give the artifact's id; None when no backend takes part."""
    return _create("markdown", {"markdown": markdown})


def update_link_artifact(task_run_artifact_id: str, link: str) -> None:
    """Replace the link of an artifact."""
    _update(task_run_artifact_id, {"link": link})


def update_markdown_artifact(task_run_artifact_id: str, markdown: str) -> None:
    """Replace the text of an artifact."""
    _update(task_run_artifact_id, {"markdown": markdown})


def delete_artifact(task_run_artifact_id: str) -> None:
    """Delete an artifact."""
    if _has_backend():
        from prefect.client.client import Client

        Client().delete_task_run_artifact(task_run_artifact_id)


def _has_backend() -> bool:
    return bool(context.get("running_with_backend"))


def _create(kind: str, data: Mapping[str, Any]) -> str | None:
    if not _has_backend():
        return None
    from prefect.client.client import Client

    client = Client()
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return client.create_task_run_artifact(task_run_id=context.get("task_run_id"), kind=kind, data=data)
        except ClientError as error:
            # Behind a replicated database the task run may be visible a moment later.
            if errors.NOT_FOUND not in str(error).lower() or attempt == ATTEMPTS:
                raise
            time.sleep(ATTEMPT_SECONDS)
    return None


def _update(task_run_artifact_id: str, data: Mapping[str, Any]) -> None:
    if _has_backend():
        from prefect.client.client import Client

        Client().update_task_run_artifact(task_run_artifact_id, data)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "prefect": "prefect:",
        },
    )
