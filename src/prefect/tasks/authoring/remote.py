"""Jobs that run elsewhere: started once, watched to their end, cancelled with the run of the flow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from prefect.exceptions import ClientError
from prefect.utilities.context import context

if TYPE_CHECKING:
    from prefect.core.task import Task

# A thread of an executor hears of a cancellation between two of its own steps only, not while it sleeps.
_LONGEST_SLEEP_SECONDS = 1.0


class RemoteJobFailed(Exception):
    """A job elsewhere ended otherwise than with success."""


class RemoteJobTimedOut(RemoteJobFailed, TimeoutError):
    """A job elsewhere did not end in time; it was cancelled."""


class Progress(NamedTuple):
    """How far a job is: whether it has ended well, a word for the log, and its result when it has ended."""

    done: bool
    state: str
    result: Any = None


class RemoteJob:
    """One job of a task at another system.

    A flow run whose process was lost takes the job up again instead of starting another one: its id is kept in the
    backend's key-value store until the job has ended. Without a backend nothing is kept: such a run is not restarted.

    Args:
        task: the task that works; its logger tells of the progress.
        start: starts the job and gives its id, a JSON value. It gets a token that is the same when the start is
            repeated because nobody knows whether it arrived: for systems that start one job for one token.
        look: gives the progress of the job with this id; raises what the task shall fail with when the job failed.
        cancel: stops the job with this id, as far as that can be done.
        poll_seconds: between two looks.
        limit_seconds: how long it may take; None: as long as it takes.
        what: what to call it in the log.
    """

    def __init__(
        self,
        task: Task,
        *,
        start: Callable[[str], Any],
        look: Callable[[Any], Progress],
        cancel: Callable[[Any], Any] | None = None,
        poll_seconds: float = 10,
        limit_seconds: float | None = None,
        what: str = "job",
    ) -> None:
        self._task = task
        self._start = start
        self._look = look
        self._cancel = cancel
        self._poll_seconds = poll_seconds
        self._limit_seconds = limit_seconds
        self._what = what
        self._memory = _Memory(task)

    def run(self) -> Any:
        """Start the job, unless it runs already, and wait for its result.

        An error of a look leaves the job as it is, so that a retry of the task takes it up again. Whatever stops the
        task (a cancelled run, a task's own time limit) cancels the job.

        Raises:
            RemoteJobTimedOut: it took longer than the limit, and was cancelled.
        """
        job = self.begin()
        deadline = None if self._limit_seconds is None else time.monotonic() + self._limit_seconds
        try:
            progress = self._watch(job, deadline)
        except Exception as error:
            if isinstance(error, RemoteJobFailed):
                self._memory.forget()
            raise
        except BaseException as reason:
            if not _is_state(reason):
                self._task.logger.info("Cancelling the %s %s ...", self._what, job)
                self._stop(job)
            self._memory.forget()
            raise
        self._memory.forget()
        return progress.result

    def begin(self) -> Any:
        """Start the job, unless an earlier try did, and give its id."""
        known = self._memory.read()
        if "job" in known:
            self._task.logger.info("The %s %s was started before; waiting for it.", self._what, known["job"])
            return known["job"]
        token = known.get("token") or str(uuid4())
        self._memory.write({"token": token})
        try:
            job = self._start(token)
        except Exception:
            self._memory.forget()
            raise
        self._memory.write({"token": token, "job": job})
        self._task.logger.info("Started the %s %s.", self._what, job)
        return job

    def _watch(self, job: Any, deadline: float | None) -> Progress:
        told = None
        while True:
            progress = self._look(job)
            if progress.state != told:
                told = progress.state
                self._task.logger.info("The %s %s: %s", self._what, job, progress.state)
            if progress.done:
                return progress
            if deadline is not None and time.monotonic() >= deadline:
                self._stop(job)
                raise RemoteJobTimedOut(
                    f"{type(self._task).__name__}: the {self._what} {job} did not end within "
                    f"{self._limit_seconds:g} seconds; it was {progress.state}."
                )
            pause(self._poll_seconds)

    def _stop(self, job: Any) -> None:
        if self._cancel is None:
            return
        try:
            self._cancel(job)
        except Exception as error:  # whatever stopped the task counts more
            self._task.logger.warning("The %s %s could not be cancelled: %s", self._what, job, error)


def pause(seconds: float) -> None:
    """Wait, in pieces: what stops the task gets through between them."""
    left = seconds
    while left > 0:
        time.sleep(min(left, _LONGEST_SLEEP_SECONDS))
        left -= _LONGEST_SLEEP_SECONDS


def _is_state(reason: BaseException) -> bool:
    """Whether this is a signal with a state: how a look says in which state the task ends, the job being over."""
    from prefect.model.signals import PrefectStateSignal

    return isinstance(reason, PrefectStateSignal)


class _Memory:
    """What a task run knows of its job, for the next process: in the key-value store of the backend."""

    def __init__(self, task: Task) -> None:
        run_id = context.get("task_run_id") if context.get("running_with_backend") else None
        loop = context.get("task_loop_count") or 1
        self._key = f"remote-job-{run_id}-{loop}" if run_id else None
        self._logger = task.logger

    def read(self) -> dict[str, Any]:
        from prefect.backend.kv_store import get_key_value

        try:
            known = get_key_value(self._key) if self._key else None
        except ValueError:
            return {}  # there is no such key
        except ClientError as error:
            self._give_up(error)
            return {}
        return known if isinstance(known, dict) else {}

    def write(self, known: dict[str, Any]) -> None:
        from prefect.backend.kv_store import set_key_value

        try:
            if self._key:
                set_key_value(self._key, known)
        except (ClientError, ValueError) as error:
            self._give_up(error)

    def forget(self) -> None:
        from prefect.backend.kv_store import delete_key

        try:
            if self._key:
                delete_key(self._key)
        except (ClientError, ValueError) as error:
            self._logger.debug("What was kept of the job stays: %s", error)

    def _give_up(self, error: Exception) -> None:
        self._logger.debug("A lost process of this run will not find its job again: %s", error)
        self._key = None
