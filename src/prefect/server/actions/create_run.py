"""Creating a flow run: exactly once for one key, whole or not at all.

Every road that makes a run ends here: client, command line, GraphQL, schedule.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from prefect.contract import limits
from prefect.model.state import Finished
from prefect.model.state_facts import is_kind
from prefect.server.actions import chores
from prefect.server.actions import parameters as run_parameters
from prefect.server.actions.checks import check_key, check_labels, check_object, check_priority, new_id
from prefect.server.actions.names import new_name
from prefect.server.actions.set_state import begin_flow_run, begin_flow_runs, begin_task_runs, release_flow_run
from prefect.server.errors import ApiError, BadInput
from prefect.server.rules.proposal import Proposal, propose
from prefect.server.store import flows, runs
from prefect.server.store.database import MOST_ROWS, Transaction, UniquenessViolation
from prefect.utilities.ids import following_id

__all__ = [
    "KeyTaken",
    "create_flow_run",
    "create_flow_runs",
    "create_or_find",
    "fill_flow_run",
    "is_key_used",
    "labels_key",
]

UNMAPPED = -1
#: The role of callers while no keys are asked for.
ANY_ROLE = "any"
# What one call may ask for.  Its runs are made in one transaction, all or none: the largest there is, of two to five
# rows a run.  1,000 runs of one task took 0.06 s of processor time and 0.24 s in all on SQLite, 0.07 s and 0.37 s on
# PostgreSQL, on two cores that others kept busy.  Task runs that this has no room for follow it.
RUNS_MAX, TASK_RUNS_MAX = limits.RUNS_AT_ONCE, limits.TASK_RUNS_AT_ONCE
#: A run that a schedule made gets its many task runs so long before it starts: most such runs are far off, and some
#: are never run.
FILLED_AHEAD = timedelta(minutes=10)


class KeyTaken(Exception):
    """Another transaction used the key at the same moment: undo this one, and look again."""


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a caller asks for, read and checked."""

    flow_id: str | None
    version_group_id: str | None
    flow_group_id: str | None
    parameters: dict[str, Any]
    labels: list[str] | None
    run_config: dict[str, Any] | None
    context: dict[str, Any]
    start: datetime
    key: str | None
    name: str
    priority: int | None

    @property
    def choice(self) -> tuple[str | None, str | None, str | None]:
        return self.flow_id, self.version_group_id, self.flow_group_id


def create_flow_run(tx: Transaction, now: datetime, **given: Any) -> str:
    """Create a flow run, or find the one of its key, as ``create_or_find`` does; gives its id."""
    return create_or_find(tx, now, **given)[0]


def create_or_find(
    tx: Transaction,
    now: datetime,
    *,
    auto_scheduled: bool = False,
    tenant_id: str | None = None,
    role: str = ANY_ROLE,
    **given: Any,
) -> tuple[str, bool]:
    """Create a flow run, Scheduled, with all its task runs; gives its id, and True.

    With an idempotency key: the run that was made with this key before, whatever else is given, and False.  A key
    belongs to what it was used with: the flow, the version group or the flow group; in the latter two it holds for new
    versions as well.

    Args:
        tenant_id: only this tenant's flows are found by their version group, whose name is free; None: any tenant's.
        role: of the caller's key; agents are told whose word a run config is that comes with the run.
        given: the inputs of ``_read``, each of which may be left out.

    Raises:
        ApiError: no such flow, an archived one, a missing parameter, or a value that cannot be used.
        KeyTaken: begin again, in a new transaction.
    """
    wish = _read(now, **given)
    flow = _find_flow(tx, *wish.choice, tenant_id, wish.key)
    run = _run(wish, flow, auto_scheduled, role)
    scopes: Sequence[str] = ()
    if wish.key is not None:
        scopes = _scopes(flow, *wish.choice)
        # Unless the flow was named in another spelling, its scope is the one that was looked at.
        is_known = "known_run_id" in flow and flow["id"] == wish.flow_id
        existing = flow["known_run_id"] if is_known else _run_of_key(tx, scopes, wish.key)
        if existing is not None:
            return existing, False
    is_large = flow["is_large"]
    # Another connection may be quicker between our look and our insert.
    taken = KeyTaken(wish.key)
    told = {"is_held": is_large, "is_heard": flow["is_heard"]}
    begin_flow_run(tx, now, run, _scheduled(wish), scopes=scopes, taken=taken, **told)
    if is_large:
        _fill(tx, now, [(run, None)])
    run_id: str = run["id"]
    return run_id, True


