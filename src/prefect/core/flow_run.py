"""Running a flow in this process, again and again until it has ended, and at each time of its schedule.

The runner does one pass over the graph; here is the loop around it: waiting for times, retries and the user.
"""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prefect.core import plugs
from prefect.model.state import Cached, Mapped, Paused, Pending, Resume, Scheduled, State
from prefect.utilities.context import context

if TYPE_CHECKING:
    from prefect.core.flow import Flow
    from prefect.core.task import Task


def _screen() -> str | None:
    """Say where somebody sees how far a run is: in a "notebook" or a "terminal"; None: nobody does, or wants to."""
    if not context.config.flows.get("progress", True):
        return None
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is not None and getattr(shell, "kernel", None) is not None:
        return "notebook"
    streams = (sys.stdout, sys.stderr)
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return None if is_plain or not all(_is_terminal(stream) for stream in streams) else "terminal"


def _is_terminal(stream: Any) -> bool:
    try:
        # A run within one that shows its own shows nothing of itself.
        return bool(stream.isatty()) and not getattr(stream, "is_above_bar", False)
    except (AttributeError, ValueError):  # none, or closed
        return False


def _runs_here(executor: Any) -> bool:
    """Tell whether tasks run in this process, so that it can be told of their states."""
    name = type(executor).__name__ if executor is not None else plugs.executor_class().__name__
    return name == "LocalExecutor" or (name == "LocalDaskExecutor" and getattr(executor, "scheduler", "") == "threads")


# Cached states of earlier runs in this process: cache key or task name -> states.
_caches: dict[str, list[Any]] = {}


def run_flow(
    flow: Flow,
    parameters: Mapping[str, Any] | None,
    run_on_schedule: bool | None,
    runner_cls: type[Any] | None,
    kwargs: dict[str, Any],
) -> State:
    """Do what ``Flow.run`` promises; see there for the arguments.

    Raises:
        ValueError: a parameter is unknown or missing, or the schedule has no time left.
    """
    if "return_tasks" in kwargs:
        raise ValueError(
            "The `return_tasks` keyword cannot be provided to `flow.run()`; all task states are always returned. If "
            "you want to receive a subset of task states, use a FlowRunner directly."
        )
    if runner_cls is None:
        runner_cls = plugs.flow_runner_class()
    if run_on_schedule is None:
        run_on_schedule = bool(context.config.flows.run_on_schedule)
    values = _merge_parameters(flow, parameters or {}, kwargs)
    run = _Run(flow, runner_cls, kwargs)
    if not run_on_schedule or flow.schedule is None:
        return run.go(datetime.now(UTC), values)
    return _run_on_schedule(flow, run, values)


