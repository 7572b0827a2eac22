"""What every run of one task has in common, made so that it travels to other processes once and not for every run.

In this process a parcel is passed on as it is. Pickled, it is bytes made once; a process that gets the same parcel
again, with the next child of a mapped task for instance, does not open it again.
"""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from prefect.core.constants import Constant
from prefect.engine import mapping
from prefect.model.state import Mapped, State
from prefect.utilities.context import context as run_context

if TYPE_CHECKING:
    from prefect.core.edge import Edge
    from prefect.core.task import Task
    from prefect.model.result import Result

# Values of the context that belong to one process.
_NOT_PORTABLE = ("logger", "config")
_MOST_OPEN = 64


class Parcel:
    """What all runs of one task during one pass of a flow run share.

    Attributes:
        edges: the edges that end in the task, in the order in which their states are given to ``run``.
        context: the values of the flow run and of the task.
    """

    __slots__ = ("_packed", "context", "edges", "flow_result", "handlers", "runner_class", "task")

    def __init__(
        self,
        task: Task,
        edges: tuple[Edge, ...],
        context: dict[str, Any],
        flow_result: Result | None,
        runner_class: Callable[..., Any],
        handlers: Iterable[Callable[..., Any]] | None,
    ) -> None:
        self.task = task
        self.edges = edges
        self.context = context
        self.flow_result = flow_result
        self.runner_class = runner_class
        self.handlers = handlers
        self._packed: tuple[str, bytes] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        if self._packed is None:
            import cloudpickle

            content = (
                self.task,
                tuple(_light(edge) for edge in self.edges),
                portable_context(self.context),
                self.flow_result,
                self.runner_class,
                self.handlers,
            )
            # Compressed it is half as long, and does not show the name of the main module: Dask pickles every message
            # that does a second time, by value.
            self._packed = (uuid4().hex, zlib.compress(cloudpickle.dumps(content), 1))
        return open_parcel, self._packed


_open: OrderedDict[str, Parcel] = OrderedDict()
_open_lock = threading.Lock()


def open_parcel(key: str, packed: bytes) -> Parcel:
    """Give the parcel that was packed under this key."""
    with _open_lock:
        parcel = _open.get(key)
        if parcel is not None:
            _open.move_to_end(key)
            return parcel
    import cloudpickle

    task, edges, context, flow_result, runner_class, handlers = cloudpickle.loads(zlib.decompress(packed))
    parcel = Parcel(task, edges, restored_context(context), flow_result, runner_class, handlers)
    # Sent on as it came.
    parcel._packed = (key, packed)
    with _open_lock:
        _open[key] = parcel
        while len(_open) > _MOST_OPEN:
            _open.popitem(last=False)
    return parcel


def _light(edge: Edge) -> Edge:
    """Give an edge without the value of a constant upstream: each run gets the part that concerns it as a state."""
    if type(edge.upstream_task) is not Constant:
        return edge
    new = copy(edge)
    new.upstream_task = copy(edge.upstream_task)
    new.upstream_task.value = None
    return new


def portable_context(context: Mapping[str, Any]) -> dict[str, Any]:
    """Give the part of a context that another process can use; its settings as a plain mapping."""
    values = {key: value for key, value in context.items() if key not in _NOT_PORTABLE}
    config = context.get("config")
    if config is not None:
        values["config"] = _plain(config)
    return values


def restored_context(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give the context that ``portable_context`` took down; its settings only if they differ from those here."""
    context = dict(values)
    config = context.get("config")
    if config is not None and config == _plain(run_context.config):
        del context["config"]
    return context


def _plain(config: Any) -> Any:
    return {key: _plain(value) for key, value in config.items()} if isinstance(config, Mapping) else config


def run_parcel(
    parcel: Parcel,
    state: State | None,
    upstream: list[State],
    map_index: int | None = None,
    children: dict[int, list[State]] | None = None,
    is_mapped_parent: bool = False,
    own: Mapping[str, Any] | None = None,
) -> State:
    """Run a task once; this is what executors are given.

    Args:
        upstream: one state for each edge of the parcel.
        map_index: which child of a mapped task this is.
        children: place of an edge -> the states of the children of the mapped task upstream of it.
        own: values for the context of this run alone.
    """
    edges = parcel.edges
    upstream_states: dict[Edge, State] = {}
    for place, edge in enumerate(edges):
        upstream_state = upstream[place]
        if children is not None and place in children:
            upstream_state = mapping.with_children(upstream_state, children[place])  # type: ignore[arg-type]
        elif edge.flattened and not edge.mapped:
            upstream_state = mapping.flatten_upstream_state(upstream_state)
        upstream_states[edge] = upstream_state
    context = parcel.context.copy()
    context["map_index"] = map_index
    if own:
        context.update(own)
    runner = parcel.runner_class(task=parcel.task, state_handlers=parcel.handlers, flow_result=parcel.flow_result)
    found: State = runner.run(
        state=state, upstream_states=upstream_states, is_mapped_parent=is_mapped_parent, context=context
    )
    if isinstance(found._result.value, Exception):
        found._is_of_engine = True
    return found


def fail_parcel(parcel: Parcel, state: State | None, map_index: int | None, error: Exception) -> State:
    """Fail a task whose call could not be made, or was lost on its way to another process or back, and say why."""
    context = parcel.context.copy()
    context["map_index"] = map_index
    runner = parcel.runner_class(task=parcel.task, state_handlers=parcel.handlers, flow_result=parcel.flow_result)
    return runner.fail(error, state, context)  # type: ignore[no-any-return]


def _fallback(
    parcel: Parcel, state: State | None, upstream: list[State], map_index: int | None = None, *rest: Any
) -> Callable[[Exception], State]:
    return partial(fail_parcel, parcel, state, map_index)


# What executors ask for the value of a call that never came back.
run_parcel.fallback = _fallback  # type: ignore[attr-defined]


def run_task(
    task: Task,
    state: State,
    upstream_states: dict[Edge, State],
    context: dict[str, Any],
    flow_result: Result | None,
    task_runner_cls: Callable[..., Any],
    task_runner_state_handlers: Iterable[Callable[..., Any]] | None,
    upstream_mapped_states: dict[Edge, list[State]],
    is_mapped_parent: bool = False,
) -> State:
    """Run a task once, everything said in full.

    Args:
        upstream_mapped_states: the states of the children upstream, where a mapped task is upstream of an edge that is
            not mapped.
    """
    parcel = Parcel(task, tuple(upstream_states), context, flow_result, task_runner_cls, task_runner_state_handlers)
    children = {
        place: upstream_mapped_states[edge]
        for place, edge in enumerate(upstream_states)
        if edge in upstream_mapped_states and isinstance(upstream_states[edge], Mapped)
    }
    with run_context(context):
        return run_parcel(
            parcel, state, list(upstream_states.values()), context.get("map_index"), children, is_mapped_parent
        )
