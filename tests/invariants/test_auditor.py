"""The auditor sees each kind of broken promise, and finds nothing to blame in a history that is whole."""

from __future__ import annotations

import importlib.util
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

TABLES = """
CREATE TABLE flow_run (id TEXT, state TEXT, version INT, idempotency_key TEXT, event_seq INT);
CREATE TABLE flow_run_state (id TEXT, flow_run_id TEXT, version INT, state TEXT, seq INT);
CREATE TABLE task_run (id TEXT, state TEXT, version INT, flow_run_id TEXT);
CREATE TABLE task_run_state (id TEXT, task_run_id TEXT, version INT, state TEXT);
CREATE TABLE run_key (scope TEXT, key TEXT, flow_run_id TEXT);
CREATE TABLE log (id TEXT, flow_run_id TEXT, seq INT);
INSERT INTO flow_run VALUES ('r', 'Success', 4, 'k', 5), ('other', 'Cancelled', 2, 'k2', 2);
INSERT INTO flow_run_state VALUES
    ('s1', 'r', 1, 'Scheduled', 1), ('s2', 'r', 2, 'Submitted', 2), ('s3', 'r', 3, 'Running', 3),
    ('s4', 'r', 4, 'Success', 5), ('o1', 'other', 1, 'Scheduled', 1), ('o2', 'other', 2, 'Cancelled', 2);
INSERT INTO task_run VALUES ('t', 'Success', 3, 'r');
INSERT INTO task_run_state VALUES ('t1', 't', 1, 'Pending'), ('t2', 't', 2, 'Running'), ('t3', 't', 3, 'Success');
INSERT INTO run_key VALUES ('flow', 'k', 'r'), ('flow', 'k2', 'other');
INSERT INTO log VALUES ('l', 'r', 4);
"""


def state(kind: str, run: str, state_id: str, name: str, after: int) -> dict[str, Any]:
    return {"op": "state", "kind": kind, "run": run, "id": state_id, "state": name, "after": after}


JOURNAL = [
    {"op": "create", "key": "k", "run": "r"},
    {"op": "create", "key": "k", "run": "r"},
    {"op": "create", "key": "k2", "run": "other"},
    {"op": "claim", "run": "r", "version": 2},
    state("flow", "r", "s2", "Submitted", 1),
    state("flow", "r", "s3", "Running", 2),
    state("task", "t", "t2", "Running", 1),
    {"op": "log", "run": "r", "id": "l"},
    state("task", "t", "t3", "Success", 2),
    state("flow", "r", "s4", "Success", 3),
]

