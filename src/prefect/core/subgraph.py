"""``apply_map``: build a whole sub-graph by a function, and map all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from prefect.core import collections
from prefect.core.annotations import EdgeAnnotation, flatten, unmapped
from prefect.core.constants import Constant
from prefect.core.conversion import as_task, contains_task
from prefect.core.flow import Flow
from prefect.core.task import Task
from prefect.utilities.context import context

if TYPE_CHECKING:
    from prefect.core.edge import Edge


class _Argument:
    """One argument of the function: what the function is given, and what the edges from it are like."""

    def __init__(self, given: Any, flow: Flow) -> None:
        annotations = given.annotations if isinstance(given, EdgeAnnotation) else {}
        value = given.value if isinstance(given, EdgeAnnotation) else given
        self.is_mapped = annotations.get("mapped", True)
        self.is_flattened = annotations.get("flattened", False)
        self.is_task = isinstance(value, Task)
        if self.is_mapped and not self.is_task:
            if not isinstance(value, Sequence):
                raise TypeError(f"Cannot map over non-sequence object of type `{type(value).__name__}`")
            value = _item_by_item(value, flow)
        elif not self.is_task and not contains_task(value):
            # The function may count with it as with any task: ``x - 1``, ``x["key"]``.
            value = Constant(value)
        self.value = value

    @property
    def leads_somewhere(self) -> bool:
        """Tell whether tasks of the sub-graph that use no argument have to wait for this one."""
        return self.is_task or self.is_mapped


def _item_by_item(value: Any, flow: Flow) -> Any:
    """Give a task for what is mapped over: a collection of tasks is put together once for each of their elements."""
    if not contains_task(value) or isinstance(value, (Task, EdgeAnnotation)):
        return as_task(value, flow=flow)
    if isinstance(value, dict):
        return _collector(collections.Dict(), [], {"keys": list(value), "values": list(value.values())}, flow)
    kind = {list: collections.List, tuple: collections.Tuple, set: collections.Set}
    made = next(collector for cls, collector in kind.items() if isinstance(value, cls))
    return _collector(made(), list(value), {}, flow)


def _collector(collector: Task, args: list[Any], kwargs: dict[str, Any], flow: Flow) -> Task:
    collector.auto_generated = True

    def part(value: Any) -> Any:
        return _item_by_item(value, flow) if contains_task(value) else unmapped(value)

    return collector.bind(
        *[part(value) for value in args],
        mapped=True,
        flow=flow,
        **{name: part(value) for name, value in kwargs.items()},
    )


def apply_map(func: Callable[..., Any], *args: Any, flow: Flow | None = None, **kwargs: Any) -> Any:
    """Call a function once to build a sub-graph, and run that sub-graph once for each element of the arguments.

    Args:
        func: called with the arguments, as tasks; what it adds to the active flow becomes mapped. It is given ``flow``
            too if ``flow`` is passed here.
        *args, **kwargs: tasks or sequences; with ``unmapped`` around it an argument is passed whole to every child.
        flow: default: the active flow.

    Returns:
        What the function returns.

    Raises:
        ValueError: there is no flow, or the function maps something itself.
        TypeError: an argument is no sequence.
    """
    target = flow if flow is not None else context.get("flow")
    if target is None:
        raise ValueError("Couldn't infer a flow in the current context")
    positional = [_Argument(value, target) for value in args]
    named = {name: _Argument(value, target) for name, value in kwargs.items()}
    arguments = [*positional, *named.values()]

    sketch = _Sketch(target, {argument.value for argument in arguments if isinstance(argument.value, Task)})
    passed: dict[str, Any] = {name: argument.value for name, argument in named.items()}
    if flow is not None:
        passed["flow"] = sketch
    # The blocks around this call are for the outcome, not for the sketch.
    with context(flow=sketch, mapped=True, case=None, resource=None):
        returned = func(*(argument.value for argument in positional), **passed)
    _transfer(sketch, target, arguments)
    return returned


class _Sketch(Flow):
    """The flow that the function builds in; tasks from outside can be used in it without being part of its blocks."""

    def __init__(self, target: Flow, arguments: set[Task]) -> None:
        super().__init__(f"sub-graph of {target.name}")
        self._target = target
        self._arguments = arguments

    def is_outside(self, task: Task) -> bool:
        """Tell whether a task is an argument, or was in the real flow before."""
        return task in self._arguments or task in self._target.tasks

    def _join_blocks(self, task: Task) -> None:
        if not self.is_outside(task):
            super()._join_blocks(task)


def _transfer(sketch: _Sketch, target: Flow, arguments: list[_Argument]) -> None:
    """Add the tasks and edges of a sketch to a flow, mapped over the arguments."""
    argument_by_task = {argument.value: argument for argument in arguments if isinstance(argument.value, Task)}
    inside = [
        task for task in sketch._tasks_in_order() if not sketch.is_outside(task) and not _is_passed_whole(task, sketch)
    ]
    for task in inside:
        target.add_task(task)
        if task in sketch.constants:
            target.constants[task].update(sketch.constants[task])
    for task in inside:
        edges = sketch.edges_to(task)
        for edge in sorted(edges, key=lambda edge: (sketch.slugs[edge.upstream_task], edge.key or "")):
            _add_mapped(target, edge, argument_by_task.get(edge.upstream_task))
        upstream = {edge.upstream_task for edge in edges}
        if upstream.isdisjoint(inside):
            # One for each task, also where it was given twice, mapped and whole.
            for argument in argument_by_task.values():
                if argument.leads_somewhere and argument.value not in upstream:
                    target.add_edge(_marked(argument), task, mapped=argument.is_mapped)


def _is_passed_whole(task: Task, sketch: Flow) -> bool:
    """Tell whether a task is a constant that every child is given whole, with no mark around it that splits it."""
    edges = sketch.edges_from(task) if isinstance(task, Constant) else ()
    return bool(edges) and not any(edge.mapped or edge.flattened for edge in edges)


def _add_mapped(target: Flow, edge: Edge, argument: _Argument | None) -> None:
    if argument is None:
        # A constant made inside the function is the same for all children, unless a mark says otherwise.
        upstream: Any = edge.upstream_task
        if isinstance(upstream, Constant) and not (edge.mapped or edge.flattened):
            upstream = unmapped(upstream)
    else:
        upstream = _marked(argument)
    target.add_edge(upstream, edge.downstream_task, key=edge.key, mapped=True, flattened=edge.flattened)


def _marked(argument: _Argument) -> Any:
    marked = argument.value if argument.is_mapped else unmapped(argument.value)
    return flatten(marked) if argument.is_flattened else marked
