"""One walk over the tasks of a flow: what each of them needs is gathered, and its run handed to the executor.

Knows states and their futures apart only where it has to: with most executors a state is not there yet when the tasks
downstream are handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from typing import TYPE_CHECKING, Any

from prefect.core.constants import Constant, name_of_constant
from prefect.core.edge import Edge
from prefect.core.resource_manager import ResourceCleanupTask, ResourceSetupTask
from prefect.engine import mapping
from prefect.engine.shipping import Parcel, fail_parcel, run_parcel
from prefect.engine.task_runner import TaskRunner, declared_result
from prefect.model.result import ConstantResult
from prefect.model.state import Mapped, Pending, State, Success
from prefect.utilities.context import current_content

if TYPE_CHECKING:
    from prefect.core.flow import Flow
    from prefect.core.task import Task
    from prefect.executors.base import Executor


_OF_ONE_TASK_RUN = frozenset({"task_loop_count", "task_loop_result", "task_run_count", "task_run_name", "resume"})


class Walk:
    """One walk over the tasks of a flow.

    Args:
        runner_class: runs the tasks.
        handlers: the state handlers of every task runner.
        task_states: what is known before; filled with what is found, states or futures.
        task_contexts: values for the context of single tasks.
    """

    def __init__(
        self,
        flow: Flow,
        executor: Executor,
        runner_class: Callable[..., Any],
        handlers: Iterable[Callable[..., Any]] | None,
        task_states: dict[Task, Any],
        task_contexts: dict[Task, dict[str, Any]],
    ) -> None:
        self._flow = flow
        self._executor = executor
        self._runner_class = runner_class
        self._handlers = handlers
        self._states = task_states
        self._task_contexts = task_contexts
        # A flow may be run by a task of another one: what belongs to that task's run alone is left behind.
        self._flow_context = {key: value for key, value in current_content().items() if key not in _OF_ONE_TASK_RUN}
        # Mapped task -> its children's states, or their futures.
        self._children: dict[Task, list[Any]] = {}

    def visit(self, task: Task) -> None:
        """Have one task run, unless it has nothing left to do."""
        state = self._states.get(task)
        if state is None and type(task) is Constant:
            # A run that a backend knows has a state to begin with, and is run like any other.
            self._states[task] = Success(result=task.value)
            return
        if state is not None and state.is_finished() and not (state.is_cached() or state.is_mapped()):
            if not _runs_in_every_pass(task):
                return
            # Its value does not outlive the process that made it.
            state = None
        edges, upstream = self._upstream_of(task)
        of_task = self._task_contexts.get(task)
        # Each run of the task copies it.
        context = {**self._flow_context, **of_task} if of_task else self._flow_context
        parcel = Parcel(task, edges, context, self._flow.result, self._runner_class, self._handlers)
        children = self._children_behind(edges) if self._children else None
        for edge in edges:
            if edge.mapped:
                self._states[task] = self._visit_mapped(parcel, state, upstream, children)
                return
        self._states[task] = self._submit(parcel, state, upstream, children=children)

    def _upstream_of(self, task: Task) -> tuple[tuple[Edge, ...], list[Any]]:
        states = self._states
        edges = tuple(self._flow._edges.entering(task))
        upstream = []
        for edge in edges:
            state = states.get(edge.upstream_task)
            upstream.append(Pending("Task state not available.") if state is None else state)
        constants = self._flow.constants.get(task)
        if constants:
            edges += tuple(Edge.between(_constant(value), task, key, False, False) for key, value in constants.items())
            upstream.extend(
                Success("Auto-generated constant value", result=ConstantResult(value=value))
                for value in constants.values()
            )
        return edges, upstream

    def _children_behind(self, edges: tuple[Edge, ...]) -> dict[int, list[Any]] | None:
        """Give the children of mapped tasks behind those edges that need all of them."""
        found: dict[int, list[Any]] = {}
        for place, edge in enumerate(edges):
            if not edge.mapped:
                children = self._children.get(edge.upstream_task)
                if children is not None:
                    if edge.flattened:
                        children = mapping.flatten_mapped_children(children, self._executor)
                    found[place] = children
        return found or None

    def _submit(
        self,
        parcel: Parcel,
        state: State | None,
        upstream: list[Any],
        map_index: int | None = None,
        children: dict[int, list[Any]] | None = None,
        is_mapped_parent: bool = False,
        own: dict[str, Any] | None = None,
    ) -> Any:
        task = parcel.task
        return self._executor.submit(
            run_parcel,
            parcel,
            state,
            upstream,
            map_index,
            children,
            is_mapped_parent,
            *([own] if own else ()),
            extra_context={"task_name": task.name, "task_tags": task.tags, "task_index": map_index},
        )

    # --- mapped tasks -------------------------------------------------------------------------------------------------

    def _visit_mapped(
        self, parcel: Parcel, state: State | None, upstream: list[Any], children: dict[int, list[Any]] | None
    ) -> State:
        executor = self._executor
        known = dict(enumerate(state.map_states)) if isinstance(state, Mapped) else {}
        parent: State = executor.wait(self._submit(parcel, state, upstream, children=children, is_mapped_parent=True))
        if not isinstance(parent, Mapped):
            return parent
        # Only what is mapped over has to come here, since it is to be taken apart.
        places = [place for place, edge in enumerate(parcel.edges) if edge.mapped]
        resolved = dict(zip(places, executor.wait([upstream[place] for place in places]), strict=True))
        try:
            for place, upstream_state in resolved.items():
                task = parcel.edges[place].upstream_task
                declared = declared_result(task, parcel.flow_result)
                mapping.load_values(upstream_state, task.result or parcel.flow_result, declared)
            count, views = mapping.child_views(
                [(edge, upstream[place], resolved.get(place)) for place, edge in enumerate(parcel.edges)],
                self._children,
                executor,
                state.n_map_states if isinstance(state, Mapped) else None,
            )
        except Exception as error:
            # What is mapped over cannot be taken apart: that is this task's failure, and nobody else's.
            return fail_parcel(parcel, parent, None, error)
        tell = getattr(self._runner_class, "children_of", TaskRunner.children_of)
        made = []
        for index, (told, own) in enumerate(tell(parcel.context, count)):
            before = known.get(index)
            seen = [view(index) for view in views]
            made.append(self._submit(parcel, told if before is None else before, seen, index, children, own=own))
        self._children[parcel.task] = made
        if parent is state:
            # The states of the pass before belong to whoever gave them.
            parent = copy(parent)
        parent.n_map_states = count
        return parent

    # --- the end ------------------------------------------------------------------------------------------------------

    def wait_for(self, tasks: Iterable[Task]) -> dict[Task, State]:
        """Give the states of these tasks when they are there, with those of their children."""
        executor = self._executor
        wanted = {task: self._states.get(task) or Pending("Task not evaluated by FlowRunner.") for task in tasks}
        states = dict(zip(wanted, executor.wait(list(wanted.values())), strict=True))
        for task, state in states.items():
            children = self._children.get(task)
            if children is not None and isinstance(state, Mapped):
                state.map_states = executor.wait(children)
                state.n_map_states = None  # as many as there are
                state.result = [child.result for child in state.map_states if child is not None]
        for task, children in self._children.items():
            # Nobody asked for these, but a run ends only when everything that was started has.
            if task not in states:
                executor.wait(children)
        return states


def _runs_in_every_pass(task: Task) -> bool:
    if isinstance(task, (ResourceSetupTask, ResourceCleanupTask)):
        return True
    return any(cls.__name__ == "SecretBase" for cls in type(task).__mro__)


_constant_template: list[Constant] = []


def _constant(value: Any) -> Constant:
    """Give a task for a constant that is upstream of one edge and never in a flow.

    A copy of one that was made whole: a task has two dozen settings, none of which matters here.
    """
    if not _constant_template:
        _constant_template.append(Constant(None, name="constant"))
    new = copy(_constant_template[0])
    new.value = value
    new.name = name_of_constant(value)
    return new
