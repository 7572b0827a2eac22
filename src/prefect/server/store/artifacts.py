"""Statements about task run artifacts."""

from __future__ import annotations

from sqlalchemy import delete

from prefect.server.catalogue import task_run_artifact
from prefect.server.store.phrases import inserting, updating, value_of

__all__ = ["delete_artifact", "insert_artifact", "set_artifact_data"]

insert_artifact = inserting(task_run_artifact, "id", "tenant_id", "task_run_id", "kind", "data", "created", "updated")
set_artifact_data = updating(task_run_artifact, "data", row="artifact_id")
delete_artifact = delete(task_run_artifact).where(
    task_run_artifact.c.id == value_of("artifact_id", task_run_artifact.c.id)
)
