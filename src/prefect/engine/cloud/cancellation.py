"""Noticing that a flow run is to be cancelled, while it runs, and interrupting it."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import Any

from prefect.client.client import Client
from prefect.contract import limits, operations
from prefect.exceptions import ClientError
from prefect.model.state import Cancelling, State
from prefect.utilities.context import context
from prefect.utilities.logging import get_logger

FIRST_LOOK_SECONDS = 0.5
"""A run shorter than this is not watched at all."""

BREATH_SECONDS = 1.0
"""Pause after each answer of the server: a run that writes many log lines shall not get each of them back at once."""

WAIT_SECONDS = 30.0


class CancellationWatcher:
    """Watches a flow run from entering the ``with`` block until leaving it.

    When the run becomes Cancelling, the main thread is interrupted, as by Ctrl-C.

    Attributes:
        cancelled_version: the version of the run when it was found to be cancelled; None while it is not.
    """

    def __init__(self, client: Client, flow_run_id: str) -> None:
        self._client = client
        self._flow_run_id = flow_run_id
        self._interval = float(context.config.cloud.check_cancellation_interval)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._knows_events = True
        self._runs_on_main_thread = threading.current_thread() is threading.main_thread()
        self._former_handler: Any = None
        self.cancelled_version: int | None = None
        self.logger = get_logger("CancellationWatcher")

    def __enter__(self) -> CancellationWatcher:
        if self._runs_on_main_thread and signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, signal.SIG_DFL):
            # A process that a shell has put into the background ignores interrupts, and so do its children.
            self._former_handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        threading.Thread(target=self._watch, name="cancellation", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        # Under the lock: an interrupt that has been decided on arrives inside the block, and none comes after it.
        with self._lock:
            self._over.set()
        if self._former_handler is not None:
            signal.signal(signal.SIGINT, self._former_handler)
            self._former_handler = None

    @property
    def is_cancelled(self) -> bool:
        return self.cancelled_version is not None

    def _watch(self) -> None:
        cursor = 0
        looked_at = time.monotonic()
        pause = FIRST_LOOK_SECONDS
        while not self._over.wait(pause):
            pause = BREATH_SECONDS
            try:
                if self._knows_events:
                    cursor, is_cancelling = self._next_events(cursor)
                else:
                    is_cancelling, pause = False, self._interval
                if is_cancelling or time.monotonic() - looked_at >= self._interval:
                    looked_at = time.monotonic()
                    if self._look():
                        return
            except ClientError as error:
                if "flow_run_events" in str(error):
                    self._knows_events = False
                else:
                    self.logger.debug("Could not look for cancellation: %s", error)
                    pause = self._interval

    def _next_events(self, cursor: int) -> tuple[int, bool]:
        wait = min(WAIT_SECONDS, self._interval)
        answer = self._client.wait_for(
            operations.FLOW_RUN_EVENTS,
            wait,
            flow_run_id=self._flow_run_id,
            after=cursor,
            wait_seconds=wait,
            limit=limits.EVENT_PAGE,
        )["flow_run_events"]
        states = [event["state"] for event in answer["events"] if event["kind"] == "state"]
        return answer["cursor"], "Cancelling" in states

    def _look(self) -> bool:
        """Read the run's state; says whether there is nothing more to watch for."""
        run = self._client.ask(operations.FLOW_RUN_STATUS, id=self._flow_run_id)["flow_run_by_pk"]
        if run is None:
            return True
        state = State.deserialize(run["serialized_state"])
        if not isinstance(state, Cancelling):
            if not state.is_running() and not self._over.is_set():
                self.logger.debug("Flow run is no longer in a running state; its state is %r.", state)
            return False
        with self._lock:
            if self._over.is_set():
                return True
            self.cancelled_version = run["version"]
            if self._runs_on_main_thread:
                os.kill(os.getpid(), signal.SIGINT)
        return True
