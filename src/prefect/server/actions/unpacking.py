"""Reading a large flow in a process of its own.

Reading and checking 50 MB of JSON takes seconds, in steps that nothing in one interpreter can divide: the parser, the
writer, the collector of garbage and the end of ten million objects each keep it to themselves, and everybody waits.
What comes back from the process is text, and rows some hundred at a time.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from typing import IO, Any

import orjson

from prefect.server.errors import ApiError
from prefect.server.settings import Settings
from prefect.server.store.dialect import JsonText

__all__ = ["LARGE_BYTES", "Answer", "answer", "ask", "refuse"]

#: A flow that is larger than this, unpacked, is read elsewhere.
LARGE_BYTES = 5_000_000
LONGEST_SECONDS = 120
ROWS_AT_ONCE = 500

Rows = list[dict[str, Any]]
Answer = tuple[Mapping[str, Any], JsonText, Rows, Rows]


def ask(plain: bytes, settings: Settings) -> Answer:
    """Read and check a flow in another process, and wait for it; gives columns, text, rows of tasks and of edges.

    Raises:
        ApiError: naming what cannot be used.
    """
    command = [sys.executable, "-P", "-m", "prefect.server.actions.unpacking_process", settings.core_version_cutoff]
    try:
        done = subprocess.run(command, input=plain, stdout=subprocess.PIPE, timeout=LONGEST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise ApiError(f"The serialized flow could not be read within {LONGEST_SECONDS} s.", "BAD_USER_INPUT") from None
    if done.returncode:
        raise ApiError(f"The serialized flow could not be read: its process ended with {done.returncode}.")
    return _read(memoryview(done.stdout))


def _read(said: memoryview) -> Answer:
    parts, place = [], 0
    while place < len(said):
        size = int.from_bytes(said[place : place + 8], "big")
        parts.append(said[place + 8 : place + 8 + size])
        place += 8 + size
    head = orjson.loads(parts[0])
    if "error" in head:
        refused = ApiError(head["error"], head["code"])
        raise refused
    tasks: Rows = []
    edges: Rows = []
    for part in parts[2:]:
        rows = orjson.loads(part)
        for row in rows["tasks"]:
            if row["retry_delay"] is not None:
                row["retry_delay"] = timedelta(seconds=row["retry_delay"])
        tasks += rows["tasks"]
        edges += rows["edges"]
    return head["columns"], JsonText(str(parts[1], "utf-8")), tasks, edges


def refuse(sink: IO[bytes], error: ApiError) -> None:
    """Write why there is no answer."""
    _write(sink, orjson.dumps({"error": error.message, "code": error.code}))


def answer(sink: IO[bytes], columns: Mapping[str, Any], text: str, tasks: Rows, edges: Rows) -> None:
    """Write what ``ask`` reads."""
    _write(sink, orjson.dumps({"columns": columns}))
    _write(sink, text.encode())
    for first in range(0, max(len(tasks), len(edges)), ROWS_AT_ONCE):
        part = slice(first, first + ROWS_AT_ONCE)
        _write(sink, orjson.dumps({"tasks": tasks[part], "edges": edges[part]}, default=timedelta.total_seconds))


def _write(sink: IO[bytes], part: bytes) -> None:
    sink.write(len(part).to_bytes(8, "big"))
    sink.write(part)
