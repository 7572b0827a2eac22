"""The operators of a task, each of which makes a task that does the operation at run time.

``==``, ``!=`` and truth are left alone: tasks are compared by identity, and kept in sets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from prefect.core import plugs

if TYPE_CHECKING:
    from prefect.core.task import CalledTask, Task


def _operate(name: str, x: Any, y: Any) -> CalledTask:
    return cast("CalledTask", plugs.operator_task(name)().bind(x, y))


class OperatorsMixin:
    """What ``task + 1``, ``task["key"]`` and the like mean."""

    name: str
    checkpoint: bool | None
    result: Any

    def is_equal(self, other: object) -> CalledTask:
        """Make a task that compares this task's result with another value."""
        return _operate("Equal", self, other)

    def is_not_equal(self, other: object) -> CalledTask:
        """Make a task that tells whether this task's result differs from another value."""
        return _operate("NotEqual", self, other)

    def not_(self) -> CalledTask:
        """Make a task that gives the logical opposite of this task's result."""
        return cast("CalledTask", plugs.operator_task("Not")().bind(self))

    def or_(self, other: object) -> CalledTask:
        """Make a task that gives this task's result or, if it counts as false, another value."""
        return _operate("Or", self, other)

    def __getitem__(self, key: Any) -> CalledTask:
        shown = key.name if isinstance(key, OperatorsMixin) else repr(key)
        item = plugs.operator_task("GetItem")(
            name=f"{self.name}[{shown}]", checkpoint=self.checkpoint, result=self.result
        )
        return cast("CalledTask", item.bind(task_result=self, key=key))

    def __or__(self, other: object) -> Any:
        task = cast("Task", self)
        task.set_dependencies(downstream_tasks=[other])
        return other

    def __ror__(self, other: object) -> Any:
        task = cast("Task", self)
        task.set_dependencies(upstream_tasks=[other])
        return self

    def __add__(self, other: object) -> CalledTask:
        return _operate("Add", self, other)

    def __sub__(self, other: object) -> CalledTask:
        return _operate("Sub", self, other)

    def __mul__(self, other: object) -> CalledTask:
        return _operate("Mul", self, other)

    def __truediv__(self, other: object) -> CalledTask:
        return _operate("Div", self, other)

    def __floordiv__(self, other: object) -> CalledTask:
        return _operate("FloorDiv", self, other)

    def __mod__(self, other: object) -> CalledTask:
        return _operate("Mod", self, other)

    def __pow__(self, other: object) -> CalledTask:
        return _operate("Pow", self, other)

    def __and__(self, other: object) -> CalledTask:
        return _operate("And", self, other)

    def __radd__(self, other: object) -> CalledTask:
        return _operate("Add", other, self)

    def __rsub__(self, other: object) -> CalledTask:
        return _operate("Sub", other, self)

    def __rmul__(self, other: object) -> CalledTask:
        return _operate("Mul", other, self)

    def __rtruediv__(self, other: object) -> CalledTask:
        return _operate("Div", other, self)

    def __rfloordiv__(self, other: object) -> CalledTask:
        return _operate("FloorDiv", other, self)

    def __rmod__(self, other: object) -> CalledTask:
        return _operate("Mod", other, self)

    def __rpow__(self, other: object) -> CalledTask:
        return _operate("Pow", other, self)

    def __rand__(self, other: object) -> CalledTask:
        return _operate("And", other, self)

    def __gt__(self, other: object) -> CalledTask:
        return _operate("GreaterThan", self, other)

    def __ge__(self, other: object) -> CalledTask:
        return _operate("GreaterThanOrEqual", self, other)

    def __lt__(self, other: object) -> CalledTask:
        return _operate("LessThan", self, other)

    def __le__(self, other: object) -> CalledTask:
        return _operate("LessThanOrEqual", self, other)
