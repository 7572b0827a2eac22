"""What became of what hooks and actions sent: the newest few of each are kept, for who asks why nobody heard.

Written where a delivery ends, never where a state changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from prefect.server.actions.checks import object_in
from prefect.server.store import deliveries
from prefect.server.store.database import Transaction

__all__ = ["DELIVERED", "GIVEN_UP", "KEPT", "LONGEST_REASON", "RETRYING", "keep"]

DELIVERED, RETRYING, GIVEN_UP = "DELIVERED", "RETRYING", "GIVEN_UP"
#: Of each hook and of each action.
KEPT = 20
LONGEST_REASON = 1000
LONGEST_TEXT = 200


def keep(
    tx: Transaction,
    now: datetime,
    *,
    outbox_id: str,
    tenant_id: str,
    sender: str,
    sender_id: str,
    event: Mapping[str, Any],
    entered: datetime,
    attempts: int,
    outcome: str,
    reason: str | None = None,
    next_time: datetime | None = None,
) -> None:
    """Keep what became of one delivery, in place of what was kept of its earlier attempts.

    Args:
        outbox_id: the row of the outbox that was sent.
        sender: which column names it: ``cloud_hook_id`` or ``action_id``; one that is gone keeps nothing.
        entered: when the event happened.
        reason: why it was not taken; holds no secret.
        next_time: when it is tried again.
    """
    if tx.one(deliveries.lock_sender[sender], sender_id=sender_id) is None:
        return
    told, run = object_in(event), object_in(object_in(event).get("flow_run"))
    subject = run.get("name") or object_in(told.get("agent")).get("name")
    tx.run(
        deliveries.keep,
        id=outbox_id,
        tenant_id=tenant_id,
        created=entered,
        updated=now,
        **{"cloud_hook_id": None, "action_id": None, sender: sender_id},
        outcome=outcome,
        attempts=attempts,
        next_time=next_time,
        reason=None if reason is None else reason[:LONGEST_REASON],
        event_type=_text(told.get("type")),
        subject=_text(subject),
        state=_text(object_in(told.get("state")).get("state")),
        flow_run_id=_id(run.get("id")),
    )
    tx.run(deliveries.forget_older[sender], sender_id=sender_id, kept=KEPT)


# An event that somebody spoiled in the outbox is told of as far as it can be read.
def _text(value: Any) -> str | None:
    return value[:LONGEST_TEXT] if isinstance(value, str) and value else None


def _id(value: Any) -> str | None:
    try:
        return str(UUID(value))
    except (ValueError, TypeError, AttributeError):
        return None
