"""Mutations of many flow runs at once: each run is changed as a whole or refused with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from prefect.server.actions import restart
from prefect.server.graphql.operations import Operation, Request
from prefect.server.graphql.writing import write
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
)
