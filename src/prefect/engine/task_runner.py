"""Runs one task once: a pipeline of named steps from Pending to a finished state.

Each step can be overridden in a subclass. What a step needs to know of the run (parameters, counts, place in a map) is
in the context, which holds the values of this task run as long as the pipeline works. Steps that have nothing to do for
a task are passed over, unless a subclass has its own: whole runs of trivial tasks are made of such steps.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from itertools import repeat
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from prefect._lazy import lazy
from prefect.engine import mapping
from prefect.engine.retries import is_worth_retry, retry_state
from prefect.engine.runner import ENDRUN, Runner, call_state_handlers
from prefect.engine.timeouts import RecursiveCall, run_task_with_timeout
from prefect.exceptions import TaskTimeoutSignal
from prefect.model.result import Result, ResultNotImplementedError
from prefect.model.signals import LOOP, SUCCESS, TRIGGERFAIL, PrefectStateSignal
from prefect.model.state import (
    Cached,
    Failed,
    Looped,
    Mapped,
    Paused,
    Pending,
    Resume,
    Retrying,
    Running,
    Scheduled,
    Skipped,
    State,
    Success,
    TimedOut,
    TriggerFailed,
)
from prefect.model.tokens import tokenize
from prefect.triggers import all_successful
from prefect.utilities.context import context as run_context
from prefect.utilities.context import current_content, lay_over, put_back
from prefect.utilities.logging import get_logger
from prefect.utilities.printing import prints_logged
from prefect.utilities.raised import brief_text_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prefect.core.edge import Edge
    from prefect.core.task import Task

__all__ = ["TaskRunner", "TaskRunnerInitializeResult"]

# Steps that only look at the state a run begins with and at those upstream of it.
_ENTRY_STEPS = frozenset(
    {"check_task_is_ready", "check_task_reached_start_time", "check_upstream_finished", "check_upstream_skipped"}
)


class TaskRunnerInitializeResult(NamedTuple):
    """What the pipeline starts with."""

    state: State
    context: dict[str, Any]


class TaskRunner(Runner):
    """Runs one task once.

    Args:
        task: what to run.
        state_handlers: called as ``f(task_runner, old_state, new_state)`` after the task's own.
        flow_result: how results are written when the task does not say.
    """

    # Names of the steps that a subclass has replaced.
    _own_steps: ClassVar[frozenset[str]] = frozenset()
    _has_own_entry: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._own_steps = frozenset(name for name in _STEPS if getattr(cls, name, None) is not getattr(TaskRunner, name))
        cls._has_own_entry = not _ENTRY_STEPS.isdisjoint(cls._own_steps)

    def __init__(
        self,
        task: Task,
        state_handlers: Iterable[Callable[..., State | None]] | None = None,
        flow_result: Result | None = None,
    ) -> None:
        super().__init__(state_handlers)
        self.task = task
        self.flow_result = flow_result
        self._full_name = task.name
        # What the last round of a looping task gave, as it was written.
        self._loop_result: Result | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.task.name}>"

    @property
    def result(self) -> Result:
        """How this task's value is written: as the task says, else as the flow says, else not at all.

        A target is where it is written, too.
        """
        return declared_result(self.task, self.flow_result) or Result()

    @property
    def context(self) -> dict[str, Any]:
        """What ``prefect.context`` holds at the moment."""
        return run_context.to_dict()

    def call_runner_target_handlers(self, old_state: State, new_state: State) -> State:
        """Tell the task's state handlers of a change."""
        self.logger.debug(
            "Task '%s': Handling state change from %s to %s",
            self._full_name,
            type(old_state).__name__,
            type(new_state).__name__,
        )
        if self.task.state_handlers:
            return self._call_handlers_of(self.task, old_state, new_state)
        return new_state

    def _tells_as_we_do(self) -> bool:
        """Tell whether a change of state, with no handlers, is nothing but a line of the log that is not written."""
        kind = type(self)
        return (
            kind.handle_state_change is Runner.handle_state_change
            and kind.call_runner_target_handlers is _CALL_HANDLERS
            and not self.logger.isEnabledFor(logging.DEBUG)
        )

    def _works_as_we_do(self) -> bool:
        kind = type(self)
        return kind.set_task_to_running is _SET_RUNNING and kind.get_task_run_state is _GET_OUTCOME

    # --- the pipeline -------------------------------------------------------------------------------------------------

    def initialize_run(self, state: State | None, context: dict[str, Any]) -> TaskRunnerInitializeResult:
        """Unwrap the state and put what it tells of earlier attempts and rounds into the context."""
        context["task_name"] = self.task.name
        context["task_tags"] = self.task.tags
        name = self._full_name
        context["logger"] = get_logger(name) if context.get("map_index") is None else _passing_logger(name)
        if "checkpointing" not in context:
            context["checkpointing"] = run_context.config.flows.checkpointing
        run_count = 1
        if state is None:
            state = Pending()
        else:
            state, _ = super().initialize_run(state, context)
            run_count = state.context.get("task_run_count", 1)
            if isinstance(state, Retrying):
                run_count = state.run_count + 1
                loop_count = state.context.get("_loop_count")
                if loop_count is not None:
                    context["task_loop_count"] = loop_count
                    context["task_loop_result"] = self._read_loop_result(state._result)
            elif isinstance(state, Resume) or (isinstance(state, Paused) and self._is_due(state)):
                context["resume"] = True
        context["task_run_count"] = run_count
        return TaskRunnerInitializeResult(state, context)

    def _read_loop_result(self, result: Result) -> Any:
        """Give the value of the round before; another process may have left its location only."""
        if result.value is None and result.location is not None:
            mapping.check_own(result, declared_result(self.task, self.flow_result))
            result = self.result.read(result.location)
        self._loop_result = result
        return result.value

    def run(
        self,
        state: State | None = None,
        upstream_states: dict[Edge, State] | None = None,
        context: dict[str, Any] | None = None,
        is_mapped_parent: bool = False,
    ) -> State:
        """Run the task, or end early with the reason as a state.

        Args:
            state: what is known of this run; Pending when absent.
            upstream_states: one state for each edge that ends in this task.
            context: values for ``prefect.context``; the present ones when absent.
            is_mapped_parent: only find out whether the children of a mapped task can be run.

        Returns:
            The state that the run ended in; never raises because of the task.
        """
        if context is None:
            context = dict(current_content())
        full_name = self._put_names(context)
        self._is_unheard = not (self.state_handlers or self.task.state_handlers) and self._tells_as_we_do()
        is_first_round = True
        while True:
            try:
                state, context = self.initialize_run(state, context)
            except Exception as error:
                state = self._unexpected(error)
                break
            except (ENDRUN, PrefectStateSignal) as signal:
                state = signal.state
                break
            around = lay_over(context)
            try:
                # Inside, so that both records carry the ids of this task run.
                # A retry inside a loop goes on with a run whose start has been told.
                if is_first_round and context.get("task_loop_count") is None:
                    self.logger.info("Task '%s': Starting task run...", full_name)
                is_first_round = False
                try:
                    state = self._pass_through(state, upstream_states or {}, context, is_mapped_parent)
                except RecursiveCall as call:
                    state, context = call.kwargs["state"], call.kwargs["context"]
                    continue
                except (ENDRUN, PrefectStateSignal) as signal:
                    state = signal.state
                except Exception as error:
                    state = self._unexpected(error)
                self._log_end(state)
                return state
            finally:
                put_back(around)
        self._log_end(state)
        return state

    def _put_names(self, context: dict[str, Any]) -> str:
        name = self.task.name
        map_index = context.setdefault("map_index", None)
        self._full_name = full_name = name if map_index is None else f"{name}[{map_index}]"
        context["task_full_name"] = full_name
        return full_name

    @staticmethod
    def children_of(context: dict[str, Any], count: int) -> Iterator[tuple[State | None, dict[str, Any]]]:
        """Give what is known of each child of a mapped task: its state, and values for its own context.

        Args:
            context: of the mapped task.
        """
        return repeat((None, {}), count)

    def fail(self, error: Exception, state: State | None, context: dict[str, Any]) -> State:
        """Fail a run that could not be made, or whose outcome was lost: its process died, or its value cannot travel.

        Args:
            state: what was known of the run before.
            context: values for ``prefect.context``.

        Returns:
            Failed, or Retrying when the task has attempts left, as its handlers agreed to.
        """
        full_name = self._put_names(context)
        try:
            state, context = self.initialize_run(state, context)
            with run_context(context):
                message = f"Task '{full_name}' failed: {brief_text_of(error)}"
                self.logger.error(message)
                failed = Failed(message, result=error)
                state = self.check_for_retry(self.handle_state_change(state, failed), inputs={})
        except Exception as fault:
            state = self._unexpected(fault)
        except (ENDRUN, PrefectStateSignal) as signal:
            state = signal.state
        self._log_end(state)
        return state

    def _log_end(self, state: State) -> None:
        self.logger.info(
            "Task '%s': Finished task run for task with final state: '%s'", self._full_name, type(state).__name__
        )

    def _unexpected(self, error: Exception) -> State:
        message = f"Task '{self._full_name}': Unexpected error while running task: {text_of(error)}"
        self.logger.error(message, exc_info=error)
        if current_content().get("raise_on_exception"):
            raise error
        return Failed(message=message, result=error)

    def _pass_through(
        self, state: State, upstream_states: dict[Edge, State], context: dict[str, Any], is_mapped_parent: bool
    ) -> State:
        """Pass the state through the steps."""
        task = self.task
        own = self._own_steps
        # The common case, in which none of the first steps has anything to say.
        is_plain = type(state) is Pending and not self._has_own_entry
        if is_plain:
            for upstream_state in upstream_states.values():
                if type(upstream_state) is not Success:
                    is_plain = False
                    break
        if not is_plain:
            state = self.check_task_is_ready(state)
            state = self.check_task_reached_start_time(state)
            state = self.check_upstream_finished(state, upstream_states=upstream_states)
            state = self.check_upstream_skipped(state, upstream_states=upstream_states)
        state, upstream_states = self.load_results(state=state, upstream_states=upstream_states)
        inputs = self.get_task_inputs(state=state, upstream_states=upstream_states)
        if is_mapped_parent:
            state = self.check_task_ready_to_map(state, upstream_states=upstream_states)

        if task.task_run_name is not None or "set_task_run_name" in own:
            self.set_task_run_name(task_inputs=inputs)
        if task.target:
            state = self.check_target(state, inputs=inputs)
        elif task.cache_for is not None or state.is_cached() or "check_task_is_cached" in own:
            state = self.check_task_is_cached(state, inputs=inputs)
        if not is_plain or task.trigger is not all_successful or "check_task_trigger" in own:
            state = self.check_task_trigger(state, upstream_states=upstream_states)

        if is_plain and type(state) is Pending and self._is_unheard and self._works_as_we_do():
            # That it is Running is nobody's to hear.
            state = self._outcome_of_run(state, inputs)
        else:
            state = self.set_task_to_running(state, inputs=inputs)
            state = self.get_task_run_state(state, inputs=inputs)

        if task.cache_for is not None or "cache_result" in own:
            state = self.cache_result(state, inputs=inputs)
        if state.is_failed() or "check_for_retry" in own:
            state = self.check_for_retry(state, inputs=inputs)
        if state.is_looped() or "check_task_is_looping" in own:
            state = self.check_task_is_looping(state, inputs=inputs, upstream_states=upstream_states, context=context)
        return state

    # --- steps: may it run? -------------------------------------------------------------------------------------------

    @call_state_handlers
    def check_task_is_ready(self, state: State) -> State:
        """Let pending, mapped and cached runs proceed; end all others as they are."""
        if state.is_pending() or state.is_cached():
            return state
        if state.is_mapped():
            self.logger.debug(
                "Task '%s': task is already mapped, but run will proceed so children are generated.", self._full_name
            )
            return state
        if state.is_running():
            self.logger.debug("Task '%s': task is already running.", self._full_name)
        elif state.is_finished():
            self.logger.debug("Task '%s': Task is already finished.", self._full_name)
        else:
            self.logger.debug("Task '%s' is not ready to run or state was unrecognized (%s).", self._full_name, state)
        raise ENDRUN(state)

    def _is_due(self, state: Scheduled) -> bool:
        return state.due_time is not None and state.due_time <= self.latest_time()

    @call_state_handlers
    def check_task_reached_start_time(self, state: State) -> State:
        """End a run that is scheduled for later."""
        if isinstance(state, Scheduled) and not self._is_due(state):
            if state.due_time is None:
                self.logger.debug("Task '%s' is scheduled without a known start_time; ending run.", self._full_name)
            else:
                self.logger.debug("Task '%s': start_time has not been reached; ending run.", self._full_name)
            raise ENDRUN(state)
        return state

    @call_state_handlers
    def check_upstream_finished(self, state: State, upstream_states: dict[Edge, State]) -> State:
        """End a run that has to wait for something upstream."""
        if not all(s.is_finished() for s in mapping.states_that_count(upstream_states)):
            self.logger.debug("Task '%s': Not all upstream states are finished; ending run.", self._full_name)
            raise ENDRUN(state)
        return state

    @call_state_handlers
    def check_upstream_skipped(self, state: State, upstream_states: dict[Edge, State]) -> State:
        """Skip a run when something upstream was skipped, unless the task says otherwise."""
        if self.task.skip_on_upstream_skip and any(s.is_skipped() for s in mapping.states_that_count(upstream_states)):
            self.logger.debug("Task '%s': Upstream states were skipped; ending run.", self._full_name)
            raise ENDRUN(
                Skipped(
                    "Upstream task was skipped; if this was not the intended behavior, consider changing "
                    "`skip_on_upstream_skip=False` for this task."
                )
            )
        return state

    @call_state_handlers
    def check_task_trigger(self, state: State, upstream_states: dict[Edge, State]) -> State:
        """Ask the task's trigger whether the upstream states let it run."""
        try:
            if not self.task.trigger(upstream_states):
                raise TRIGGERFAIL("Trigger failed")
        except PrefectStateSignal as signal:
            self.logger.debug("Task '%s': %s signal raised during execution.", self._full_name, type(signal).__name__)
            if current_content().get("raise_on_exception"):
                raise
            raise ENDRUN(signal.state) from None
        except Exception as error:
            self.logger.error(
                "Task '%s': Unexpected error while evaluating task trigger: %r", self._full_name, error, exc_info=True
            )
            if current_content().get("raise_on_exception"):
                raise
            raise ENDRUN(
                TriggerFailed(f"Unexpected error while checking task trigger: {error!r}", result=error)
            ) from None
        return state

    # --- steps: what goes in ------------------------------------------------------------------------------------------

    def load_results(self, state: State, upstream_states: dict[Edge, State]) -> tuple[State, dict[Edge, State]]:
        """Read the upstream values that are known by their location alone."""
        for edge, upstream_state in upstream_states.items():
            # Of a mapped task the children have the values, those of a former pass perhaps only their locations.
            is_missing = upstream_state._result.value is None or isinstance(upstream_state, Mapped)
            if edge.key is not None and is_missing:
                task = edge.upstream_task
                declared = declared_result(task, self.flow_result)
                try:
                    mapping.load_values(upstream_state, task.result or self.flow_result, declared)
                except mapping.ForeignLocation as error:
                    message = f"The value of task {task.name!r} was not read. {error}"
                    self.logger.error("Task '%s': %s", self._full_name, message)
                    if current_content().get("raise_on_exception"):
                        raise
                    raise ENDRUN(self.handle_state_change(state, Failed(message, result=error))) from None
        return state, upstream_states

    def get_task_inputs(self, state: State, upstream_states: dict[Edge, State]) -> dict[str, Result]:
        """Give the ``Result`` of each argument: what upstream gave, and not what a former attempt was given."""
        return {
            edge.key: upstream_state._result for edge, upstream_state in upstream_states.items() if edge.key is not None
        }

    @call_state_handlers
    def check_task_ready_to_map(self, state: State, upstream_states: dict[Edge, State]) -> State:
        """End the run of a mapped parent: Mapped, or Failed when there is nothing to map over."""
        if state.is_mapped():
            # Its children are made again from their known states.
            raise ENDRUN(state)
        try:
            count = mapping.count_children(upstream_states) if upstream_states else 0
        except mapping.NothingToMapOver as error:
            raise ENDRUN(Failed(str(error))) from None
        raise ENDRUN(Mapped("Ready to proceed with mapping.", n_map_states=count))

    def set_task_run_name(self, task_inputs: dict[str, Result]) -> None:
        """Put the run's name, made from the task's template, into the context."""
        template = self.task.task_run_name
        if template is None:
            return
        fields = self._format_fields(task_inputs)
        name = template(**fields) if callable(template) else template.format(**fields)
        run_context["task_run_name"] = name

    def _format_fields(self, inputs: dict[str, Result]) -> dict[str, Any]:
        """What a template may name: parameters, over them the context, over that the arguments."""
        content = current_content()
        fields = dict(content.get("parameters") or ())
        fields.update(content)
        for key, result in inputs.items():
            fields[key] = result.value
        return fields

    # --- steps: is it known already? ----------------------------------------------------------------------------------

    @call_state_handlers
    def check_target(self, state: State, inputs: dict[str, Result]) -> State:
        """Take the value that lies at the task's target, if one does."""
        target = self.task.target
        if not target:
            return state
        fields = self._format_fields(inputs)
        result = self.result
        try:
            location = target(**fields) if callable(target) else target.format(**fields)
        except (LookupError, AttributeError, ValueError):
            # It is the result that says so, or does not: one that fills nothing in misses nothing.
            if callable(target) or result.exists(target, **fields):
                raise
            return state
        result._check_filled(location, fields)
        # It is filled in once: braces that a value brought in are part of a name.
        is_plain = "{" not in location and "}" not in location
        if not result.exists(location if is_plain else location.replace("{", "{{").replace("}", "}}"), **fields):
            return state
        return Cached(
            f"Result found at task target {location}",
            result=result.read(location),
            hashed_inputs={key: tokenize(known.value) for key, known in inputs.items()},
            cached_result_expiration=None,
            cached_parameters=current_content().get("parameters"),
        )

    @call_state_handlers
    def check_task_is_cached(self, state: State, inputs: dict[str, Result]) -> State:
        """Take a cached state that still holds: the run's own, else one of an earlier run in this process."""
        task = self.task
        content = current_content()
        values = {key: result.value for key, result in inputs.items()}
        parameters = content.get("parameters") or {}
        if state.is_cached():
            if task.cache_validator(state, values, parameters):
                return state
            state = Pending("Cache was invalid; ready to run.")
        if task.cache_for is not None:
            candidates = (content.get("caches") or {}).get(task.cache_key or task.name) or ()
            for candidate in candidates:
                if task.cache_validator(candidate, values, parameters):
                    return candidate.load_result(self.result)  # type: ignore[no-any-return]
            self.logger.warning("Task '%s': Can't use cache because it is now invalid", self._full_name)
        return state

    # --- steps: the work ----------------------------------------------------------------------------------------------

    @call_state_handlers
    def set_task_to_running(self, state: State, inputs: dict[str, Result]) -> State:
        """Set a pending run Running; end all others as they are."""
        if not isinstance(state, Pending):
            self.logger.debug(
                "Task '%s': Can't set state to Running because it isn't Pending; ending run.", self._full_name
            )
            raise ENDRUN(state)
        return Running("Starting task run.")

    @call_state_handlers
    def get_task_run_state(self, state: State, inputs: dict[str, Result]) -> State:
        """Call the task's ``run`` and make a state of what it gives or raises."""
        if not state.is_running():
            self.logger.debug(
                "Task '%s': Can't run task because it's not in a Running state; ending run.", self._full_name
            )
            raise ENDRUN(state)
        self.logger.debug("Task '%s': Calling task.run() method...", self._full_name)
        return self._call(inputs)

    @call_state_handlers
    def _outcome_of_run(self, state: State, inputs: dict[str, Result]) -> State:
        return self._call(inputs)

    def _call(self, inputs: dict[str, Result]) -> State:
        task = self.task
        arguments = {key: result.value for key, result in inputs.items()}
        message: str | None = "Task run succeeded."
        looped: State | None = None
        try:
            if task.log_stdout:
                with prints_logged(self.logger):
                    value = run_task_with_timeout(task, kwargs=arguments, logger=self.logger)
            elif task.timeout is None:
                value = task.run(**arguments)
            else:
                value = run_task_with_timeout(task, kwargs=arguments, logger=self.logger)
        except Exception as error:
            if current_content().get("raise_on_exception"):
                raise
            self.logger.error("Task %r: Exception encountered during task execution!", self._full_name, exc_info=True)
            return Failed(f"Error during execution of task: {text_of(error)}", result=error)
        except TaskTimeoutSignal as signal:
            if current_content().get("raise_on_exception"):
                raise
            return TimedOut("Task timed out during execution.", result=signal)
        except LOOP as signal:
            looped = signal.state
            if looped.message is None:
                looped.message = f"Task is looping ({looped.loop_count})"  # type: ignore[attr-defined]
            value = looped.result
        except SUCCESS as signal:
            message, value = signal.state.message, signal.state.result

        result = self._keep(value, inputs)
        if looped is not None:
            looped._result = result
            return looped
        return Success(message, result)

    def _keep(self, value: Any, inputs: dict[str, Result]) -> Result:
        """Give the value as a Result, written to its location when it is to be checkpointed."""
        task = self.task
        if task.result is None and self.flow_result is None:
            return Result(value)
        kind = self.result
        if value is not None and task.checkpoint is not False and current_content().get("checkpointing"):
            try:
                return kind.write(value, **self._format_fields(inputs))
            except ResultNotImplementedError:
                # A kind of result that is only kept in memory.
                return kind.from_value(value)
        return kind.from_value(value)

    # --- steps: what follows ------------------------------------------------------------------------------------------

    @call_state_handlers
    def cache_result(self, state: State, inputs: dict[str, Result]) -> State:
        """Make a success a Cached state when the task is to be cached."""
        cache_for = self.task.cache_for
        if cache_for is None or not state.is_successful() or state.is_skipped():
            return state
        return Cached(
            state.message,
            result=state._result,
            hashed_inputs={key: tokenize(result.value) for key, result in inputs.items()},
            cached_result_expiration=datetime.now(UTC) + cache_for,
            cached_parameters=current_content().get("parameters"),
        )

    @call_state_handlers
    def check_for_retry(self, state: State, inputs: dict[str, Result]) -> State:
        """Make a failure a Retrying state when the task has attempts left."""
        if not state.is_failed():
            return state
        if not is_worth_retry(self.task, state):
            self.logger.info(
                "Task '%s': Skipping retry. Exception of type '%s' is not an instance of the retry on exception types.",
                self._full_name,
                type(state.result).__name__,
            )
            return state
        content = current_content()
        retrying = retry_state(
            self.task,
            run_count=content.get("task_run_count", 1),
            loop_count=content.get("task_loop_count"),
            loop_result=content.get("task_loop_result") if self._loop_result is None else self._loop_result,
        )
        return state if retrying is None else retrying

    @call_state_handlers
    def check_task_is_looping(
        self,
        state: State,
        inputs: dict[str, Result] | None = None,
        upstream_states: dict[Edge, State] | None = None,
        context: dict[str, Any] | None = None,
    ) -> State:
        """Start the next round of a looping task.

        Raises:
            RecursiveCall: ``run`` is to be done again, with the state and context of the next round.
        """
        if not isinstance(state, Looped):
            return state
        next_context = dict(context or {})
        next_context["task_loop_count"] = state.loop_count + 1
        next_context["task_loop_result"] = state.result
        self._loop_result = state._result
        # Counts of attempts begin anew in each round.
        next_context.pop("task_run_count", None)
        next_state = Pending(f"Looping task (on loop index {state.loop_count})")
        raise RecursiveCall(self.run, state=next_state, upstream_states=upstream_states, context=next_context)


