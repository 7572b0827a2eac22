"""Telling the API regularly that a flow run lives, as long as its main step takes."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from typing import TYPE_CHECKING, Any

from prefect.contract.limits import HEARTBEAT_SECONDS
from prefect.utilities.context import context, current_content
from prefect.utilities.logging import get_logger

if TYPE_CHECKING:
    from prefect.client.client import Client
    from prefect.engine.runner import Runner
    from prefect.model.state import State


def run_with_heartbeat(runner_method: Callable[..., State]) -> Callable[..., State]:
    """Send heartbeats while a method of a runner works, if the runner's ``_heartbeat`` says so."""

    @wraps(runner_method)
    def inner(self: Runner, *args: Any, **kwargs: Any) -> State:
        with _heart_of(self):
            return runner_method(self, *args, **kwargs)

    return inner


def _heart_of(runner: Runner) -> AbstractContextManager[None]:
    try:
        if not runner._heartbeat():
            return nullcontext()
        mode = context.config.cloud.heartbeat_mode
        flow_run_id = current_content().get("flow_run_id")
        if mode == "off" or not flow_run_id:
            return nullcontext()
        if mode == "thread":
            return threaded_heartbeat(flow_run_id)
        return subprocess_heartbeat(
            [sys.executable, "-m", "prefect", "heartbeat", "flow-run", "-i", flow_run_id], runner.logger
        )
    except Exception:
        # A run must not fail because nobody can be told that it lives.
        runner.logger.exception("Heartbeat failed to start. This could result in a zombie run.")
        return nullcontext()


@contextmanager
def subprocess_heartbeat(heartbeat_cmd: Sequence[str], logger: logging.Logger) -> Iterator[None]:
    """Run a command that sends heartbeats for the length of a ``with`` block.

    A process of its own: it beats also while the run's own code holds the interpreter for long.
    """
    from prefect.configuration import to_environment_variables

    include = ("cloud.api", "cloud.api_key", "cloud.tenant_id", "cloud.heartbeat_interval", "backend")
    known = to_environment_variables(context.config, include=set(include))
    import subprocess

    process = subprocess.Popen(
        list(heartbeat_cmd), env={**os.environ, **known}, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        if process.poll() is not None:
            logger.warning("Heartbeat process died with exit code %s", process.returncode)
        process.kill()
        process.wait()


@contextmanager
def threaded_heartbeat(flow_run_id: str, num: int | None = None) -> Iterator[None]:
    """Send heartbeats from a thread for the length of a ``with`` block."""
    stopped = threading.Event()
    thread = HeartbeatThread(stopped, flow_run_id, num=num)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(timeout=1)


class HeartbeatThread(threading.Thread):
    """A thread that sends a heartbeat at once and then at each interval, until it is stopped.

    Args:
        num: send so many and end; without: until stopped.
    """

    def __init__(self, stop_event: threading.Event, flow_run_id: str, num: int | None = None) -> None:
        super().__init__(name=f"heartbeat-{flow_run_id}", daemon=True)
        self.stop_event = stop_event
        self.flow_run_id = flow_run_id
        self.num = num
        # A new thread starts from the base context, which has none of the changes made for this run.
        self._interval = min(float(context.config.cloud.heartbeat_interval), HEARTBEAT_SECONDS)

    def run(self) -> None:
        from prefect.client.client import Client

        logger = get_logger("heartbeat")
        client = Client()
        sent = 0
        while self.num is None or sent < self.num:
            send_heartbeat(self.flow_run_id, client, logger)
            sent += 1
            if self.stop_event.wait(self._interval):
                return


def send_heartbeat(flow_run_id: str, client: Client, logger: logging.Logger) -> None:
    """Send one heartbeat; a failure is logged, since the next one may arrive."""
    with log_heartbeat_failure(logger):
        client.update_flow_run_heartbeat(flow_run_id)


@contextmanager
def log_heartbeat_failure(logger: logging.Logger) -> Iterator[None]:
    """Log what goes wrong in a ``with`` block instead of raising it."""
    try:
        yield
    except Exception as error:
        logger.error(
            "Failed to send heartbeat with exception: %r. If this continues, this run may be taken for dead.",
            error,
            exc_info=True,
        )
