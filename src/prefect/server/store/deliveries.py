"""Statements about what became of what hooks and actions sent."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Column, Delete, Select, Table, delete, select

from prefect.server.catalogue import action, cloud_hook, delivery
from prefect.server.store.phrases import inserting, value_of

__all__ = ["forget_older", "keep", "lock_sender"]

_keep = inserting(
    delivery,
    "id",
    "tenant_id",
    "created",
    "updated",
    "cloud_hook_id",
    "action_id",
    "outcome",
    "attempts",
    "next_time",
    "reason",
    "event_type",
    "subject",
    "state",
    "flow_run_id",
)
keep = _keep.on_conflict_do_update(
    index_elements=["id"],
    set_={name: _keep.excluded[name] for name in ("updated", "outcome", "attempts", "next_time", "reason")},
)


def _lock(table: Table) -> Select[tuple[str]]:
    # Whoever deletes the hook or the action at this moment waits, and takes what is kept here along.
    return (
        select(table.c.id)
        .where(table.c.id == value_of("sender_id", table.c.id))
        .with_for_update(read=True, key_share=True)
    )


def _forget_older(sender: Column[str]) -> Delete:
    newest = (
        select(delivery.c.id)
        .where(sender == value_of("sender_id", sender))
        .order_by(delivery.c.updated.desc(), delivery.c.id.desc())
        .limit(value_of("kept", delivery.c.attempts))
    )
    return delete(delivery).where(sender == value_of("sender_id", sender)).where(delivery.c.id.not_in(newest))


#: By the column that names who sent.
lock_sender: Mapping[str, Select[tuple[str]]] = {"cloud_hook_id": _lock(cloud_hook), "action_id": _lock(action)}
forget_older: Mapping[str, Delete] = {
    column.name: _forget_older(column) for column in (delivery.c.cloud_hook_id, delivery.c.action_id)
}
