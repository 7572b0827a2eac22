"""Noticing that a flow run is to stop while it runs, to be cancelled or ended by somebody else, and interrupting it."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from prefect.contract import limits, operations
from prefect.exceptions import ClientError
from prefect.utilities.context import context
from prefect.utilities.logging import get_logger

if TYPE_CHECKING:
    from prefect.client.client import Client
    from prefect.engine.cloud.watcher import Watcher
    from prefect.model.state import State

FIRST_LOOK_SECONDS = 0.5
"""A run shorter than this is not watched at all."""

BREATH_SECONDS = 1.0
"""Pause after each answer of the server: a run that writes many log lines shall not get each of them back at once."""

WAIT_SECONDS = 30.0


class CancellationWatcher:
    """Watches a flow run from entering the ``with`` block until leaving it.

    When the run becomes Cancelling, or somebody else ends it, the main thread is interrupted, as by Ctrl-C.

    Attributes:
        helper: the process that watches this one, and looks in its place; without, a thread of this one looks.
        cancelled_version: the version of the run when it was found to be cancelled; None while it is not.
        decided: the state that somebody else gave the run, and that stays; None while there is none.
    """

    def __init__(self, client: Client, flow_run_id: str) -> None:
        self._client = client
        self._flow_run_id = flow_run_id
        self.helper: Watcher | None = None
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._runs_on_main_thread = threading.current_thread() is threading.main_thread()
        self._former_handler: Any = None
        self.cancelled_version: int | None = None
        self.decided: State | None = None

    def __enter__(self) -> CancellationWatcher:
        if self._runs_on_main_thread and signal.getsignal(signal.SIGINT) in (signal.SIG_IGN, signal.SIG_DFL):
            # A process that a shell has put into the background ignores interrupts, and so do its children.
            self._former_handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            threading.Thread(target=self._watch, name="cancellation", daemon=True).start()
        except BaseException:
            # The interrupt may arrive before the block is entered: then nobody leaves it.
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # Under the lock: an interrupt that has been decided on arrives inside the block, and none comes after it.
        with self._lock:
            self._over.set()
        if self.helper is not None:
            self.helper.say_ending()
        if self._former_handler is not None:
            signal.signal(signal.SIGINT, self._former_handler)
            self._former_handler = None

    @property
    def has_interrupted(self) -> bool:
        """Whether the interrupt came from here."""
        return self.cancelled_version is not None or self.decided is not None

    def _watch(self) -> None:
        if self.helper is not None:
            version = self.helper.wait_for_cancellation()
        elif self._over.wait(FIRST_LOOK_SECONDS):
            return
        else:
            version = wait_for_cancellation(self._client, self._flow_run_id, self._over)
        if version is None or self._over.is_set():
            return
        decided = self._state_that_stays()
        with self._lock:
            if self._over.is_set():
                return
            if decided is None:
                self.cancelled_version = version
            else:
                self.decided = decided
            if self._runs_on_main_thread:
                os.kill(os.getpid(), signal.SIGINT)

    def _state_that_stays(self) -> State | None:
        """Give the state that somebody else has set; None when the run is to be cancelled."""
        from prefect.model.state import Cancelling

        try:
            state = self._client.get_flow_run_state(self._flow_run_id)
        except ClientError:
            return None
        return None if isinstance(state, Cancelling) else state


def wait_for_cancellation(client: Client, flow_run_id: str, over: threading.Event) -> int | None:
    """Wait until the run is to stop, and give its version then; None when nobody wants to know any more."""
    look = _Look(client, flow_run_id)
    pause = 0.0
    while not over.wait(pause):
        try:
            version, pause = look.next_version()
        except RunIsGone:
            return None
        if version is not None:
            return version
    return None


class RunIsGone(Exception):
    """There is no such run any more."""


class _Look:
    """Looking at one run, again and again: it is waited for where the server can do that."""

    def __init__(self, client: Client, flow_run_id: str) -> None:
        self._client = client
        self._flow_run_id = flow_run_id
        self._interval = float(context.config.cloud.check_cancellation_interval)
        self._cursor = 0
        self._looked_at = time.monotonic()
        self._knows_events = True
        self._logger = get_logger("CancellationWatcher")

    def next_version(self) -> tuple[int | None, float]:
        """Give the run's version when it is to stop, and how many seconds to wait before the next look."""
        try:
            is_to_stop, pause = False, self._interval
            if self._knows_events:
                is_to_stop, pause = self._hears_of_stop(), BREATH_SECONDS
            if is_to_stop or time.monotonic() - self._looked_at >= self._interval:
                self._looked_at = time.monotonic()
                return self._version_if_to_stop(), pause
            return None, pause
        except RunIsGone:
            raise
        except Exception as error:  # also an answer that nobody foresaw: the run would not be stopped any more
            if isinstance(error, ClientError) and "flow_run_events" in str(error):
                self._knows_events = False
                return None, BREATH_SECONDS
            self._logger.debug("Could not look for cancellation: %s", error)
            return None, self._interval

    def _hears_of_stop(self) -> bool:
        wait = min(WAIT_SECONDS, self._interval)
        answer = self._client.wait_for(
            operations.FLOW_RUN_EVENTS,
            wait,
            flow_run_id=self._flow_run_id,
            after=self._cursor,
            wait_seconds=wait,
            limit=limits.EVENT_PAGE,
        )["flow_run_events"]
        self._cursor = answer["cursor"]
        return any(event["kind"] == "state" and stops(event["state"]) for event in answer["events"])

    def _version_if_to_stop(self) -> int | None:
        run = self._client.ask(operations.FLOW_RUN_STATUS, id=self._flow_run_id)["flow_run_by_pk"]
        if run is None:
            raise RunIsGone
        return run["version"] if stops((run["serialized_state"] or {}).get("type")) else None


def stops(state: str | None) -> bool:
    """Tell whether a run in this state is to stop: to be cancelled, or ended by somebody else.

    Not one that waits: it may be this process that is about to begin it.
    """
    from prefect.model.state_facts import FINISHED  # late: the watcher is forked while this process is small

    return state == "Cancelling" or state in FINISHED