def fill_flow_run(tx: Transaction, now: datetime, *, flow_run_id: str, position: str) -> str | None:
    """Make some of the task runs that a new flow run still lacks; the run is handed out once all are there.

    Args:
        position: what the last call gave; at first an empty text.

    Returns:
        Where the next call goes on; None when no more are needed.
    """
    run = tx.one(runs.flow_run_to_fill, flow_run_id=flow_run_id)
    if run is None or is_kind(run["state"], Finished):
        return None
    most = tx.room() // 2
    place = {"flow_id": run["flow_id"], "flow_run_id": flow_run_id}
    tasks = tx.all(flows.tasks_without_run, after=position, most=most, **place)
    begin_task_runs(tx, now, _task_runs(tasks, run["tenant_id"], flow_run_id))
    if len(tasks) == most:
        last: str = tasks[-1]["slug"]
        return last
    release_flow_run(tx, now, flow_run_id=flow_run_id, tenant_id=run["tenant_id"])
    return None


def create_flow_runs(
    tx: Transaction,
    now: datetime,
    *,
    flow_runs: Sequence[Mapping[str, Any]],
    tenant_id: str | None = None,
    role: str = ANY_ROLE,
    auto_scheduled: bool = False,
) -> list[str]:
    """Create many flow runs, all or none; gives their ids in the order in which they were asked for.

    Each as ``create_flow_run`` makes it; of several with one key the first makes the run and the others get its id.

    Raises:
        ApiError: one of them cannot be made; the text begins with its place in the list, unless a schedule asks.
        KeyTaken: begin again, in a new transaction.
    """
    if len(flow_runs) > RUNS_MAX:
        raise BadInput("flow_runs", f"at most {RUNS_MAX} runs at once", f"{len(flow_runs)} runs")
    flows_found: dict[tuple[str | None, str | None, str | None], Mapping[str, Any]] = {}
    tasks_found: dict[str, list[Mapping[str, Any]] | None] = {}
    counts: dict[str, int] = {}
    task_count = 0
    by_key: dict[tuple[str, str], str] = {}
    new_keys: list[dict[str, str]] = []
    ids: list[str] = []
    new: list[tuple[dict[str, Any], Proposal]] = []
    for place, given in enumerate(flow_runs):
        try:
            wish = _read(now, **given)
            flow = flows_found.get(wish.choice) or _find_flow(tx, *wish.choice, tenant_id)
            run = _run(wish, flow, auto_scheduled, role)
        except ApiError as error:
            if auto_scheduled:
                raise
            raise ApiError(f"flow_runs[{place}]: {error.message}", error.code) from None
        flows_found[wish.choice] = flow
        if wish.key is not None:
            scopes = _scopes(flow, *wish.choice)
            existing = next((by_key[scope, wish.key] for scope in scopes if (scope, wish.key) in by_key), None)
            known = None if existing else _run_of_key(tx, scopes, wish.key)
            run_id = existing or known or run["id"]
            for scope in scopes:
                if (scope, wish.key) not in by_key and known is None:
                    new_keys.append({"scope": scope, "key": wish.key, "flow_run_id": run_id})
                by_key[scope, wish.key] = run_id
            if run_id != run["id"]:
                ids.append(run_id)
                continue
        ids.append(run["id"])
        new.append((run, _scheduled(wish)))
        if flow["id"] not in tasks_found:
            tasks_found[flow["id"]] = _tasks(tx, flow)
            counts[flow["id"]] = _count(tx, flow, tasks_found[flow["id"]])
        task_count += counts[flow["id"]]
        if task_count > TASK_RUNS_MAX and not auto_scheduled:
            raise BadInput("flow_runs", f"at most {TASK_RUNS_MAX} task runs at once", "more")
    # Always in the same order, so that two calls with the same keys cannot wait for each other.
    new.sort(key=lambda pair: (pair[0]["flow_id"], pair[0]["idempotency_key"] or ""))
    new_keys.sort(key=lambda row: (row["scope"], row["key"]))
    room = MOST_ROWS
    filled: list[tuple[Mapping[str, Any], list[Mapping[str, Any]] | None]] = []
    for run, _ in new:
        tasks = tasks_found[run["flow_id"]]
        room -= len(tasks or ())
        filled.append((run, tasks if room >= 0 else None))
    held = {run["id"] for run, tasks in filled if tasks is None}
    try:
        begin_flow_runs(tx, now, new, held)
        tx.run_many(runs.insert_new_run_key, new_keys)
    except UniquenessViolation:
        # Another connection was quicker between our look and our insert.
        raise KeyTaken(f"one of {len(new_keys)} keys") from None
    _fill(tx, now, filled)
    return ids


