"""Setting a flow run that has ended going again: from what failed in it, from some of its tasks, or from the start.

The task runs that are run again become Pending, with all that come after them, and the flow run Scheduled; whatever
else has finished keeps its result.  One transaction does it for a run, and refuses with a reason what cannot be done.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prefect.contract import limits
from prefect.model.state import Cancelled, Failed, Finished
from prefect.model.state_facts import is_kind
from prefect.server.actions import chores
from prefect.server.actions.checks import check_object, check_text, object_in, size_of
from prefect.server.actions.parameters import parameter_list
from prefect.server.actions.restart_reach import Edge, Reach, reach_of
from prefect.server.actions.set_state import hold_flow_run, release_flow_run, set_back, set_flow_run_state
from prefect.server.errors import BadInput
from prefect.server.rules.proposal import propose
from prefect.server.store import flows, restart, runs
from prefect.server.store.database import Transaction

__all__ = ["FAILED", "START", "TASK", "Wish", "read_wish", "restart_flow_run", "set_back_some"]

#: Where a run begins again.
FAILED, START, TASK = "FAILED", "START", "TASK"
MESSAGE = "Flow run was restarted."
#: So many ids one question names.
MOST_NAMED = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller asks for, read and checked."""

    begin: str
    task_run_ids: tuple[str, ...]
    parameters: Mapping[str, Any]
    message: str
    #: Only tell what would be done.
    is_trial: bool


class _Refusal(Exception):
    """Why a run cannot be set going again: a code for programs, and a sentence."""

    def __init__(self, code: str, reason: str):
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Found:
    """What is to be done with a run: which of its task runs are run again, and its parameters if they change."""

    reach: Reach
    parameters: Mapping[str, Any] | None


def read_wish(
    tx: Transaction,
    *,
    flow_run_ids: Sequence[str],
    begin: str = FAILED,
    task_run_ids: Sequence[str] | None = None,
    parameters: Any = None,
    message: str | None = None,
    is_trial: bool = False,
) -> Wish:
    """Check what was asked for, before anything is changed.

    Raises:
        BadInput: too many runs, task runs that are none of theirs, or parameters that are no object.
    """
    if len(flow_run_ids) > limits.RUNS_AT_ONCE:
        raise BadInput("flow_run_ids", f"at most {limits.RUNS_AT_ONCE} ids", f"{len(flow_run_ids)} ids")
    if len(set(flow_run_ids)) < len(flow_run_ids):
        raise BadInput("flow_run_ids", "each id once", "one of them twice")
    named = tuple(dict.fromkeys(task_run_ids or ()))
    if len(named) > limits.RUNS_AT_ONCE:
        raise BadInput("task_run_ids", f"at most {limits.RUNS_AT_ONCE} ids", f"{len(named)} ids")
    if (begin == TASK) != bool(named):
        expected = "the ids of task runs" if begin == TASK else f"none, unless from is {TASK}"
        raise BadInput("task_run_ids", expected, f"{len(named)} ids")
    owners = {row["id"]: row["flow_run_id"] for row in _named(tx, restart.owners_of_task_runs, "task_run_ids", named)}
    for task_run_id in named:
        if owners.get(task_run_id) not in flow_run_ids:
            raise BadInput("task_run_ids", "ids of task runs of these flow runs", task_run_id)
    given = check_object("parameters", parameters)
    return Wish(begin, named, given, check_text("message", message) or MESSAGE, is_trial)


def _named(
    tx: Transaction, statement: Any, field_name: str, ids: Sequence[str], **more: Any
) -> Iterable[Mapping[str, Any]]:
    for first in range(0, len(ids), MOST_NAMED):
        yield from tx.all(statement, **{field_name: ids[first : first + MOST_NAMED]}, **more)


