"""Executing one flow run: in this process, or in a process of its own that is watched to its end."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from prefect._lazy import lazy
from prefect.backend.environ import generate_flow_run_environ
from prefect.contract import operations
from prefect.utilities.context import context

if TYPE_CHECKING:
    import logging

    from prefect.backend.flow_run import FlowRunView
    from prefect.core.flow import Flow
    from prefect.engine.flow_runner import FlowRunner

__all__ = [
    "execute_flow_run",
    "execute_flow_run_from_environment",
    "execute_flow_run_in_subprocess",
    "generate_flow_run_environ",
]

NO_FLOW_RUN = "Not currently executing a flow within a Cloud context."
SETTLE_SECONDS = 0.5
LARGEST_IDLE_ROUNDS = 3
"""So often a process may end well without having moved its run; then something refuses it."""
"""How long the states of a process that ended may need to arrive."""

LONGEST_PAUSE_SECONDS = 10.0


# ----- in this process


def execute_flow_run_from_environment() -> None:
    """Load and run the flow run that ``PREFECT__CONTEXT__FLOW_RUN_ID`` names, as agents have it done.

    The outcome of the run is in its state. An exception means that the flow could not be loaded or started; the run
    is then Failed already.

    Raises:
        ValueError: no flow run was named, or it does not exist.
    """
    flow_run_id = context.get("flow_run_id")
    if not flow_run_id:
        raise ValueError(NO_FLOW_RUN)
    from prefect.engine.cloud.watcher import watched

    stored = _stored_code(flow_run_id)
    # Before the first line of the flow: whatever that does to this process, another one sees to it.
    with (
        watched(flow_run_id, may_be_ended=True) as watcher,
        _failing_run(flow_run_id, "Failed to load and execute flow run: {error!r}"),
    ):
        with _beating(flow_run_id) if watcher is None else nullcontext():
            flow, secrets = _load_flow(stored)
        with context(secrets={**(context.get("secrets") or {}), **secrets}):
            _runner_class()(flow=flow).run()


def execute_flow_run(
    flow_run_id: str, flow: Flow | None = None, runner_cls: type | None = None, **kwargs: Any
) -> FlowRunView:
    """Execute a flow run in this process, whatever state it is in, and read it afterwards.

    Args:
        flow: absent means the flow loaded from its storage.
        runner_cls: absent means the runner that reports to the API.
        kwargs: passed to the runner's ``run``.
    """
    from prefect.backend.flow_run import FlowRunView
    from prefect.engine.cloud.watcher import watched

    stored = _stored_code(flow_run_id)
    with watched(flow_run_id):
        with _failing_run(flow_run_id, "Failed to load flow: {error!r}"):
            loaded, secrets = _load_flow(stored, flow)
        if runner_cls is None:
            from prefect.engine.cloud import CloudFlowRunner

            runner_cls = CloudFlowRunner
        values = {"flow_run_id": flow_run_id, "secrets": {**(context.get("secrets") or {}), **secrets}}
        with _failing_run(flow_run_id, "Failed to execute flow: {error!r}"), context(values):
            runner_cls(flow=loaded).run(**kwargs)
    return FlowRunView.from_flow_run_id(flow_run_id)


def _stored_code(flow_run_id: str) -> dict[str, Any]:
    """Read where the code of a flow run lies: the flow's ``name`` and ``storage``."""
    from prefect.client.client import Client

    rows = Client().ask(operations.FLOW_RUN_CODE, id=flow_run_id)["flow_run"]
    if not rows:
        raise ValueError(f"Flow run {flow_run_id} not found")
    return rows[0]["flow"]


def _load_flow(stored: dict[str, Any], flow: Flow | None = None) -> tuple[Flow, dict[str, Any]]:
    """Load the flow from its storage, unless it is given, and the secrets that the storage asks for."""
    from prefect.client.secrets import Secret
    from prefect.model import codec

    if flow is not None and not stored["storage"]:
        return flow, {}
    storage = codec.load("storage", stored["storage"])
    secrets = {name: Secret(name).get() for name in storage.secrets}
    if flow is None:
        with context(secrets={**(context.get("secrets") or {}), **secrets}, loading_flow=True):
            flow = storage.get_flow(stored["name"])
    if flow.result is None:
        # Registration gives a flow its storage's result; one that was loaded from a script has to get it again,
        # or a later process could not read what this one computed.
        flow.result = storage.result
    return flow, secrets


