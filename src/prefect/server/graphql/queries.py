"""The queries that are no tables."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from prefect._version import __version__
from prefect.model.state_facts import STATE_CLASSES
from prefect.server.actions import runs, schedule_preview
from prefect.server.graphql.mutations_access import ACCESS_QUERIES
from prefect.server.graphql.mutations_documents import DOCUMENT_QUERIES
from prefect.server.graphql.mutations_limits import LIMIT_QUERIES
from prefect.server.graphql.operations import Operation, Request
from prefect.server.graphql.queries_sums import SUM_QUERIES
from prefect.server.graphql.waiting import run_events

__all__ = ["QUERIES"]

GREETING = "\N{WAVING HAND SIGN}"

# The newest client of the 1.x line whose wire this server speaks.
CORE_VERSION = "1.4.1"


async def _hello(request: Request, inputs: dict[str, Any]) -> str:
    return GREETING


async def _api(request: Request, inputs: dict[str, Any]) -> Mapping[str, Any]:
    return {
        "backend": "SERVER",
        "mode": "normal",
        "version": __version__,
        "core_version": CORE_VERSION,
        "release_timestamp": None,
    }


async def _reference_data(request: Request, inputs: dict[str, Any]) -> Mapping[str, Any]:
    classes = STATE_CLASSES.items()
    return {
        "state_hierarchy": {name: [other for other, of in classes if issubclass(of, kind)] for name, kind in classes},
        "state_info": {name: {"color": kind.color} for name, kind in classes},
    }


async def _mapped_children(request: Request, inputs: dict[str, Any]) -> Mapping[str, Any]:
    return await request.app.database.read(lambda tx: runs.mapped_children(tx, task_run_id=inputs["task_run_id"]))


async def _get_task_run_info(request: Request, inputs: dict[str, Any]) -> Mapping[str, Any]:
    info = await request.app.database.read(lambda tx: runs.task_run_info(tx, task_run_id=inputs["task_run_id"]))
    return {key: info[key] for key in ("id", "version", "state", "serialized_state")}


async def _flow_run_events(request: Request, inputs: dict[str, Any]) -> Mapping[str, Any]:
    found = await run_events(request, inputs)
    return {
        "cursor": found.cursor,
        "events": found.events,
        "has_more": found.has_more,
        "task_run_cursor": str(found.place),
    }


async def _schedule_preview(request: Request, inputs: dict[str, Any]) -> Mapping[str, Any]:
    # It computes, and reads nothing: others are answered meanwhile.
    return await asyncio.to_thread(schedule_preview.preview, request.now, **inputs)


QUERIES: tuple[Operation, ...] = (
    *LIMIT_QUERIES,
    *ACCESS_QUERIES,
    *DOCUMENT_QUERIES,
    *SUM_QUERIES,
    Operation("hello", {}, "String", _hello, is_mutation=False),
    Operation("api", {}, "api_info", _api, is_mutation=False),
    Operation("reference_data", {}, "reference_data", _reference_data, is_mutation=False),
    Operation("mapped_children", {"task_run_id": "UUID!"}, "mapped_children", _mapped_children, is_mutation=False),
    Operation("get_task_run_info", {"task_run_id": "UUID!"}, "task_run_info", _get_task_run_info, is_mutation=False),
    Operation(
        "schedule_preview",
        {"clocks": "[preview_clock_input!]", "timezone": "String", "count": "Int = 5", "schedule": "JSON"},
        "schedule_preview",
        _schedule_preview,
        is_mutation=False,
    ),
    Operation(
        "flow_run_events",
        {
            "flow_run_id": "UUID!",
            "after": "Int = 0",
            "wait_seconds": "Float = 0",
            "limit": "Int = 1000",
            "kinds": "[event_kind!]",
            "levels": "[log_level!]",
            "task_runs_after": "String",
        },
        "flow_run_events",
        _flow_run_events,
        is_mutation=False,
    ),
)