def restart_flow_run(tx: Transaction, now: datetime, *, flow_run_id: str, wish: Wish) -> dict[str, Any]:
    """Set one flow run going again, or tell why not.

    Returns:
        ``flow_run_id``; ``restarted``; ``state`` that the run has then; ``task_runs``: how many are run again;
        ``code`` and ``reason`` of a refusal.  Of a trial the same, as if it were done.
    """
    # A trial is a read, which locks nothing.
    run = tx.one(restart.run_as_it_is if wish.is_trial else restart.run_to_restart, flow_run_id=flow_run_id)
    state = None if run is None else run["state"]
    told = {"flow_run_id": flow_run_id, "restarted": False, "state": state, "task_runs": 0}
    try:
        found = _find(tx, run, flow_run_id, wish)
    except _Refusal as refusal:
        return {**told, "code": refusal.code, "reason": refusal.reason}
    count = len(_rows(tx, flow_run_id, found.reach))
    if not wish.is_trial:
        _restart(tx, now, flow_run_id, found, wish)
        state = "Scheduled"
    return {**told, "restarted": True, "state": state, "task_runs": count}


def _find(tx: Transaction, run: Mapping[str, Any] | None, flow_run_id: str, wish: Wish) -> _Found:
    if run is None:
        raise _Refusal("NOT_FOUND", f"There is no flow run {flow_run_id}.")
    if not is_kind(run["state"], Finished):
        raise _Refusal("NOT_FINISHED", f"It is {run['state']} and has not ended: cancel it first.")
    if run["archived"]:
        raise _Refusal("ARCHIVED", "Its flow is archived.")
    parameters = _parameters(run, wish.parameters) if wish.parameters else None
    if wish.begin == START:
        tasks = tx.all(restart.tasks_of_run, flow_run_id=flow_run_id)
        return _Found(Reach(frozenset(row["task_id"] for row in tasks)), parameters)
    places = _places(tx, run, wish)
    reach = reach_of(places, _edges(tx, run["flow_id"], places)) if places else Reach()
    # What has finished keeps its result, but for the parameters themselves.
    changed = _tasks_of_parameters(tx, run, wish.parameters)
    return _Found(Reach(reach.whole | changed, reach.some), parameters)


