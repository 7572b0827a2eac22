"""How the server writes its own log: lines for people, or one JSON object a line for machines.

Each line that was written while a request was answered tells that request's id. What clients send as keys, secrets or
parameters is never logged.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import stat
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

__all__ = ["JsonLines", "Lines", "OwnFiles", "request_id"]

#: Id of the request that is being answered; empty outside of one.
request_id: ContextVar[str] = ContextVar("request_id", default="")


class Lines(logging.Formatter):
    """One line for people, with the request's id where there is one."""

    def __init__(self) -> None:
        super().__init__("[%(asctime)s] %(levelname)s - %(name)s | %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        text = super().formatMessage(record)
        current = request_id.get()
        return f"{text} [request {current}]" if current else text


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, request_id, exception."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if current := request_id.get():
            line["request_id"] = current
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class OwnFiles:
    """The files that the output of this process goes to, by the names that they have when this is made."""

    def __init__(self) -> None:
        self._paths = {number: path for number in (1, 2) if (path := _path_of(number))}

    def open_anew(self) -> list[str]:
        """Go on in files of the same names, made where there are none any more; gives what could not be opened."""
        problems = []
        for number, path in self._paths.items():
            try:
                mode = stat.S_IMODE(os.fstat(number).st_mode)
                opened = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, mode)
            except OSError as error:
                problems.append(f"Log file {path} cannot be opened: {error.strerror}.")
                continue
            os.dup2(opened, number)
            os.close(opened)
        return problems


def _path_of(number: int) -> str | None:
    """Give the path of a regular file that is open, where the system tells it."""
    try:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            return None
        if hasattr(fcntl, "F_GETPATH"):  # macOS
            return os.fsdecode(fcntl.fcntl(number, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
        path = os.readlink(f"/proc/self/fd/{number}")
    except OSError:
        return None
    return path if os.path.exists(path) else None
