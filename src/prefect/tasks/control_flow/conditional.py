"""Branches by the value of a task, and bringing branches together again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.core.authoring import tags
from prefect.core.conversion import as_task
from prefect.core.function import task
from prefect.core.task import Task
from prefect.model.signals import SKIP
from prefect.triggers import not_all_skipped

if TYPE_CHECKING:
    from prefect.core.flow import Flow

__all__ = ["CompareValue", "Merge", "ifelse", "merge", "switch"]


class CompareValue(Task):
    """A task that is skipped unless its input equals a value.

    Args:
        value: what the input must be equal to.
        **kwargs: as for ``Task``.
    """

    def __init__(self, value: Any, **kwargs: Any) -> None:
        self.value = value
        kwargs.setdefault("name", f'CompareValue: "{value}"')
        super().__init__(**kwargs)

    def run(self, value: Any) -> None:
        """Compare a value with the one of this task.

        Raises:
            SKIP: they differ.
        """
        if value != self.value:
            raise SKIP(f'Provided value "{value}" did not match "{self.value}"')


class Merge(Task):
    """A task that gives the first of its inputs that is not None.

    It runs unless all upstream tasks were skipped, so ``skip_on_upstream_skip`` must stay False (ValueError).
    """

    def __init__(self, **kwargs: Any) -> None:
        if kwargs.setdefault("skip_on_upstream_skip", False):
            raise ValueError("Merge tasks must have `skip_on_upstream_skip=False`.")
        kwargs.setdefault("trigger", not_all_skipped)
        super().__init__(**kwargs)

    def run(self, **task_results: Any) -> Any:
        """Give the first result, by name of the input, that is not None; None if there is none."""
        return next((task_results[name] for name in sorted(task_results) if task_results[name] is not None), None)


def switch(condition: Any, cases: dict[Any, Any], mapped: bool = False) -> None:
    """Let each of these tasks run only if the condition has its value.

    Args:
        condition: a task, or a value.
        cases: value -> task, or a value as its own branch; what is downstream of a task is skipped with it.
        mapped: the condition is a list, and the tasks are mapped.
    """
    with tags("switch"):
        for value, branch in cases.items():
            comparison = CompareValue(value=value).bind(value=condition, mapped=mapped)
            as_task(branch).set_dependencies(upstream_tasks=[comparison], mapped=mapped)


@task
def as_bool(x):  # type: ignore[no-untyped-def]  # its inputs and outputs are shown as "Any"
    """Tell whether a value counts as true."""
    return bool(x)


def ifelse(condition: Any, true_task: Any, false_task: Any, mapped: bool = False) -> None:
    """Let one of two tasks run, by whether the condition counts as true.

    Args:
        condition: a task, or a value.
        true_task, false_task: a task or a value; None for no branch.
        mapped: the condition is a list, and the tasks are mapped.
    """
    cases = {value: branch for value, branch in ((True, true_task), (False, false_task)) if branch is not None}
    if cases:
        switch(as_bool(condition, mapped=mapped), cases, mapped=mapped)


def merge(*tasks: Any, flow: Flow | None = None, mapped: bool = False, **kwargs: Any) -> Task:
    """Bring branches together: give the result of the branch that was not skipped.

    Args:
        *tasks: the last tasks of the branches.
        flow: default: the active flow.
        mapped: the branches are mapped.
        **kwargs: as for ``Task``.
    """
    inputs = {f"task_{number}": branch for number, branch in enumerate(tasks, start=1)}
    return Merge(**kwargs).bind(**inputs, flow=flow, mapped=mapped)
