"""Log lines of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from prefect.contract import limits
from prefect.server.actions.checks import size_of
from prefect.server.errors import ApiError, BadInput
from prefect.server.live import flow_run_topic
from prefect.server.store import logs, runs
from prefect.server.store.database import Transaction
from prefect.utilities.ids import following_id

__all__ = ["LEVELS", "write_run_logs"]

LOGS_MAX = limits.LOGS_AT_ONCE
INFO_MAX_BYTES = 1_000_000
#: The levels that are kept, and where each begins.
LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
ALIASES = {"WARN": "WARNING", "FATAL": "CRITICAL", "TRACE": "DEBUG", "NOTSET": "DEBUG"}


def write_run_logs(tx: Transaction, now: datetime, *, logs_given: Sequence[Mapping[str, Any]]) -> bool:
    """Append log lines; lines whose id is known already are skipped, so that a batch may be sent twice.

    Raises:
        ApiError: a flow run that does not exist; then nothing of the batch is kept.
    """
    if len(logs_given) > LOGS_MAX:
        raise BadInput("logs", f"at most {LOGS_MAX} lines at once", f"{len(logs_given)} lines")
    given_ids = [line["id"] for line in logs_given if line.get("id") is not None]
    # Whoever sends the same at this moment is met by the insert, which skips what is there by then.
    known = {row["id"] for row in tx.all(logs.known_logs, log_ids=given_ids)} if given_ids else set()
    by_run: dict[str, list[Mapping[str, Any]]] = {}
    for line in logs_given:
        if line.get("id") not in known:
            by_run.setdefault(line["flow_run_id"], []).append(line)
    for flow_run_id in sorted(by_run):  # always the same order, so that two batches cannot wait for each other
        lines = by_run[flow_run_id]
        numbers = tx.one(runs.take_event_numbers, flow_run_id=flow_run_id, count=len(lines))
        if numbers is None:
            raise ApiError("Foreign key violation.")
        first = numbers["event_seq"] - len(lines) + 1
        tx.run_many(
            logs.insert_log,
            [_row(line, first + place, numbers["tenant_id"], now) for place, line in enumerate(lines)],
        )
        tx.announce(flow_run_topic(flow_run_id))
    return True


def _row(line: Mapping[str, Any], seq: int, tenant_id: str | None, now: datetime) -> dict[str, Any]:
    info = line.get("info")
    if info is not None and size_of("info", info) > INFO_MAX_BYTES:
        raise BadInput("info", f"at most {INFO_MAX_BYTES} bytes of JSON", "more than that")
    return {
        "id": line.get("id") or following_id(),
        "tenant_id": tenant_id,
        "flow_run_id": line["flow_run_id"],
        "task_run_id": line.get("task_run_id"),
        "timestamp": line.get("timestamp") or now,
        "name": _storable(line.get("name")),
        "level": _level(line.get("level") or "INFO"),
        "message": _storable(line.get("message")),
        "info": info,
        "seq": seq,
        "created": now,
        "updated": now,
    }


def _level(given: str) -> str:
    """Give the standard level that a name stands for; of a number, as logging names unnamed levels, the one below."""
    text = given.strip().upper()
    if text in LEVELS:
        return text
    number = text.removeprefix("LEVEL").strip()
    if number.isascii() and number.isdigit() and len(number) < 10:
        reached = [name for name, least in LEVELS.items() if int(number) >= least]
        return reached[-1] if reached else "DEBUG"
    return ALIASES.get(text, "INFO")


def _storable(text: str | None) -> str | None:
    """Keep a line whatever a program wrote into it: what no database stores becomes a sign for it."""
    return None if text is None else limits.storable_text(text)
