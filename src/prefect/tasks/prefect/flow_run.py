"""Running other flows from a flow: create a run of them, wait for it, take a result out of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from prefect._lazy import lazy
from prefect.core.authoring import defaults_from_attrs
from prefect.core.function import task
from prefect.core.task import Task
from prefect.utilities.context import context

if TYPE_CHECKING:
    import logging

    from prefect.client.client import Client
    from prefect.model.state import State

LONGEST_WAIT = timedelta(hours=12)
SHORTEST_POLL = timedelta(seconds=3)
_FOR_EVER = timedelta(days=36_500)


@task
def create_flow_run(
    flow_id: str = None,  # type: ignore[assignment]  # noqa: RUF013 - the types travel with the flow
    flow_name: str = None,  # type: ignore[assignment]  # noqa: RUF013
    project_name: str = "",
    parameters: dict = None,  # type: ignore[assignment,type-arg]  # noqa: RUF013
    context: dict = None,  # type: ignore[assignment,type-arg]  # noqa: RUF013
    labels: Iterable[str] = None,  # type: ignore[assignment]  # noqa: RUF013
    run_name: str = None,  # type: ignore[assignment]  # noqa: RUF013
    run_config: Any = None,
    scheduled_start_time: datetime | timedelta | None = None,
    idempotency_key: str = None,  # type: ignore[assignment]  # noqa: RUF013
) -> str:
    """Create a run of a flow and give its id.

    A retry of this task gives the run that the first try created.

    Args:
        flow_id: id of a flow or flow group; or give ``flow_name``.
        project_name: needed when several projects have a flow of this name.
        context: entries of ``prefect.context`` during the run.
        labels: absent means those of the flow.
        run_name: absent means the name of this flow's run and that of the flow.
        run_config: absent means that of the flow.
        scheduled_start_time: a time, or how long from now; absent means now.
        idempotency_key: absent means one of this task run.

    Raises:
        ValueError: not exactly one of id and name was given, or there is no such flow.
    """
    from prefect.backend.flow import FlowView
    from prefect.client.client import Client

    if flow_id and flow_name:
        raise ValueError("Received both `flow_id` and `flow_name`. Only one flow identifier can be passed.")
    if not flow_id and not flow_name:
        raise ValueError("Both `flow_id` and `flow_name` are null. You must pass a flow identifier")
    flow = FlowView.from_id(flow_id) if flow_id else FlowView.from_flow_name(flow_name, project_name=project_name)
    chosen_name = run_name or _default_run_name(flow.name)
    shown_name = chosen_name or "<generated-name>"
    logger = _logger()
    logger.info("Creating flow run %r for flow %r...", shown_name, flow.name)
    client = Client()
    flow_run_id = client.create_flow_run(
        flow_id=flow.flow_id,
        parameters=parameters,
        context=context,
        labels=labels,
        run_name=chosen_name,
        run_config=run_config,
        scheduled_start_time=_as_time(scheduled_start_time),
        idempotency_key=idempotency_key or _default_idempotency_key(),
    )
    logger.info("Created flow run %r: %s", shown_name, client.get_cloud_url("flow-run", flow_run_id))
    return flow_run_id


@task
def get_task_run_result(flow_run_id: str, task_slug: str, map_index: int = -1, poll_time: int = 5) -> Any:
    """Wait until a flow run is finished and give the result of one of its tasks.

    Args:
        map_index: one child of a mapped task; absent means the task itself, of a mapped one all results.
        poll_time: seconds between two looks of 1.x; the end of the run is pushed now.

    Raises:
        ValueError: it is the run that this task is part of, or the result cannot be read.
    """
    from prefect.backend.flow_run import FlowRunView
    from prefect.backend.watching import watch_flow_run

    if flow_run_id == context.get("flow_run_id"):
        raise ValueError(
            "Given `flow_run_id` is the same as the currently running flow. The `get_task_run_result` task cannot be "
            "used to retrieve results from the flow run it belongs to."
        )
    for _ in watch_flow_run(flow_run_id, stream_states=False, stream_logs=False, max_duration=_FOR_EVER):
        pass
    flow_run = FlowRunView.from_flow_run_id(flow_run_id, load_static_tasks=False)
    return flow_run.get_task_run(task_slug=task_slug, map_index=map_index).get_result()


@task
def wait_for_flow_run(
    flow_run_id: str,
    stream_states: bool = True,
    stream_logs: bool = False,
    raise_final_state: bool = False,
    max_duration: timedelta = LONGEST_WAIT,
) -> Any:
    """Wait until a flow run is finished and give it as a ``FlowRunView``.

    Args:
        stream_states: log each state that it enters.
        stream_logs: log its log lines.
        raise_final_state: end in the state that it ended in: raises the signal of that state.

    Raises:
        RuntimeError: it is not finished after ``max_duration``.
    """
    from prefect.backend.flow_run import FlowRunView
    from prefect.backend.watching import watch_flow_run

    flow_run = FlowRunView.from_flow_run_id(flow_run_id)
    logger = _logger()
    for log in watch_flow_run(
        flow_run_id, stream_states=stream_states, stream_logs=stream_logs, max_duration=max_duration
    ):
        logger.log(log.level, "Flow %r: %s", flow_run.name, log.message)
    flow_run = flow_run.get_latest()
    if raise_final_state:
        raise _signal(flow_run_id, flow_run.state, result=flow_run)
    return flow_run


class StartFlowRun(Task):
    """Creates a run of a flow of a project; the older way. ``create_flow_run`` and ``wait_for_flow_run`` do more.

    Args:
        wait: wait until the run is finished, and end in the state that it ended in.
        new_flow_context: entries of ``prefect.context`` during the run.
        scheduled_start_time: absent means now.
        poll_interval: between two looks of 1.x, at least 3 seconds; the end of the run is pushed now.
        create_link_artifact: show a link to the run beside this task's run.

    Raises:
        ValueError: ``poll_interval`` is too short.
        TypeError: a task among the parameters, whose value nobody knows yet: give it when the task is called.
    """

    def __init__(
        self,
        flow_name: str | None = None,
        project_name: str | None = None,
        parameters: dict[str, Any] | None = None,
        run_config: Any = None,
        wait: bool = False,
        new_flow_context: dict[str, Any] | None = None,
        run_name: str | None = None,
        scheduled_start_time: datetime | None = None,
        poll_interval: timedelta = timedelta(seconds=10),
        create_link_artifact: bool = True,
        **kwargs: Any,
    ) -> None:
        if isinstance(parameters, Task) or any(isinstance(value, Task) for value in (parameters or {}).values()):
            raise TypeError(
                "An instance of `Task` was passed to the `StartFlowRun` constructor via the `parameters` kwarg. You'll "
                "want to pass these parameters when calling the task instead. For example:\n\n"
                "  start_flow_run = StartFlowRun(...)  # static (non-Task) args go here\n"
                "  res = start_flow_run(parameters=...)  # dynamic (Task) args go here"
            )
        if poll_interval < SHORTEST_POLL:
            raise ValueError(
                "`poll_interval` needs to be at least 3 seconds to avoid spamming the Prefect server. "
                f"(poll_interval == {poll_interval.total_seconds()} seconds)!"
            )
        self.flow_name = flow_name
        self.project_name = project_name
        self.parameters = parameters
        self.run_config = run_config
        self.wait = wait
        self.new_flow_context = new_flow_context
        self.run_name = run_name
        self.scheduled_start_time = scheduled_start_time
        self.poll_interval = poll_interval
        self.create_link_artifact = create_link_artifact
        if flow_name:
            kwargs.setdefault("name", f"Flow {flow_name}")
        super().__init__(**kwargs)

    @defaults_from_attrs(
        "flow_name",
        "project_name",
        "parameters",
        "run_config",
        "new_flow_context",
        "run_name",
        "scheduled_start_time",
    )
    def run(
        self,
        flow_name: str = None,  # type: ignore[assignment]  # noqa: RUF013 - the types travel with the flow
        project_name: str = None,  # type: ignore[assignment]  # noqa: RUF013
        parameters: dict = None,  # type: ignore[assignment,type-arg]  # noqa: RUF013
        run_config: Any = None,
        new_flow_context: dict = None,  # type: ignore[assignment,type-arg]  # noqa: RUF013
        run_name: str = None,  # type: ignore[assignment]  # noqa: RUF013
        idempotency_key: str = None,  # type: ignore[assignment]  # noqa: RUF013
        scheduled_start_time: datetime = None,  # type: ignore[assignment]  # noqa: RUF013
    ) -> str:
        """Create the run and give its id; with ``wait``, raise the signal of the state that it ended in.

        Args:
            idempotency_key: absent means one of this task run.

        Raises:
            ValueError: no flow or project name, or there is no such flow.
        """
        from prefect.client.client import Client
        from prefect.contract import operations

        if not flow_name:
            raise ValueError("Must provide a flow name.")
        if not project_name:
            raise ValueError("Must provide a project name.")
        client = Client()
        found = client.ask(operations.NEWEST_FLOW_OF_PROJECT_NAME, flow_name=flow_name, project_name=project_name)
        if not found["flow"]:
            raise ValueError(f"Flow '{flow_name}' not found.")
        flow_run_id = client.create_flow_run(
            flow_id=found["flow"][0]["id"],
            parameters=parameters,
            run_config=run_config,
            context=new_flow_context,
            run_name=run_name,
            scheduled_start_time=scheduled_start_time,
            idempotency_key=idempotency_key or _default_idempotency_key(),
        )
        self._tell(client, flow_run_id)
        if self.wait:
            self._wait(flow_run_id)
        return flow_run_id

    def _tell(self, client: Client, flow_run_id: str) -> None:
        url = client.get_cloud_url("flow-run", flow_run_id)
        self.logger.info("Flow Run: %s", url)
        if self.create_link_artifact:
            from prefect.backend.artifacts import create_link_artifact

            create_link_artifact(urlsplit(url).path)

    @staticmethod
    def _wait(flow_run_id: str) -> None:
        from prefect.backend.flow_run import FlowRunView
        from prefect.backend.watching import watch_flow_run

        for _ in watch_flow_run(flow_run_id, stream_states=False, stream_logs=False, max_duration=_FOR_EVER):
            pass
        state = FlowRunView.from_flow_run_id(flow_run_id).state
        raise _signal(flow_run_id, state, result=flow_run_id)


def _default_run_name(flow_name: str) -> str | None:
    """Give the name of the run at hand with that of the flow; None outside a run: the API makes one up then."""
    parent = context.get("flow_run_name")
    return f"{parent}-{flow_name}" if parent else None


def _default_idempotency_key() -> str | None:
    """Give a key that is the same in each try of this task run, and another in each mapped child."""
    task_run_id = context.get("task_run_id")
    if not task_run_id:
        return None
    map_index = context.get("map_index")
    return f"{task_run_id}-{map_index}" if map_index not in (None, -1) else task_run_id


def _as_time(start: datetime | timedelta | None) -> datetime | None:
    if isinstance(start, timedelta):
        import pendulum

        return pendulum.now("UTC") + start
    return start


def _signal(flow_run_id: str, state: State, result: Any) -> BaseException:
    """Make the signal of the state that a run ended in; Cancelled, which has none, counts as failed."""
    from prefect.engine.signals import FAIL, signal_from_state

    try:
        kind = signal_from_state(state)
    except ValueError:
        kind = FAIL
    return kind(f"{flow_run_id} finished in state {state}", result=result)


def _logger() -> logging.Logger:
    from prefect.utilities.logging import get_logger

    return context.get("logger") or get_logger()


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "EnumValue": "prefect.utilities.graphql",
            "FlowRunView": "prefect.backend.flow_run_view",
            "FlowView": "prefect.backend.flow",
            "RunConfig": "prefect.run_configs.base",
            "create_link_artifact": "prefect.artifacts",
            "prefect": "prefect:",
            "signal_from_state": "prefect.engine.signals",
            "watch_flow_run": "prefect.backend.flow_run",
            "with_args": "prefect.utilities.graphql",
        },
    )
