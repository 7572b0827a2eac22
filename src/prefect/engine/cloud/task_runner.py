"""The task runner whose every change of state is proposed to the API first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.client.client import Client
from prefect.contract.limits import MOST_CHILDREN_TOLD
from prefect.engine import mapping
from prefect.engine.cloud.courier import UpstreamChanged, courier_of
from prefect.engine.cloud.unstorable import in_place_of
from prefect.engine.runner import ENDRUN, call_state_handlers, not_before_now
from prefect.engine.task_runner import TaskRunner, TaskRunnerInitializeResult, declared_result
from prefect.exceptions import ClientError, VersionLockMismatchSignal
from prefect.model.state import ClientFailed, Failed, Pending, Queued, Retrying, State
from prefect.utilities.context import context as run_context

if TYPE_CHECKING:
    from prefect.core.edge import Edge
    from prefect.core.task import Task
    from prefect.model.result import Result


# In the context of a child of a mapped task whose id and version are its own, not its parent's.
_IS_TOLD = "_task_run_is_told"


def patience() -> timedelta:
    """Give the longest wait for a next attempt in this process; a run due later is left to an agent."""
    return timedelta(seconds=float(run_context.config.cloud.longest_wait_seconds))


class CloudTaskRunner(TaskRunner):
    """Runs one task once, as a task run that the API knows.

    Args:
        task: what to run.
        state_handlers: called as ``f(task_runner, old_state, new_state)`` after the API has agreed.
        flow_result: how results are written when the task does not say.
    """

    def __init__(
        self,
        task: Task,
        state_handlers: Iterable[Callable[..., State | None]] | None = None,
        flow_result: Result | None = None,
    ) -> None:
        self._client: Client | None = None
        self._changes_seen = 0
        self._is_first_round = True
        self._has_waited = False
        super().__init__(task=task, state_handlers=state_handlers, flow_result=flow_result)

    @property
    def client(self) -> Client:
        """What asks the API; most task runs are told by their flow run's courier, and need none of their own."""
        if self._client is None:
            self._client = Client()
        return self._client

    @client.setter
    def client(self, client: Client) -> None:
        self._client = client

    def latest_time(self) -> datetime:
        """Give the time by which a run is due: its API's clock counts, where that is ahead of this machine's."""
        return not_before_now(self.client.server_time())

    # ----- states

    def call_runner_target_handlers(self, old_state: State, new_state: State) -> State:
        """Tell the task's handlers, then propose the state to the API, and give the state that holds.

        Raises:
            ENDRUN: the run has to wait for a free slot, is run by another process, or cannot be told to the API.
        """
        new_state = super().call_runner_target_handlers(old_state, new_state)
        if isinstance(new_state, ClientFailed):
            # The API cannot be told: that is what this state says.
            return new_state
        task_run_id = run_context.get("task_run_id")
        version = run_context.get("task_run_version")
        try:
            try:
                state = self._propose(task_run_id, version, new_state)
            except Exception as error:
                failed = in_place_of(new_state, error)
                if failed is None:
                    raise
                self.logger.error("%s", failed.message)
                new_state = failed
                state = self._propose(task_run_id, version, new_state)
        except VersionLockMismatchSignal:
            return self._state_of_other(task_run_id)
        except Exception as error:
            self.logger.exception("Failed to set task state with error: %r", error)
            raise ENDRUN(ClientFailed(state=new_state)) from error
        if isinstance(state, Queued):
            state.state = old_state
            raise ENDRUN(state)
        run_context.update(task_run_version=(version or 0) + 1)
        return new_state

    def _propose(self, task_run_id: Any, version: int | None, state: State) -> State:
        courier = courier_of(run_context.get("flow_run_id"))
        if courier is not None and task_run_id is not None:
            return courier.propose(
                task_run_id,
                version if state.is_running() else None,
                state,
                seen=self._changes_seen,
                # Handlers of the runner are told when the API has agreed.
                at_once=bool(self.state_handlers),
            )
        return self.client.set_task_run_state(
            task_run_id=task_run_id,
            version=version if state.is_running() else None,
            state=state,
            cache_for=self.task.cache_for,
        )

    def _state_of_other(self, task_run_id: str) -> State:
        """Take over the state that another process has given the run, and leave a running one to it."""
        state = self.client.get_task_run_state(task_run_id)
        if state.is_running():
            self.logger.debug("Version lock encountered and task run is already in a running state.")
            raise ENDRUN(state)
        self.logger.debug("Version lock encountered, proceeding with state %s...", type(state).__name__)
        try:
            mapping.check_own(state._result, declared_result(self.task, self.flow_result))
            state = state.load_result(self.result)
        except Exception as error:
            self.logger.debug("The result of state %s could not be loaded: %r", type(state).__name__, error)
        return state

    def initialize_run(self, state: State | None, context: dict[str, Any]) -> TaskRunnerInitializeResult:
        """Learn the task run's id, version and state from the API, where the flow runner has not done so."""
        context["checkpointing"] = True
        is_told = context.pop(_IS_TOLD, False) or context.get("map_index") is None
        is_known = self._is_first_round and is_told and context.get("task_run_version") is not None
        if not is_known:
            state = self._read_run(state, context)
        self._is_first_round = self._has_waited = False
        return super().initialize_run(state=state, context=context)

    def _read_run(self, state: State | None, context: dict[str, Any]) -> State:
        try:
            run = self.client.get_task_run_info(
                flow_run_id=context.get("flow_run_id", ""),
                task_id=context.get("task_id", ""),
                map_index=context.get("map_index"),
            )
        except Exception as error:
            self.logger.exception("Failed to retrieve task state with error: %r", error)
            if state is None:
                state = Failed(message="Could not retrieve state from Prefect Cloud", result=error)
            raise ENDRUN(state) from error
        context["task_run_id"] = run.id
        context["task_run_version"] = run.version
        if state is None:
            return run.state
        # Somebody may have decided about the run while it was waited for.
        return run.state if self._has_waited and type(run.state) is not type(state) else state

    # ----- caching and names

    @call_state_handlers
    def check_task_is_cached(self, state: State, inputs: dict[str, Result]) -> State:
        """Take a cached state that still holds: the run's own, else one of an earlier run that the API knows."""
        task = self.task
        parameters = run_context.get("parameters") or {}
        values = {key: result.value for key, result in inputs.items()}
        if state.is_cached():
            if task.cache_validator(state, values, parameters):
                return state
            state = Pending("Cache was invalid; ready to run.")
        if task.cache_for is None:
            return state
        candidates = self.client.get_latest_cached_states(
            task_id=run_context.get("task_id", ""),
            cache_key=task.cache_key,
            created_after=datetime.now(UTC) - task.cache_for,
        )
        if not candidates:
            self.logger.debug("Task '%s': can't use cache because no Cached states were found", self._full_name)
            return state
        self.logger.debug("Task '%s': %d candidate cached states were found", self._full_name, len(candidates))
        for candidate in candidates:
            try:
                for name, known in candidate.cached_inputs.items():
                    mapping.check_own(known, _anywhere_in_place(inputs.get(name)))
                candidate.load_cached_results(inputs)
            except Exception as error:
                self.logger.warning("The inputs of a cached state of %r could not be read: %r", task.name, error)
                continue
            if not task.cache_validator(candidate, values, parameters):
                continue
            try:
                mapping.check_own(candidate._result, declared_result(task, self.flow_result))
                return candidate.load_result(task.result or self.result)
            except Exception as error:
                self.logger.warning("The cached result of %r could not be read: %r", task.name, error)
        self.logger.debug("Task '%s': can't use cache because no candidate Cached states were valid", self._full_name)
        return state

    def set_task_run_name(self, task_inputs: dict[str, Result]) -> None:
        """Name the task run by the task's template, also for the API."""
        super().set_task_run_name(task_inputs=task_inputs)
        name = run_context.get("task_run_name")
        task_run_id = run_context.get("task_run_id")
        if self.task.task_run_name is not None and name and task_run_id:
            try:
                self.client.set_task_run_name(task_run_id=task_run_id, name=name)
            except ClientError as error:
                # A name decorates: nothing is worth failing for it.
                self.logger.warning("The task run could not be named %.100r: %s", name, error)

    # ----- waiting for a next attempt

    def run(
        self,
        state: State | None = None,
        upstream_states: dict[Edge, State] | None = None,
        context: dict[str, Any] | None = None,
        is_mapped_parent: bool = False,
    ) -> State:
        """Run the task; wait here for a next attempt that is due soon, and then run it again."""
        context = run_context.to_dict() if context is None else context
        courier = courier_of(context.get("flow_run_id"))
        while True:
            self._changes_seen = 0 if courier is None else courier.changes
            try:
                state = super().run(
                    state=state,
                    upstream_states=upstream_states,
                    context=dict(context),
                    is_mapped_parent=is_mapped_parent,
                )
            except UpstreamChanged:
                continue
            seconds = _seconds_until_next_attempt(state)
            if seconds is None:
                return state
            time.sleep(seconds)
            self._has_waited = True

    @staticmethod
    def children_of(context: dict[str, Any], count: int) -> Iterator[tuple[State | None, dict[str, Any]]]:
        """Give, of each child of a mapped task, its state and what its context holds of its own; many in one answer."""
        flow_run_id, task_id = context.get("flow_run_id"), context.get("task_id")
        courier = courier_of(flow_run_id)
        index = 0
        while courier is not None and flow_run_id and task_id and index < count:
            found = courier.children(flow_run_id, task_id, index, min(MOST_CHILDREN_TOLD, count - index))
            if found is None:
                break
            index += len(found)
            for run in found:
                yield run.state, {"task_run_id": run.id, "task_run_version": run.version, _IS_TOLD: True}
        yield from ((None, {}) for _ in range(index, count))


def _anywhere_in_place(result: Result | None) -> Result | None:
    """Give a result for the same place whose location says nothing: an input of another run lay elsewhere in it."""
    if result is None:
        return None
    place = result.copy()
    place.location = place._formatter = None
    return place


def _seconds_until_next_attempt(state: State) -> float | None:
    """Say how long to wait for the next attempt; None when there is none, or not soon."""
    if not isinstance(state, (Retrying, Queued)) or state.due_time is None:
        return None
    wait = state.due_time - datetime.now(UTC)
    if wait > patience():
        return None
    return max(wait.total_seconds(), 0.0)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Edge": "prefect.core.edge",
            "Result": "prefect.engine.result",
            "Task": "prefect.core.task",
            "prefect": "prefect:",
        },
    )
