"""Flows, tasks, parameters and edges from JSON, and what makes that JSON.

What comes back is a flow that can be shown and asked, not run: its tasks are plain ``Task`` objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from prefect._version import __version__
from prefect.core import plugs
from prefect.core.as_json import dump_edge, dump_flow, dump_parameter, dump_task
from prefect.core.edge import Edge
from prefect.core.flow import Flow
from prefect.core.parameter import DateTimeParameter, Parameter
from prefect.core.task import Task
from prefect.model import codec

__all__ = [
    "dump_edge",
    "dump_flow",
    "dump_parameter",
    "dump_task",
    "load_edge",
    "load_flow",
    "load_parameter",
    "load_task",
]

_PARAMETER_TYPES: dict[str, type[Parameter]] = {
    codec.qualified_name(cls): cls for cls in (Parameter, DateTimeParameter)
}


@cache
def _known_triggers() -> dict[str, Callable[..., Any]]:
    from prefect import triggers

    found = {name: getattr(triggers, name) for name in triggers.__all__}
    return {f"prefect.triggers.{name}": function for name, function in found.items()}


@cache
def _known_validators() -> dict[str, Callable[..., Any]]:
    from prefect.core import cache_validators

    names = (
        "never_use",
        "duration_only",
        "all_inputs",
        "all_parameters",
        "partial_inputs_only",
        "partial_parameters_only",
    )
    return {f"prefect.engine.cache_validators.{name}": getattr(cache_validators, name) for name in names}


def load_task(data: Mapping[str, Any]) -> Task:
    """Make a task that can be shown from JSON; unknown triggers and cache validators become the defaults."""
    cache_for = codec.load_seconds(data.get("cache_for"), "cache_for")
    validator = codec.load_function(data.get("cache_validator"), _known_validators())
    task = Task(
        name=_text(data, "name"),
        slug=_text(data, "slug"),
        tags=_list(data, "tags"),
        max_retries=_whole(data, "max_retries"),
        retry_delay=codec.load_seconds(data.get("retry_delay"), "retry_delay"),
        timeout=_whole(data, "timeout"),
        trigger=codec.load_function(data.get("trigger"), _known_triggers()),
        skip_on_upstream_skip=data.get("skip_on_upstream_skip", True),
        cache_for=cache_for,
        # A validator without a duration would only draw a warning.
        cache_validator=None if cache_for is None else validator,
        cache_key=data.get("cache_key"),
    )
    task.auto_generated = bool(data.get("auto_generated", False))
    return task


def load_parameter(data: Mapping[str, Any]) -> Parameter:
    """Make a parameter from JSON."""
    cls = _PARAMETER_TYPES.get(str(data.get("type")), Parameter)
    name = _text(data, "name", required=True)
    parameter = cls(name=name, required=data.get("required"), tags=_list(data, "tags"))
    parameter.default = data.get("default")
    parameter.slug = _text(data, "slug") or name
    return parameter


def load_edge(data: Mapping[str, Any], tasks_by_slug: dict[str, Task] | None = None) -> Edge:
    """Make an edge from JSON, between the tasks of these slugs, or new ones for slugs that are unknown."""
    tasks = {} if tasks_by_slug is None else tasks_by_slug

    def end(name: str) -> Task:
        slug: Any = _text(_object(_required(data, name), name), "slug")
        found = tasks.get(slug)
        if found is None:
            found = tasks[slug] = Task(slug=slug)
        return found

    return Edge(
        upstream_task=end("upstream_task"),
        downstream_task=end("downstream_task"),
        key=data.get("key"),
        mapped=bool(data.get("mapped")),
        flattened=bool(data.get("flattened")),
    )


def load_flow(data: Mapping[str, Any]) -> Flow:
    """Make a flow that can be shown and asked from JSON.

    Raises:
        ValueError: the name is missing, or a field is of a wrong kind.
    """
    parameters = {p.name: p for p in map(load_parameter, _objects(data, "parameters"))}
    tasks_by_slug: dict[str, Task] = {p.slug: p for p in parameters.values() if p.slug is not None}
    for described in _objects(data, "tasks"):
        slug = _text(described, "slug")
        if slug not in tasks_by_slug:
            loaded = load_parameter(described) if described.get("type") in _PARAMETER_TYPES else load_task(described)
            tasks_by_slug[slug] = loaded
    edges = [load_edge(edge, tasks_by_slug) for edge in _objects(data, "edges")]
    flow = Flow(
        name=_text(data, "name", required=True),
        schedule=_load_part("prefect.schedules.Schedule", data.get("schedule")),
        run_config=_load_part("prefect.run_configs.RunConfig", data.get("run_config"), "run_config"),
        storage=_load_part("prefect.storage.Storage", data.get("storage"), "storage"),
        tasks=tasks_by_slug.values(),
        edges=edges,
        reference_tasks=[_known(tasks_by_slug, r) for r in _objects(data, "reference_tasks")],
    )
    flow._prefect_version = data.get("__version__", __version__)
    return flow


def _load_part(class_name: str, data: Mapping[str, Any] | None, family: str | None = None) -> Any:
    if data is None:
        return None
    cls = plugs.load(class_name)
    return cls.deserialize(data) if family is None else codec.load(family, data)


def _required(data: Mapping[str, Any], name: str) -> Any:
    if data.get(name) is None:
        raise ValueError(f"{name}: Missing data for required field.")
    return data[name]


def _text(data: Mapping[str, Any], field: str, *, required: bool = False) -> Any:
    value = _required(data, field) if required else data.get(field)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{field}: expected text, not {value!r}")
    return value


def _object(value: Any, field: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{field}: expected an object, not {value!r}")
    return value


def _list(data: Mapping[str, Any], field: str) -> list[Any]:
    value = data.get(field)
    if value is None:
        return []
    if not isinstance(value, list | tuple | set | frozenset):
        raise ValueError(f"{field}: expected a list, not {value!r}")
    return list(value)


def _objects(data: Mapping[str, Any], field: str) -> list[Mapping[str, Any]]:
    return [_object(item, f"{field}[{index}]") for index, item in enumerate(_list(data, field))]


def _whole(data: Mapping[str, Any], field: str) -> int | None:
    value = data.get(field)
    try:
        return None if value is None else int(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{field}: expected a whole number, not {value!r}") from None


def _known(tasks_by_slug: Mapping[str, Task], reference: Mapping[str, Any]) -> Task:
    slug = _text(reference, "slug", required=True)
    if slug not in tasks_by_slug:
        raise ValueError(f"reference_tasks: no task of the flow has the slug {slug!r}")
    return tasks_by_slug[slug]
