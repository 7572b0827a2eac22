"""Who else has a SQLite file open on this machine, and telling them of a commit: what LISTEN and NOTIFY are elsewhere.

A process that waits for changes keeps a pipe with a name in the folder ``<file>-bells``; whoever commits writes the
topics into the pipes of the others. A hint, as on PostgreSQL: whoever misses one looks by itself after some seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import logging
import os
import time
from collections.abc import Callable, Collection
from pathlib import Path

from .database import EVERYTHING

logger = logging.getLogger("prefect.server.store")

#: So much is written into a pipe at once, and whole (POSIX allows it up to here); what is longer becomes "everything".
MOST_BYTES = 512
#: A pipe that was full is tried again after so long.
PAUSE_SECONDS = 0.5
#: Names that come or go within one tick of the clock that stamps a folder may not show: so long its time is no sign.
SETTLED_NS = 3_000_000_000
PART_BYTES = 65_536


class Bells:
    """The pipe of this process for one SQLite file, and those of the others. Used in the thread of the event loop.

    Args:
        path: the database's file.
        on_heard: called with the topics of what another process has committed.
    """

    def __init__(self, path: Path, on_heard: Callable[[Collection[str]], None]) -> None:
        self._folder = f"{path}-bells"
        self._on_heard = on_heard
        self._name = f"{os.getpid()}-{os.urandom(6).hex()}"
        self._fd: int | None = None
        self._read = b""
        #: The pipes of others, by name, open for writing.
        self._others: dict[str, int] = {}
        self._looked_at = -1
        self._owed: set[str] = set()
        self._paying: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to listen; where no such pipe can be made nobody is heard, and all else works."""
        try:
            self._fd = self._open()
        except OSError as error:
            logger.debug("Other processes cannot tell of their changes to %s: %s", self._folder, error)
            return
        asyncio.get_running_loop().add_reader(self._fd, self._hear)

    def _open(self) -> int:
        """Make the pipe, under a name that others look for only once it is read from."""
        hidden, own = (os.path.join(self._folder, name) for name in (f".{self._name}", self._name))
        for last in (False, True):
            with contextlib.suppress(FileExistsError):
                os.mkdir(self._folder, 0o700)
            try:
                os.mkfifo(hidden, 0o600)
                break
            except FileNotFoundError:  # who left last took the folder along
                if last:
                    raise
        # Open for writing too: it never ends, whoever comes and goes.
        fd = os.open(hidden, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        os.rename(hidden, own)
        return fd

    def stop(self) -> None:
        """Listen no more, and leave nothing behind."""
        if self._paying is not None:
            self._paying.cancel()
            self._paying = None
        for fd in self._others.values():
            os.close(fd)
        self._others.clear()
        if self._fd is None:
            return
        asyncio.get_running_loop().remove_reader(self._fd)
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(self._folder, self._name))
            os.rmdir(self._folder)  # fails as long as others are there
        os.close(self._fd)
        self._fd = None

    def ring(self, topics: Collection[str]) -> None:
        """Tell all others of a commit; costs one look at a folder where there are none."""
        if self._fd is None:
            return
        self._look()
        if not self._others:
            return
        said = json.dumps(sorted(topics)).encode() + b"\n"
        if len(said) > MOST_BYTES:
            said = json.dumps([EVERYTHING]).encode() + b"\n"
        for name in list(self._others):
            self._tell(name, said)

    def _look(self) -> None:
        """Find who has come; a pipe that nobody reads was left by a process that was killed."""
        try:
            changed = os.stat(self._folder).st_mtime_ns
            if changed == self._looked_at:
                return
            names = {name for name in os.listdir(self._folder) if not name.startswith(".")} - {self._name}
        except OSError:
            return
        self._looked_at = changed if changed < time.time_ns() - SETTLED_NS else -1
        for name in self._others.keys() - names:
            self._drop(name)
        for name in names - self._others.keys():
            path = os.path.join(self._folder, name)
            try:
                self._others[name] = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
            except OSError as error:
                if error.errno == errno.ENXIO:
                    with contextlib.suppress(OSError):
                        os.unlink(path)

    def _tell(self, name: str, said: bytes) -> None:
        try:
            os.write(self._others[name], said)
        except BlockingIOError:
            # It does not read, for now: when it does, it is told to look at everything.
            self._owed.add(name)
            if self._paying is None:
                self._paying = asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._pay)
        except OSError:
            self._drop(name)
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(self._folder, name))

    def _pay(self) -> None:
        self._paying = None
        owed, self._owed = self._owed, set()
        for name in owed & self._others.keys():
            self._tell(name, json.dumps([EVERYTHING]).encode() + b"\n")

    def _drop(self, name: str) -> None:
        os.close(self._others.pop(name))
        self._owed.discard(name)

    def _hear(self) -> None:
        assert self._fd is not None  # noqa: S101 - it is this descriptor that is heard
        try:
            self._read += os.read(self._fd, PART_BYTES)
        except BlockingIOError:
            return
        *lines, self._read = self._read.split(b"\n")
        topics: set[str] = set()
        for line in lines:
            topics |= _topics_of(line)
        if len(self._read) > MOST_BYTES:  # nobody of ours writes so
            self._read = b""
            topics.add(EVERYTHING)
        if topics:
            self._on_heard(topics)


def _topics_of(line: bytes) -> set[str]:
    try:
        told = json.loads(line)
    except ValueError:
        return {EVERYTHING}
    return {str(topic) for topic in told} if isinstance(told, list) else {EVERYTHING}