def _runner_class() -> type[FlowRunner]:
    from prefect.engine import get_default_flow_runner_class

    return get_default_flow_runner_class()


@contextmanager
def _beating(flow_run_id: str) -> Iterator[None]:
    """Send heartbeats while the block runs: importing a flow may take longer than a silent run is waited for."""
    from prefect.client.client import Client
    from prefect.contract.limits import HEARTBEAT_SECONDS
    from prefect.exceptions import ClientError
    from prefect.utilities.logging import get_logger

    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT_SECONDS):
            try:
                Client().update_flow_run_heartbeat(flow_run_id)
            except ClientError as error:
                get_logger("Heartbeat").warning("Failed to send heartbeat: %s", error)

    if context.config.cloud.heartbeat_mode != "off":
        threading.Thread(target=beat, name="heartbeat-while-loading", daemon=True).start()
    try:
        yield
    finally:
        over.set()


@contextmanager
def _failing_run(flow_run_id: str, text: str) -> Iterator[None]:
    """Make the flow run Failed when the block raises an exception, which goes on its way."""
    try:
        yield
    except Exception as error:
        _fail(flow_run_id, text.format(error=error))
        raise


def _fail(flow_run_id: str, message: str, logger_name: str = "execute flow-run") -> None:
    from prefect.client.client import Client
    from prefect.model.state import Failed
    from prefect.utilities.logging import LOG_MANAGER

    client = Client()
    LOG_MANAGER.flush(timeout=SETTLE_SECONDS)
    client.write_run_logs({"flow_run_id": flow_run_id, "name": logger_name, "message": message, "level": "ERROR"})
    client.set_flow_run_state(flow_run_id=flow_run_id, state=Failed(message))


# ----- in a process of its own


def execute_flow_run_in_subprocess(
    flow_run_id: str, run_api_key: str | None = None, include_local_env: bool = True
) -> FlowRunView:
    """Execute a flow run in processes of its own, one after the other, until it is finished.

    The process has this one's terminal, so that a debugger works in it.

    Args:
        run_api_key: the key that the process uses.
        include_local_env: begin its environment with the variables of this process.

    Raises:
        RuntimeError: the run is not Scheduled, or its process failed; it is Failed then.
        KeyboardInterrupt: passed on after the run was made Failed.
    """
    return execute_in_processes(flow_run_id, start_interpreter, run_api_key, include_local_env)


def execute_in_processes(
    flow_run_id: str,
    start: Callable[[dict[str, str]], RunProcess],
    run_api_key: str | None = None,
    include_local_env: bool = True,
) -> FlowRunView:
    """Do what :func:`execute_flow_run_in_subprocess` promises, with processes that are started otherwise.

    Args:
        start: starts a process, with this terminal, for the flow run that an environment names.
    """
    from prefect.backend.flow_run import FlowRunView
    from prefect.utilities.logging import get_logger

    flow_run = FlowRunView.from_flow_run_id(flow_run_id)
    if not flow_run.state.is_scheduled():
        raise RuntimeError(
            f"Flow run is already in state {flow_run.state!r}! Cannot execute flow run unless it is in a 'Scheduled' "
            "state"
        )
    logger = get_logger("backend.execution")
    pause = SETTLE_SECONDS
    idle_rounds = 0
    try:
        while not flow_run.state.is_finished():
            _wait_until_due(flow_run_id, logger)
            environ = generate_flow_run_environ(
                flow_run_id=flow_run_id,
                flow_id=flow_run.flow_id,
                run_config=flow_run.run_config,
                run_api_key=run_api_key,
                include_local_env=include_local_env,
            )
            logger.info("Creating subprocess to execute flow run...")
            _execute_once(start({**environ, **_needed_variables(environ)}))
            logger.debug("Exited flow run subprocess.")
            seen_states = len(flow_run.states)
            flow_run = _settled(flow_run)
            idle_rounds = idle_rounds + 1 if len(flow_run.states) == seen_states else 0
            if idle_rounds == LARGEST_IDLE_ROUNDS and flow_run.state.is_scheduled():
                raise ProcessFailed(f"The flow run process ended {idle_rounds} times without starting the flow run.")
            if not flow_run.state.is_finished() and _next_task_run_start_time(flow_run_id) is None:
                # It waits for somebody, e.g. for a paused task to be approved: look again, ever less often.
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
    except KeyboardInterrupt:
        if not flow_run.get_latest().state.is_finished():
            _fail(flow_run_id, "Flow run received an interrupt signal.")
        raise
    except ProcessFailed as error:
        if not flow_run.get_latest().state.is_finished():
            _fail(flow_run_id, str(error))
        raise RuntimeError("The flow run process failed.") from error
    return flow_run


