"""Registering a flow from Python: checks before anything is sent, then the flow, its tasks and its edges."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from prefect.contract import limits, operations
from prefect.core.as_json import declared_results
from prefect.core.parameter_hints import with_hints
from prefect.exceptions import ClientError

if TYPE_CHECKING:
    from prefect.client.client import Client
    from prefect.core.flow import Flow


def register(
    client: Client,
    flow: Flow,
    *,
    project_name: str | None,
    build: bool,
    set_schedule_active: bool,
    version_group_id: str | None,
    compressed: bool,
    no_url: bool,
    idempotency_key: str | None,
) -> str:
    """Register a flow; see :meth:`prefect.client.client.Client.register`."""
    if project_name is None:
        raise TypeError("'project_name' is a required field when registering a flow.")
    _refuse_unscheduled_parameters(flow)
    _warn_of_missing_result(flow)
    project_id = client._project_id(project_name)
    if project_id is None:
        raise ValueError(
            f"Project {project_name} not found. Run `prefect create project '{project_name}'` to create it."
        )
    serialized = with_hints(flow, flow.serialize(build=build))
    serialized["results"] = declared_results(flow)
    _refuse_what_cannot_be_loaded(serialized)
    # A flow of usual size travels in one piece and is registered as a whole or not at all.
    parts = _parts_sent_apart(serialized)
    values: dict[str, Any] = {
        "project_id": project_id,
        "serialized_flow": _packed(serialized, compressed),
        "set_schedule_active": False,
        "version_group_id": version_group_id or None,
    }
    if idempotency_key:
        values["idempotency_key"] = idempotency_key
    document = operations.CREATE_FLOW_COMPRESSED if compressed else operations.CREATE_FLOW
    flow_id: str = client.change(document, values, retry_on_api_error=False)["id"]
    for tasks in _chunks(parts.get("tasks", ())):
        client.change(operations.REGISTER_TASKS, {"flow_id": flow_id, "serialized_tasks": tasks})
    for edges in _chunks(parts.get("edges", ())):
        client.change(operations.REGISTER_EDGES, {"flow_id": flow_id, "serialized_edges": edges})
    if set_schedule_active:
        client.change(operations.SET_SCHEDULE_ACTIVE, {"flow_id": flow_id})
    if not no_url:
        _print_where(client, flow, flow_id, project_name)
    return flow_id


def _refuse_unscheduled_parameters(flow: Flow) -> None:
    required = {parameter.name for parameter in flow.parameters() if parameter.required}
    if flow.schedule is None or not required:
        return
    if not all(required <= set(clock.parameter_defaults or {}) for clock in flow.schedule.clocks):
        raise ClientError("Flows with required parameters can not be scheduled automatically.")


def _warn_of_missing_result(flow: Flow) -> None:
    if flow.result is None and any(edge.key is not None for edge in flow.edges):
        warnings.warn(
            "No result handler was specified on your Flow. Cloud features such as input caching and resuming "
            "task runs from failure may not work properly.",
            UserWarning,
            stacklevel=4,
        )


def _refuse_what_cannot_be_loaded(serialized: dict[str, Any]) -> None:
    from prefect.core.serialize import load_flow

    try:
        load_flow(serialized)
    except Exception as error:
        raise ValueError(f"Flow could not be deserialized successfully. Error was: {error!r}") from error


def _parts_sent_apart(serialized: dict[str, Any]) -> dict[str, list[Any]]:
    """Take tasks and edges out of a flow that has too many of them for one call."""
    names = ("tasks", "edges")
    if all(len(serialized.get(name) or ()) <= limits.REGISTRATION_CHUNK for name in names):
        return {}
    return {name: serialized.pop(name, None) or [] for name in names}


def _packed(serialized: dict[str, Any], compressed: bool) -> Any:
    if not compressed:
        return serialized
    from prefect.utilities.graphql import compress

    return compress(serialized)


def _chunks(items: Sequence[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(items), limits.REGISTRATION_CHUNK):
        yield list(items[start : start + limits.REGISTRATION_CHUNK])


def _print_where(client: Client, flow: Flow, flow_id: str, project_name: str) -> None:
    group_id = client.ask(operations.FLOW_GROUP_OF_FLOW, id=flow_id)["flow_by_pk"]["flow_group_id"]
    labels = sorted(flow.run_config.labels) if flow.run_config is not None else []
    lines = [
        f"Flow URL: {client.get_cloud_url('flow', group_id)}",
        f" └── ID: {flow_id}",
        f" └── Project: {project_name}",
        f" └── Labels: {labels}",
    ]
    print("\n".join(lines))
