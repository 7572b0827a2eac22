"""One unit of work in a flow: what it does, and the rules for its retries, triggers, caching and results.

Knows flows only as the place where its edges are kept; never how it is run.
"""

from __future__ import annotations

import enum
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, cast

from prefect._lazy import lazy
from prefect.core.annotations import EdgeAnnotation
from prefect.core.operators_mixin import OperatorsMixin
from prefect.core.signature import (
    call_signature,
    check_run,
    constructor_signature,
    refuse_positional_only,
    resolved_hints,
    run_signature,
)
from prefect.utilities.context import context
from prefect.utilities.logging import get_logger

if TYPE_CHECKING:
    import logging
    from inspect import Signature

    from prefect.core.edge import Edge
    from prefect.core.flow import Flow
    from prefect.model.result import Result
    from prefect.model.state import State

__all__ = ["NoDefault", "Task"]

# Thirty years; the system's timers take little more.
_LONGEST_TIMEOUT = 1_000_000_000

_COPY_OF_DEPENDENT = (
    "You are making a copy of a task that has dependencies on or to other tasks in the active flow context. "
    "The copy will not retain those dependencies."
)


class NoDefault(enum.Enum):
    """Stands for "no default was given" where None is a default like any other."""

    value = "no_default"

    def __repr__(self) -> str:
        return "<no default>"


class _CallSignature:
    """What ``inspect.signature`` says of a task: the arguments of calling it; of a class, those of its constructor."""

    def __get__(self, task: Task | None, owner: type[Task]) -> Signature:
        return constructor_signature(owner) if task is None else call_signature(task.run)