_CALL_HANDLERS = TaskRunner.call_runner_target_handlers
_SET_RUNNING, _GET_OUTCOME = TaskRunner.set_task_to_running, TaskRunner.get_task_run_state


def declared_result(task: Task, flow_result: Result | None) -> Result | None:
    """Give where the values of a task are written, at its target if it has one; None: neither it nor the flow says."""
    kind = task.result or flow_result
    target = task.target
    if target:
        kind = Result() if kind is None else kind.copy()
        kind.location, kind._formatter = (None, target) if callable(target) else (target, None)
    return kind


def _passing_logger(name: str) -> logging.Logger:
    """Give a logger that nobody keeps: logging itself never forgets one, and a map may have 100,000 children."""
    parent = get_logger()
    logger = type(parent)(f"{parent.name}.{name}")
    logger.parent = parent
    return logger


_STEPS = (
    "check_task_is_ready",
    "check_task_reached_start_time",
    "check_upstream_finished",
    "check_upstream_skipped",
    "load_results",
    "get_task_inputs",
    "check_task_ready_to_map",
    "set_task_run_name",
    "check_target",
    "check_task_is_cached",
    "check_task_trigger",
    "set_task_to_running",
    "get_task_run_state",
    "cache_result",
    "check_for_retry",
    "check_task_is_looping",
)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Edge": "prefect.core.edge",
            "Task": "prefect.core.task",
            "prefect": "prefect:",
            "signals": "prefect.engine.signals:",
            "tail_recursive": "prefect.utilities.executors",
        },
    )
