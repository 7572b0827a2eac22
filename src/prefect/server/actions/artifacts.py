"""Artifacts: what a task run shows beside its result."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect.server.actions.checks import check_name, found, new_id, size_of
from prefect.server.errors import ApiError
from prefect.server.settings import Settings
from prefect.server.store import artifacts, runs
from prefect.server.store.database import Transaction

__all__ = ["create_artifact", "delete_artifact", "update_artifact"]


def create_artifact(
    tx: Transaction,
    now: datetime,
    *,
    settings: Settings,
    task_run_id: str,
    kind: str,
    data: Any,
    tenant_id: str | None = None,
) -> str:
    """Keep an artifact of a task run; gives its id."""
    check_name("kind", kind)
    _check_size(data, settings)
    run = found(tx.one(runs.task_run_by_id, task_run_id=task_run_id), f"Task run {task_run_id} not found")
    owner = run["tenant_id"] or run["owner_id"]
    if tenant_id is not None and tenant_id != owner:
        raise ApiError("Invalid tenant ID.", "NOT_FOUND")
    artifact_id = new_id()
    tx.run(
        artifacts.insert_artifact,
        id=artifact_id,
        tenant_id=owner,
        task_run_id=task_run_id,
        kind=kind,
        data=data,
        created=now,
        updated=now,
    )
    return artifact_id


def update_artifact(
    tx: Transaction, now: datetime, *, settings: Settings, task_run_artifact_id: str, data: Any
) -> bool:
    """Replace an artifact's data."""
    _check_size(data, settings)
    return tx.run(artifacts.set_artifact_data, artifact_id=task_run_artifact_id, data=data, now=now) > 0


def delete_artifact(tx: Transaction, now: datetime, *, task_run_artifact_id: str) -> bool:
    """Delete an artifact."""
    return tx.run(artifacts.delete_artifact, artifact_id=task_run_artifact_id) > 0


def _check_size(data: Any, settings: Settings) -> None:
    limit = settings.artifacts_max_payload_bytes
    if data is None:
        raise ApiError("Artifact data must not be null.", "BAD_USER_INPUT")
    if size_of("data", data) > limit:
        raise ApiError(f"Artifact data payload exceeds {limit} bytes limit.", "BAD_USER_INPUT")
