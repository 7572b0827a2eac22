"""The full database of `bench/world.py` is one that the server could have written, and the same on both kinds."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import BOTH, fresh_or_skip
from support.crowd import auditor
from support.databases import Databases

ROOT = Path(__file__).parents[2]
NOW = "2026-11-29T12:00:00+00:00"
LINKS = {
    "flow_run": ("tenant_id", "flow_id", "flow_group_id"),
    "flow_run_state": ("flow_run_id",),
    "task_run": ("flow_run_id", "task_id"),
    "task_run_state": ("task_run_id",),
    "log": ("flow_run_id", "task_run_id"),
    "run_key": ("flow_run_id",),
    "flow": ("tenant_id", "project_id", "flow_group_id"),
    "task": ("flow_id",),
    "edge": ("flow_id", "upstream_task_id", "downstream_task_id"),
}
INDEXES = {
    "sqlite": "SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'",
    "postgres": "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'",
}
Read = Callable[[str], list[tuple[Any, ...]]]


def fill(url: str, *more: str) -> None:
    command = [sys.executable, str(ROOT / "bench/world.py"), "--into", url, "--scale", "0.001", "--now", NOW, *more]
    subprocess.run(command, check=True, timeout=300)


@pytest.fixture(scope="module", params=BOTH)
def world(request: pytest.FixtureRequest, databases: Databases) -> Any:
    url = fresh_or_skip(databases, request.param, migrated=False)
    fill(url)
    with auditor.reading(url) as read:
        yield read
    databases.drop(url)


def test_every_history_is_whole(world: Read) -> None:
    # Those that run or wait have not ended yet, and nothing more is said of any.
    said = [line for line in auditor.audit(world, []) if "never ended" not in line]
    assert said == []


def test_every_row_leads_to_its_parent(world: Read) -> None:
    for table, columns in LINKS.items():
        for column in columns:
            parent = column.removesuffix("_id").removeprefix("upstream_").removeprefix("downstream_")
            lost = world(
                f"SELECT count(*) FROM {table} c LEFT JOIN {parent} p ON p.id = c.{column}"
                f" WHERE c.{column} IS NOT NULL AND p.id IS NULL"
            )
            assert lost == [(0,)], (table, column)
    # A run has a task run of each task of its own flow, and of no other's.
    assert world(
        "SELECT count(*) FROM task_run t JOIN flow_run r ON r.id = t.flow_run_id JOIN task k ON k.id = t.task_id"
        " WHERE k.flow_id <> r.flow_id"
    ) == [(0,)]
    missing = world(
        "SELECT count(*) FROM flow_run r JOIN task k ON k.flow_id = r.flow_id"
        " LEFT JOIN task_run t ON t.flow_run_id = r.id AND t.task_id = k.id AND t.map_index = -1 WHERE t.id IS NULL"
    )
    assert missing == [(0,)]


def test_it_has_what_is_rare_and_what_is_large(world: Read) -> None:
    states = dict(world("SELECT state, count(*) FROM flow_run GROUP BY state"))
    assert sum(states.values()) == 1_000
    assert states["Success"] > 800
    assert set(states) == {"Success", "Failed", "Cancelled", "TimedOut", "Running", "Submitted", "Scheduled"}
    rare = world("SELECT count(*) FROM flow_run WHERE CAST(labels AS TEXT) LIKE '%rare-label%'")
    rarer = world("SELECT count(*) FROM flow_run WHERE CAST(parameters AS TEXT) LIKE '%rare-customer%'")
    assert rare == rarer == [(20,)]
    assert world("SELECT max(n) FROM (SELECT count(*) AS n FROM log GROUP BY flow_run_id) AS q") == [(5005,)]
    children = "SELECT count(*) AS n FROM task_run WHERE map_index >= 0 GROUP BY flow_run_id"
    assert world(f"SELECT max(n) FROM ({children}) AS q") == [(100,)]
    runs_of_second = world("SELECT count(*) FROM flow_run GROUP BY tenant_id ORDER BY 1")[0][0]
    assert 50 < runs_of_second < 150
    assert len(world("SELECT DISTINCT name FROM flow")) == 200


@pytest.mark.parametrize("kind", BOTH)
def test_nothing_of_the_schema_is_left_out(databases: Databases, kind: str) -> None:
    filled, fresh = (fresh_or_skip(databases, kind, migrated=migrated) for migrated in (False, True))
    fill(filled)
    found = []
    for url in (filled, fresh):
        with auditor.reading(url) as read:
            found.append(set(read(INDEXES[kind])))
        databases.drop(url)
    assert found[0] == found[1]


@pytest.mark.postgres
def test_the_same_seed_gives_the_same_rows_on_either_database(databases: Databases) -> None:
    def rows(kind: str) -> Counter[Any]:
        url = fresh_or_skip(databases, kind, migrated=False)
        fill(url, "--seed", "7")
        with auditor.reading(url) as read:
            found = Counter(
                read(
                    "SELECT r.id, r.state, r.name, t.id, t.state, s.version, s.state FROM flow_run r"
                    " JOIN task_run t ON t.flow_run_id = r.id JOIN task_run_state s ON s.task_run_id = t.id"
                )
            )
        databases.drop(url)
        return found

    assert rows("sqlite") == rows("postgres")
