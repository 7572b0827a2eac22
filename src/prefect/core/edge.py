"""One dependency between two tasks."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.core.annotations import EdgeAnnotation
from prefect.core.conversion import as_task

if TYPE_CHECKING:
    from prefect.core.task import Task
    from prefect.core.task_graph import TaskGraph

_known_keys: set[str] = set()


def is_valid_identifier(string: str) -> bool:
    """Say whether a text can be the name of an argument."""
    return string.isidentifier() and not keyword.iskeyword(string)


def check_key(key: Any) -> None:
    """Refuse a key that cannot be the name of an argument (ValueError)."""
    if key in _known_keys:
        return
    if not is_valid_identifier(str(key)):
        raise ValueError(f'Key must be a valid identifier (received "{key}")')
    _known_keys.add(key)


class Edge:
    """A dependency: the downstream task waits for the upstream task and may get its result.

    Args:
        upstream_task: a task, or a value that becomes one; ``mapped``, ``unmapped``, ``flatten`` around it count.
        key: the argument of the downstream task that gets the upstream result; None if only the order matters.
        mapped: the downstream task runs once for each element of the upstream result.
        flattened: the upstream result is a list of lists and is taken as one list.
        flow: where tasks made from values are added; only needed for collections that contain tasks.
    """

    __slots__ = ("__weakref__", "downstream_task", "flattened", "key", "mapped", "upstream_task")

    def __init__(
        self,
        upstream_task: Any,
        downstream_task: Any,
        key: str | None = None,
        mapped: bool | None = None,
        flattened: bool | None = None,
        flow: TaskGraph | None = None,
    ) -> None:
        attributes = {"mapped": bool(mapped), "flattened": bool(flattened)}
        for end in (upstream_task, downstream_task):
            if isinstance(end, EdgeAnnotation):
                attributes.update(end.annotations)
        self.upstream_task: Task = as_task(upstream_task, flow=flow)
        self.downstream_task: Task = as_task(downstream_task, flow=flow)
        if self.upstream_task is self.downstream_task:
            raise ValueError("Edges can not connect a task to itself.")
        if key is not None:
            check_key(key)
        self.key = key
        self.mapped = attributes["mapped"]
        self.flattened = attributes["flattened"]

    @classmethod
    def between(
        cls, upstream_task: Task, downstream_task: Task, key: str | None, mapped: bool, flattened: bool
    ) -> Edge:
        """Make an edge between two tasks that are known to be tasks: the quick way for a flow that is being built."""
        if upstream_task is downstream_task:
            raise ValueError("Edges can not connect a task to itself.")
        if key is not None:
            check_key(key)
        edge = cls.__new__(cls)
        edge.upstream_task = upstream_task
        edge.downstream_task = downstream_task
        edge.key = key
        edge.mapped = mapped
        edge.flattened = flattened
        return edge

    @property
    def tasks(self) -> set[Task]:
        """The two tasks of this edge."""
        return {self.upstream_task, self.downstream_task}

    def _identity(self) -> tuple[Any, ...]:
        return (self.upstream_task, self.downstream_task, self.key, self.mapped, self.flattened)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Edge) and self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash((self.upstream_task, self.downstream_task, self.key, self.mapped, self.flattened))

    def __repr__(self) -> str:
        return (
            f"<Edge(key={self.key}, mapped={self.mapped}, flattened={self.flattened}): "
            f"{self.upstream_task.name} to {self.downstream_task.name}>"
        )

    def serialize(self) -> dict[str, Any]:
        """Give this edge as JSON: its attributes and the slugs of its tasks."""
        from prefect.core.as_json import dump_edge

        return dump_edge(self)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Task": "prefect.core.task",
            "prefect": "prefect:",
        },
    )
