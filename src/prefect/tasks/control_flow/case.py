"""``with case(task, value)``: tasks that run only if another task gave a certain value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from prefect.core.constants import Constant
from prefect.core.parameter import Parameter
from prefect.core.task import Task
from prefect.tasks.control_flow.conditional import CompareValue
from prefect.utilities.context import context

if TYPE_CHECKING:
    from prefect.core.flow import Flow


class case:
    """A block whose tasks are skipped unless a task's result equals a value.

    Only tasks that wait for nothing else inside the block are tied to the comparison; the others are skipped with them.

    Args:
        task: whose result is compared; may also be a constant.
        value: what it must be equal to; no task.

    Raises:
        TypeError: the value is a task.
    """

    def __init__(self, task: Any, value: Any) -> None:
        if isinstance(value, Task):
            raise TypeError("`value` cannot be a task")
        self.task = task
        self.value = value
        # A dictionary for its order: edges are added in the order of the tasks.
        self._tasks: dict[Task, None] = {}
        self._flow: Flow | None = None
        self._block: Any = None

    def add_task(self, task: Task, flow: Flow) -> None:
        """Note a task that was added to a flow inside the block.

        Raises:
            ValueError: an earlier one was added to another flow.
        """
        if isinstance(task, (Parameter, Constant)):
            return
        if self._flow is None:
            self._flow = flow
        elif self._flow is not flow:
            raise ValueError("Multiple flows cannot be used with the same case statement")
        self._tasks[task] = None

    def __enter__(self) -> Self | None:
        self._block = context(case=self)
        self._block.__enter__()
        return None

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self._block.__exit__(kind, error, traceback)
        inside, flow = self._tasks, self._flow
        self._tasks, self._flow = {}, None
        if kind is not None or flow is None:
            return
        comparison = CompareValue(self.value, name=f"case({self.value})").bind(value=self.task, flow=flow)
        for task in inside:
            if flow.upstream_tasks(task).isdisjoint(inside):
                task.set_upstream(comparison, flow=flow)
