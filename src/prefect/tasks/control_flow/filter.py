"""Taking the useful results out of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, List  # noqa: UP035 - this name is part of the JSON of tasks

from prefect.core.task import Task
from prefect.triggers import all_finished


class FilterTask(Task):
    """A task that keeps some elements of a list; typically of the results of a mapped task, some of which failed.

    Args:
        filter_func: tells which elements stay; default: all but None and exceptions.
        log_func: called with what stays; what it gives is logged.
        **kwargs: as for ``Task``; by default it runs when everything upstream has ended, failed and skipped included.
    """

    def __init__(
        self,
        filter_func: Callable[[Any], bool] | None = None,
        log_func: Callable[[Any], str] | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("skip_on_upstream_skip", False)
        kwargs.setdefault("trigger", all_finished)
        self.filter_func = filter_func if filter_func is not None else is_result
        self.log_func = log_func
        super().__init__(**kwargs)

    def run(self, task_results: List[Any]) -> List[Any]:  # noqa: UP006
        """Give the elements that stay."""
        kept = [result for result in task_results if self.filter_func(result)]
        if self.log_func is not None:
            self.logger.info(self.log_func(kept))
        return kept


def is_result(value: Any) -> bool:
    """Tell whether a value is neither None nor an exception."""
    return value is not None and not isinstance(value, Exception)
