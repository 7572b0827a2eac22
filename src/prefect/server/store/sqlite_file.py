"""Opening a SQLite file as the server uses it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path

from . import sqlite_functions
from .database import DatabaseUnavailable

#: How long one waits for another process that holds the file.
BUSY_SECONDS = 10.0
#: So old a folder's last change must be, before the next one is sure to show in its times: FAT counts in 2 s.
SETTLED_SECONDS = 3


#: SQLite's own bound of one value.
LONGEST_VALUE = 1_000_000_000


class ValueBound:
    """What the values of a connection are held to, so that SQLite is told only what is new to it."""

    __slots__ = ("_conn", "longest")

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn
        self.longest = LONGEST_VALUE

    def set(self, longest: int) -> None:
        """Let SQLite give up where one value grows beyond so many bytes."""
        self._conn.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, longest)
        self.longest = longest


def connect(path: Path, *, durable: bool = True) -> sqlite3.Connection:
    """Open the file as the server uses it, making it and its folder when they are missing.

    Raises:
        DatabaseUnavailable: naming the file and the reason.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Runs, their parameters and logs are their owner's alone; the files beside it take its mode.
        # Only a missing file is touched: closing any descriptor of a file drops all locks that this process has on it,
        # and another process would then take the file for unused and clear its log away.
        with contextlib.suppress(FileExistsError):
            if not path.exists():
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        conn = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=512
        )
    except (OSError, sqlite3.Error) as error:
        raise unavailable(path, error) from error
    try:
        conn.execute("PRAGMA journal_mode = WAL")
        # FULL: a commit is on the disk before it is acknowledged, also across a power cut.
        conn.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute("PRAGMA temp_store = MEMORY")
        conn.execute("PRAGMA cache_size = -16384")
        # No memory map: it saves no time here, makes the process look as large as its file, once for each connection,
        # and turns an error of the disk into the end of the process.
        conn.execute("PRAGMA mmap_size = 0")
        sqlite_functions.register(conn)
    except sqlite3.Error as error:
        conn.close()
        raise unavailable(path, error) from error
    return conn


class FileWatch:
    """Notices that the database's files are no more those that were opened.

    A file that was removed, or that another was put in the place of, can be written as before, but what is written is
    gone with the process.  Nothing may be acknowledged then.

    A folder's own times change with each name in it that comes, goes or leads elsewhere.  While they are those of the
    last look at all names, one look at the folder is as good.
    """

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._is_kept = False
        self._opened = {self._path: _identity(self._path)}
        absolute = os.path.abspath(self._path)
        # Where a link leads elsewhere, the folder tells nothing of the file.
        self._folder = os.path.dirname(absolute) if os.path.realpath(absolute) == absolute else None
        self._unchanged: tuple[int, ...] | None = None
        self.look_anew()

    def look_anew(self) -> None:
        """Note the files beside the database's own, which are there as long as anybody has it open.

        Raises:
            DatabaseUnavailable: the database's own is another one.
        """
        self.check_file()
        self._unchanged = None
        for name in (f"{self._path}-wal", f"{self._path}-shm"):
            found = _identity(name)
            if found is not None:
                self._opened[name] = found

    def check_before_opening(self) -> None:
        """Look whether the file may be opened once more: where it is missing a new one would be made.

        Raises:
            DatabaseUnavailable: it may not; others still use files that have lost their names.
        """
        self.check_file()
        if self._is_kept:
            self.check()

    def check(self) -> None:
        """Look at all of them.

        Raises:
            DatabaseUnavailable: naming the file that is missing or another one.
        """
        folder = None if self._folder is None else _times(self._folder)
        if folder is not None and folder == self._unchanged:
            return
        self._unchanged = None
        for name, opened in self._opened.items():
            if _identity(name) != opened:
                raise self._gone(name)
        if folder is not None and folder[-1] < time.time_ns() - SETTLED_SECONDS * 1_000_000_000:
            # A change that came right after would not show in times that are as coarse as those of some file systems.
            self._unchanged = folder

    def keep_log(self) -> bool:
        """Say, once, that only files beside the database's own are gone: what they hold can be brought there."""
        is_due = not self._is_kept and _identity(self._path) == self._opened[self._path]
        self._is_kept = self._is_kept or is_due
        return is_due

    def check_file(self) -> None:
        """Look at the database's own file."""
        if _identity(self._path) != self._opened[self._path]:
            raise self._gone(self._path)

    def _gone(self, name: str) -> DatabaseUnavailable:
        what = "is missing" if not os.path.exists(name) else "is not the file that this server opened"
        return DatabaseUnavailable(
            f"Database file {name} {what}: nothing is read or written until it is back. "
            "To go on with the file that is there now, start the server again."
        )


def _identity(name: str) -> tuple[int, int] | None:
    try:
        found = os.stat(name)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _times(folder: str) -> tuple[int, ...] | None:
    """Say which folder this is and when it was last changed; the later of its two times comes last."""
    try:
        found = os.stat(folder)
    except OSError:
        return None
    changes = sorted((found.st_mtime_ns, found.st_ctime_ns))
    return found.st_dev, found.st_ino, *changes


def check_writable(conn: sqlite3.Connection, path: Path) -> None:
    """Find out now, not at the first write, that the file can not be written."""
    try:
        if path.exists() and not os.access(path, os.W_OK):
            raise sqlite3.OperationalError("no permission to write")
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("PRAGMA user_version = 1")
        conn.execute("COMMIT")
    except sqlite3.Error as error:
        raise unavailable(path, error) from error


def unavailable(path: Path, error: Exception) -> DatabaseUnavailable:
    """Make the error that names the file and the reason."""
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return DatabaseUnavailable(f"Database file {path} can not be used: {reason}")
