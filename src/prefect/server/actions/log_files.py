"""The log of a run as a file: read in pages that are bounded in lines and bytes, however long it is."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from prefect.server.actions.checks import check_name
from prefect.server.actions.logs import ALIASES, LEVELS
from prefect.server.errors import BadInput
from prefect.server.store import logs
from prefect.server.store.database import Transaction

__all__ = ["KINDS", "Page", "Wanted", "head_of", "page_of_lines", "read_wanted", "run_of_file"]

#: Lines that are looked at for one page, and what their texts may weigh together (one line may weigh more).
PAGE_LINES = 2_000
PAGE_BYTES = 1_000_000
COLUMNS = ("timestamp", "level", "name", "task_run_id", "message")
#: By the ending of the file: what kind of text it is.
KINDS = {
    "txt": b"text/plain; charset=utf-8",
    "jsonl": b"application/x-ndjson",
    "csv": b"text/csv; charset=utf-8; header=present",
}

Place = tuple[datetime, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are wanted: of these levels (empty: all), of this task run, with this text in any case."""

    levels: frozenset[str] = frozenset()
    task_run_id: str | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some lines, written; ``after`` is where the next page begins, None after the last."""

    body: bytes
    after: Place | None


def read_wanted(fields: Mapping[str, list[str]], read_id: Callable[[str, str], str]) -> Wanted:
    """Read the filters of an address.

    Raises:
        BadInput: a filter that there is not, or that holds what cannot be.
    """
    for name, values in fields.items():
        if name not in ("level", "q", "task_run_id"):
            raise BadInput("filter", "level, q or task_run_id", name)
        if len(values) > 1 and name != "level":
            raise BadInput(name, "one value", f"{len(values)} of them")
    levels = set()
    for one in ",".join(fields.get("level", ())).split(","):
        if name := one.strip().upper():
            level = ALIASES.get(name, name)
            if level not in LEVELS:
                raise BadInput("level", "of " + ", ".join(LEVELS) + ", with commas between", one)
            levels.add(level)
    text = fields.get("q", [""])[0]
    if text:
        check_name("q", text)
    task_run_id = fields.get("task_run_id", [""])[0]
    return Wanted(frozenset(levels), read_id("task_run_id", task_run_id) if task_run_id else None, text.casefold())


def run_of_file(tx: Transaction, flow_run_id: str) -> Mapping[str, Any] | None:
    """Give name and tenant of a run."""
    return tx.one(logs.run_of_file, flow_run_id=flow_run_id)


def head_of(kind: str) -> bytes:
    """Give what stands before the first line."""
    return (",".join(COLUMNS) + "\r\n").encode() if kind == "csv" else b""


def page_of_lines(tx: Transaction, flow_run_id: str, kind: str, wanted: Wanted, after: Place | None) -> Page:
    """Write the next lines of a run, oldest first; those of one moment by id.

    A page may be empty and not be the last: lines are looked at, a bounded number at a time, and then filtered.
    """
    given = {"flow_run_id": flow_run_id, "limit": PAGE_LINES}
    if after is None:
        sizes = tx.all(logs.first_sizes_of_file, **given)
    else:
        sizes = tx.all(logs.sizes_of_file, **given, timestamp=after[0], log_id=after[1])
    if not sizes:
        return Page(b"", None)
    weight, fit = 0, 0
    for row in sizes:
        weight += row["size"] or 0
        if fit and weight > PAGE_BYTES:
            break
        fit += 1
    last = sizes[fit - 1]
    is_last = fit == len(sizes) < PAGE_LINES
    rows = tx.all(logs.lines_of_file, log_ids=[row["id"] for row in sizes[:fit] if _may_match(row, wanted)])
    rows.sort(key=lambda row: (row["timestamp"], row["id"]))
    chosen = (row for row in rows if not wanted.text or wanted.text in (row["message"] or "").casefold())
    return Page(WRITERS[kind](chosen), None if is_last else (last["timestamp"], last["id"]))


def _may_match(row: Mapping[str, Any], wanted: Wanted) -> bool:
    if wanted.levels and row["level"] not in wanted.levels:
        return False
    return wanted.task_run_id is None or row["task_run_id"] == wanted.task_run_id


def _as_text(rows: Iterable[Mapping[str, Any]]) -> bytes:
    lines = [
        f"{row['timestamp'].isoformat(' ', 'milliseconds')} {row['level'] or '':<8} {row['name'] or ''} | "
        f"{row['message'] or ''}\n"
        for row in rows
    ]
    return "".join(lines).encode("utf-8", "replace")


def _as_json_lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(orjson.dumps({name: row[name] for name in COLUMNS}) + b"\n" for row in rows)


def _as_csv(rows: Iterable[Mapping[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    for row in rows:
        writer.writerow([row["timestamp"].isoformat(), *(row[name] for name in COLUMNS[1:])])
    return text.getvalue().encode("utf-8", "replace")


WRITERS: dict[str, Callable[[Iterable[Mapping[str, Any]]], bytes]] = {
    "txt": _as_text,
    "jsonl": _as_json_lines,
    "csv": _as_csv,
}
