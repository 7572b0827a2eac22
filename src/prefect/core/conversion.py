"""Turning the values that users pass to tasks into tasks: constants, and collections that contain tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.core.annotations import EdgeAnnotation
from prefect.core.constants import Constant
from prefect.core.task import Task

if TYPE_CHECKING:
    from prefect.core.task_graph import TaskGraph

_PLAIN = frozenset({int, str, float, bool, bytes, type(None)})


def contains_task(value: Any) -> bool:
    """Tell whether a value is a task or marked argument, or a list, tuple, set or dict with one somewhere inside."""
    return _contains(value, (Task, EdgeAnnotation))


def _contains(value: Any, wanted: tuple[type, ...]) -> bool:
    if type(value) in _PLAIN:
        return False
    if isinstance(value, wanted):
        return True
    if isinstance(value, (list, tuple, set)):
        return any(_contains(item, wanted) for item in value)
    if isinstance(value, dict):
        return any(_contains(k, wanted) or _contains(v, wanted) for k, v in value.items())
    return False


def as_task(x: Any, flow: TaskGraph | None = None) -> Task:
    """Turn any value into a task.

    A task is given back as it is, and a marked argument without its mark. A list, tuple, set or dict that contains
    tasks becomes a task that puts it together at run time, and is added to ``flow`` or the active flow. Anything else
    becomes a ``Constant``, which is not added to any flow.

    Raises:
        ValueError: a collection contains tasks, and there is no flow.
    """
    if isinstance(x, Task):
        return x
    if isinstance(x, EdgeAnnotation):
        return as_task(x.value, flow=flow)
    if contains_task(x):
        return _collect(x, flow)  # type: ignore[no-any-return]
    constant = Constant(value=x)
    constant.auto_generated = True
    return constant


def _collect(x: Any, flow: TaskGraph | None) -> Any:
    from prefect.core import collections

    collector: Any
    if isinstance(x, dict):
        collector = collections.Dict()
        collector.auto_generated = True
        return collector.bind(keys=list(x.keys()), values=list(x.values()), flow=flow)
    if isinstance(x, list):
        collector = collections.List()
    elif isinstance(x, tuple):
        collector = collections.Tuple()
    else:
        collector = collections.Set()
    collector.auto_generated = True
    return collector.bind(*x, flow=flow)
