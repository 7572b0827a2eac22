"""Runs a flow once over: walks its tasks in order, has each of them run by the executor, and settles the flow's state.

One pass. Tasks that are to be retried are left for the next pass, which begins with the states of this one; whoever
calls the runner decides when that is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from prefect._lazy import lazy
from prefect.core import plugs
from prefect.engine.heartbeat import run_with_heartbeat
from prefect.engine.runner import ENDRUN, Runner, call_state_handlers
from prefect.engine.shipping import run_task
from prefect.engine.walk import Walk
from prefect.model.signals import PrefectStateSignal
from prefect.model.state import Failed, Pending, Running, Scheduled, State, Success
from prefect.utilities.context import context as run_context
from prefect.utilities.context import current_content

if TYPE_CHECKING:
    from prefect.core.flow import Flow
    from prefect.core.task import Task
    from prefect.executors.base import Executor

__all__ = ["FlowRunner", "FlowRunnerInitializeResult", "run_task"]

TaskStates = dict["Task", State]
TaskContexts = dict["Task", dict[str, Any]]


class FlowRunnerInitializeResult(NamedTuple):
    """What the pipeline starts with."""

    state: State
    task_states: TaskStates
    context: dict[str, Any]
    task_contexts: TaskContexts


class FlowRunner(Runner):
    """Runs a flow once over.

    Args:
        flow: what to run.
        task_runner_cls: what runs its tasks; as configured when absent.
        state_handlers: called as ``f(flow_runner, old_state, new_state)`` after the flow's own.
    """

    def __init__(
        self,
        flow: Flow,
        task_runner_cls: type | None = None,
        state_handlers: Iterable[Callable[..., State | None]] | None = None,
    ) -> None:
        super().__init__(state_handlers)
        self.flow = flow
        self.task_runner_cls = task_runner_cls or plugs.task_runner_class()
        # What runs the tasks, while they are run.
        self._executor: Executor | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.flow.name}>"

    def call_runner_target_handlers(self, old_state: State, new_state: State) -> State:
        """Tell the flow's state handlers of a change."""
        self.logger.debug(
            "Flow '%s': Handling state change from %s to %s",
            self.flow.name,
            type(old_state).__name__,
            type(new_state).__name__,
        )
        return self._call_handlers_of(self.flow, old_state, new_state)

    # --- the pipeline -------------------------------------------------------------------------------------------------

    def initialize_run(  # type: ignore[override]
        self,
        state: State | None,
        task_states: TaskStates,
        context: dict[str, Any],
        task_contexts: TaskContexts,
        parameters: dict[str, Any],
    ) -> FlowRunnerInitializeResult:
        """Unwrap the state and fill the context: parameters, names, dates.

        Given parameters win over those of the context, these over the defaults.
        """
        values = {p.name: p.default for p in self.flow.parameters() if not p.required}
        values.update(context.get("parameters") or {})
        values.update(parameters)
        context["parameters"] = values
        context["flow_name"] = self.flow.name
        self._fill_in_times(context)
        if "checkpointing" not in context and "checkpointing" not in current_content():
            context["checkpointing"] = run_context.config.flows.checkpointing
        slugs = self.flow.slugs
        for task in self.flow.tasks:
            task_context = task_contexts.setdefault(task, {})
            task_context["task_name"] = task.name
            task_context["task_slug"] = slugs[task]
        state, context = super().initialize_run(state, context)
        return FlowRunnerInitializeResult(state, task_states, context, task_contexts)

    def _fill_in_times(self, context: dict[str, Any]) -> None:
        """Add what neither the given context nor the one around the run has."""
        import pendulum

        from prefect.model import user_time

        known = {**current_content(), **context}
        now = user_time.now()
        if known.get("scheduled_start_time") is None:
            context["scheduled_start_time"] = now
        date = known.get("date")
        if date is None:
            context["date"] = date = now
        elif not isinstance(date, pendulum.DateTime):
            try:
                context["date"] = date = user_time.parse(date)
            except (TypeError, ValueError):
                self.logger.warning(
                    "`date` was set in the context manually but could not be parsed into a pendulum `DateTime` object. "
                    "Additional context variables that rely on the current date i.e `today` and `tomorrow` will be "
                    "based on the current time instead of the `date` context variable."
                )
                date = now
        for name, days in (("yesterday", -1), ("today", 0), ("tomorrow", 1)):
            text = (date + timedelta(days=days)).strftime("%Y-%m-%d")
            for key, value in ((name, text), (f"{name}_nodash", text.replace("-", ""))):
                if key not in known:
                    context[key] = value

    def run(
        self,
        state: State | None = None,
        task_states: TaskStates | None = None,
        return_tasks: Iterable[Task] | None = None,
        parameters: dict[str, Any] | None = None,
        task_runner_state_handlers: Iterable[Callable[..., State | None]] | None = None,
        executor: Executor | None = None,
        context: dict[str, Any] | None = None,
        task_contexts: TaskContexts | None = None,
    ) -> State:
        """Run the flow once over.

        Args:
            state: what is known of this run; Pending when absent.
            task_states: what is known of its tasks.
            return_tasks: tasks whose states are wanted; none when absent.
            task_runner_state_handlers: called as ``f(task_runner, old_state, new_state)``.
            executor: the flow's own, or the configured one, when absent.
            context: values for ``prefect.context``.
            task_contexts: values for ``prefect.context`` in the runs of single tasks.

        Returns:
            The flow's state; its result is ``{task: state}`` for the tasks asked for.
        """
        self.logger.info("Beginning Flow run for '%s'", self.flow.name)
        if executor is None:
            executor = self.flow.executor
            if executor is None:
                executor = plugs.executor_class()()
        self.logger.debug("Using executor type %s", type(executor).__name__)
        known = state
        try:
            state, task_states, context, task_contexts = self.initialize_run(
                state=state,
                task_states=dict(task_states or {}),
                context=dict(context or {}),
                task_contexts={task: dict(values) for task, values in (task_contexts or {}).items()},
                parameters=dict(parameters or {}),
            )
            known = state
            with run_context(context):
                state = known = self.check_flow_is_pending_or_running(state)
                state = known = self.check_flow_reached_start_time(state)
                state = known = self.set_flow_to_running(state)
                state = self.get_flow_run_state(
                    state,
                    task_states=task_states,
                    task_contexts=task_contexts,
                    return_tasks=set(return_tasks or ()),
                    task_runner_state_handlers=task_runner_state_handlers,
                    executor=executor,
                )
        except (ENDRUN, PrefectStateSignal) as signal:
            return signal.state
        except Exception as error:
            message = f"Unexpected error while running flow: {error!r}"
            self.logger.error(message, exc_info=True)
            if current_content().get("raise_on_exception"):
                raise
            return self._after_unexpected(known or Pending(), Failed(message, result=error))
        return state

    def _after_unexpected(self, old_state: State, new_state: State) -> State:
        try:
            return self.handle_state_change(old_state, new_state)
        except (ENDRUN, PrefectStateSignal) as signal:
            return signal.state

    @contextmanager
    def check_for_cancellation(self) -> Iterator[None]:
        """Watch, while the tasks run, whether the run is to be cancelled; here nobody can ask for that."""
        yield

    # --- steps --------------------------------------------------------------------------------------------------------

    @call_state_handlers
    def check_flow_is_pending_or_running(self, state: State) -> State:
        """Let pending and running runs proceed; end all others as they are."""
        if state.is_pending() or state.is_running():
            return state
        if state.is_finished():
            self.logger.info("Flow run has already finished.")
        else:
            self.logger.info("Flow is not ready to run (%s).", type(state).__name__)
        raise ENDRUN(state)

    @call_state_handlers
    def check_flow_reached_start_time(self, state: State) -> State:
        """End a run that is scheduled for later."""
        if isinstance(state, Scheduled) and state.due_time is not None and state.due_time > self.latest_time():
            self.logger.debug("Flow '%s': start_time has not been reached; ending run.", self.flow.name)
            raise ENDRUN(state)
        return state

    @call_state_handlers
    def set_flow_to_running(self, state: State) -> State:
        """Set a pending run Running; keep one that is."""
        if state.is_pending():
            return Running("Running flow.")
        if state.is_running():
            return state
        raise ENDRUN(state)

    @run_with_heartbeat
    @call_state_handlers
    def get_flow_run_state(
        self,
        state: State,
        task_states: TaskStates,
        task_contexts: TaskContexts,
        return_tasks: set[Task],
        task_runner_state_handlers: Iterable[Callable[..., State | None]] | None,
        executor: Executor,
    ) -> State:
        """Run the tasks, and settle the flow's state from theirs."""
        if not state.is_running():
            self.logger.info("Flow is not in a Running state.")
            raise ENDRUN(state)
        flow = self.flow
        if not return_tasks.issubset(flow.tasks):
            raise ValueError("Some tasks in return_tasks were not found in the flow.")
        self._executor = executor
        with self.check_for_cancellation(), executor.start():
            walk = Walk(
                flow,
                executor,
                runner_class=self.task_runner_cls,
                handlers=task_runner_state_handlers,
                task_states=task_states,
                task_contexts=task_contexts,
            )
            for task in flow.sorted_tasks():
                walk.visit(task)
            terminal, reference = flow.terminal_tasks(), flow.reference_tasks()
            final = walk.wait_for(terminal | reference | return_tasks)
        return self.determine_final_state(
            state=state,
            key_states=_with_children(final[task] for task in reference),
            return_states={task: final[task] for task in return_tasks},
            terminal_states=_with_children(final[task] for task in terminal),
        )

    def determine_final_state(
        self,
        state: State,
        key_states: set[State],
        return_states: TaskStates,
        terminal_states: set[State],
    ) -> State:
        """Give the flow's state: Running while a terminal task is unfinished, else as the reference tasks ended.

        Args:
            key_states: of the reference tasks; of mapped ones the children's.
            return_states: becomes the result.
            terminal_states: of the tasks that nothing is downstream of.
        """
        if not all(s.is_finished() for s in terminal_states):
            self.logger.info("Flow run RUNNING: terminal tasks are incomplete.")
            state.result = return_states
        elif any(s.is_failed() for s in key_states):
            self.logger.info("Flow run FAILED: some reference tasks failed.")
            state = Failed("Some reference tasks failed.", result=return_states)
        elif all(s.is_successful() for s in key_states):
            self.logger.info("Flow run SUCCESS: all reference tasks succeeded")
            state = Success("All reference tasks succeeded.", result=return_states)
        else:
            self.logger.info("Flow run SUCCESS: no reference tasks failed")
            state = Success("No reference tasks failed.", result=return_states)
        handler = self.flow.terminal_state_handler
        if handler is not None:
            state = handler(self.flow, state, key_states) or state
        return state


def _with_children(states: Iterable[State]) -> set[State]:
    found: set[State] = set()
    for state in states:
        if state.is_mapped():
            found.update(child for child in state.map_states if child is not None)  # type: ignore[attr-defined]
        else:
            found.add(state)
    return found


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "ConstantResult": "prefect.engine.results",
            "Edge": "prefect.core.edge",
            "Flow": "prefect.core.flow",
            "Mapped": "prefect.engine.state",
            "Result": "prefect.engine.result",
            "Task": "prefect.core.task",
            "prefect": "prefect:",
        },
    )
