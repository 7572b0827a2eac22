"""The flow runner whose every change of state is proposed to the API first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.client.client import Client, FlowRunInfoResult
from prefect.engine.cloud import task_runner
from prefect.engine.cloud.cancellation import CancellationWatcher
from prefect.engine.cloud.courier import courier_for
from prefect.engine.cloud.heartbeat import Heartbeat
from prefect.engine.cloud.task_runner import CloudTaskRunner, patience
from prefect.engine.cloud.unstorable import in_place_of
from prefect.engine.flow_runner import FlowRunner, FlowRunnerInitializeResult
from prefect.engine.runner import ENDRUN, not_before_now
from prefect.exceptions import VersionLockMismatchSignal
from prefect.model.state import Cancelled, ClientFailed, Failed, Queued, State
from prefect.utilities.context import context as run_context
from prefect.utilities.logging import LOG_MANAGER

if TYPE_CHECKING:
    from prefect.core.flow import Flow
    from prefect.core.task import Task
    from prefect.executors.base import Executor

FLUSH_SECONDS = 5.0
# Keys of the context without which the run's own process could not speak, log or find its settings.
_OF_ENGINE = frozenset({"config", "logger", "run_process", "task_run_id", "task_run_version", "map_index"})


class CloudFlowRunner(FlowRunner):
    """Runs a flow as the flow run that the context names (``flow_run_id``).

    Args:
        flow: what to run.
        state_handlers: called as ``f(flow_runner, old_state, new_state)`` after the API has agreed.
    """

    def __init__(self, flow: Flow, state_handlers: Iterable[Callable[..., State | None]] | None = None) -> None:
        self.client = Client()
        self._watcher: CancellationWatcher | None = None
        self._has_begun = False
        super().__init__(flow=flow, task_runner_cls=CloudTaskRunner, state_handlers=state_handlers)

    def latest_time(self) -> datetime:
        """Give the time by which a run is due: its API's clock counts, where that is ahead of this machine's."""
        return not_before_now(self.client.server_time())

    # ----- states

    def call_runner_target_handlers(self, old_state: State, new_state: State) -> State:
        """Tell the flow's handlers, then propose the state to the API, and give the state that holds.

        Raises:
            ENDRUN: the run has to wait for a free slot, is run by another process, or cannot be told to the API.
        """
        new_state = super().call_runner_target_handlers(old_state, new_state)
        if isinstance(new_state, ClientFailed):
            # The API cannot be told: that is what this state says.
            return new_state
        flow_run_id = run_context.get("flow_run_id")
        version = run_context.get("flow_run_version")
        # What was logged before a change of state is to be read before it.
        LOG_MANAGER.flush(FLUSH_SECONDS, flow_run_id)
        try:
            try:
                state = self._propose(flow_run_id, version, new_state)
            except Exception as error:
                failed = in_place_of(new_state, error)
                if failed is None:
                    raise
                self.logger.error("%s", failed.message)
                new_state = failed
                state = self._propose(flow_run_id, version, new_state)
        except VersionLockMismatchSignal:
            return self._state_of_other(flow_run_id)
        except Exception as error:
            self.logger.exception("Failed to set flow state with error: %r", error)
            raise ENDRUN(new_state) from error
        if isinstance(state, Queued):
            state.state = old_state
            raise ENDRUN(state)
        run_context.update(flow_run_version=(version or 0) + 1)
        self._has_begun = new_state.is_running()
        return new_state

    def _propose(self, flow_run_id: str, version: int | None, state: State) -> State:
        return self.client.set_flow_run_state(
            flow_run_id=flow_run_id, version=version if state.is_running() else None, state=state
        )

    def _state_of_other(self, flow_run_id: str) -> State:
        """Take over the state that somebody else has given the run, and leave a running one to its process."""
        state = self.client.get_flow_run_state(flow_run_id)
        if state.is_running():
            self.logger.debug("Version lock encountered and flow run is already in a running state.")
            raise ENDRUN(state)
        self.logger.debug("Version lock encountered, proceeding with state %s...", type(state).__name__)
        return state

    def initialize_run(  # type: ignore[override]
        self,
        state: State | None,
        task_states: dict[Task, State],
        context: dict[str, Any],
        task_contexts: dict[Task, dict[str, Any]],
        parameters: dict[str, Any],
    ) -> FlowRunnerInitializeResult:
        """Learn everything about the run and its task runs from the API."""
        try:
            info = self.client.get_flow_run_info(run_context.get("flow_run_id", ""))
        except Exception as error:
            self.logger.exception("Failed to retrieve flow state with error: %r", error)
            if state is None:
                state = Failed(message="Could not retrieve state from Prefect Cloud", result=error)
            raise ENDRUN(state) from error
        # The run's own keys are laid over what its creator gave.
        context.update(
            _given_context(info.context),
            flow_id=info.flow_id,
            flow_run_id=info.id,
            flow_run_version=info.version,
            flow_run_name=info.name,
            scheduled_start_time=info.scheduled_start_time,
            project_name=info.project.name,
            project_id=info.project.id,
            running_with_backend=True,
            checkpointing=True,
        )
        self._note_task_runs(info, task_states, task_contexts)
        return super().initialize_run(
            state=info.state if state is None else state,
            task_states=task_states,
            context=context,
            task_contexts=task_contexts,
            parameters={**(info.parameters or {}), **(parameters or {})},
        )

    def _note_task_runs(
        self, info: FlowRunInfoResult, task_states: dict[Task, State], task_contexts: dict[Task, dict[str, Any]]
    ) -> None:
        tasks_by_slug = {slug: task for task, slug in self.flow.slugs.items()}
        for task_run in info.task_runs:
            task = tasks_by_slug.get(task_run.task_slug)
            if task is None:
                raise KeyError(
                    f"Task slug {task_run.task_slug} is not found in the current Flow. This is usually caused by "
                    "changing the Flow without reregistering it with the Prefect API."
                )
            task_states.setdefault(task, task_run.state)
            task_contexts.setdefault(task, {}).update(
                task_id=task_run.task_id, task_run_id=task_run.id, task_run_version=task_run.version
            )

    # ----- running

    def run(
        self,
        state: State | None = None,
        task_states: dict[Task, State] | None = None,
        return_tasks: Iterable[Task] | None = None,
        parameters: dict[str, Any] | None = None,
        task_runner_state_handlers: Iterable[Callable[..., State | None]] | None = None,
        executor: Executor | None = None,
        context: dict[str, Any] | None = None,
        task_contexts: dict[Task, dict[str, Any]] | None = None,
    ) -> State:
        """Run the flow, with heartbeats, until it is finished, has to wait for long, is cancelled or ended elsewhere.

        A run that has to wait for a free slot is tried again here when that is soon.
        """
        flow_run_id = run_context.get("flow_run_id", "")
        self._watcher = watcher = CancellationWatcher(self.client, flow_run_id)
        try:
            # From the first line on: what is logged now is the run's own.
            with run_context(running_with_backend=True):
                while True:
                    end_state = super().run(
                        state=state,
                        task_states=task_states,
                        return_tasks=return_tasks,
                        parameters=parameters,
                        task_runner_state_handlers=task_runner_state_handlers,
                        executor=executor,
                        context=context,
                        task_contexts=task_contexts,
                    )
                    if not self._wait_for_slot(end_state):
                        return end_state
        except KeyboardInterrupt:
            if not watcher.has_interrupted:
                raise
            if watcher.decided is not None:
                return self._stopped(watcher.decided)
            return self._cancelled(flow_run_id, watcher.cancelled_version)
        finally:
            LOG_MANAGER.flush(FLUSH_SECONDS, flow_run_id)

    @contextmanager
    def check_for_cancellation(self) -> Iterator[None]:
        """Send heartbeats, and watch whether the run is to be cancelled, while its tasks run."""
        flow_run_id = run_context.get("flow_run_id", "")
        with Heartbeat(self.client, flow_run_id, has_begun=self._has_begun) as heartbeat:
            if self._watcher is not None:
                self._watcher.helper = heartbeat.watcher
            with self._watcher or nullcontext(), self._courier(flow_run_id):
                yield

    def _courier(self, flow_run_id: str) -> AbstractContextManager[None]:
        if vars(task_runner)["Client"] is not Client:
            return nullcontext()
        return courier_for(self.client, flow_run_id, keeps_back=_runs_tasks_here(self._executor))

    def _cancelled(self, flow_run_id: str, version: int | None) -> State:
        with run_context(running_with_backend=True):
            self.logger.info("Flow run has been cancelled, cancelling active tasks")
        LOG_MANAGER.flush(timeout=FLUSH_SECONDS)
        state = Cancelled("Flow run is cancelled")
        try:
            self.client.set_flow_run_state(flow_run_id=flow_run_id, state=state, version=version)
        except VersionLockMismatchSignal:
            # Somebody was quicker, and ended it otherwise or gave it to another process.
            return self._stopped(self.client.get_flow_run_state(flow_run_id))
        return state

    def _stopped(self, decided: State) -> State:
        """Leave the run as somebody else has set it."""
        with run_context(running_with_backend=True):
            self.logger.info("Flow run was set to %s meanwhile; this process stops", type(decided).__name__)
        return decided

    def _wait_for_slot(self, state: State) -> bool:
        """Wait until a queued run may be tried again; False when it is not to be tried again here."""
        if not isinstance(state, Queued):
            return False
        if state.due_time - datetime.now(UTC) > patience():
            return False
        look = float(run_context.config.cloud.check_cancellation_interval)
        while (seconds := (state.due_time - datetime.now(UTC)).total_seconds()) > 0:
            time.sleep(min(seconds, look))
            if self.client.get_flow_run_state(run_context.get("flow_run_id", "")).is_finished():
                return False
        return True


def _runs_tasks_here(executor: Executor | None) -> bool:
    """Tell whether the states that tasks end in are handed on in this process, as they are."""
    from prefect.executors.local import LocalExecutor

    if type(executor) is LocalExecutor:
        return True
    from prefect.executors.local_dask import LocalDaskExecutor

    return type(executor) is LocalDaskExecutor and executor.scheduler != "processes"


def _given_context(given: Any) -> dict[str, Any]:
    """Give what may be taken from the context that came with the run: not what the engine lives on."""
    if not isinstance(given, Mapping):
        return {}
    taken = {key: value for key, value in given.items() if key not in _OF_ENGINE}
    if not isinstance(taken.get("parameters"), Mapping):
        taken.pop("parameters", None)
    return taken


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Flow": "prefect.core.flow",
            "Task": "prefect.core.task",
            "prefect": "prefect:",
        },
    )
