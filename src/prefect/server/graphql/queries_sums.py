"""Queries that count: which action each calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLError

from prefect.server.actions import failures, sums
from prefect.server.catalogue import PUBLIC
from prefect.server.errors import ApiError
from prefect.server.graphql import access
from prefect.server.graphql.arguments import Arguments
from prefect.server.graphql.operations import Operation, Request
from prefect.server.store.selection import And, Compare, Condition, Const

__all__ = ["SUM_QUERIES", "border_of", "condition_of"]

Inputs = dict[str, Any]


def condition_of(table: str, where: Mapping[str, Any] | None) -> Condition:
    """Read a filter that came as the argument of an operation.

    Raises:
        ApiError: it is nested too deeply or too large.
    """
    try:
        return Arguments({}, {}).condition(PUBLIC[table], where)
    except GraphQLError as error:
        raise ApiError(error.message, "BAD_USER_INPUT") from None


def border_of(request: Request) -> sums.Border:
    """Tell what the caller may see."""
    return access.scope_of(request), request.tenant_id


async def _flow_run_counts(request: Request, inputs: Inputs) -> Any:
    where, border = condition_of("flow_run", inputs.get("where")), border_of(request)
    given: Inputs = {"by": inputs.get("by") or [], "limit": inputs.get("limit") or sums.MOST_GROUPS}
    return await request.app.database.read(lambda tx: sums.run_counts(tx, where=where, border=border, **given))


async def _flow_run_history(request: Request, inputs: Inputs) -> Any:
    begin, end, column = inputs["from"], inputs["to"], inputs.get("time") or "scheduled_start_time"
    within = And((Compare(column, "_gte", Const(begin)), Compare(column, "_lt", Const(end))))
    where, border = And((within, condition_of("flow_run", inputs.get("where")))), border_of(request)
    given: Inputs = {"begin": begin, "end": end, "seconds": inputs["bucket_seconds"], "column": column}
    return await request.app.database.read(lambda tx: sums.run_history(tx, where=where, border=border, **given))


async def _log_volume(request: Request, inputs: Inputs) -> Any:
    where = condition_of("log", inputs.get("where"))
    given: Inputs = {"buckets": inputs.get("buckets") or 1, "begin": inputs.get("from"), "end": inputs.get("to")}
    flow_run_id = inputs["flow_run_id"]
    return await request.app.database.read(
        lambda tx: sums.log_volume(tx, flow_run_id=flow_run_id, where=where, **given)
    )


async def _task_run_failures(request: Request, inputs: Inputs) -> Any:
    given = {"flow_run_id": inputs["flow_run_id"], "limit": inputs.get("limit") or 20}
    return await request.app.database.read(lambda tx: failures.task_run_failures(tx, **given))


SUM_QUERIES: tuple[Operation, ...] = (
    Operation(
        "flow_run_counts",
        {"where": "flow_run_bool_exp", "by": "[flow_run_key!] = [state]", "limit": "Int = 1000"},
        "[flow_run_count!]",
        _flow_run_counts,
        is_mutation=False,
    ),
    Operation(
        "flow_run_history",
        {
            "where": "flow_run_bool_exp",
            "from": "DateTime!",
            "to": "DateTime!",
            "bucket_seconds": "Int!",
            "time": "flow_run_time = scheduled_start_time",
        },
        "flow_run_history",
        _flow_run_history,
        is_mutation=False,
    ),
    Operation(
        "task_run_failures",
        {"flow_run_id": "UUID!", "limit": "Int = 20"},
        "[task_run_failure!]",
        _task_run_failures,
        is_mutation=False,
    ),
    Operation(
        "log_volume",
        {
            "flow_run_id": "UUID!",
            "where": "log_bool_exp",
            "buckets": "Int = 100",
            "from": "DateTime",
            "to": "DateTime",
        },
        "log_volume",
        _log_volume,
        is_mutation=False,
    ),
)