def _read(
    now: datetime,
    *,
    flow_id: str | None = None,
    version_group_id: str | None = None,
    flow_group_id: str | None = None,
    parameters: Any = None,
    labels: Sequence[str] | None = None,
    run_config: Any = None,
    context: Any = None,
    scheduled_start_time: datetime | None = None,
    idempotency_key: str | None = None,
    flow_run_name: str | None = None,
    priority: int | None = None,
) -> _Wish:
    """Check what was asked for before anything is looked up."""
    given_parameters = check_object("parameters", parameters)
    given_context = check_object("context", context)
    given_config = None if run_config is None else check_object("run_config", run_config)
    given_labels = None if labels is None else check_labels("labels", labels)
    start = _check_start(scheduled_start_time, now)
    # An empty text is what a caller has who was given none: an unset variable, say.
    idempotency_key = check_key("idempotency_key", idempotency_key) if idempotency_key else None
    name = limits.short_name(flow_run_name) if flow_run_name and flow_run_name.strip() else new_name()
    return _Wish(
        flow_id,
        version_group_id,
        flow_group_id,
        given_parameters,
        given_labels,
        given_config,
        given_context,
        start,
        idempotency_key,
        name,
        check_priority(priority),
    )


def _run(wish: _Wish, flow: Mapping[str, Any], auto_scheduled: bool, role: str) -> dict[str, Any]:
    """Give the columns of a new run."""
    return {
        "id": new_id(),
        "tenant_id": flow["tenant_id"],
        "flow_id": flow["id"],
        "flow_group_id": flow["flow_group_id"],
        "parameters": run_parameters.merge(flow["parameters"], flow["group_parameters"], wish.parameters),
        "labels": _labels(wish.labels, wish.run_config, flow),
        "run_config": _first(wish.run_config, flow["group_run_config"], flow["run_config"]),
        "run_config_role": None if wish.run_config is None else role,
        "context": wish.context,
        "name": wish.name,
        "idempotency_key": wish.key,
        "scheduled_start_time": wish.start,
        "auto_scheduled": auto_scheduled,
        "priority": _first(wish.priority, flow["group_priority"], 0),
    }


def _scheduled(wish: _Wish) -> Proposal:
    return propose("Scheduled", "Flow run scheduled.", start_time=wish.start)