#: What is done to the database, what clients tell besides, and how the first complaint begins.
BROKEN: dict[str, tuple[str, list[dict[str, Any]], str]] = {
    "an acknowledged run is gone": ("DELETE FROM flow_run WHERE id = 'other'", [], "1: run other"),
    "an acknowledged log is gone": ("DELETE FROM log", [], "1: log l"),
    "an acknowledged state is gone": (
        "DELETE FROM flow_run_state WHERE id = 's4'; UPDATE flow_run SET state = 'Running', version = 3 WHERE id = 'r'",
        [],
        "1: state",
    ),
    "an acknowledged state became another": ("UPDATE task_run_state SET state = 'Failed' WHERE id = 't3'", [], "1: st"),
    "an acknowledged state went to another run": (
        "UPDATE flow_run_state SET flow_run_id = 'other', version = 3 WHERE id = 's4'",
        [],
        "1: state",
    ),
    "a key was answered with two runs": ("", [{"op": "create", "key": "k", "run": "other"}], "2: key k was answered"),
    "a key made two runs": ("UPDATE flow_run SET idempotency_key = 'k'", [], "2: key k made"),
    "a key names no run": ("INSERT INTO run_key VALUES ('flow', 'x', 'none')", [], "2: key x of flow"),
    "a run was taken while it ran": (
        "UPDATE flow_run_state SET version = 5 WHERE id = 's4';"
        "INSERT INTO flow_run_state VALUES ('s9', 'r', 4, 'Submitted', 6);"
        "UPDATE flow_run SET version = 5, event_seq = 6 WHERE id = 'r'",
        [],
        "3: run r was taken",
    ),
    "one version was handed to two agents": ("", [{"op": "claim", "run": "r", "version": 2}], "3: version 2"),
    "a history has a gap": ("UPDATE flow_run_state SET version = 7 WHERE id = 'o2'", [], "4: the versions of flow"),
    "a history forks": (
        "INSERT INTO task_run_state VALUES ('t9', 't', 3, 'Failed')",
        [],
        "4: the versions of task",
    ),
    "a run is not where its history ends": ("UPDATE flow_run SET state = 'Failed' WHERE id = 'r'", [], "4: flow run r"),
    "a run is at a version that its history has not": ("UPDATE task_run SET version = 9", [], "4: task run t"),
    "a history without a run": (
        "INSERT INTO flow_run_state VALUES ('n1', 'nobody', 1, 'Scheduled', 1)",
        [],
        "4: flow run nobody",
    ),
    "a change over an old version was accepted": (
        "",
        [state("flow", "r", "s4", "Success", 1)],
        "4: {",
    ),
    "a run never ended": (
        "UPDATE flow_run SET state = 'Scheduled', version = 1 WHERE id = 'other';"
        "DELETE FROM flow_run_state WHERE id = 'o2'",
        [],
        "5: run other never ended",
    ),
    "a run went on after its end": (
        "INSERT INTO flow_run_state VALUES ('o3', 'other', 3, 'Cancelling', 3), ('o4', 'other', 4, 'Cancelled', 4);"
        "UPDATE flow_run SET version = 4, event_seq = 4 WHERE id = 'other'",
        [],
        "5: run other went on",
    ),
    "a task runs in a run that ended": (
        "UPDATE task_run SET state = 'Running', version = 2; DELETE FROM task_run_state WHERE id = 't3'",
        [],
        "5: task run t",
    ),
    "a stranger was answered": ("", [{"op": "violation", "what": "6: a stranger read {}"}], "6: a stranger"),
    "junk was accepted": ("", [{"op": "violation", "what": "7: junk was accepted"}], "7: junk"),
    "two events of a run have one number": ("UPDATE log SET seq = 3", [], "events of run r"),
    "an event has a number that was never counted": ("UPDATE log SET seq = 77", [], "events of run r"),
}


def auditor() -> Any:
    spec = importlib.util.spec_from_file_location("invariants_auditor", Path(__file__).parent / "auditor.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def audit(changes: str, journal: list[dict[str, Any]]) -> list[str]:
    connection = sqlite3.connect(":memory:")
    try:
        connection.executescript(TABLES + changes)
        found: list[str] = auditor().audit(lambda sql: connection.execute(sql).fetchall(), journal)
        return found
    finally:
        connection.close()


def test_a_whole_history_has_no_complaint() -> None:
    assert audit("", JOURNAL) == []


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_promise_is_told(name: str) -> None:
    changes, more, complaint = BROKEN[name]
    found = audit(changes, JOURNAL + more)
    assert any(line.startswith(complaint) for line in found), found


def test_in_a_full_database_the_rows_of_one_tenant_are_looked_at() -> None:
    theirs = (
        "ALTER TABLE flow_run ADD tenant_id TEXT DEFAULT 'mine';"
        "INSERT INTO flow_run VALUES ('x', 'Running', 9, 'k', 1, 'theirs');"
        "INSERT INTO flow_run_state VALUES ('x1', 'x', 3, 'Running', 7); INSERT INTO log VALUES ('x2', 'x', 7);"
        "INSERT INTO task_run VALUES ('xt', 'Running', 9, 'x');"
        "INSERT INTO task_run_state VALUES ('xt1', 'xt', 3, 'Running'); INSERT INTO run_key VALUES ('flow', 'k', 'x');"
    )
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(TABLES + theirs)
        look = auditor()

        def read(sql: str) -> Any:
            return connection.execute(sql).fetchall()

        assert look.audit(look.of_tenant(read, "mine"), JOURNAL) == []
        assert len(look.audit(look.of_tenant(read, "theirs"), [])) == 4
        connection.execute("UPDATE task_run SET state = 'Failed' WHERE id = 't'")
        assert len(look.audit(look.of_tenant(read, "mine"), JOURNAL)) == 1


def test_each_of_the_seven_promises_can_be_broken() -> None:
    told = {complaint[0] for _, _, complaint in BROKEN.values()}
    assert set("1234567") <= told


def test_half_a_line_of_a_killed_writer_is_passed_over(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    journal.write_text('{"op": "create", "key": "k", "run": "r"}\n{"op": "cre')
    assert auditor().journal_lines([journal]) == [JOURNAL[0]]