def _merge_parameters(flow: Flow, given: Mapping[str, Any], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Take the parameters out of the keywords, lay them over those given, and check the names."""
    parameters = {parameter.name: parameter for parameter in flow.parameters()}
    unknown = sorted(name for name in given if name not in parameters)
    if unknown:
        raise ValueError(f"Flow.run received the following unexpected parameters: {', '.join(map(str, unknown))}")
    values = dict(given)
    values.update((name, kwargs.pop(name)) for name in list(kwargs) if name in parameters)
    missing = sorted(name for name, parameter in parameters.items() if parameter.required and name not in values)
    if missing:
        raise ValueError(f"Flow.run did not receive the following required parameters: {', '.join(missing)}")
    return values


def _run_on_schedule(flow: Flow, run: _Run, values: dict[str, Any]) -> State:
    final: State | None = None
    previous: datetime | None = None
    while True:
        # The clock may not have reached the last event yet: a sleep can end a moment early.
        after = max(datetime.now(UTC), previous) if previous is not None else None
        events = flow.schedule.next(1, after=after, return_events=True)  # type: ignore[union-attr]
        if not events:
            if final is None:
                raise ValueError("Flow has no more scheduled runs.")
            return final
        event = events[0]
        previous = event.start_time
        final = run.go(event.start_time, {**values, **(event.parameter_defaults or {})})


class _Run:
    """The settings of one call of ``flow.run``, for as many runs as its schedule asks for."""

    def __init__(self, flow: Flow, runner_cls: type[Any], options: dict[str, Any]) -> None:
        self.flow = flow
        self._runner_cls = runner_cls
        # An initial state and ids of its own are for the first run only.
        self._first_state: State | None = options.pop("state", None)
        self._first_task_states: dict[Task, State] = dict(options.pop("task_states", None) or {})
        self._flow_run_id = options.pop("flow_run_id", None)
        self._flow_run_name = options.pop("flow_run_name", None)
        self._context: dict[str, Any] = dict(options.pop("context", None) or {})
        self._task_contexts: dict[Task, dict[str, Any]] = dict(options.pop("task_contexts", None) or {})
        self._options = options

    def go(self, start_time: datetime, parameters: dict[str, Any]) -> State:
        """Run the flow once, from its start time to its end."""
        state: State = self._first_state or Scheduled(start_time=start_time)
        if state.is_scheduled() and state.start_time is not None:  # type: ignore[attr-defined]
            self.sleep_until(state.start_time, "Waiting for next scheduled run at {}")  # type: ignore[attr-defined]
        task_states = self._first_task_states
        self._first_state, self._first_task_states = None, {}
        run_context = self._run_context(start_time)
        while not state.is_finished():
            with self._progress() as options:
                state = self._runner_cls(flow=self.flow).run(
                    parameters=parameters,
                    return_tasks=self.flow.tasks,
                    state=state,
                    task_states=task_states,
                    context=run_context,
                    task_contexts=self._contexts_of_tasks(),
                    **options,
                )
            if not isinstance(state.result, dict):
                if isinstance(state.result, Exception):
                    self.flow.logger.error(
                        "Unexpected error occured in %s: %r", self._runner_cls.__name__, state.result
                    )
                return state
            task_states = state.result
            if state.is_scheduled():
                break
            if not state.is_finished():
                self._wait_for_tasks(task_states)
        _remember_cached(task_states, run_context["caches"])
        return self._with_all_tasks(state)

    @contextmanager
    def _progress(self) -> Iterator[dict[str, Any]]:
        """Show how far the run is, where somebody sees it; gives the options that the runner needs for that."""
        screen = _screen()
        if screen is None or not _runs_here(self._options.get("executor") or self.flow.executor):
            yield self._options
            return
        from prefect.core.progress import shown_for

        with shown_for(self.flow, is_in_notebook=screen == "notebook") as handler:
            given = self._options.get("task_runner_state_handlers") or ()
            yield {**self._options, "task_runner_state_handlers": [*given, handler]}

    def _run_context(self, start_time: datetime) -> dict[str, Any]:
        from prefect.model.user_time import user_time

        if context.get("caches") is None:
            context.update(caches=_caches)
        return {
            "flow_id": self.flow.name,
            "flow_run_id": self._flow_run_id or str(uuid.uuid4()),
            "flow_run_name": self._flow_run_name or str(uuid.uuid4()),
            "caches": context.get("caches"),
            **self._context,
            "scheduled_start_time": user_time(start_time),
        }

    def _contexts_of_tasks(self) -> dict[Task, dict[str, Any]]:
        """Give each task its id and a new run id: every pass of the runner is a run of its own."""
        slugs = self.flow.slugs
        ids = _new_ids(len(slugs))
        given = self._task_contexts
        return {
            task: {**given.get(task, {}), "task_id": slug, "task_run_id": next(ids)} for task, slug in slugs.items()
        }

    def _wait_for_tasks(self, task_states: Mapping[Task, State]) -> None:
        """Ask the user about paused tasks, and sleep until the first retry is due."""
        start_times: list[datetime] = []
        for task, state in list(task_states.items()):
            if isinstance(state, Mapped):
                for index, child in enumerate(state.map_states):
                    state.map_states[index] = self._settled(task, child, start_times)
            else:
                task_states[task] = self._settled(task, state, start_times)  # type: ignore[index]
        if start_times:
            self.sleep_until(min(start_times), "Waiting for next available Task run at {}")

    def _settled(self, task: Task, state: Any, start_times: list[datetime]) -> Any:
        """Give the state with which a task goes into the next pass, and note the time it has to wait for."""
        if isinstance(state, Paused) and state.start_time is None:
            answer = input(f"{task} is currently Paused; enter 'y' to resume:\n")
            if answer.strip().lower() == "y":
                return Resume("Approval given to resume.", context=state.context, result=state._result)
        elif isinstance(state, State) and state.is_scheduled() and state.start_time is not None:  # type: ignore[attr-defined]
            start_times.append(state.start_time)  # type: ignore[attr-defined]
        return state

    def sleep_until(self, when: datetime, message: str) -> None:
        """Sleep until a time, and say so in the log; a time that has passed costs nothing."""
        seconds = (when - datetime.now(UTC)).total_seconds()
        if seconds > 0:
            self.flow.logger.info(message.format(when.isoformat()))
            time.sleep(seconds)

    def _with_all_tasks(self, state: State) -> State:
        states = dict(state.result) if isinstance(state.result, dict) else {}
        for task in self.flow.tasks:
            if task not in states:
                states[task] = Pending("Task not run.")
        state.result = states
        return state


def _new_ids(count: int) -> Iterator[str]:
    """Give this many random UUIDs as text; one call of the system for all of them."""
    import os

    digits = os.urandom(16 * count).hex()
    for start in range(0, 32 * count, 32):
        d = digits[start : start + 32]
        # Version 4, variant 10xx (RFC 9562).
        yield f"{d[:8]}-{d[8:12]}-4{d[13:16]}-{'89ab'[int(d[16], 16) & 3]}{d[17:20]}-{d[20:]}"


def _remember_cached(task_states: Mapping[Task, State], caches: dict[str, list[Any]]) -> None:
    """Keep the cached states of a run for later runs, and forget those that have expired."""
    now = datetime.now(UTC)
    for task, state in task_states.items():
        states: Iterable[Any] = state.map_states if isinstance(state, Mapped) else (state,)
        fresh = [s for s in states if isinstance(s, Cached) and _is_fresh(s, now)]
        if not fresh:
            continue
        key = task.cache_key or task.name
        kept = [s for s in caches.get(key, ()) if _is_fresh(s, now) and not any(s is new for new in fresh)]
        caches[key] = kept + fresh


def _is_fresh(state: Cached, now: datetime) -> bool:
    return state.cached_result_expiration is not None and state.cached_result_expiration > now
