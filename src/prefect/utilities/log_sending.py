"""Sending the log records of backend runs to the API: a bounded queue and one daemon thread.

User code must never wait for the server, nor fail because of it: records go into the queue, the thread sends them in
batches, keeps a batch that could not be sent and tries again. Knows nothing of how records are made.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from importlib import import_module
from typing import Any

from prefect.utilities.log_journal import Journal
from prefect.utilities.written import Written, encode, encode_texts

MAX_LOG_SIZE = 1_000_000
MAX_BATCH_LOG_SIZE = 4_000_000
# What a record takes beside its message: ids, time, level and the names of the fields.
LOG_OVERHEAD = 298

# A batch is closed at this size, so that one more record of the greatest size still fits.
_FULL_BATCH_SIZE = MAX_BATCH_LOG_SIZE - MAX_LOG_SIZE
_MANY_RUNS = 64
_MAX_PENDING_RECORDS = 200_000
_MAX_PENDING_SIZE = 64_000_000
# A record leaves this soon after a pause, so that somebody who watches the run sees it start.
_FIRST_WAIT_SECONDS = 0.2
_MAX_WAIT_SECONDS = 0.4
_RETRY_SECONDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
# A batch that the server itself has refused so often holds a record that it will never take.
_REFUSALS_BEFORE_SPLIT = 5
_EXIT_SECONDS = 10.0

Record = dict[str, Any]


def fitting_message(message: str) -> str:
    """Cut a message so that its record stays within the size that the API takes."""
    limit = MAX_LOG_SIZE - LOG_OVERHEAD
    # A character takes at most four bytes: only long texts need to be encoded to be measured.
    if len(message) * 4 <= limit:
        return message
    encoded = message.encode("utf-8", "surrogatepass")
    return message if len(encoded) <= limit else encoded[:limit].decode("utf-8", "ignore")


def getlogsize(log: Record) -> int:
    """Give about the number of bytes that a record takes in a request."""
    # As JSON text: a line break takes two bytes there, a letter outside ASCII six.
    return len(encode(log.get("message") or "")) + LOG_OVERHEAD


class LogManager:
    """The queue of records on their way to the API, and the thread that sends them.

    Args:
        send: sends a batch, and raises when it was not taken; by default a client's ``write_run_logs``.
    """

    def __init__(self, send: Callable[[list[Record]], object] | None = None) -> None:
        self._send = send
        self._client: Any = None
        self._registered_at_exit = False
        self._reset()
        # A forked child starts with an empty queue: the parent sends what was queued before.
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[Record] = deque()
        self._queue_size = 0
        self._oldest_at = 0.0
        self._last_sent_at = float("-inf")
        self._accepted = 0
        self._settled = 0
        self._last_of: dict[str, int] = {}
        """Which record is the last of a flow run, for some that have some under way."""
        # Up to which record somebody waits for, and how often somebody began to wait.
        self._wanted = 0
        self._flushes = 0
        self._dropped = 0
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._client = None
        self._journal: Journal | None = None
        self._on_journal: Callable[[], object] | None = None
        self._before_journal = 0

    def ensure_started(self) -> None:
        """Start the thread if it is not running."""
        with self._changed:
            if self._thread is None or not self._thread.is_alive():
                self._stopping = False
                self._client = None  # the API may be another one since it was stopped
                self._thread = threading.Thread(target=self._write_logs_loop, name="prefect-logs", daemon=True)
                self._thread.start()
                self._stop_at_exit()

    def keep(self, journal: Journal | None, on_first: Callable[[], object] | None = None) -> None:
        """Keep in a journal what is enqueued from now on until it is taken; None keeps nothing any more.

        Args:
            on_first: called when the journal is empty no more.
        """
        with self._changed:
            self._journal, self._on_journal = journal, on_first
            # What is under way now does not stand in the journal.
            self._before_journal = self._accepted - self._settled

    def enqueue(self, message: Record) -> None:
        """Take a record to be sent; when too many wait already it is dropped and counted. Never waits, never raises."""
        size = getlogsize(message)
        with contextlib.suppress(TypeError, ValueError):  # one that is no JSON is refused when it is sent
            message = Written(message, encode_texts(message))
        with self._changed:
            if len(self._queue) >= _MAX_PENDING_RECORDS or self._queue_size + size > _MAX_PENDING_SIZE:
                self._dropped += 1
                return
            if not self._queue:
                self._oldest_at = time.monotonic()
            self._queue.append(message)
            self._queue_size += size
            self._accepted += 1
            run = message.get("flow_run_id")
            if run is not None:
                self._last_of[run] = self._accepted
            if self._journal is not None:
                self._add_to_journal(self._journal, message)
            # The thread waits for the first record, or until the batch is due: the others need not wake it.
            if len(self._queue) == 1 or self._queue_size >= _FULL_BATCH_SIZE:
                self._changed.notify_all()
        if self._thread is None or not self._thread.is_alive():
            self.ensure_started()

    def _add_to_journal(self, journal: Journal, message: Record) -> None:
        was_empty = journal.is_empty
        try:
            journal.add(message)
        except OSError:
            # No memory left for it: then it is as without one.
            self._journal = None
            return
        if was_empty and self._on_journal is not None:
            self._on_journal()

    def flush(self, timeout: float | None = None, flow_run_id: str | None = None) -> bool:
        """Send what is queued now, and wait until it is sent; False when that took longer than ``timeout`` seconds.

        Args:
            flow_run_id: wait only for the records of this run, where a process works on several.
        """
        if threading.current_thread() is self._thread:
            return False
        with self._changed:
            target = self._accepted if flow_run_id is None else self._last_of.get(flow_run_id, 0)
            if self._settled >= target:
                return True
            self._wanted = target
            self._flushes += 1
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._settled >= target, timeout)

    def stop(self, timeout: float | None = _EXIT_SECONDS) -> None:
        """Send what is queued, then end the thread; what is not sent in time is dropped and told."""
        thread = self._thread
        if thread is None:
            return
        self.flush(timeout)
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            unsent = self._accepted - self._settled
            self._dropped += unsent
            self._settled = self._accepted
            self._queue.clear()
            self._queue_size = 0
        # A thread that waits for a server that does not answer ends by itself when the answer comes.
        thread.join(_FIRST_WAIT_SECONDS if unsent else None)
        if not thread.is_alive():
            self._thread = None
        self._report_dropped()

    def _on_shutdown(self) -> None:
        self.stop()

    def _stop_at_exit(self) -> None:
        if self._registered_at_exit:
            return
        self._registered_at_exit = True
        import atexit

        atexit.register(self._on_shutdown)
        # Children of multiprocessing end without atexit; they have a list of their own.
        process = sys.modules.get("multiprocessing.process")
        if process is not None and process.parent_process() is not None:
            from multiprocessing.util import Finalize

            Finalize(None, self._on_shutdown, exitpriority=10)

    def _write_logs_loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._stopping)
                while not self._is_due():
                    self._changed.wait(self._seconds_until_due())
                if self._stopping:
                    return
                batch = self._take_batch()
            self._send_until_taken(batch)

    def _is_due(self) -> bool:
        hurry = self._stopping or self._wanted > self._settled or self._queue_size >= _FULL_BATCH_SIZE
        return hurry or self._seconds_until_due() <= 0

    def _seconds_until_due(self) -> float:
        from prefect.configuration import config

        interval = min(float(config.cloud.logging_heartbeat), _MAX_WAIT_SECONDS)
        due_at = max(self._oldest_at + min(_FIRST_WAIT_SECONDS, interval), self._last_sent_at + interval)
        return due_at - time.monotonic()

    def _take_batch(self) -> list[Record]:
        batch: list[Record] = []
        size = 0
        while self._queue:
            record_size = getlogsize(self._queue[0])
            if batch and size + record_size > MAX_BATCH_LOG_SIZE:
                break
            size += record_size
            batch.append(self._queue.popleft())
        self._queue_size -= size
        self._oldest_at = time.monotonic()
        return batch

    def _send_until_taken(self, batch: list[Record]) -> None:
        failures = refusals = 0
        while True:
            try:
                self._note_attempt()
                self._write_logs(batch)
            except Exception as error:
                self._client = None
                refusals += not isinstance(error, OSError)
                if failures == 0 and not self._stopping:
                    _logger().warning("Failed to write logs with error: %r; they are kept and sent again.", error)
                if refusals >= _REFUSALS_BEFORE_SPLIT:
                    self._send_each(batch)
                    return
                with self._changed:
                    self._wait_before_retry(_RETRY_SECONDS[min(failures, len(_RETRY_SECONDS) - 1)])
                    if self._stopping:
                        return
                failures += 1
            else:
                self._settle(len(batch))
                return

    def _note_attempt(self) -> None:
        with self._changed:
            if self._journal is not None:
                self._journal.note_attempt()

    def _wait_before_retry(self, seconds: float) -> None:
        flushes = self._flushes
        self._changed.wait_for(lambda: self._stopping or self._flushes > flushes, seconds)

    def _send_each(self, batch: list[Record]) -> None:
        """Send record by record, so that one that the server refuses does not hold back the others."""
        refused = 0
        unsent: list[Record] = []
        for position, record in enumerate(batch):
            try:
                self._write_logs([record])
            except OSError:
                # Nobody answers any more: that says nothing about the record.
                unsent = batch[position:]
                break
            except Exception:
                refused += 1
        if refused:
            _logger().warning("The API refused %d log records; they are dropped.", refused)
        self._settle(len(batch) - len(unsent))
        if unsent:
            self._send_until_taken(unsent)

    def _settle(self, count: int) -> None:
        with self._changed:
            self._settled = min(self._settled + count, self._accepted)
            if len(self._last_of) > _MANY_RUNS:
                self._last_of = {run: last for run, last in self._last_of.items() if last > self._settled}
            if self._journal is not None:
                others = min(count, self._before_journal)
                self._before_journal -= others
                self._journal.settle(count - others)
            self._last_sent_at = time.monotonic()
            self._changed.notify_all()
        self._report_dropped()

    def _report_dropped(self) -> None:
        with self._changed:
            dropped, self._dropped = self._dropped, 0
        if dropped:
            _logger().warning("%d log records were dropped because the API did not take them in time.", dropped)

    def _write_logs(self, batch: list[Record]) -> None:
        if self._send is not None:
            self._send(batch)
            return
        if self._client is None:
            # By name: the client is on a higher floor.
            self._client = import_module("prefect.client.client").Client()
        self._client.write_run_logs(batch)


def _logger() -> logging.Logger:
    return logging.getLogger("prefect.LogManager")


LOG_MANAGER = LogManager()
