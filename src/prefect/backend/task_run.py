"""Task runs as values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.backend.declared import check_declared
from prefect.contract import operations
from prefect.model.state import Mapped, State

if TYPE_CHECKING:
    from prefect.model.result import Result

_BY_MAP_INDEX = {"map_index": "asc"}
_NOT_LOADED: Any = object()


@dataclass(frozen=True)
class TaskRunView:
    """A task run as the API knew it when it was asked; ``map_index`` is -1 for an unmapped one."""

    task_run_id: str
    task_id: str
    task_slug: str
    name: str | None
    state: State
    map_index: int
    flow_run_id: str
    _value: list[Any] = field(default_factory=lambda: [_NOT_LOADED], repr=False, compare=False)

    @classmethod
    def from_task_run_id(cls, task_run_id: str | None = None) -> TaskRunView:
        """Read a task run by its id."""
        if not isinstance(task_run_id, str):
            raise TypeError(f"Unexpected type {type(task_run_id)!r} for `task_run_id`, expected 'str'.")
        return cls._from_row(_one({"id": {"_eq": task_run_id}}))

    @classmethod
    def from_task_slug(cls, task_slug: str, flow_run_id: str, map_index: int = -1) -> TaskRunView:
        """Read the run of a task in a flow run."""
        where = {
            "task": {"slug": {"_eq": task_slug}},
            "flow_run_id": {"_eq": flow_run_id},
            "map_index": {"_eq": map_index},
        }
        return cls._from_row(_one(where))

    @classmethod
    def _from_row(cls, row: Mapping[str, Any]) -> TaskRunView:
        from prefect.model.state import Pending

        serialized = row["serialized_state"]
        return cls(
            task_run_id=row["id"],
            task_id=row["task"]["id"],
            task_slug=row["task"]["slug"],
            name=row["name"],
            state=Pending() if serialized is None else State.deserialize(serialized),
            map_index=row["map_index"],
            flow_run_id=row["flow_run_id"],
        )

    def get_latest(self) -> TaskRunView:
        """Read the task run again; a result that was loaded is kept."""
        latest = self.from_task_run_id(self.task_run_id)
        latest._value[0] = self._value[0]
        return latest

    def iter_mapped(self) -> Iterator[TaskRunView]:
        """Read the children of a mapped task run, in the order of their index.

        Raises:
            TypeError: it is not mapped.
            ValueError: it should have children, and none is known.
        """
        if not self.state.is_mapped():
            raise TypeError(f"Task run {self.task_run_id!r} ({self.task_slug}) is not a mapped task.")
        where = {
            "task": {"slug": {"_eq": self.task_slug}},
            "flow_run_id": {"_eq": self.flow_run_id},
            "map_index": {"_neq": -1},
        }
        rows = _find(where, order_by=_BY_MAP_INDEX)
        if not rows and isinstance(self.state, Mapped) and self.state.n_map_states:
            raise ValueError(
                f"No child task runs were found for task {self.task_slug!r} in flow run {self.flow_run_id!r}. Is the "
                "flow run finished?"
            )
        yield from map(self._from_row, rows)

    def get_result(self) -> Any:
        """Read the value that the task run stored; it is read once.

        Returns:
            The value; for a mapped task run the list of its children's values.

        Raises:
            ValueError: the task run is not finished, or stored nothing.
            TypeError: its kind of result cannot be read here.
            UndeclaredResult: it names a place where its flow writes nothing.
        """
        if self._value[0] is _NOT_LOADED:
            self._value[0] = self._load_value()
        return self._value[0]

    def _load_value(self) -> Any:
        if not self.state.is_finished():
            raise ValueError("The task result cannot be loaded if it is not finished.")
        if self.state.is_mapped():
            return [child.get_result() for child in self.iter_mapped()]
        _require_readable(self.state._result)
        check_declared(self.state._result, self.task_run_id)
        self.state.load_result(self.state._result)
        return self.state.result

    def _repr_html_(self) -> str:
        """What a notebook shows: what is known already, nothing is asked of the API."""
        from prefect.model.state_html import Html, badge, facts

        index = self.map_index if self.map_index >= 0 else None
        about = [("task run", self.name or self.task_slug), ("id", self.task_run_id), ("task", self.task_slug)]
        state = [("state", Html(badge(self.state))), ("message", self.state.message)]
        return f"<div>{facts([*about, ('map index', index), *state])}</div>"

    def __repr__(self) -> str:
        names = ("task_run_id", "task_id", "task_slug", "state")
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        result = "<not loaded>" if self._value[0] is _NOT_LOADED else repr(self._value[0])
        return f"{type(self).__name__}({values}, result={result})"


def _require_readable(result: Result | None) -> None:
    from prefect.model.result import NoResultType, Result

    if result is None or isinstance(result, NoResultType):
        raise TypeError(
            "The task has no `Result` type so the result cannot be loaded. Set a `Result` type on your tasks so "
            "return values are persisted."
        )
    if result.location is None:
        raise ValueError(
            "The task result has no `location` so the result cannot be loaded. This often means that your task "
            "result has not been configured or has been configured incorrectly."
        )
    if type(result) is Result:
        raise TypeError(
            "The task has a custom `Result` type and its result cannot be loaded. Only built-in `Result` types are "
            "supported."
        )


def _find(where: dict[str, Any], order_by: dict[str, str] | None = None) -> list[dict[str, Any]]:
    from prefect.client.client import Client

    return Client().ask(operations.TASK_RUN_VIEW, where=where, order_by=order_by)["task_run"]


def _one(where: dict[str, Any]) -> dict[str, Any]:
    rows = _find(where)
    if not rows:
        raise ValueError(f"No task runs found while querying for task runs where {where!r}")
    if len(rows) > 1:
        raise ValueError(f"Found multiple ({len(rows)}) task runs while querying for task runs where {where!r}")
    return rows[0]


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "Result": "prefect.engine.result",
            "Scheduled": "prefect.engine.state",
            "prefect": "prefect:",
        },
    )
