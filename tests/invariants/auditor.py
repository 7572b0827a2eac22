"""Holds the database against what clients were told: each broken promise of the product is one line of text."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

FINISHED = frozenset({"Success", "Failed", "Cancelled", "TimedOut", "TriggerFailed"})
ENDS_OF_TASK_RUNS = frozenset({"Cached", "Mapped", "Skipped", "ValidationFailed", "Finished"})
Rows = list[tuple[Any, ...]]


@contextmanager
def reading(url: str) -> Iterator[Callable[[str], Rows]]:
    """Give what runs a statement on the database, past the server."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            yield lambda sql: connection.execute(sql).fetchall()
        return
    with psycopg.connect(url, autocommit=True) as opened:
        yield lambda sql: [
            tuple(str(value) if isinstance(value, UUID) else value for value in row) for row in opened.execute(sql)
        ]


def journal_lines(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """Read all journals; a killed writer may leave half a line at the end."""
    lines = []
    for path in paths:
        for line in path.read_text().splitlines():
            try:
                lines.append(json.loads(line))
            except json.JSONDecodeError:
                continue
    return lines


def of_tenant(read: Callable[[str], Rows], tenant_id: str) -> Callable[[str], Rows]:
    """Give what reads the rows of one tenant alone: others may have ten million more."""
    runs = f"(SELECT id FROM flow_run WHERE tenant_id = '{tenant_id}')"
    task_runs = f"(SELECT id FROM task_run WHERE flow_run_id IN {runs})"
    scopes = {
        "flow_run": f"tenant_id = '{tenant_id}'",
        "task_run_state": f"task_run_id IN {task_runs}",
        **dict.fromkeys(("flow_run_state", "task_run", "log", "run_key"), f"flow_run_id IN {runs}"),
    }

    def read_own(sql: str) -> Rows:
        before, _, after = sql.partition(" FROM ")
        table, _, rest = after.partition(" WHERE ")
        return read(f"{before} FROM {table} WHERE {scopes[table]}{f' AND {rest}' if rest else ''}")

    return read_own


def audit(read: Callable[[str], Rows], journal: list[dict[str, Any]]) -> list[str]:
    """Give every broken promise; an empty list when all were kept."""
    runs = {row[0]: row for row in read("SELECT id, state, version, idempotency_key, event_seq FROM flow_run")}
    histories = {
        "flow": _histories(read("SELECT flow_run_id, version, state, id FROM flow_run_state")),
        "task": _histories(read("SELECT task_run_id, version, state, id FROM task_run_state")),
    }
    tasks = {row[0]: row for row in read("SELECT id, state, version, flow_run_id FROM task_run")}
    return [
        *(f"{line['what']}: {line}" for line in journal if line["op"] == "violation"),
        *_lost_writes(read, journal, runs, histories),
        *_stale(journal, histories),
        *_keys(read, journal, runs),
        *_handed_out_twice(histories["flow"], journal),
        *_forks("flow", runs, histories["flow"]),
        *_forks("task", tasks, histories["task"]),
        *_never_ended(runs, tasks, histories["flow"]),
        *_event_numbers(read, runs),
    ]


def _histories(rows: Rows) -> dict[str, list[tuple[int, str, str]]]:
    found: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    for run_id, version, state, state_id in rows:
        found[run_id].append((version, state, state_id))
    return {run_id: sorted(lines) for run_id, lines in found.items()}


def _lost_writes(
    read: Callable[[str], Rows], journal: list[dict[str, Any]], runs: Mapping[str, Any], histories: Mapping[str, Any]
) -> Iterable[str]:
    """1. An acknowledged write is there."""
    states = {
        kind: {line[2]: (run, line) for run, lines in of.items() for line in lines} for kind, of in histories.items()
    }
    logs = {row[0] for row in read("SELECT id FROM log")}
    for line in journal:
        if line["op"] == "create" and line["run"] not in runs:
            yield f"1: run {line['run']} was acknowledged and is gone"
        elif line["op"] == "log" and line["id"] not in logs:
            yield f"1: log {line['id']} was acknowledged and is gone"
        elif line["op"] == "state":
            run, found = states[line["kind"]].get(line["id"], (None, None))
            if run != line["run"] or found is None or found[1] != line["state"]:
                yield f"1: state {line} was acknowledged, but the history has {found} of {run}"


def _stale(journal: list[dict[str, Any]], histories: Mapping[str, Any]) -> Iterable[str]:
    """4. What was based on an old version is refused.

    A process that was slow, and from which nobody took the run yet, may still tell how its work ended: over the wish to
    cancel it, or to try it again.
    """
    for line in journal:
        if line["op"] == "state":
            lines = histories[line["kind"]].get(line["run"], [])
            at = next((number for number, found in enumerate(lines) if found[2] == line["id"]), line["after"])
            between = [state for _, state, _ in lines[line["after"] : at]]
            if set(between) - ({"Cancelling", "Retrying"} if line["state"] in FINISHED else set()):
                yield f"4: {line} was accepted although {between} had come between"


def _keys(read: Callable[[str], Rows], journal: list[dict[str, Any]], runs: Mapping[str, Any]) -> Iterable[str]:
    """2. One key, one run."""
    told: dict[str, set[str]] = defaultdict(set)
    for line in journal:
        if line["op"] == "create":
            told[line["key"]].add(line["run"])
    for key, ids in told.items():
        if len(ids) > 1:
            yield f"2: key {key} was answered with the runs {sorted(ids)}"
    kept: dict[str, set[str]] = defaultdict(set)
    for row in runs.values():
        kept[row[3]].add(row[0])
    for key, ids in kept.items():
        if key is not None and len(ids) > 1:
            yield f"2: key {key} made the runs {sorted(ids)}"
    for scope, key, run_id in read("SELECT scope, key, flow_run_id FROM run_key"):
        if run_id not in runs:
            yield f"2: key {key} of {scope} names run {run_id}, which is not there"


def _handed_out_twice(
    histories: Mapping[str, list[tuple[int, str, str]]], journal: list[dict[str, Any]]
) -> Iterable[str]:
    """3. A run has one agent at a time: it is taken only when it waits."""
    for run_id, lines in histories.items():
        for before, after in pairwise(lines):
            if after[1] == "Submitted" and before[1] != "Scheduled":
                yield f"3: run {run_id} was taken when it was {before[1]}: {[line[:2] for line in lines]}"
    claims: dict[tuple[str, int], int] = defaultdict(int)
    for line in journal:
        if line["op"] == "claim":
            claims[line["run"], line["version"]] += 1
    for (run_id, version), count in claims.items():
        if count > 1:
            yield f"3: version {version} of run {run_id} was handed to {count} agents"


def _forks(kind: str, runs: Mapping[str, Any], histories: Mapping[str, list[tuple[int, str, str]]]) -> Iterable[str]:
    """4. One history: 1, 2, 3, ... and the run is where its history ends."""
    for run_id, row in runs.items():
        lines = histories.get(run_id, [])
        versions = [version for version, _, _ in lines]
        if versions != list(range(1, len(lines) + 1)):
            yield f"4: the versions of {kind} run {run_id} are {versions}"
        elif not lines or (row[1], row[2]) != (lines[-1][1], lines[-1][0]):
            yield f"4: {kind} run {run_id} is {row[1]} at version {row[2]}, its history ends with {lines[-1:]}"
    for run_id in histories.keys() - runs.keys():
        yield f"4: {kind} run {run_id} has a history and is not there"


def _never_ended(
    runs: Mapping[str, Any], tasks: Mapping[str, Any], histories: Mapping[str, list[tuple[int, str, str]]]
) -> Iterable[str]:
    """5. Every run ends, and stays ended."""
    for run_id, row in runs.items():
        states = [state for _, state, _ in histories.get(run_id, [])]
        if row[1] not in FINISHED:
            yield f"5: run {run_id} never ended: {states}"
        for at, state in enumerate(states[:-1]):
            if state in FINISHED:
                yield f"5: run {run_id} went on after its end: {states[at:]}"
                break
    for task_id, row in tasks.items():
        if row[1] not in (*FINISHED, *ENDS_OF_TASK_RUNS) and row[3] in runs and runs[row[3]][1] in FINISHED:
            yield f"5: task run {task_id} is {row[1]} in a run that is {runs[row[3]][1]}"


def _event_numbers(read: Callable[[str], Rows], runs: Mapping[str, Any]) -> Iterable[str]:
    """What a watcher reads by number is there once. A number may be missing: of two equal logs at one time, one."""
    found: dict[str, list[int]] = defaultdict(list)
    for table in ("flow_run_state", "log"):
        for run_id, seq in read(f"SELECT flow_run_id, seq FROM {table} WHERE flow_run_id IS NOT NULL"):
            found[run_id].append(seq)
    for run_id, row in runs.items():
        numbers = set(found[run_id])
        if len(numbers) < len(found[run_id]) or not numbers <= set(range(1, row[4] + 1)):
            yield f"events of run {run_id} are numbered {sorted(found[run_id])}, counted to {row[4]}"
