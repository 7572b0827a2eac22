"""Flows, tasks, parameters and edges as JSON.

Imports none of their modules, so that each of them can import this one. The way back is in ``serialize``.
"""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

from prefect._version import __version__
from prefect.model import codec
from prefect.utilities.raised import text_of

if TYPE_CHECKING:
    from prefect.core.edge import Edge
    from prefect.core.flow import Flow
    from prefect.core.parameter import Parameter
    from prefect.core.task import Task


def serialize_flow(flow: Flow, build: bool = False) -> dict[str, Any]:
    """Do what ``Flow.serialize`` promises."""
    flow.validate()
    if build:
        if flow.storage is None:
            raise ValueError("This flow has no storage to build")
        if flow.name in flow.storage:
            warnings.warn(
                "A flow with the same name is already contained in storage; if you changed your Flow since the last "
                f"build, it is not built anew: re-create the storage of {flow.name!r} for that.",
                stacklevel=3,
            )
        else:
            flow.storage.add_flow(flow)
        flow.storage = flow.storage.build()
    return dump_flow(flow)


def hash_flow(flow: Flow, build: bool = False) -> str:
    """Do what ``Flow.serialized_hash`` promises."""
    import hashlib

    return hashlib.sha256(json.dumps(serialize_flow(flow, build), sort_keys=True).encode()).hexdigest()


def dump_flow(flow: Flow) -> dict[str, Any]:
    """Give a flow as JSON; as in 1.x the slugs are written into the tasks on the way."""
    slugs = flow.slugs
    for task, slug in slugs.items():
        if task.slug != slug:
            task.slug = task._generated_slug = slug
    tasks = sorted(flow.tasks, key=lambda task: slugs[task])
    edges = sorted(flow.edges, key=lambda e: (slugs[e.upstream_task], slugs[e.downstream_task], e.key or ""))
    data: dict[str, Any] = {
        "name": flow.name,
        "type": codec.qualified_name(type(flow)),
        "schedule": None if flow.schedule is None else _dump_schedule(flow.schedule),
        "parameters": [dump_parameter(task) for task in sorted(flow.parameters(), key=lambda p: slugs[p])],
        "tasks": [dump_task(task) for task in tasks],
        "edges": [dump_edge(edge) for edge in edges],
        "reference_tasks": [_reference(task) for task in tasks if task in flow._reference_tasks],
        "run_config": None if flow.run_config is None else flow.run_config.serialize(),
        "storage": None if flow.storage is None else flow.storage.serialize(),
        "__version__": __version__,
    }
    for name in ("project", "version", "description"):
        if hasattr(flow, name):
            data[name] = getattr(flow, name)
    return data


def _dump_schedule(schedule: Any) -> dict[str, Any]:
    """Give a schedule as JSON; whatever else has clocks counts as one, as in 1.4.1.

    Raises:
        TypeError: it has none.
    """
    from prefect.schedules import Schedule

    if not isinstance(schedule, Schedule) and not hasattr(schedule, "serialize"):
        if not hasattr(schedule, "clocks"):
            raise TypeError(f"flow.schedule must be a prefect.schedules.Schedule, not {schedule!r}")
        names = ("clocks", "filters", "or_filters", "not_filters", "adjustments")
        schedule = Schedule(**{name: getattr(schedule, name) for name in names if hasattr(schedule, name)})
    data: dict[str, Any] = schedule.serialize()
    return data


def declared_results(flow: Flow) -> list[dict[str, Any]]:
    """Give the places where the tasks of a flow write their values, each once, as JSON.

    A location is given as its template; a function's says nothing. Readers who do not have the flow's code hold the
    places that states name against these.
    """
    from prefect.model.result import Result

    places: list[dict[str, Any]] = []
    for task in flow.tasks:
        kind = task.result or flow.result
        if kind is None or type(kind) is Result:
            continue
        if task.target:
            kind = kind.copy()
            kind.location = None if callable(task.target) else task.target
        place = codec.dump(kind)
        if place not in places:
            places.append(place)
    return sorted(places, key=lambda place: json.dumps(place, sort_keys=True, default=str))


def dump_task(task: Task) -> dict[str, Any]:
    """Give a task as JSON."""
    return {
        "type": codec.qualified_name(type(task)),
        "name": task.name,
        "slug": task.slug,
        "tags": sorted(task.tags),
        "max_retries": task.max_retries,
        "retry_delay": codec.dump_seconds(task.retry_delay),
        "inputs": {
            name: {"required": described["required"], "type": str(described["type"])}
            for name, described in task.inputs().items()
        },
        "outputs": str(task.outputs()),
        "timeout": task.timeout,
        "trigger": codec.dump_function(task.trigger),
        "skip_on_upstream_skip": task.skip_on_upstream_skip,
        "cache_for": codec.dump_seconds(task.cache_for),
        "cache_key": task.cache_key,
        "cache_validator": codec.dump_function(task.cache_validator),
        "auto_generated": task.auto_generated,
        "__version__": __version__,
    }


def dump_parameter(parameter: Parameter) -> dict[str, Any]:
    """Give a parameter as JSON.

    Raises:
        ValueError: its default is no JSON.
    """
    try:
        json.dumps(parameter.default)
    except (TypeError, ValueError, RecursionError):
        raise ValueError(
            f"When running with Prefect Cloud/Server, values for `{type(parameter).__name__}.default` must be JSON "
            f"compatible. Unable to serialize `{text_of(parameter.default)}`."
        ) from None
    return {
        "type": codec.qualified_name(type(parameter)),
        "name": parameter.name,
        "slug": parameter.slug,
        "default": parameter.default,
        "required": parameter.required,
        "tags": sorted(parameter.tags),
        "outputs": str(parameter.outputs()),
        "__version__": __version__,
        **_told(parameter),
    }


def _told(parameter: Parameter) -> dict[str, Any]:
    """Give what only this package's parameters say, and nothing where nothing was said: 1.4.1 writes no such keys."""
    choices: list[Any] | None = getattr(parameter, "choices", None)
    if choices is not None:
        try:
            json.dumps(choices)
        except (TypeError, ValueError, RecursionError):
            raise ValueError(f"The choices of the parameter {parameter.name!r} must be JSON compatible.") from None
    told = {"description": getattr(parameter, "description", None), "choices": choices}
    return {key: value for key, value in told.items() if value is not None}


def dump_edge(edge: Edge) -> dict[str, Any]:
    """Give an edge as JSON."""
    return {
        "upstream_task": _reference(edge.upstream_task),
        "downstream_task": _reference(edge.downstream_task),
        "key": edge.key,
        "mapped": edge.mapped,
        "flattened": edge.flattened,
        "__version__": __version__,
    }


def _reference(task: Task) -> dict[str, Any]:
    return {"slug": task.slug, "__version__": __version__}
