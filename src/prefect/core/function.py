"""A task made from a function, and the ``task`` decorator that makes it."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from prefect.core.signature import check_run
from prefect.core.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Unpack

    from prefect.core.annotations import EdgeAnnotation
    from prefect.core.flow import Flow
    from prefect.core.task import CalledTask
    from prefect.core.task_options import TaskOptions, UnnamedTaskOptions

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

    def __init__(self, fn: Callable[P, R], name: str | None = None, **kwargs: Unpack[UnnamedTaskOptions]) -> None:
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

        # What was called, and a parameter, fit every argument: see ``CalledTask``.
        @overload  # type: ignore[override]  # narrower than that of a task that may take anything
        def __call__(self, *args: P.args, **kwargs: P.kwargs) -> CalledTask: ...

        # Tasks that were not called, and lists of tasks, can be passed too.
        @overload
        def __call__(
            self, first: Task | EdgeAnnotation | Iterable[Task] | Mapping[Any, Task], /, *args: Any, **kwargs: Any
        ) -> CalledTask: ...

        # What a call in a flow takes besides; no function can have arguments of these names.
        @overload
        def __call__(
            self,
            *args: Any,
            upstream_tasks: Iterable[Any] | None,
            mapped: bool = ...,
            task_args: dict[str, Any] | None = ...,
            flow: Flow | None = ...,
            **kwargs: Any,
        ) -> CalledTask: ...

        @overload
        def __call__(
            self,
            *args: Any,
            task_args: dict[str, Any] | None,
            mapped: bool = ...,
            flow: Flow | None = ...,
            **kwargs: Any,
        ) -> CalledTask: ...

        @overload
        def __call__(self, *args: Any, mapped: bool, flow: Flow | None = ..., **kwargs: Any) -> CalledTask: ...

        @overload
        def __call__(self, *args: Any, flow: Flow | None, **kwargs: Any) -> CalledTask: ...

        def __call__(self, *args: Any, **kwargs: Any) -> CalledTask: ...


@overload
def task(fn: Callable[P, R], **task_init_kwargs: Unpack[TaskOptions]) -> FunctionTask[P, R]: ...


@overload
def task(
    fn: None = None, **task_init_kwargs: Unpack[TaskOptions]
) -> Callable[[Callable[P, R]], FunctionTask[P, R]]: ...


def task(fn: Callable[..., Any] | None = None, **task_init_kwargs: Any) -> Any:
    """Make a task from a function; usable as ``@task`` and as ``@task(max_retries=3, ...)``.

    Args:
        fn: the function; absent when the decorator is called with arguments.
        **task_init_kwargs: as for ``Task``.
    """
    if fn is None:
        return lambda function: FunctionTask(fn=function, **task_init_kwargs)
    return FunctionTask(fn=fn, **task_init_kwargs)
