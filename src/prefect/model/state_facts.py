"""What is known of a run from the name of its state alone: whether it is finished, waits, may be taken, has a process.

Every fact is derived from the state classes, and this is the only place that lists states; rules, SQL, services, agents
and the command line read it.  A state that nobody knows is of no kind.
"""

from __future__ import annotations

from collections.abc import Mapping

from prefect.model import state as words
from prefect.model.state import Cancelling, Failed, Finished, Looped, Queued, Running, Scheduled, State, Submitted

__all__ = [
    "ALIVE",
    "ENDED",
    "FAILED",
    "FINISHED",
    "IN_WORK",
    "OPEN",
    "RUNNING",
    "SET_BY_PEOPLE",
    "STARTED_AGAIN",
    "STATE_CLASSES",
    "STILL_TO_COME",
    "STORABLE",
    "TAKEABLE",
    "TO_BE_STARTED",
    "WAITING",
    "is_kind",
    "names_of",
]

# By name, and from the list of names: a user's own subclass is no word of the wire.
STATE_CLASSES: Mapping[str, type[State]] = {
    name: kind for name in words.__all__ if isinstance(kind := getattr(words, name), type) and issubclass(kind, State)
}


def names_of(*kinds: type[State]) -> tuple[str, ...]:
    """Give the names of the states of these kinds, subclasses included, each once and in alphabetical order."""
    return tuple(name for name, kind in STATE_CLASSES.items() if issubclass(kind, kinds) and kind is not State)


def is_kind(name: str | None, kind: type[State]) -> bool:
    """Tell whether the state of this name is one of that kind; a name nobody knows is of no kind."""
    found = STATE_CLASSES.get(name or "")
    return found is not None and issubclass(found, kind)


STORABLE = names_of(State)
"""Those that a run may have."""

FINISHED = names_of(Finished)
FAILED = names_of(Failed)

ENDED = tuple(name for name in FINISHED if not is_kind(name, Looped))
"""A task run in one of these is at its end; a Looped one has another round before it."""

OPEN = tuple(name for name in STORABLE if name not in FINISHED)
"""Those of a flow run that has not ended."""

TAKEABLE = names_of(Scheduled)
"""A flow run in one of these is handed to an agent when its start time has come."""

WAITING = (*TAKEABLE, *names_of(Queued))
"""A run in one of these waits to be started; Queued, by a process that asks again."""

RUNNING = names_of(Running)
"""Work is under way, and it holds a place under the limits."""

IN_WORK = (*RUNNING, *names_of(Submitted))
"""Somebody is at it: a process works, or an agent starts one."""

ALIVE = IN_WORK
"""A run in one of these has a process, or soon will, whose silence means its death."""

STARTED_AGAIN = tuple(name for name in IN_WORK if not is_kind(name, Cancelling))
"""A silent flow run in one of these is started again; one that was to be cancelled is Cancelled."""

SET_BY_PEOPLE = ("Cancelling", "Pending", "Resume", "Scheduled")
"""No process of 1.x proposes one of these."""

STILL_TO_COME = (*TAKEABLE, *RUNNING)
"""A task run in one of these will go on of itself, or is ended by the finder of silent task runs."""

TO_BE_STARTED = (*names_of(Queued, Submitted), *(name for name in TAKEABLE if STATE_CLASSES[name] is Scheduled))
"""A flow run in one of these should have begun by its start time."""
