"""A task made from a function, and the ``task`` decorator that makes it."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, Self, TypeVar, overload

from prefect.core.signature import check_run
from prefect.core.task import Task

P = ParamSpec("P")
R = TypeVar("R")


class FunctionTask(Task, Generic[P, R]):
    """A task whose ``run`` is a function.

    Args:
        fn: called with the task's inputs as keywords.
        name: default: the function's name.
        **kwargs: as for ``Task``.

    Raises:
        TypeError: ``fn`` cannot be called.
        ValueError: ``fn`` has arguments that a task cannot have.
    """

    public_name = "prefect.tasks.core.function.FunctionTask"

    def __init__(self, fn: Callable[P, R], name: str | None = None, **kwargs: Any) -> None:
        if not callable(fn):
            raise TypeError("`fn` must be callable")
        check_run(fn)
        update_wrapper(self, fn)
        self.run = fn  # type: ignore[method-assign]
        super().__init__(name=getattr(fn, "__name__", None) if name is None else name, **kwargs)

    def _how_to_write(self) -> str:
        return str(getattr(self.run, "__name__", "task"))

    if TYPE_CHECKING:
        # How an editor sees a function under ``@task``: a task that is run and called like the function.
        def run(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

        @overload
        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Self: ...

        # Tasks can be passed for any argument, and ``mapped``, ``upstream_tasks``, ``task_args`` and ``flow`` besides.
        @overload
        def __call__(self, *args: Any, **kwargs: Any) -> Self: ...

        def __call__(self, *args: Any, **kwargs: Any) -> Self: ...


@overload
def task(fn: Callable[P, R], **task_init_kwargs: Any) -> FunctionTask[P, R]: ...


@overload
def task(fn: None = None, **task_init_kwargs: Any) -> Callable[[Callable[P, R]], FunctionTask[P, R]]: ...


def task(fn: Callable[..., Any] | None = None, **task_init_kwargs: Any) -> Any:
    """Make a task from a function; usable as ``@task`` and as ``@task(max_retries=3, ...)``.

    Args:
        fn: the function; absent when the decorator is called with arguments.
        **task_init_kwargs: as for ``Task``.
    """
    if fn is None:
        return lambda function: FunctionTask(fn=function, **task_init_kwargs)
    return FunctionTask(fn=fn, **task_init_kwargs)
