"""Bringing what was committed from SQLite's log into the database's file, beside the writer.

A commit is durable once it is in the log.  Left to itself, SQLite copies the log into the file with any commit that
finds a thousand pages there, and waits for the disk: in a large database each commit changes pages of its own, so that
one write in some fifty took ten times as long as the others.  A thread does it instead, and the writer does not wait.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing

from .database import DatabaseError

__all__ = ["LARGEST_LOG_PAGES", "Checkpoints"]

logger = logging.getLogger("prefect.server.store")

#: Rows that were written since the last copy, about three pages each, after which there is another.
ROWS_BETWEEN = 300
#: A log of so many pages (64 MB) the writer copies itself, what is left of it: were nobody else to do it, or not fast
#: enough, the log would grow for ever.
LARGEST_LOG_PAGES = 16_000


class Checkpoints:
    """A thread that copies the log into the file from time to time.

    Args:
        connect: opens the database; the connection is used in the thread alone.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._rows = 0
        self._is_due = threading.Event()
        self._ends = False
        self._thread = threading.Thread(target=self._run, name="sqlite-checkpoints", daemon=True)
        self._thread.start()

    def note(self, rows: int) -> None:
        """Hear from the writer that so many rows were committed."""
        self._rows += rows
        if self._rows >= ROWS_BETWEEN:
            self._rows = 0
            self._is_due.set()

    def stop(self) -> threading.Thread:
        """Let the thread end, and give it; what it has not copied is copied when the last connection is closed."""
        self._ends = True
        self._is_due.set()
        return self._thread

    def _run(self) -> None:
        while not self._ends:
            self._is_due.wait()
            try:
                with closing(self._connect()) as conn:
                    while not self._ends:
                        # Passive: it waits for nobody and holds up nobody; what others still need stays in the log.
                        self._is_due.clear()
                        conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
                        self._is_due.wait()
            except (sqlite3.Error, DatabaseError) as error:
                # The writer says the same, to those whom it concerns.
                self._is_due.clear()
                logger.debug("The log was not copied into the database file: %s", error)
