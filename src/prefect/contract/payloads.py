"""Typed inputs and answers of the operations in :mod:`prefect.contract.operations`.

An absent key means that the caller said nothing; ``None`` is a value of its own.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

Json = Any


class CreateFlowRunInput(TypedDict):
    flow_id: NotRequired[str]
    version_group_id: NotRequired[str]
    flow_group_id: NotRequired[str]
    parameters: NotRequired[dict[str, Json]]
    labels: NotRequired[list[str]]
    run_config: NotRequired[dict[str, Json]]
    context: NotRequired[dict[str, Json]]
    scheduled_start_time: NotRequired[str]
    idempotency_key: str
    flow_run_name: NotRequired[str]
    priority: NotRequired[int]


class CreateFlowInput(TypedDict):
    project_id: str
    serialized_flow: Json
    set_schedule_active: bool
    version_group_id: NotRequired[str | None]
    idempotency_key: NotRequired[str]


class RunsInQueueInput(TypedDict):
    tenant_id: str
    before: str
    labels: list[str]
    wait_seconds: NotRequired[float]
    exclude: NotRequired[list[str]]


class FlowRunStateInput(TypedDict):
    flow_run_id: str
    version: int | None
    state: dict[str, Json]
    id: NotRequired[str]


class TaskRunStateInput(TypedDict):
    task_run_id: str
    version: int | None
    state: dict[str, Json]
    id: NotRequired[str]


class StateAnswer(TypedDict):
    id: str
    status: str
    message: str | None


class LogInput(TypedDict):
    flow_run_id: str
    task_run_id: NotRequired[str | None]
    timestamp: NotRequired[str]
    name: NotRequired[str]
    level: NotRequired[str]
    message: NotRequired[str]
    info: NotRequired[Json]
    id: NotRequired[str]


class RegisterAgentInput(TypedDict):
    type: str
    name: str | None
    labels: list[str]
    tenant_id: str | None
    agent_config_id: str | None


class TaskRunInfo(TypedDict):
    id: str
    version: int
    serialized_state: dict[str, Json] | None


class StateEvent(TypedDict):
    kind: Literal["state"]
    seq: int
    timestamp: str
    state: str
    message: str | None


class LogEvent(TypedDict):
    kind: Literal["log"]
    seq: int
    timestamp: str
    level: str
    name: str | None
    message: str | None
    task_run_id: str | None


class FlowRunEvents(TypedDict):
    cursor: int
    events: list[StateEvent | LogEvent]
