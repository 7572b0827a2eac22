"""Creating a flow run: exactly once for one key, whole or not at all.

Every road that makes a run ends here: client, command line, GraphQL, schedule.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from prefect.server.actions import parameters as run_parameters
from prefect.server.actions.checks import check_key, check_labels, check_name, check_object, new_id
from prefect.server.actions.names import new_name
from prefect.server.actions.set_state import begin_flow_run, begin_task_runs
from prefect.server.errors import ApiError, BadInput
from prefect.server.rules.proposal import propose
from prefect.server.store import flows, runs
from prefect.server.store.database import Transaction

__all__ = ["KeyTaken", "create_flow_run", "labels_key"]

UNMAPPED = -1
EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)


class KeyTaken(Exception):
    """Another transaction used the key at the same moment: undo this one, and look again."""


def create_flow_run(
    tx: Transaction,
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
    auto_scheduled: bool = False,
    tenant_id: str | None = None,
) -> str:
    """Create a flow run, Scheduled, with all its task runs; gives its id.

    With an idempotency key: the run that was made with this key before, whatever else is given.  A key belongs to
    what it was used with: the flow, the version group or the flow group; in the latter two it holds for new versions
    as well.

    Args:
        tenant_id: only this tenant's flows are found by their version group, whose name is free; None: any tenant's.

    Raises:
        ApiError: no such flow, an archived one, a missing parameter, or a value that cannot be used.
        KeyTaken: begin again, in a new transaction.
    """
    given_parameters = check_object("parameters", parameters)
    given_context = check_object("context", context)
    given_config = None if run_config is None else check_object("run_config", run_config)
    given_labels = None if labels is None else check_labels("labels", labels)
    start = _check_start(scheduled_start_time, now)
    if idempotency_key is not None:
        check_key("idempotency_key", idempotency_key)
    name = new_name() if flow_run_name is None else check_name("flow_run_name", flow_run_name)

    flow = _find_flow(tx, flow_id, version_group_id, flow_group_id, tenant_id)
    merged = run_parameters.merge(flow["parameters"], flow["group_parameters"], given_parameters)

    run_id = new_id()
    if idempotency_key is not None:
        scopes = _scopes(flow, flow_id, version_group_id, flow_group_id)
        existing = _run_of_key(tx, scopes, idempotency_key)
        if existing is not None:
            return existing
    fresh = begin_flow_run(
        tx,
        now,
        {
            "id": run_id,
            "tenant_id": flow["tenant_id"],
            "flow_id": flow["id"],
            "parameters": merged,
            "labels": _labels(given_labels, given_config, flow),
            "run_config": _first(given_config, flow["group_run_config"], flow["run_config"]),
            "context": given_context,
            "name": name,
            "idempotency_key": idempotency_key,
            "scheduled_start_time": start,
            "auto_scheduled": auto_scheduled,
        },
        propose("Scheduled", "Flow run scheduled.", start_time=start),
    )
    # Another connection may have been quicker between our look and our insert.
    if idempotency_key is not None and not (fresh and _enter_key(tx, scopes, idempotency_key, run_id)):
        raise KeyTaken(idempotency_key)
    begin_task_runs(tx, now, _task_runs(tx, flow, run_id))
    return run_id


def labels_key(parameters: Mapping[str, Any], labels: Sequence[str] | None) -> str:
    """Give a short text that differs when parameters or labels do."""
    text = json.dumps([parameters, sorted(labels) if labels is not None else None], sort_keys=True, default=str)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _task_runs(tx: Transaction, flow: Mapping[str, Any], run_id: str) -> list[dict[str, Any]]:
    """Make a row for each task of the flow; mapped children get theirs when the run knows how many there are."""
    return [
        {
            "id": new_id(),
            "tenant_id": task["tenant_id"] or flow["tenant_id"],
            "flow_run_id": run_id,
            "task_id": task["id"],
            "map_index": UNMAPPED,
            "cache_key": task["cache_key"],
        }
        for task in tx.all(flows.tasks_for_run, flow_id=flow["id"])
    ]


def _find_flow(
    tx: Transaction,
    flow_id: str | None,
    version_group_id: str | None,
    flow_group_id: str | None,
    tenant_id: str | None,
) -> Mapping[str, Any]:
    if flow_id is not None:
        flow = tx.one(flows.flow_for_run_by_flow, flow_id=flow_id)
        if flow is None:
            raise ApiError(f"Flow {flow_id} not found")
        if flow["archived"]:
            raise ApiError(f"Flow {flow_id} is archived.")
        return flow
    if version_group_id is not None:
        check_key("version_group_id", version_group_id)
        if tenant_id is None:
            flow = tx.one(flows.flow_for_run_by_version_group, version_group_id=version_group_id)
        else:
            named = {"version_group_id": version_group_id, "tenant_id": tenant_id}
            flow = tx.one(flows.flow_for_run_by_version_group_of_tenant, **named)
        if flow is None:
            raise ApiError(f"Version group {version_group_id} has no unarchived flows.")
        return flow
    if flow_group_id is not None:
        flow = tx.one(flows.flow_for_run_by_group, flow_group_id=flow_group_id)
        if flow is None:
            raise ApiError(f"Flow group {flow_group_id} has no unarchived flows.")
        return flow
    raise ApiError("A flow id or version group ID must be provided.")


def _scopes(
    flow: Mapping[str, Any], flow_id: str | None, version_group_id: str | None, flow_group_id: str | None
) -> list[str]:
    """Name what the key is unique in: what it was used with, and always the flow that it led to."""
    of_flow = f"flow:{flow['id']}"
    if flow_id is not None:
        return [of_flow]
    if version_group_id is not None:
        return [f"version_group:{flow['tenant_id']}:{version_group_id}", of_flow]
    return [f"flow_group:{flow['flow_group_id']}", of_flow]


def _run_of_key(tx: Transaction, scopes: Sequence[str], key: str) -> str | None:
    """Find the run of a key in the first scope that knows it, and tell the scopes before it."""
    for index, scope in enumerate(scopes):
        known = tx.one(runs.run_of_key, scope=scope, key=key)
        if known is not None:
            run_id: str = known["flow_run_id"]
            for wider in scopes[:index]:
                tx.run(runs.insert_run_key, scope=wider, key=key, flow_run_id=run_id)
            return run_id
    return None


def _enter_key(tx: Transaction, scopes: Sequence[str], key: str, run_id: str) -> bool:
    """Tell every scope which run the key stands for; False when one has another."""
    return all(tx.run(runs.insert_run_key, scope=scope, key=key, flow_run_id=run_id) for scope in scopes)


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
    if not EARLIEST <= given <= LATEST:
        raise BadInput("scheduled_start_time", "a time between the years 1900 and 9000", given.isoformat())
    return given
