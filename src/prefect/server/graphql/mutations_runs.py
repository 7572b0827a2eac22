"""Mutations of many flow runs at once: each run is changed as a whole or refused with a reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from prefect.server.actions import bulk, restart, set_state
from prefect.server.actions.run_events import Place
from prefect.server.graphql.operations import Operation, Request
from prefect.server.graphql.queries_sums import border_of, condition_of
from prefect.server.graphql.writing import caller_of, write
from prefect.server.store.database import Transaction

__all__ = ["RUN_MUTATIONS"]

Inputs = dict[str, Any]
#: So many runs are changed in one transaction, whatever follows from them.
FEW_RUNS = 50


async def _restart_flow_runs(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    """Set runs going again: all in one transaction, as long as that has room for them; a longer list in several."""
    ids = inputs["flow_run_ids"]
    given: Inputs = {"begin": inputs.get("from") or restart.FAILED, "is_trial": bool(inputs.get("dry_run"))}
    given |= {name: inputs.get(name) for name in ("task_run_ids", "parameters", "message")}
    wish = await request.app.database.read(lambda tx: restart.read_wish(tx, flow_run_ids=ids, **given))
    answers: list[dict[str, Any]] = []

    def work(tx: Transaction, now: datetime) -> list[dict[str, Any]]:
        part: list[dict[str, Any]] = []
        for flow_run_id in ids[len(answers) :]:
            if part and len(ids) > FEW_RUNS and not tx.room():
                break
            part.append(restart.restart_flow_run(tx, now, flow_run_id=flow_run_id, wish=wish))
        return part

    while len(answers) < len(ids):
        if wish.is_trial:
            answers += await request.app.database.read(lambda tx: work(tx, request.now))
        else:
            answers += await write(request, work)
    return {"flow_runs": answers}


Make = Callable[[Request, Inputs], bulk.Change]


def _all_found(make: Make) -> Callable[[Request, Inputs], Awaitable[Mapping[str, Any]]]:
    """Make the mutation that changes all runs of a filter, a page of them at a time."""

    async def run(request: Request, inputs: Inputs) -> Mapping[str, Any]:
        database = request.app.database
        until = min(inputs.get("created_before") or request.now, request.now)
        place = Place.read("after", inputs["after"]) if inputs.get("after") else Place()
        frozen = bulk.Frozen(condition_of("flow_run", inputs["where"]), until, place, border_of(request))
        one = make(request, inputs)
        told: dict[str, Any] = {"created_before": until.isoformat(), "changed": [], "refused": [], "has_more": False}
        if inputs.get("dry_run"):
            return told | await database.read(lambda tx: bulk.count(tx, frozen=frozen))
        limit = inputs.get("limit") or FEW_RUNS
        found = await database.read(lambda tx: bulk.find(tx, frozen=frozen, limit=limit))
        left = found.ids
        while left:
            part = left
            changed, refused, handled = await database.write(
                lambda tx: bulk.change(tx, request.now, ids=part, one=one, few=1)  # noqa: B023 - run at once
            )
            told["changed"] += changed
            told["refused"] += refused
            left = left[handled:]
        return told | {"cursor": found.cursor, "has_more": found.has_more}

    return run


def _setter(request: Request, inputs: Inputs) -> bulk.Change:
    most = request.app.settings.state_max_payload_bytes
    proposed = set_state.read_state("flow", "of the filter", inputs["state"], request.now, most)
    return bulk.setter(proposed, caller_of(request))


_FOUND = {
    "where": "flow_run_bool_exp!",
    "created_before": "DateTime",
    "limit": "Int = 500",
    "after": "String",
    "dry_run": "Boolean = false",
}
_CHANGED = {
    "created_before": "DateTime!",
    "count": "Int",
    "states": "JSON",
    "examples": "JSON",
    "changed": "[UUID!]!",
    "refused": "[refused_flow_run!]!",
    "cursor": "String",
    "has_more": "Boolean!",
}

RUN_MUTATIONS: tuple[Operation, ...] = (
    Operation(
        "restart_flow_runs",
        {
            "flow_run_ids": "[UUID!]!",
            "from": "restart_from = FAILED",
            "task_run_ids": "[UUID!]",
            "parameters": "JSON",
            "message": "String",
            "dry_run": "Boolean = false",
        },
        {"flow_runs": "[restarted_flow_run!]!"},
        _restart_flow_runs,
    ),
    Operation("cancel_flow_runs", _FOUND, _CHANGED, _all_found(lambda request, inputs: bulk.canceller())),
    Operation("delete_flow_runs", _FOUND, _CHANGED, _all_found(lambda request, inputs: bulk.deleter())),
    Operation("set_flow_runs_state", {**_FOUND, "state": "JSON!"}, _CHANGED, _all_found(_setter)),
)
