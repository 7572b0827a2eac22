"""Testing flows: a backend of a test's own in this process, runs with every state kept, a clock that stands still.

The fixtures of ``prefect.pytest_plugin`` stand on this; it needs no pytest itself, and works in a script too.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect.client import embedded
from prefect.utilities import present
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.context import context
from prefect.utilities.log_sending import LOG_MANAGER

if TYPE_CHECKING:
    from prefect.backend.flow_run_view import FlowRunView
    from prefect.client.client import Client
    from prefect.core.flow import Flow
    from prefect.core.task import Task
    from prefect.executors.base import Executor
    from prefect.model.state import State

__all__ = ["Clock", "InProcessServer", "TrackedRun", "fake_secrets", "frozen", "in_process_server"]

PROJECT = "tests"
SECRET_VARIABLE = "PREFECT__CONTEXT__SECRETS__"  # noqa: S105 - what names of variables begin with


@dataclass(frozen=True)
class TrackedRun:
    """A flow run that has been executed here, and what its backend has of it.

    Attributes:
        flow_run_id: its id at the backend.
        state: the last state; ``state.result`` holds the state of each task.
        states: names of the flow run's states as the backend has them, oldest first.
        task_states: the same of each task run, by ``<slug>`` or, for a child of a map, ``<slug>[<index>]``.
        logs: the lines that it logged, oldest first.
    """

    flow_run_id: str
    state: State
    states: list[str]
    task_states: dict[str, list[str]]
    logs: list[str] = field(repr=False)

    def result_of(self, task: Task) -> Any:
        """Give what a task returned; a list for a mapped one.

        Raises:
            KeyError: the flow has no such task, or it was not begun.
        """
        return self.state.result[task].result

    @property
    def view(self) -> FlowRunView:
        """The run as ``prefect.backend`` shows it."""
        from prefect.backend.flow_run_view import FlowRunView

        return FlowRunView.from_flow_run_id(self.flow_run_id)


class InProcessServer:
    """The backend that everything in this process speaks to, as long as ``in_process_server`` lasts.

    Attributes:
        address: of the API, also for processes that are started meanwhile: ``PREFECT__CLOUD__API`` holds it.
        home: the folder of its file, of results and of secrets.
    """

    def __init__(self, address: str, home: Path) -> None:
        self.address = address
        self.home = home

    @property
    def client(self) -> Client:
        """A client of this backend."""
        from prefect.client.client import Client

        return Client()

    def register(self, flow: Flow, project_name: str = PROJECT, **options: Any) -> str:
        """Register a flow, in a project that is made when it is missing, and give its id.

        Args:
            options: of ``Client.register``; the flow is not stored unless ``build`` is given.
        """
        client = self.client
        client.create_project(project_name)
        with warnings.catch_warnings():
            # A flow that is run here, at once, needs no place for results.
            warnings.filterwarnings("ignore", "No result handler was specified", UserWarning)
            return client.register(flow, project_name=project_name, **{"build": False, "no_url": True, **options})

    def run(
        self,
        flow: Flow,
        parameters: Mapping[str, Any] | None = None,
        *,
        executor: Executor | None = None,
        run_context: Mapping[str, Any] | None = None,
        task_states: dict[Task, State] | None = None,
    ) -> TrackedRun:
        """Register a flow, create a run of it, execute that here, and give all that became of it.

        Args:
            parameters: checked by the backend, as those of any run.
            executor: absent means the flow's own.
            run_context: entries of ``prefect.context`` during the run.
            task_states: states of tasks that are taken as they are, so that these tasks are not run.

        Raises:
            ClientError: the backend refuses the flow or the parameters.
            TypeError: the flow has no parameter of such a name; runs in general take more than they need.
        """
        from prefect.engine.cloud import CloudFlowRunner

        known = {parameter.name for parameter in flow.parameters()}
        if unknown := sorted(set(parameters or ()) - known):
            raise TypeError(f"Flow {flow.name!r} has no parameter {unknown[0]!r}; it has {sorted(known) or 'none'}.")
        flow_id = self.register(flow, set_schedule_active=False)
        run_id = self.client.create_flow_run(flow_id=flow_id, parameters=parameters, context=run_context)
        with context(flow_run_id=run_id, flow_id=flow_id):
            runner = CloudFlowRunner(flow=flow)
            state = runner.run(return_tasks=flow.tasks, executor=executor, task_states=task_states)
        return self._tracked(run_id, state)

    def _tracked(self, run_id: str, state: State) -> TrackedRun:
        found = self.client.ask(STATES, id=run_id)["flow_run_by_pk"]
        task_states = {}
        for task_run in found["task_runs"]:
            index = task_run["map_index"]
            slug = task_run["task"]["slug"] + (f"[{index}]" if index >= 0 else "")
            task_states[slug] = [kept["state"] for kept in task_run["states"]]
        return TrackedRun(
            flow_run_id=run_id,
            state=state,
            states=[kept["state"] for kept in found["states"]],
            task_states=task_states,
            logs=[line["message"] for line in found["logs"]],
        )

    def scheduled_times(self, flow: Flow) -> list[datetime]:
        """Register a flow with its schedule active, and give the start times of the runs that the backend makes.

        With a frozen clock these are the next ones from then on.
        """
        flow_id = self.register(flow, set_schedule_active=True)
        return [run.scheduled_start_time for run in self.upcoming_runs(flow_id)]

    def upcoming_runs(self, flow_id: str) -> list[ScheduledRun]:
        """Give the runs of a flow that are scheduled, earliest first."""
        rows = self.client.ask(SCHEDULED, flow_id=flow_id)["flow_run"]
        return [
            ScheduledRun(row["id"], datetime.fromisoformat(row["scheduled_start_time"]), row["parameters"] or {})
            for row in rows
        ]


@dataclass(frozen=True)
class ScheduledRun:
    """A run that the backend has made of a schedule.

    Attributes:
        scheduled_start_time: aware.
        parameters: its clock's defaults over those of the flow.
    """

    flow_run_id: str
    scheduled_start_time: datetime
    parameters: dict[str, Any]


STATES = """\
query($id: uuid!) {
    flow_run_by_pk(id: $id) {
        states(order_by: {version: asc}) { state }
        task_runs(order_by: [{created: asc}, {map_index: asc}]) {
            map_index task { slug } states(order_by: {version: asc}) { state }
        }
        logs(order_by: {timestamp: asc}) { message }
    }
}"""
SCHEDULED = """\
query($flow_id: uuid!) {
    flow_run(
        where: {flow_id: {_eq: $flow_id}, state: {_eq: "Scheduled"}, auto_scheduled: {_eq: true}}
        order_by: {scheduled_start_time: asc}
    ) { id scheduled_start_time parameters }
}"""


@contextmanager
def in_process_server(home: str | os.PathLike[str]) -> Iterator[InProcessServer]:
    """Give everything in this process, and in processes that it starts meanwhile, a new backend of its own.

    Args:
        home: an empty folder; the settings, keys and results of this machine's user are not touched.
    """
    folder = Path(home).absolute()
    address = embedded.address_of(folder / "proctor.db")
    settings = {
        "backend": "server",
        "home_dir": str(folder),
        "cloud.api": address,
        "cloud.api_key": "",
        "cloud.tenant_id": "",
        "cloud.use_local_secrets": True,
        # The run is over when the test is: nobody has to be told that it lives.
        "cloud.heartbeat_mode": "off",
    }
    LOG_MANAGER.stop()  # what was logged before goes where it belongs
    with ExitStack() as stack:
        stack.enter_context(set_temporary_config(settings))
        stack.enter_context(_environment({_variable(name): str(value) for name, value in settings.items()}))
        embedded.open_fresh(folder / "proctor.db")
        stack.callback(embedded.close, folder / "proctor.db")
        stack.callback(LOG_MANAGER.stop)
        yield InProcessServer(address, folder)


def _variable(name: str) -> str:
    return "PREFECT__" + name.upper().replace(".", "__")


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def fake_secrets(values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Have these secrets and no others, also in processes that are started meanwhile; gives them, to be added to.

    What is added later is known in this process.
    """
    import json

    known = dict(values)
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in known.items()}
    with _environment({SECRET_VARIABLE + name: text for name, text in texts.items()}), context(secrets=known):
        yield context["secrets"]


class Clock:
    """A time that stands still until it is moved."""

    @property
    def time(self) -> datetime:
        """The time at which it stands, aware UTC."""
        return present.present()

    def move_to(self, time: datetime | str) -> None:
        """Let it be this time: aware, or UTC; a text as ``datetime.fromisoformat`` reads it."""
        value = datetime.fromisoformat(time) if isinstance(time, str) else time
        present.hold(value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))

    def move_by(self, duration: timedelta) -> None:
        """Let so much time pass at once."""
        self.move_to(self.time + duration)


@contextmanager
def frozen(time: datetime | str | None = None) -> Iterator[Clock]:
    """Hold the time of schedules still: at ``time``, or at the present one.

    What follows it: the next times of a schedule, ``date``, ``today`` and ``scheduled_start_time`` in the context of a
    run, and the runs that an in-process backend makes. ``datetime.now`` and sleeping go on as ever.
    """
    clock = Clock()
    before = present.held()
    clock.move_to(present.present() if time is None else time)
    try:
        yield clock
    finally:
        present.hold(before)