def _parameters(run: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = {**object_in(run["parameters"]), **given}
    if size_of("parameters", merged) > limits.JSON_BYTES:
        raise _Refusal("TOO_LARGE", f"Its parameters would be larger than {limits.JSON_BYTES} bytes.")
    return merged


def _places(tx: Transaction, run: Mapping[str, Any], wish: Wish) -> list[tuple[str, int]]:
    """Give task and map index of the task runs that are run again before all others."""
    if wish.begin == TASK:
        rows = list(_named(tx, restart.places_of_task_runs, "task_run_ids", wish.task_run_ids, flow_run_id=run["id"]))
        if not rows:
            raise _Refusal("NO_TASK_RUN", "None of the task runs that were given is one of its own.")
    else:
        rows = tx.all(restart.failed_places, flow_run_id=run["id"])
        if not rows and not is_kind(run["state"], Failed) and not is_kind(run["state"], Cancelled):
            raise _Refusal("NOTHING_FAILED", f"It is {run['state']}, and nothing in it failed.")
    return [(row["task_id"], row["map_index"]) for row in rows]


def _edges(tx: Transaction, flow_id: str, places: Sequence[tuple[str, int]]) -> list[Edge]:
    rows = tx.all(restart.edges_of_flow, flow_id=flow_id)
    by_place: Collection[tuple[str, str]] = ()
    # The document of a flow may be large: it is read only where it says more than the edges.
    if any(row["mapped"] for row in rows) and any(map_index >= 0 for _, map_index in places):
        by_place = _edges_by_place(tx, flow_id)
    return [
        Edge(
            row["upstream_task_id"],
            row["downstream_task_id"],
            (row["upstream_task_id"], row["downstream_task_id"]) in by_place,
        )
        for row in rows
    ]


def _edges_by_place(tx: Transaction, flow_id: str) -> set[tuple[str, str]]:
    """Give the pairs of tasks of which each child of the second needs but the child of its own place of the first."""
    document = object_in((tx.one(flows.document_of_flow, flow_id=flow_id) or {}).get("serialized_flow"))
    written = document.get("edges")
    mapped: dict[tuple[str, str], bool] = {}
    for edge in written if isinstance(written, list) else ():
        if isinstance(edge, Mapping):
            pair = (_slug(edge.get("upstream_task")), _slug(edge.get("downstream_task")))
            is_plain = edge.get("mapped") is True and not edge.get("flattened")
            mapped[pair] = is_plain and mapped.get(pair, True)
    slugs = list({slug for pair, is_mapped in mapped.items() if is_mapped for slug in pair})
    ids = {row["slug"]: row["id"] for row in _named(tx, restart.tasks_by_slug, "slugs", slugs, flow_id=flow_id)}
    return {
        (ids[upstream], ids[downstream])
        for (upstream, downstream), is_mapped in mapped.items()
        if is_mapped and upstream in ids and downstream in ids
    }


def _slug(reference: Any) -> str:
    found = reference.get("slug") if isinstance(reference, Mapping) else reference
    return found if isinstance(found, str) else ""


def _tasks_of_parameters(tx: Transaction, run: Mapping[str, Any], given: Mapping[str, Any]) -> frozenset[str]:
    slugs = [p["slug"] for p in parameter_list(run["flow_parameters"]) if p["name"] in given and p.get("slug")]
    rows = _named(tx, restart.tasks_by_slug, "slugs", slugs, flow_id=run["flow_id"])
    return frozenset(row["id"] for row in rows)


def _rows(
    tx: Transaction, flow_run_id: str, reach: Reach, after: str = "", most: int | None = None
) -> list[Mapping[str, Any]]:
    """Give the task runs that are to be set back, those of tasks from ``after`` on; ``most`` of them, if told."""
    found: list[Mapping[str, Any]] = []
    tasks = [task_id for task_id in reach.tasks if task_id >= after]
    for first in range(0, len(tasks), MOST_NAMED):
        part = tasks[first : first + MOST_NAMED]
        rows = tx.all(restart.task_runs_of_tasks, flow_run_id=flow_run_id, task_ids=part)
        found += [row for row in rows if (row["task_id"], row["map_index"]) in reach]
        if most is not None and len(found) > most:
            break
    return found


def _restart(tx: Transaction, now: datetime, flow_run_id: str, found: _Found, wish: Wish) -> None:
    if found.parameters is not None:
        tx.run(restart.set_parameters, flow_run_id=flow_run_id, parameters=found.parameters, now=now)
    again = propose("Scheduled", wish.message, start_time=now)
    set_flow_run_state(tx, now, flow_run_id=flow_run_id, proposed=again)
    # Read again: what the run's end had closed is open since the last step.
    rows = _rows(tx, flow_run_id, found.reach)
    most = tx.room() // 2
    if len(rows) <= most:
        set_back(tx, now, flow_run_id, rows, wish.message)
        return
    version = hold_flow_run(tx, now, flow_run_id=flow_run_id)
    plan = {"version": version, "message": wish.message, "after": "", **found.reach.document()}
    chores.begin(tx, now, "restart_flow_run", flow_run_id, position=json.dumps(plan))


def set_back_some(tx: Transaction, now: datetime, *, flow_run_id: str, position: str) -> str | None:
    """Set more task runs back of a run that is held meanwhile; it is handed out once all are.

    Returns:
        Where the next call goes on; None when no more is to do, or somebody moved the run meanwhile.
    """
    plan = json.loads(position)
    run = tx.one(runs.flow_run_to_change, flow_run_id=flow_run_id)
    if run is None or run["version"] != plan["version"]:
        return None
    most = max(tx.room() // 2, 1)
    rows = _rows(tx, flow_run_id, Reach.of_document(plan), plan["after"], most)
    part = rows[:most]
    set_back(tx, now, flow_run_id, part, plan["message"])
    if len(part) < len(rows):
        return json.dumps({**plan, "after": part[-1]["task_id"]})
    release_flow_run(tx, now, flow_run_id=flow_run_id, tenant_id=run["tenant_id"], version=plan["version"])
    return None
