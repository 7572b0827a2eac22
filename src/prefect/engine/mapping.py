"""Mapped tasks: how many children there are, and what each of them sees upstream. Knows no runner.

A mapped task has a parent, whose state is Mapped, and one child for each index. A child sees, behind each of its edges,

* for a mapped edge from a mapped task: the child of the same index there,
* for a mapped edge from another task: a state like that task's, with one element of its value,
* for an edge that is not mapped: the whole upstream state; of a mapped task its Mapped state with all children.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from prefect.model.result import PrefectResult, Result
from prefect.model.state import Mapped, State
from prefect.utilities.logging import get_logger

if TYPE_CHECKING:
    from prefect.core.edge import Edge
    from prefect.core.task import Task
    from prefect.executors.base import Executor

_NOT_ITERABLE = (
    "`flatten` was used on upstream task that did not return an iterable. "
    "The value will be passed downstream unmodified."
)


class NothingToMapOver(ValueError):
    """The states upstream of a mapped task do not say how many children it has."""


def states_that_count(upstream_states: Mapping[Edge, State]) -> Iterator[State]:
    """Give the upstream states that decide whether a task may start.

    Behind an edge that is not mapped, the children of a mapped task count one by one.
    """
    for edge, state in upstream_states.items():
        if isinstance(state, Mapped) and not edge.mapped:
            for child in state.map_states:
                if child is not None:
                    yield child
        else:
            yield state


def load_values(state: State, reader: Result | None, declared: Result | None) -> None:
    """Read the value of an upstream state, or of its children, where only the location is known.

    Args:
        reader: how it is read; as the state says when absent.
        declared: where the values of the task are written, as the flow says; absent means nowhere.

    Raises:
        ForeignLocation: a state that came by wire names another place.
    """
    parts = state.map_states if isinstance(state, Mapped) else [state]
    for part in parts:
        if part is not None:
            check_own(part._result, declared)
    if any(part is not None and part._result.value is None and part._result.location is not None for part in parts):
        state.load_result(reader)


class ForeignLocation(ValueError):
    """A state names a place where its task writes no values."""


def check_own(known: Result, declared: Result | None) -> None:
    """Refuse a result that came by wire and does not lie where its task writes values: reading it may run code.

    Args:
        declared: where that is; absent means nowhere.

    Raises:
        ForeignLocation: names the place.
    """
    if not known._is_foreign or known.value is not None or known.location is None:
        return
    if isinstance(known, PrefectResult) and (declared is None or type(declared) is Result):
        return  # the value itself, as JSON
    if declared is None or type(declared) is Result:
        raise ForeignLocation(
            f"The state names {known.location[:300]!r} as the place of its value, but neither the task nor the flow "
            "declares a result: it is not read."
        )
    try:
        declared.check_location(known.location)
    except ValueError as error:
        raise ForeignLocation(str(error)) from None


# --- how many ---------------------------------------------------------------------------------------------------------


def count_children(upstream_states: Mapping[Edge, State]) -> int:
    """Give the number of children: the length of the shortest value that is mapped over.

    Raises:
        NothingToMapOver: nothing upstream that is to be mapped over succeeded, or a value has no elements.
    """
    counts = []
    for edge, state in upstream_states.items():
        if not edge.mapped or not state.is_successful():
            continue
        if isinstance(state, Mapped):
            counts.append(state.n_map_states)
            continue
        value = state.result
        if edge.flattened and hasattr(value, "__getitem__"):
            value = flattened_value(value)
        if not is_mappable(value):
            raise NothingToMapOver("At least one upstream state has an unmappable result.")
        counts.append(len(value))
    if not counts:
        raise NothingToMapOver("No upstream states can be mapped over.")
    return min(counts)


def is_mappable(value: Any) -> bool:
    """Say whether a value has elements 0, 1, 2, ..."""
    if not hasattr(value, "__getitem__") or not hasattr(value, "__len__"):
        return False
    # A dictionary has __getitem__ too, but it takes keys.
    return not isinstance(value, Mapping) or all(i in value for i in range(len(value)))


# --- what each child sees ---------------------------------------------------------------------------------------------

View = Callable[[int], Any]


def whole(upstream: Any) -> View:
    """Show every child the same upstream state (or its future)."""
    return lambda index: upstream


def one_of(children: Sequence[Any]) -> View:
    """Show each child the state (or future) of the same index."""
    return children.__getitem__


def element_of(state: State, is_flattened: bool = False) -> View:
    """Show each child a state like this one with one element of its value."""
    return _elements_of(state, flattened_value(state.result) if is_flattened else state.result)


def _elements_of(state: State, values: Any, count: int | None = None) -> View:
    """Show each child a state like this one with one of the values.

    With a ``count``, so many elements are taken at once: a container that does not give them fails here, before a
    child has begun.
    """
    if count is not None and not isinstance(values, (list, tuple, range)):
        values = [values[index] for index in range(count)]
    result = state._result
    make: Callable[[Any], Result] = Result if type(result) is Result else result.from_value

    def view(index: int) -> State:
        new = state.__copy__()
        new._result = make(values[index])
        return new

    return view


def _without_value(state: State) -> State:
    """Give a state like a failed one, but without its exception: no child is to take that for its element."""
    new = copy(state)
    new._result = Result()
    return new


def prepare_upstream_states_for_mapping(
    state: State,
    upstream_states: dict[Edge, State],
    mapped_children: dict[Task, list[Any]],
    executor: Executor,
) -> list[dict[Edge, Any]]:
    """Give what each child of a mapped task sees upstream.

    Args:
        state: the parent's state; unless it is Mapped there are no children.
        upstream_states: the upstream states as the parent saw them, not futures.
        mapped_children: task -> states of its children, or their futures.
        executor: waits for values that are to be flattened.
    """
    if not state.is_mapped():
        return []
    count, views = child_views(
        [(edge, upstream_state, upstream_state) for edge, upstream_state in upstream_states.items()],
        mapped_children,
        executor,
    )
    return [{edge: view(i) for edge, view in zip(upstream_states, views, strict=True)} for i in range(count)]


def child_views(
    upstream: Sequence[tuple[Edge, Any, State | None]],
    mapped_children: Mapping[Task, list[Any]],
    executor: Executor,
    known: int | None = None,
) -> tuple[int, list[View]]:
    """Give the number of children and, for each upstream edge, what a child sees behind it.

    Args:
        upstream: edge, upstream state or its future, and for a mapped edge the state itself.
        known: how many children there are known to be, 0 when that is not told: there are no more, and the values
            upstream may be absent; but for what is mapped over another mapped task, which may have been counted before
            its children had values to be flattened.

    Raises:
        Exception: whatever a value raises that has a length, but no elements 0, 1, 2, ...
    """
    counts: list[int] = []
    has_children = False
    views: list[Any] = []
    of_values: list[tuple[int, State]] = []
    for edge, future, state in upstream:
        if not edge.mapped or state is None:
            views.append(whole(future))
            continue
        # One that failed with elements, as `FAIL(result=[...])` does, gives them like another.
        gives_elements = not edge.flattened and isinstance(state.result, (list, tuple, str)) and bool(state.result)
        if not state.is_successful() and (isinstance(state, Mapped) or not gives_elements):
            views.append(whole(_without_value(state)))
            continue
        if isinstance(state, Mapped):
            children = mapped_children.get(edge.upstream_task)
            if children is None:
                children = list(state.map_states)
            if edge.flattened:
                children = flatten_mapped_children(children, executor)
            counts.append(len(children))
            views.append(one_of(children))
            has_children = True
        else:
            value = flattened_value(state.result) if edge.flattened else state.result
            if known is not None and value is None:
                # Only that it succeeded is known of the upstream task.
                views.append(whole(state))
                continue
            counts.append(len(value))
            views.append(value)
            of_values.append((len(views) - 1, state))
    if known and not has_children:
        counts.append(known)
    count = min(counts) if counts else 0
    for place, state in of_values:
        views[place] = _elements_of(state, views[place], count)
    return count, views


# --- flatten ----------------------------------------------------------------------------------------------------------


def flattened_value(value: Any) -> Any:
    """Give one list of the elements of all elements; a value that is not nested is given as it is."""
    if not hasattr(value, "__iter__") or not all(hasattr(element, "__iter__") for element in value):
        return value
    return [item for element in value for item in element]


def flatten_upstream_state(upstream_state: State) -> State:
    """Give a state whose value is flattened by one level."""
    value = flattened_value(upstream_state.result)
    if value is upstream_state.result:
        return upstream_state
    new = copy(upstream_state)
    new._result = upstream_state._result.from_value(value)
    return new


def flatten_mapped_children(mapped_children: list[Any], executor: Executor) -> list[Any]:
    """Give one state (or future) for each element of each child's value.

    A child that failed, was skipped or has no elements stays as it is. The values themselves stay where they are: the
    executor only gives their lengths.
    """
    counts = executor.wait([executor.submit(_count_elements, child) for child in mapped_children])
    return [
        child if count is None else executor.submit(_state_of_element, child, index)
        for child, count in zip(mapped_children, counts, strict=True)
        for index in range(1 if count is None else count)
    ]


def _count_elements(state: State) -> int | None:
    if not state.is_successful() or state.is_skipped():
        return None
    value = state.result
    if is_mappable(value):
        return len(value)
    get_logger("FlowRunner").warning(_NOT_ITERABLE)
    return None


def _state_of_element(state: State, index: int) -> State:
    return element_of(state)(index)  # type: ignore[no-any-return]


def with_children(state: Mapped, children: list[State]) -> Mapped:
    """Give a Mapped state that has these children, and as its value the list of theirs."""
    new = copy(state)
    new.map_states = children  # type: ignore[assignment]
    new.n_map_states = len(children)
    new._result = Result([child.result for child in children])
    return new