class ProcessFailed(Exception):
    """The process of a flow run ended with an error of its own, not of its flow."""


class RunProcess(Protocol):
    """The process of a flow run, as far as it has to be known here."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and give its exit code, negative for a signal.

        Raises:
            Exception: it has not ended within so many seconds.
        """
        ...

    def kill(self) -> None: ...


def start_interpreter(environ: dict[str, str]) -> RunProcess:
    """Start a new interpreter for the flow run of an environment."""
    import subprocess

    from prefect.backend.forked import COMMAND

    return subprocess.Popen([sys.executable, *COMMAND], env=environ)


def _execute_once(process: RunProcess) -> None:
    """Wait for the end of one process; it has the terminal.

    An interrupt at the terminal reaches the process too: it is given the time to end by itself.
    """
    try:
        status = process.wait()
    except KeyboardInterrupt:
        try:
            process.wait(timeout=5)
        except Exception:
            process.kill()
            process.wait()
        raise
    if status:
        ended = f"exit code {status}" if status > 0 else f"signal {-status}"
        raise ProcessFailed(f"The flow run process failed with {ended}.")


def _needed_variables(environ: dict[str, str]) -> dict[str, str]:
    """Give what a process needs to find its programs and its home, when the caller leaves this one's variables out."""
    names = ("PATH", "HOME", "PYTHONPATH", "VIRTUAL_ENV", "LANG", "SYSTEMROOT")
    return {name: os.environ[name] for name in names if name in os.environ and name not in environ}


def _settled(flow_run: FlowRunView) -> FlowRunView:
    """Read the run again; its last state may arrive a little after the end of its process."""
    latest = flow_run.get_latest()
    if not latest.state.is_finished():
        time.sleep(SETTLE_SECONDS)
        latest = flow_run.get_latest()
    return latest


def _wait_until_due(flow_run_id: str, logger: logging.Logger) -> None:
    """Sleep until the flow run may start, or, when it is Running already, until the first of its task runs may."""
    logger.debug("Checking for flow run scheduled start time...")
    _sleep_until(_flow_run_start_time(flow_run_id), "Flow run", logger)
    logger.debug("Checking for retried task runs...")
    _sleep_until(_next_task_run_start_time(flow_run_id), "Task run", logger)


def _sleep_until(start_time: datetime | None, what: str, logger: logging.Logger) -> None:
    if start_time is None:
        return
    from prefect.client.client import Client

    seconds = (start_time - Client().server_time()).total_seconds()
    if seconds > 0:
        logger.info("%s scheduled to run in %.0f seconds; sleeping before trying to run flow...", what, seconds)
        time.sleep(seconds)


def _flow_run_start_time(flow_run_id: str) -> datetime | None:
    from prefect.client.client import Client

    rows = Client().ask(operations.FLOW_RUN_START_TIMES, id=flow_run_id)["flow_run"]
    if not rows:
        raise ValueError(f"Flow run {flow_run_id} not found")
    newest = max(rows[0]["states"], key=lambda state: state["created"], default=None)
    text = (newest and newest["start_time"]) or rows[0]["scheduled_start_time"]
    return None if text is None else datetime.fromisoformat(text)


def _next_task_run_start_time(flow_run_id: str) -> datetime | None:
    from prefect.client.client import Client

    rows = Client().ask(operations.TASK_RUN_START_TIMES, id=flow_run_id)["task_run"]
    return min((datetime.fromisoformat(row["state_start_time"]) for row in rows), default=None)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "Flow": "prefect.core.flow",
            "FlowRunView": "prefect.backend.flow_run_view",
            "FlowView": "prefect.backend.flow",
            "RunConfig": "prefect.run_configs.base",
            "prefect": "prefect:",
        },
    )
