"""Work on more rows than one transaction may write: begun here, and done in parts by the service of the same name.

Whoever begins such work writes a row that says what is left, in the same transaction.  So the work is done to its end
whatever becomes of this process, and each part must come out the same when it is done twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from prefect.server.actions.checks import new_id
from prefect.server.live import CHORE_TOPIC, chore_topic
from prefect.server.store import chores
from prefect.server.store.database import Transaction

__all__ = ["Kind", "begin"]

Kind = Literal[
    "archive_flow",
    "close_task_runs",
    "delete_flow",
    "delete_flow_group",
    "delete_flow_run",
    "delete_project",
    "delete_tenant",
    "fill_flow_run",
    "open_task_runs",
    "reschedule_group",
    "restart_flow_run",
    "unschedule_flow",
]


def begin(
    tx: Transaction,
    now: datetime,
    kind: Kind,
    subject_id: str,
    *,
    due: datetime | None = None,
    position: str = "",
) -> str:
    """Enter work to be done after this transaction; gives its id.

    Args:
        due: not before this time.
        position: what its first part is told; what that is, is the kind's own affair.
    """
    chore_id = new_id()
    values = {"kind": kind, "subject_id": subject_id, "position": position, "due_time": due or now}
    tx.run(chores.enter, id=chore_id, created=now, updated=now, **values)
    if due is None or due <= now:
        tx.announce(CHORE_TOPIC)
        tx.announce(chore_topic(chore_id))
    return chore_id