def labels_key(parameters: Mapping[str, Any], labels: Sequence[str] | None) -> str:
    """Give a short text that differs when parameters or labels do."""
    text = json.dumps([parameters, sorted(labels) if labels is not None else None], sort_keys=True, default=str)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _tasks(tx: Transaction, flow: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Give the tasks of a flow; None when their task runs are more than one transaction may write."""
    if flow["is_large"]:
        return None
    return tx.all(flows.tasks_for_run, flow_id=flow["id"], after="", most=_most_tasks())


def _most_tasks() -> int:
    """Give how many tasks a flow may have whose task runs are made with its run: two rows each."""
    return MOST_ROWS // 2


def _count(tx: Transaction, flow: Mapping[str, Any], tasks: list[Mapping[str, Any]] | None) -> int:
    if tasks is not None:
        return len(tasks)
    row = tx.one(flows.count_tasks, flow_id=flow["id"])
    return int(row["count"]) if row else 0


def _fill(
    tx: Transaction,
    now: datetime,
    filled: Iterable[tuple[Mapping[str, Any], list[Mapping[str, Any]] | None]],
) -> None:
    """Make the task runs of new flow runs; those of a run with None instead of its tasks follow this transaction."""
    rows: list[dict[str, Any]] = []
    for run, tasks in filled:
        if tasks is not None:
            rows += _task_runs(tasks, run["tenant_id"], run["id"])
        else:
            ahead = run["scheduled_start_time"] - FILLED_AHEAD if run["auto_scheduled"] else now
            chores.begin(tx, now, "fill_flow_run", run["id"], due=max(ahead, now))
    begin_task_runs(tx, now, rows)


def _task_runs(tasks: Iterable[Mapping[str, Any]], tenant_id: str, run_id: str) -> list[dict[str, Any]]:
    """Make a row for each task of the flow; mapped children get theirs when the run knows how many there are."""
    return [
        {
            "id": following_id(),
            "tenant_id": task["tenant_id"] or tenant_id,
            "flow_run_id": run_id,
            "task_id": task["id"],
            "map_index": UNMAPPED,
            "cache_key": task["cache_key"],
        }
        for task in tasks
    ]


def _find_flow(
    tx: Transaction,
    flow_id: str | None,
    version_group_id: str | None,
    flow_group_id: str | None,
    tenant_id: str | None,
    key: str | None = None,
) -> Mapping[str, Any]:
    """Give what a new run takes from its flow; with ``known_run_id``, the run of the key, where the look could tell."""
    most = _most_tasks()
    if flow_id is not None:
        if key is None:
            flow = tx.look(flows.flow_for_run_by_flow, flow_id=flow_id, most=most)
        else:
            scope = _scope_of_flow(flow_id)
            flow = tx.look(flows.flow_for_run_by_flow_and_key, flow_id=flow_id, scope=scope, key=key, most=most)
        if flow is None:
            raise ApiError(f"Flow {flow_id} not found", "NOT_FOUND")
        if flow["archived"]:
            raise ApiError(f"Flow {flow_id} is archived.", "ARCHIVED")
        return flow
    if version_group_id:
        version_group_id = check_key("version_group_id", version_group_id)
        if tenant_id is None:
            flow = tx.look(flows.flow_for_run_by_version_group, version_group_id=version_group_id, most=most)
        else:
            named = {"version_group_id": version_group_id, "tenant_id": tenant_id}
            flow = tx.look(flows.flow_for_run_by_version_group_of_tenant, most=most, **named)
        if flow is None:
            raise ApiError(f"Version group {version_group_id} has no unarchived flows.", "NOT_FOUND")
        return flow
    if flow_group_id is not None:
        flow = tx.look(flows.flow_for_run_by_group, flow_group_id=flow_group_id, most=most)
        if flow is None:
            raise ApiError(f"Flow group {flow_group_id} has no unarchived flows.", "NOT_FOUND")
        return flow
    raise ApiError("A flow id or version group ID must be provided.", "BAD_USER_INPUT")


def _scopes(
    flow: Mapping[str, Any], flow_id: str | None, version_group_id: str | None, flow_group_id: str | None
) -> list[str]:
    """Name what the key is unique in: what it was used with, and always the flow that it led to."""
    of_flow = _scope_of_flow(flow["id"])
    if flow_id is not None:
        return [of_flow]
    if version_group_id:
        return [limits.short_scope(f"version_group:{flow['tenant_id']}:{version_group_id}"), of_flow]
    return [f"flow_group:{flow['flow_group_id']}", of_flow]


def _scope_of_flow(flow_id: str) -> str:
    return f"flow:{flow_id}"


def is_key_used(tx: Transaction, flow_id: str, key: str) -> bool:
    """Tell whether a run of this flow was made with this key."""
    return tx.one(runs.run_of_key, scope=_scope_of_flow(flow_id), key=key) is not None


def _run_of_key(tx: Transaction, scopes: Sequence[str], key: str) -> str | None:
    """Find the run of a key in the first scope that knows it, and tell the wider one before it."""
    if len(scopes) == 1:
        known = tx.look(runs.run_of_key, scope=scopes[0], key=key)
    else:
        known = tx.look(runs.run_of_key_in_scopes, wider=scopes[0], scope=scopes[1], key=key)
        if known is not None and known["scope"] != scopes[0]:
            tx.run(runs.insert_run_key, scope=scopes[0], key=key, flow_run_id=known["flow_run_id"])
    return None if known is None else str(known["flow_run_id"])


def _labels(given: list[str] | None, given_config: Mapping[str, Any] | None, flow: Mapping[str, Any]) -> list[str]:
    """Take the labels of whoever comes first with a word about them; an empty list is a word."""
    if given is not None:
        return given
    if given_config is not None:
        return check_labels("labels of run_config", _config_labels(given_config) or [])
    found = _first(
        flow["group_labels"],
        _config_labels(flow["group_run_config"]),
        _config_labels(flow["run_config"]),
        _config_labels(flow["environment"]),
        [],
    )
    return sorted(found)


def _config_labels(config: Any) -> list[str] | None:
    labels = config.get("labels") if isinstance(config, Mapping) else None
    return [str(label) for label in labels] if isinstance(labels, list) else None


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _check_start(given: datetime | None, now: datetime) -> datetime:
    if given is None:
        return now
    return given
