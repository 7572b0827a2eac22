"""One change of all flow runs that a filter finds: counted before, each run changed as a whole or refused.

What is changed is frozen: no run that is made after the moment that the caller names is among them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prefect.model.state import Finished
from prefect.model.state_facts import is_kind
from prefect.server.actions import runs, set_state
from prefect.server.actions.run_events import BEGINNING, Place
from prefect.server.actions.sums import Border, run_counts
from prefect.server.catalogue import PUBLIC
from prefect.server.errors import ApiError, BadInput
from prefect.server.rules.proposal import Proposal
from prefect.server.store import runs as run_statements
from prefect.server.store.compiler import compile_rows
from prefect.server.store.database import Transaction
from prefect.server.store.selection import (
    TENANT_SLOT,
    And,
    ColumnValue,
    Compare,
    Condition,
    Const,
    Or,
    Order,
    Rows,
)

__all__ = ["MOST_RUNS", "Found", "Frozen", "canceller", "change", "count", "deleter", "find", "setter"]

#: Runs that one call changes; the next call goes on after them.
MOST_RUNS = 2000
EXAMPLES = 5
_SHOWN = ("id", "name", "state", "created")


@dataclass(frozen=True, slots=True)
class Frozen:
    """The runs that a filter finds, those made until a moment; ``after``: without those that were handled before."""

    where: Condition
    until: datetime
    after: Place
    border: Border


@dataclass(frozen=True, slots=True)
class Found:
    """Some of those runs, in the order in which they were made, and where to go on."""

    ids: list[str]
    cursor: str
    has_more: bool


#: Changes one run; gives a code and a sentence when it does not.
Change = Callable[[Transaction, datetime, str], tuple[str, str] | None]


def _rows(tx: Transaction, frozen: Frozen, most: int) -> list[dict[str, Any]]:
    place = frozen.after
    parts: list[Condition] = [frozen.where, Compare("created", "_lte", Const(frozen.until))]
    if place.time > BEGINNING:
        later = Compare("created", "_gt", Const(place.time))
        parts += [Compare("created", "_gte", Const(place.time)), Or((later, Compare("id", "_gt", Const(place.id))))]
    order = (Order("created", False, False), Order("id", False, False))
    rows = Rows(PUBLIC["flow_run"], And(tuple(parts)), order, Const(most))
    scope, tenant_id = frozen.border
    compiled = compile_rows(rows, tuple(ColumnValue(name, name) for name in _SHOWN), tx.dialect, scope)
    return [json.loads(row[0]) for row in tx.raw(compiled.sql, compiled.values({TENANT_SLOT: tenant_id}))]


def find(tx: Transaction, *, frozen: Frozen, limit: int) -> Found:
    """Give the ids of the next runs, ``limit`` at most."""
    if not 1 <= limit <= MOST_RUNS:
        raise BadInput("limit", f"a whole number from 1 to {MOST_RUNS}", limit)
    rows = _rows(tx, frozen, limit + 1)
    part = rows[:limit]
    place = Place(datetime.fromisoformat(part[-1]["created"]), part[-1]["id"]) if part else frozen.after
    return Found([row["id"] for row in part], str(place), len(rows) > limit)


def count(tx: Transaction, *, frozen: Frozen) -> dict[str, Any]:
    """Count the runs by state, and show the first five."""
    until = And((frozen.where, Compare("created", "_lte", Const(frozen.until))))
    groups = run_counts(tx, where=until, by=("state",), limit=100, border=frozen.border)
    states = {str(group["state"]): group["count"] for group in groups}
    return {"count": sum(states.values()), "states": states, "examples": _rows(tx, frozen, EXAMPLES)}


def change(
    tx: Transaction, now: datetime, *, ids: Sequence[str], one: Change, few: int
) -> tuple[list[str], list[dict[str, str]], int]:
    """Change runs one after the other, as many as there is room for, ``few`` of them at least.

    Returns:
        The ids of those that were changed; of the others id, code and reason; how many were handled.
    """
    changed: list[str] = []
    refused: list[dict[str, str]] = []
    for place, flow_run_id in enumerate(ids):
        if place >= few and not tx.room():
            return changed, refused, place
        try:
            refusal = one(tx, now, flow_run_id)
        except ApiError as error:
            refusal = (error.code, error.message)
        if refusal is None:
            changed.append(flow_run_id)
        else:
            refused.append({"flow_run_id": flow_run_id, "code": refusal[0], "reason": refusal[1]})
    return changed, refused, len(ids)


def canceller() -> Change:
    """Make what cancels a run."""

    def cancel(tx: Transaction, now: datetime, flow_run_id: str) -> tuple[str, str] | None:
        run = tx.one(run_statements.flow_run_to_change, flow_run_id=flow_run_id)
        if run is not None and is_kind(run["state"], Finished):
            return "ENDED", f"It has ended already, as {run['state']}."
        runs.cancel_flow_run(tx, now, flow_run_id=flow_run_id)
        return None

    return cancel


def deleter() -> Change:
    """Make what deletes a run."""

    def delete(tx: Transaction, now: datetime, flow_run_id: str) -> tuple[str, str] | None:
        is_gone = runs.delete_flow_run(tx, now, flow_run_id=flow_run_id)
        return None if is_gone else ("NOT_FOUND", "It is there no more.")

    return delete


def setter(proposed: Proposal, caller: set_state.Caller) -> Change:
    """Make what moves a run to a state."""

    def move(tx: Transaction, now: datetime, flow_run_id: str) -> tuple[str, str] | None:
        set_state.set_flow_run_state(tx, now, flow_run_id=flow_run_id, proposed=proposed, caller=caller)
        return None

    return move
