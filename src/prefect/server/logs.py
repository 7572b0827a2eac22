"""How the server writes its own log: lines for people, or one JSON object a line for machines.

Each line that was written while a request was answered tells that request's id. What clients send as keys, secrets or
parameters is never logged.
"""

from __future__ import annotations

import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

__all__ = ["JsonLines", "Lines", "request_id"]

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
