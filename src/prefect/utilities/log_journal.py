"""Log records on their way to the API, where another process can read them when this one cannot send them.

An unnamed file in memory that two processes share: one adds records and says how many have been taken, the other reads
those that have not. Knows nothing of who sends records, nor how.
"""

from __future__ import annotations

import os
import struct
from typing import Any, NamedTuple

from prefect.utilities.written import Written, encode

Record = dict[str, Any]

_HEAD = struct.Struct("<QQQ?")
_COMPACT_BYTES = 8_000_000
"""A longer journal gives back the room of the records that were taken, once they are most of it."""


class Progress(NamedTuple):
    """How far the writer has come.

    Attributes:
        generation: how often the journal was emptied.
        settled: so many records of this generation need not be sent any more.
        attempts: how often the writer has begun to send.
        is_sending: it has begun, and does not know yet what became of it.
    """

    generation: int
    settled: int
    attempts: int
    is_sending: bool


class Journal:
    """The side that adds records.

    Attributes:
        fd: names the file to the process that reads it.
    """

    def __init__(self) -> None:
        self.fd = os.memfd_create("logs") if hasattr(os, "memfd_create") else _unnamed_file()
        self._end = _HEAD.size
        self._added = self._settled = 0
        self._generation = self._attempts = 0
        self._is_sending = False
        self._write_head()

    @property
    def is_empty(self) -> bool:
        return self._added == 0

    def add(self, record: Record) -> None:
        """Add a record; it can be read from now on, even if this process ends here."""
        text = record.text if type(record) is Written else encode(record)
        line = text.encode() + b"\n"
        os.pwrite(self.fd, line, self._end)
        self._end += len(line)
        self._added += 1

    def settle(self, count: int) -> None:
        """Say that the next ``count`` records have been taken, or given up."""
        self._settled = min(self._settled + count, self._added)
        self._is_sending = False
        if self._added and self._settled == self._added:
            self._begin_anew(b"", 0)
        elif self._end > _COMPACT_BYTES and self._settled * 2 > self._added:
            lines = os.pread(self.fd, self._end, _HEAD.size).split(b"\n")[self._settled : -1]
            self._begin_anew(b"".join(line + b"\n" for line in lines), len(lines))
        else:
            self._write_head()

    def note_attempt(self) -> None:
        """Say that this process is able to send, and has begun to."""
        self._attempts += 1
        self._is_sending = True
        self._write_head()

    def _begin_anew(self, content: bytes, count: int) -> None:
        # Whoever reads, or is left alone, in the middle of this reads records twice; the API takes each once.
        if content:
            os.pwrite(self.fd, content, _HEAD.size)
        self._end = _HEAD.size + len(content)
        self._added, self._settled = count, 0
        self._generation += 1
        self._write_head()
        os.ftruncate(self.fd, self._end)

    def close(self) -> None:
        os.close(self.fd)

    def _write_head(self) -> None:
        os.pwrite(self.fd, _HEAD.pack(self._generation, self._settled, self._attempts, self._is_sending), 0)


class JournalReader:
    """The side that reads what was not taken; each record is given once."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._given = (0, 0)
        """A generation, and how many of its records were given."""

    def progress(self) -> Progress:
        return Progress(*_HEAD.unpack(os.pread(self._fd, _HEAD.size, 0)))

    def is_empty(self) -> bool:
        return os.fstat(self._fd).st_size <= _HEAD.size

    def unsettled(self) -> list[Record]:
        """Give the records that the writer has not settled, and that were not given before, in order.

        A record that is being written in this moment is given the next time, if its writer still lives.
        """
        progress = self.progress()
        text = os.pread(self._fd, max(0, os.fstat(self._fd).st_size - _HEAD.size), _HEAD.size)
        if self.progress().generation != progress.generation:
            # Emptied while it was read: the writer sends.
            return []
        lines = text.split(b"\n")[:-1]
        given = self._given[1] if self._given[0] == progress.generation else 0
        first = max(progress.settled, given)
        self._given = (progress.generation, max(len(lines), first))
        return [record for line in lines[first:] if (record := _record(line)) is not None]


def _unnamed_file() -> int:
    import tempfile

    fd, path = tempfile.mkstemp()
    os.unlink(path)
    return fd


def _record(line: bytes) -> Record | None:
    import json

    try:
        found: Record = json.loads(line)
    except ValueError:  # its writer was ended in the middle of it
        return None
    return found
