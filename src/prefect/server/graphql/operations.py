"""The words in which the server declares what its API can do beside reading tables.

An operation says its name, its typed inputs and outputs as GraphQL text, and the coroutine that does it.  How
types are built from that and how a document is executed is no business of this module.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from prefect.server.auth import ANYONE, Caller
from prefect.server.errors import ApiError

if TYPE_CHECKING:
    from prefect.server.app import App

__all__ = ["ENUMS", "ID", "INPUT_TYPES", "OBJECT_TYPES", "SUCCESS", "Operation", "Request", "tenant_of"]

SUCCESS: Mapping[str, str] = {"success": "Boolean", "error": "String"}
READS_AT_ONCE = 2
ID: Mapping[str, str] = {"id": "UUID"}


@dataclass
class Request:
    """One call of the API: who asks, when, and the application that answers."""

    app: App
    headers: Mapping[str, str]  # names in lower case
    now: datetime
    tenant_id: str | None = None
    caller: Caller = ANYONE
    address: str | None = None  # where the connection comes from

    @cached_property
    def reading(self) -> asyncio.Semaphore:
        """Let in so many reads at one time: one request, or a batch of them, keeps no more readers from the others."""
        return asyncio.Semaphore(READS_AT_ONCE)


def tenant_of(request: Request, inputs: Mapping[str, Any]) -> str:
    """Take the tenant that is named, or else the caller's own."""
    tenant_id = inputs.get("tenant_id") or request.tenant_id
    if tenant_id is None:
        raise ApiError("No tenant found.", "NOT_FOUND")
    return str(tenant_id)


@dataclass(frozen=True)
class Operation:
    """One named thing that the API can do.

    ``inputs`` maps a field to its GraphQL type.  For a mutation they are the fields of its single argument
    ``input: <name>_input!``; for a query they are plain arguments.  ``output`` is the fields of the payload, or the
    text of a type.  ``run`` gets the inputs that were given, coerced, and returns the payload's fields (or the value).
    """

    name: str
    inputs: Mapping[str, str]
    output: Mapping[str, str] | str
    run: Callable[[Request, dict[str, Any]], Awaitable[Any]]
    is_mutation: bool = True


INPUT_TYPES: Mapping[str, Mapping[str, str]] = {
    "cron_clock_input": {"cron": "String!", "parameter_defaults": "JSON"},
    "interval_clock_input": {"interval": "Int!", "parameter_defaults": "JSON"},
    "preview_clock_input": {"cron": "String", "interval": "Int", "parameter_defaults": "JSON"},
    "set_flow_run_state_input": {"flow_run_id": "UUID!", "version": "Int", "state": "JSON!", "id": "UUID"},
    "set_task_run_state_input": {
        "task_run_id": "UUID!",
        "version": "Int",
        "state": "JSON!",
        "flow_run_version": "Int",
        "id": "UUID",
    },
    "write_run_log_input": {
        "flow_run_id": "UUID!",
        "task_run_id": "UUID",
        "timestamp": "DateTime",
        "message": "String",
        "name": "String",
        "level": "log_level",
        "info": "JSON",
        "id": "UUID",
    },
}

