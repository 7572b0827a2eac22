"""Statements about work that takes more than one transaction."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from prefect.server.catalogue import chore
from prefect.server.store.phrases import inserting, value_of

__all__ = ["chore_by_id", "claim", "due", "enter", "is_left", "move_on", "postpone", "remove", "take_over"]

enter = inserting(chore, "id", "kind", "subject_id", "position", "due_time", "created", "updated")
_this = chore.c.id == value_of("chore_id", chore.c.id)

# Nothing that could be unreadable: some such rows, never taken, would be all that is found.
due = (
    select(chore.c.id, chore.c.kind, chore.c.subject_id, chore.c.attempts)
    .where(chore.c.due_time <= value_of("now", chore.c.due_time))
    .order_by(chore.c.due_time)
    .limit(value_of("limit", chore.c.attempts))
)
# One of several replicas gets it, until the time by which its next part will surely have been done.
claim = (
    update(chore)
    .where(_this)
    .where(chore.c.attempts == value_of("seen_attempts", chore.c.attempts))
    .where(chore.c.due_time <= value_of("now", chore.c.due_time))
    .values(
        due_time=value_of("until", chore.c.due_time),
        attempts=chore.c.attempts + 1,
        updated=value_of("now", chore.c.updated),
    )
)
chore_by_id = (
    select(chore.c.id, chore.c.kind, chore.c.subject_id, chore.c.position, chore.c.created)
    .where(_this)
    .with_for_update()
)
move_on = (
    update(chore)
    .where(_this)
    .values(
        position=value_of("position", chore.c.position),
        attempts=1,
        due_time=value_of("until", chore.c.due_time),
        updated=value_of("now", chore.c.updated),
    )
)
postpone = (
    update(chore)
    .where(_this)
    .values(due_time=value_of("until", chore.c.due_time), updated=value_of("now", chore.c.updated))
)
# What another process of this database had in hand, which has ended.
take_over = (
    update(chore)
    .where(chore.c.attempts > 0)
    .values(due_time=value_of("now", chore.c.due_time), updated=value_of("now", chore.c.updated))
)
remove = delete(chore).where(_this)
is_left = select(chore.c.id).where(_this)
