"""Turning the values that users pass to tasks into tasks: constants, and collections that contain tasks."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any

from prefect.core.annotations import EdgeAnnotation
from prefect.core.constants import Constant
from prefect.core.task import Task

if TYPE_CHECKING:
    from prefect.core.task_graph import TaskGraph

DEEPEST = 50
"""Most levels of collections between an argument and the tasks inside it: there is a task for each."""

_TASKS = (Task, EdgeAnnotation)
_COLLECTIONS = (list, tuple, set, dict)
_PLAIN = frozenset({int, str, float, bool, bytes, type(None)})


def contains_task(value: Any) -> bool:
    """Tell whether a value is a task or marked argument, or a list, tuple, set or dict with one somewhere inside."""
    if type(value) in _PLAIN:
        return False
    if isinstance(value, _TASKS):
        return True
    # Without recursion, and each collection once: it may be deeper than the stack, or contain itself.
    seen = set()
    left = [value] if isinstance(value, _COLLECTIONS) else []
    while left:
        for item in _parts(left.pop()):
            if type(item) in _PLAIN:
                continue
            if isinstance(item, _TASKS):
                return True
            if isinstance(item, _COLLECTIONS) and id(item) not in seen:
                seen.add(id(item))
                left.append(item)
    return False


def _parts(collection: Any) -> Iterable[Any]:
    return chain(collection.keys(), collection.values()) if isinstance(collection, dict) else collection


def _refuse_bottomless(x: Any) -> None:
    """Refuse a collection with tasks so deep inside that it can not be put together, or that contains itself.

    Raises:
        ValueError: says so.
    """
    level = {id(x): x}
    for _ in range(DEEPEST):
        inner = (item for collection in level.values() for item in _parts(collection))
        # What holds no task is a constant, however deep it is.
        level = {id(item): item for item in inner if isinstance(item, _COLLECTIONS) and contains_task(item)}
        if not level:
            return
    raise ValueError(
        f"A {type(x).__name__} with tasks inside is nested more than {DEEPEST} levels deep, or contains itself: it "
        "cannot be put together when the flow runs."
    )


def as_task(x: Any, flow: TaskGraph | None = None) -> Task:
    """Turn any value into a task.

    A task is given back as it is, and a marked argument without its mark. A list, tuple, set or dict that contains
    tasks becomes a task that puts it together at run time, and is added to ``flow`` or the active flow. Anything else
    becomes a ``Constant``, which is not added to any flow.

    Raises:
        ValueError: a collection contains tasks, and there is no flow; or it contains itself, or tasks more than
            ``DEEPEST`` levels inside.
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

    _refuse_bottomless(x)
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