class Task(OperatorsMixin):
    """One unit of work: subclass it and write ``run``, or put ``@task`` over a function.

    Args:
        name: default: the name of the class.
        slug: an identifier that must be unique in a flow; made by the flow when absent.
        tags: united with those of the active ``tags`` block.
        max_retries, retry_delay: how often and how soon a failed run is tried again; both or none.
        retry_on: exception classes that are worth a retry; default: all.
        timeout: seconds, or a timedelta of whole seconds.
        trigger: decides from the upstream states whether to run; default ``all_successful``.
        skip_on_upstream_skip: be skipped when something upstream was.
        cache_for: how long a successful state is reused.
        cache_validator: decides whether a cached state still holds; default ``duration_only``.
        cache_key: tasks of the same key share their cached states.
        checkpoint: write the result where ``result`` says; default: as configured.
        state_handlers: called as ``f(task, old_state, new_state)``; each may return another state.
        on_failure: called as ``f(task, state)`` whenever the task enters a failed state.
        log_stdout: log what ``run`` prints.
        result: where and how the result is written.
        target: location of the result; the task is not run when it exists already.
        task_run_name: template or function for the name of a run.
        nout: number of values that ``run`` returns, so that they can be unpacked.
    """

    # "init", "setup" or "cleanup" for the tasks of a resource manager, which do not decide the state of a run.
    resource_role: ClassVar[str | None] = None
    # The slug that a flow made and wrote into this task when it was serialized: not one that the user chose.
    _generated_slug: str | None = None
    # Attributes of every task that the body of a subclass defines too, in vain.
    _reserved_by_class: ClassVar[frozenset[str]] = frozenset()

    def __init__(
        self,
        name: str | None = None,
        slug: str | None = None,
        tags: Iterable[str] | None = None,
        max_retries: int | None = None,
        retry_delay: timedelta | None = None,
        retry_on: type[Exception] | Iterable[type[Exception]] | None = None,
        timeout: int | timedelta | None = None,
        trigger: Callable[[dict[Edge, State]], bool] | None = None,
        skip_on_upstream_skip: bool = True,
        cache_for: timedelta | None = None,
        cache_validator: Callable[..., bool] | None = None,
        cache_key: str | None = None,
        checkpoint: bool | None = None,
        state_handlers: Iterable[Callable[..., Any]] | None = None,
        on_failure: Callable[..., Any] | None = None,
        log_stdout: bool = False,
        result: Result | None = None,
        target: str | Callable[..., str] | None = None,
        task_run_name: str | Callable[..., str] | None = None,
        nout: int | None = None,
    ) -> None:
        if self._reserved_by_class or not RESERVED_ATTRIBUTES.isdisjoint(self.__dict__):
            self._warn_of_reserved_attributes()
        self.name = name or type(self).__name__
        if not isinstance(self.name, str):
            raise TypeError(f"A task's name must be text, not {type(name).__name__}")
        self.slug = slug
        refuse_positional_only(self.run, self.name)

        if isinstance(tags, str):
            raise TypeError(f"Tags should be a set of tags, not a string. ({self!r})")
        self.tags: set[str] = set(tags or ()) | set(context.get("tags") or ())

        self._set_retries(max_retries, retry_delay, retry_on)
        self.timeout = _seconds(timeout if timeout is not None else _default("timeout"))
        self.trigger = trigger if trigger is not None else _plain_trigger()
        self.skip_on_upstream_skip = skip_on_upstream_skip
        self._set_caching(cache_for, cache_validator, cache_key)
        self.checkpoint = checkpoint
        self.result = result
        self.target = target
        if target and result is not None:
            self._aim_result()
        self.task_run_name = task_run_name
        self.state_handlers = _handlers(state_handlers, on_failure)
        self.auto_generated = False
        self.log_stdout = log_stdout
        self.nout = nout if nout is not None else self._outputs_in_annotation()
        self._track()

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        if any(isinstance(value, Task) for value in (*args, *kwargs.values())):
            warnings.warn(
                f"A Task was passed as an argument to {cls.__name__}, you likely want to first initialize "
                f"{cls.__name__} with any static (non-Task) arguments, then call the initialized task with any dynamic "
                f"(Task) arguments instead. For example:\n\n"
                f"  my_task = {cls.__name__}(...)  # static (non-Task) args go here\n"
                f"  res = my_task(...)  # dynamic (Task) args go here\n",
                stacklevel=2,
            )
        return super().__new__(cls)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        run = cls.__dict__.get("run")
        if run is not None:
            check_run(getattr(run, "__func__", run))
        bodies = [base.__dict__ for base in cls.__mro__ if base not in Task.__mro__]
        cls._reserved_by_class = frozenset(name for body in bodies for name in RESERVED_ATTRIBUTES & body.keys())

    def _warn_of_reserved_attributes(self) -> None:
        for attribute in sorted(self._reserved_by_class | (RESERVED_ATTRIBUTES & self.__dict__.keys())):
            warnings.warn(
                f"`{type(self).__name__}` sets a `{attribute}` attribute, which will be overwritten by `prefect.Task`. "
                "Please rename this attribute to avoid this issue.",
                stacklevel=4,
            )
        self.__dict__.pop("logger", None)

    def _set_retries(self, max_retries: int | None, retry_delay: timedelta | None, retry_on: Any) -> None:
        if max_retries is None:
            max_retries = _default("max_retries") or 0
        if retry_delay is None and max_retries > 0:
            # Whoever says 0 retries does not want the configured delay between them either.
            retry_delay = _default("retry_delay")
            if isinstance(retry_delay, int):
                retry_delay = timedelta(seconds=retry_delay)
        retry_delay = _duration(retry_delay, "retry_delay", self)
        if max_retries > 0 and retry_delay is None:
            raise ValueError(f"A datetime.timedelta `retry_delay` must be provided if max_retries > 0 ({self!r})")
        if retry_delay is not None and not max_retries:
            raise ValueError(
                f"A `max_retries` argument greater than 0 must be provided if specifying a retry delay. ({self!r})"
            )
        if retry_on and not max_retries:
            raise ValueError(f"A number of `max_retries` must be provided if `retry_on` is set. ({self!r})")
        self.retry_on: set[type[Exception]] | None = _exception_classes(retry_on) if retry_on else None
        self.max_retries = max_retries
        self.retry_delay = retry_delay

    def _set_caching(self, cache_for: Any, cache_validator: Any, cache_key: str | None) -> None:
        from prefect.core import cache_validators

        if cache_for is None and cache_validator is not None and cache_validator is not cache_validators.never_use:
            warnings.warn(
                "cache_validator provided without specifying cache expiration (cache_for); this Task will not be "
                "cached.",
                stacklevel=4,
            )
        self.cache_for = _duration(cache_for, "cache_for", self)
        self.cache_key = cache_key
        default = cache_validators.never_use if cache_for is None else cache_validators.duration_only
        self.cache_validator: Callable[..., bool] = cache_validator or default

    def _aim_result(self, former_target: Any = None) -> None:
        """Give the task a result of its own that points to the task's target."""
        if self.result is None:
            return
        location = self.result.location
        if location and location not in (self.target, former_target):
            warnings.warn(
                "Both `result.location` and `target` were provided. The `target` value will be used.", stacklevel=4
            )
        self.result = self.result.copy()
        self.result.location = self.target

    def _outputs_in_annotation(self) -> int | None:
        from typing import Tuple, get_args, get_origin  # noqa: UP035 - it is users' annotations that are read

        returns = getattr(getattr(self.run, "__func__", self.run), "__annotations__", {}).get("return")
        if isinstance(returns, str):
            returns = resolved_hints(self.run).get("return")
        # ``Tuple`` alone says nothing of the number, and has the same origin and arguments as ``Tuple[()]``.
        if get_origin(returns) is not tuple or returns is Tuple:  # noqa: UP006
            return None
        args = get_args(returns)
        return None if Ellipsis in args else len(args)

    def _track(self) -> None:
        """Note in the active flow's block that this task exists, so that it can warn when the task is never used."""
        tracker = context.get("_unused_task_tracker")
        if tracker is not None:
            tracker.add(self)

    @cached_property
    def logger(self) -> logging.Logger:
        return get_logger(self.name)

    def __repr__(self) -> str:
        return f"<Task: {self.name}>"

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        state.pop("logger", None)
        return state

    __signature__ = _CallSignature()

    if TYPE_CHECKING:
        # Each subclass has arguments of its own; this is how a type checker is told so.
        def run(self, *args: Any, **kwargs: Any) -> Any: ...

    else:

        def run(self) -> None:
            """Do the work of this task: to be written by each subclass.

            Arguments can have any name but ``mapped``, ``task_args``, ``upstream_tasks`` and ``flow``, and must not be
            ``*args``. What is returned is the task's result.
            """

    # --- building a flow -----------------------------------------------------------------------------------------

    def copy(self, **task_args: Any) -> Self:
        """Copy this task, without its place in any flow.

        Args:
            **task_args: attributes of the copy; ``tags`` are added to those of this task.

        Raises:
            AttributeError: a name in ``task_args`` is no attribute of this task.
        """
        flow = context.get("flow")
        if flow is not None and flow.has_edges_of(self):
            warnings.warn(_COPY_OF_DEPENDENT, stacklevel=2)
        new = copy(self)
        if self.slug and "slug" not in task_args:
            new.slug = None if self.slug == self._generated_slug else self.slug + "-copy"
        new.tags = set(self.tags)
        if task_args:
            new._override(task_args)
        active_tags = context.get("tags")
        if active_tags:
            new.tags.update(active_tags)
        tracker = context.get("_unused_task_tracker")
        if tracker is not None:
            # The original has served its purpose.
            tracker.discard(self)
        new._track()
        return new

    def __copy__(self) -> Self:
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__)
        return new

    def _override(self, task_args: dict[str, Any]) -> None:
        former_target = self.target
        for name, value in task_args.items():
            if not hasattr(self, name):
                raise AttributeError(f"{self} does not have {name} as an attribute")
            if name == "tags":
                self.tags.update(value)
            else:
                setattr(self, name, value)
        if self.target and self.result is not None and not task_args.keys().isdisjoint(("target", "result")):
            self._aim_result(former_target)

    def __call__(
        self,
        *args: Any,
        mapped: bool = False,
        task_args: dict[str, Any] | None = None,
        upstream_tasks: Iterable[Any] | None = None,
        flow: Flow | None = None,
        **kwargs: Any,
    ) -> CalledTask:
        """Add a copy of this task to a flow, with these arguments.

        Args:
            *args: arguments of ``run``: tasks, or values.
            mapped: run once for each element of the arguments.
            task_args: attributes of the copy; ``tags`` are added to those of this task.
            upstream_tasks: tasks to wait for without using their results.
            flow: default: the flow whose ``with`` block is active.
            **kwargs: arguments of ``run``.

        Returns:
            The copy.
        """
        new = self.copy(**task_args) if task_args else self.copy()
        new.bind(*args, mapped=mapped, upstream_tasks=upstream_tasks, flow=flow, **kwargs)
        return cast("CalledTask", new)

    def bind(
        self,
        *args: Any,
        mapped: bool = False,
        upstream_tasks: Iterable[Any] | None = None,
        flow: Flow | None = None,
        **kwargs: Any,
    ) -> Self:
        """Add this very task to a flow, with these arguments; see ``__call__``.

        Raises:
            TypeError: the arguments do not fit ``run``.
            ValueError: there is no flow.
        """
        try:
            arguments = run_signature(self.run).bind(self.run, args, kwargs)
        except TypeError as error:
            where = flow if flow is not None else context.get("flow")
            raise TypeError(f"{error} ({self!r}{'' if where is None else f' in {where!r}'})") from None
        if flow is None:
            flow = context.get("flow")
            if flow is None:
                self._complain_of_no_flow()
        active_tags = context.get("tags")
        if active_tags:
            self.tags = self.tags.union(active_tags)
        flow.set_dependencies(task=self, upstream_tasks=upstream_tasks, keyword_tasks=arguments, mapped=mapped)
        return self

    def _complain_of_no_flow(self) -> NoReturn:
        raise ValueError(
            f"Could not infer an active Flow context while creating edge to {self}. This often means you called a "
            "task outside a `with Flow(...)` block. If you're trying to run this task outside of a Flow context, you "
            f"need to call `{self._how_to_write()}.run(...)`"
        )

    def _how_to_write(self) -> str:
        return f"{type(self).__name__}(...)"

    def map(
        self,
        *args: Any,
        upstream_tasks: Iterable[Any] | None = None,
        flow: Flow | None = None,
        task_args: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> CalledTask:
        """Add a copy of this task that runs once for each element of its arguments.

        Arguments marked ``unmapped`` are passed whole; those marked ``flatten`` are flattened first. See ``__call__``.

        Raises:
            TypeError: an argument given by position cannot be mapped over.
        """
        for arg in args:
            if not hasattr(arg, "__getitem__") and not isinstance(arg, EdgeAnnotation):
                from prefect.utilities.raised import text_of

                raise TypeError(f"Cannot map over unsubscriptable object of type {type(arg)}: {text_of(arg)[:10]}...")
        task_args = dict(task_args or ())
        # The number of outputs of one child says nothing of the list of all children's results.
        task_args.setdefault("nout", None)
        new = self.copy(**task_args)
        new.bind(*args, mapped=True, upstream_tasks=upstream_tasks, flow=flow, **kwargs)
        return cast("CalledTask", new)

    def set_dependencies(
        self,
        flow: Flow | None = None,
        upstream_tasks: Iterable[object] | None = None,
        downstream_tasks: Iterable[object] | None = None,
        keyword_tasks: Mapping[str, object] | None = None,
        mapped: bool = False,
        validate: bool | None = None,
    ) -> Self:
        """Add edges to and from this task; see ``Flow.set_dependencies``.

        Raises:
            ValueError: there is no flow.
        """
        self._flow_or_active(flow).set_dependencies(
            task=self,
            upstream_tasks=upstream_tasks,
            downstream_tasks=downstream_tasks,
            keyword_tasks=keyword_tasks,
            mapped=mapped,
            validate=validate,
        )
        return self

    @staticmethod
    def _flow_or_active(flow: Flow | None) -> Flow:
        flow = flow if flow is not None else context.get("flow")
        if flow is None:
            raise ValueError("No Flow was passed, and could not infer an active Flow context.")
        return flow

    def set_upstream(
        self, task: object, flow: Flow | None = None, key: str | None = None, mapped: bool = False
    ) -> Self:
        """Make this task wait for another one, and use its result when a key is given."""
        if key is None:
            return self.set_dependencies(flow=flow, upstream_tasks=[task], mapped=mapped)
        return self.set_dependencies(flow=flow, keyword_tasks={key: task}, mapped=mapped)

    def set_downstream(
        self, task: Task, flow: Flow | None = None, key: str | None = None, mapped: bool = False
    ) -> Self:
        """Make another task wait for this one, and use its result when a key is given."""
        flow = self._flow_or_active(flow)
        if key is None:
            flow.set_dependencies(task=task, upstream_tasks=[self], mapped=mapped)
        else:
            flow.set_dependencies(task=task, keyword_tasks={key: self}, mapped=mapped)
        return self

    def pipe(_prefect_self, _prefect_task: type[EdgeAnnotation] | Task, **kwargs: Any) -> Any:
        """Pass this task as the first argument to another one, so that calls can be written from left to right."""
        if "self" in kwargs:
            raise ValueError('You cannot use the keyword argument "self" in .pipe.')
        # As in 1.x a mark ends with the call that makes it: what goes on along the pipe is a task.
        piped = _prefect_task(_prefect_self, **kwargs)
        return piped.value if isinstance(piped, EdgeAnnotation) else piped

    def __iter__(self) -> Iterator[Any]:
        if self.nout is None:
            raise TypeError(
                "Task is not iterable. If your task returns multiple results, pass `nout` to the task "
                "decorator/constructor, or provide a `Tuple` return-type annotation to your task."
            )
        return iter([self[index] for index in range(self.nout)])

    # --- what it looks like from outside -------------------------------------------------------------------------

    def inputs(self) -> dict[str, dict[str, Any]]:
        """Give each argument of ``run`` as name -> {type, default, required}."""
        described = {}
        for name, parameter in run_signature(self.run).signature_of(self.run).parameters.items():
            required = parameter.default is parameter.empty
            described[name] = {
                "type": _shown_type(self.run, parameter.annotation, name),
                "default": None if required else parameter.default,
                "required": required,
            }
        return described

    def outputs(self) -> Any:
        """Give the type that ``run`` returns, ``typing.Any`` when it does not say."""
        returns = _shown_type(self.run, run_signature(self.run).signature_of(self.run).return_annotation, "return")
        return None if returns is type(None) else returns

    def serialize(self) -> dict[str, Any]:
        """Give this task as JSON."""
        from prefect.core.as_json import dump_task

        return dump_task(self)


RESERVED_ATTRIBUTES = frozenset(
    {
        "auto_generated",
        "cache_for",
        "cache_key",
        "cache_validator",
        "checkpoint",
        "log_stdout",
        "logger",
        "max_retries",
        "name",
        "nout",
        "result",
        "retry_delay",
        "retry_on",
        "skip_on_upstream_skip",
        "slug",
        "state_handlers",
        "tags",
        "target",
        "task_run_name",
        "timeout",
        "trigger",
    }
)


def _shown_type(run: Callable[..., Any], annotation: Any, name: str) -> Any:
    """Give an annotation as it is shown: users' as they wrote them, those of this package as objects."""
    from inspect import Signature

    if annotation is Signature.empty:
        return Any
    if isinstance(annotation, str) and str(getattr(run, "__module__", "")).startswith("prefect."):
        return resolved_hints(run).get(name, annotation)
    return annotation


def _default(name: str) -> Any:
    """Read a default for all tasks from the configuration; None when it is unset or false."""
    value = context.config.tasks.defaults.get(name)
    return None if value is False or value == "" else value


def _plain_trigger() -> Callable[..., bool]:
    from prefect.triggers import all_successful

    return all_successful


def _duration(value: Any, name: str, task: Task) -> timedelta | None:
    if value is None or isinstance(value, timedelta):
        return value
    from prefect.model.times import plain_duration

    try:
        return plain_duration(value)
    except ValueError:
        raise TypeError(f"`{name}` must be a datetime.timedelta, not {value!r} ({task!r})") from None


def _seconds(timeout: Any) -> int | None:
    seconds = _whole_seconds(timeout)
    if seconds is not None and not 0 <= seconds <= _LONGEST_TIMEOUT:
        raise ValueError(f"A task's `timeout` must be 0 to {_LONGEST_TIMEOUT} seconds, not {timeout!r}")
    return seconds


def _whole_seconds(timeout: Any) -> int | None:
    if isinstance(timeout, timedelta):
        if timeout.microseconds > 0:
            warnings.warn(
                "Task timeouts do not support a sub-second resolution; smaller units will be ignored!", stacklevel=4
            )
        return int(timeout.total_seconds())
    if timeout is not None and not isinstance(timeout, int):
        raise TypeError("Only integer timeouts (representing seconds) are supported.")
    return timeout


def _exception_classes(given: Any) -> set[type[Exception]]:
    try:
        classes = {given} if isinstance(given, type) else set(given)
    except TypeError:
        classes = {given}
    for cls in classes:
        if not isinstance(cls, type):
            raise TypeError(
                f"Invalid `retry_on` value {cls!r}. Expected an exception type but got an instance of "
                f"{type(cls).__name__}"
            )
        if not issubclass(cls, Exception):
            raise TypeError(f"Invalid `retry_on` value {cls!r}. Expected an exception subclass.")
    return classes


def _handlers(state_handlers: Any, on_failure: Callable[..., Any] | None) -> list[Callable[..., Any]]:
    from prefect.core.handlers import handlers_with_failure

    return handlers_with_failure(state_handlers, on_failure)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "as_task": "prefect.utilities.tasks",
            "prefect": "prefect:",
        },
    )


if TYPE_CHECKING:

    class CalledTask(Task, Any):  # type: ignore[misc]  # Any on purpose
        """What a type checker takes a task for that was called in a flow: it may be passed for anything."""
