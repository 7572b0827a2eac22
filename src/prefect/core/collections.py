"""Tasks that put the results of other tasks together to a list, tuple, set or dict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, Self  # noqa: UP035 - this name is part of the JSON of tasks

from prefect.core.task import Task

if TYPE_CHECKING:
    from prefect.core.flow import Flow


class VarArgsTask(Task):
    """A task that takes any number of positional arguments; they become the inputs ``arg_1``, ``arg_2``, …"""

    public_name = "prefect.tasks.core.collections.VarArgsTask"

    def bind(  # type: ignore[override]
        self,
        *args: Any,
        upstream_tasks: Iterable[Any] | None = None,
        mapped: bool = False,
        flow: Flow | None = None,
    ) -> Self:
        """Add this task to a flow with these elements; see ``Task.bind``."""
        elements = {f"arg_{number}": element for number, element in enumerate(args, start=1)}
        return super().bind(upstream_tasks=upstream_tasks, mapped=mapped, flow=flow, **elements)


def _in_order(elements: dict[str, Any]) -> list[Any]:
    return [element for _, element in sorted(elements.items(), key=lambda item: int(item[0].rpartition("_")[2]))]


class List(VarArgsTask):
    """A task that puts its inputs into a list."""

    public_name = "prefect.tasks.core.collections.List"

    def run(self, **task_results: Any) -> list:  # type: ignore[type-arg]
        """Give the inputs ``arg_1``, ``arg_2``, … as a list."""
        return _in_order(task_results)


class Tuple(VarArgsTask):
    """A task that puts its inputs into a tuple."""

    public_name = "prefect.tasks.core.collections.Tuple"

    def run(self, **task_results: Any) -> tuple:  # type: ignore[type-arg]
        """Give the inputs ``arg_1``, ``arg_2``, … as a tuple."""
        return tuple(_in_order(task_results))


class Set(VarArgsTask):
    """A task that puts its inputs into a set."""

    public_name = "prefect.tasks.core.collections.Set"

    def run(self, **task_results: Any) -> set:  # type: ignore[type-arg]
        """Give the inputs as a set."""
        return set(task_results.values())


class Dict(Task):
    """A task that puts keys and values together to a dict."""

    public_name = "prefect.tasks.core.collections.Dict"

    def run(self, keys: Iterable[Any], values: Iterable[Any]) -> dict:  # type: ignore[type-arg]
        """Give the dict of these keys and values (ValueError if there is not one value for each key)."""
        if len(keys) != len(values):  # type: ignore[arg-type]
            raise ValueError("A different number of keys and values were provided!")
        return dict(zip(keys, values, strict=True))