OBJECT_TYPES: Mapping[str, Mapping[str, str]] = {
    "api_info": {
        "backend": "String",
        "mode": "String",
        "version": "String",
        "core_version": "String",
        "release_timestamp": "String",
    },
    "auth_info": {
        "tenant_id": "UUID",
        "user_id": "UUID",
        "api_token_scope": "String",
        "key_id": "UUID",
        "role": "String",
        "role_id": "UUID",
        "permissions": "[String!]",
        "license": "JSON",
    },
    "flow_concurrency_usage": {"label": "String", "usage": "Int"},
    "flow_run_events": {"cursor": "Int", "events": "JSON", "has_more": "Boolean", "task_run_cursor": "String"},
    "flow_run_count": {
        "state": "String",
        "flow_id": "UUID",
        "flow_group_id": "UUID",
        "project_id": "UUID",
        "agent_id": "UUID",
        "auto_scheduled": "Boolean",
        "count": "Int!",
    },
    "flow_run_history": {
        "from": "DateTime!",
        "to": "DateTime!",
        "bucket_seconds": "Int!",
        "buckets": "[time_bucket!]!",
    },
    "kept_document": {
        "name": "String!",
        "value": "JSON!",
        "updated": "DateTime!",
        "written_by": "String",
        "expires_at": "DateTime",
    },
    "log_volume": {
        "from": "DateTime",
        "to": "DateTime",
        "total": "Int!",
        "counts": "JSON!",
        "buckets": "[time_bucket!]!",
    },
    "task_run_failure": {
        "state": "String!",
        "message": "String",
        "count": "Int!",
        "first": "[failed_task_run!]!",
    },
    "failed_task_run": {"task_run_id": "UUID!", "task_id": "UUID!", "map_index": "Int!", "end_time": "DateTime"},
    "time_bucket": {"time": "DateTime!", "total": "Int!", "counts": "JSON!"},
    "mapped_children": {"min_start_time": "DateTime", "max_end_time": "DateTime", "state_counts": "JSON"},
    "reference_data": {"state_hierarchy": "JSON!", "state_info": "JSON!"},
    "restarted_flow_run": {
        "flow_run_id": "UUID!",
        "restarted": "Boolean!",
        "state": "String",
        "task_runs": "Int!",
        "code": "String",
        "reason": "String",
    },
    "schedule_preview": {
        "times": "[schedule_time!]!",
        "clocks": "[clock_preview!]!",
        "clock_changes": "[clock_change!]!",
    },
    "schedule_time": {
        "time": "DateTime!",
        "local": "String!",
        "clock": "Int!",
        "parameter_defaults": "JSON",
        "labels": "[String!]",
    },
    "clock_preview": {"clock": "Int!", "error": "String", "times": "[schedule_time!]!"},
    "clock_change": {
        "time": "DateTime!",
        "timezone": "String!",
        "local_before": "String!",
        "local_after": "String!",
        "is_affected": "Boolean!",
        "text": "String!",
    },
    "refused_flow_run": {"flow_run_id": "UUID!", "code": "String!", "reason": "String!"},
    "set_flow_run_state_payload": {"id": "UUID", "status": "String", "message": "String"},
    "set_task_run_state_payload": {"id": "UUID", "status": "String", "message": "String"},
    "slot_holder": {
        "kind": "String",
        "name": "String",
        "run_id": "UUID",
        "flow_run_id": "UUID",
        "flow_run_name": "String",
        "taken_time": "DateTime",
    },
    "task_concurrency_usage": {"name": "String", "usage": "Int"},
    "why_not_running": {
        "ready": "Boolean!",
        "state": "String",
        "reasons": "[String!]!",
        "causes": "[why_cause!]!",
        "queue_position": "Int",
    },
    "why_cause": {
        "code": "String!",
        "text": "String!",
        "name": "String",
        "limit": "Int",
        "holders": "[slot_holder!]!",
        "agents": "[why_agent!]!",
        "until": "DateTime",
        "task_run_id": "UUID",
    },
    "why_agent": {
        "id": "UUID!",
        "name": "String",
        "labels": "[String!]!",
        "lacking": "[String!]!",
        "last_queried": "DateTime",
    },
    "task_run_info": {"id": "UUID", "version": "Int", "state": "String", "serialized_state": "JSON"},
}

ENUMS: Mapping[str, tuple[str, ...]] = {
    "action_type": (
        "WEBHOOK",
        "SLACK",
        "TEAMS",
        "PAGERDUTY",
        "TWILIO",
        "EMAIL",
        "MESSAGE",
        "CANCEL_RUN",
        "START_RUN",
        "PAUSE_SCHEDULE",
    ),
    "event_kind": ("log", "state", "task_run"),
    "flow_run_key": ("agent_id", "auto_scheduled", "flow_group_id", "flow_id", "project_id", "state"),
    "flow_run_time": ("created", "end_time", "scheduled_start_time", "start_time", "updated"),
    "flow_sla_kind": ("SCHEDULED_NOT_STARTED", "STARTED_NOT_FINISHED"),
    "cloud_hook_type": ("PAGERDUTY", "SLACK_WEBHOOK", "TWILIO", "WEBHOOK", "PREFECT_MESSAGE"),
    "log_level": ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
    "restart_from": ("FAILED", "START", "TASK"),
    "test_cloud_hook_state_type": ("SCHEDULED", "SUBMITTED", "SUCCESS", "RUNNING", "FAILED"),
}
