"""No page, agent or service reads more because there is more history: counted in a database, and in a larger one.

All documents of the web UI, of 1.x's pages and of the command line, pages with filters, the queue's looks and each
service's turn are asked of two databases that differ in the number of ended flow runs alone (`bench/world.py`): as many
flows, as large a largest run, as long a longest log.  What grows with history all the same is named in
`growing_pages.json`: nothing may be added there without a reason.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from conftest import BOTH, fresh_or_skip
from prefect.server.app import App
from prefect.server.services import chores, lazarus, outbox, retention, scheduler, sla, slot_keeper, zombie_killer
from prefect.server.settings import load_settings
from prefect.server.store import compiler
from prefect.server.store.opening import open_database
from support.api import Api
from support.databases import Databases
from support.visited import Statement, Visits, visited

sys.path.append(str(Path(__file__).parents[2] / "bench"))
import documents  # type: ignore[import-not-found]
import scale_rows  # type: ignore[import-not-found]
import world  # type: ignore[import-not-found]

#: Runs of the smaller database, of ten flows: every page of it is full.
RUNS, TIMES = 2_000, 4
#: Visiting so many times as much is growing; less than that is noted already, where it is noted what grows.
AT_MOST, AT_LEAST = 2.6, 2.0
#: What still grows, by database and source of the page; PROCTOR_NOTE_GROWING=1 writes it anew.
KNOWN = Path(__file__).with_name("growing_pages.json")
#: Of more rows than these, what they have in common is no way to find them.
FEW = 50
#: So much more may be visited: what was seen in a day or an hour is more when more was done.
SPARE = 250


@dataclass
class Full:
    """One of the two databases, served in this process."""

    url: str
    api: Any
    facts: Any
    database: Any
    run_async: Any

    def counted(self, monkeypatch: Any, work: Any) -> list[Statement]:
        """Do a piece of work and count what its statements visit."""
        visits = Visits(self.url)
        with visits.noted(monkeypatch):
            work(self)
        return visits.counted()


def _shape(runs: int) -> Any:
    shape = world.Shape(runs / 1_000_000, 1, 1_900_000_000_000, children=300, long_log=3_000, flows=10)
    # What waits and works is no history: as many of each.
    shape.running, shape.late, shape.submitted, shape.upcoming = 30, 30, 5, 100
    shape.ended = shape.runs - shape.running - shape.submitted - shape.late - shape.upcoming
    return shape


def _schedule(url: str, facts: Any) -> None:
    """Let two flows have a schedule that the scheduler looks at."""
    clocks = json.dumps({"type": "Schedule", "clocks": [{"type": "CronClock", "cron": "7 * * * *"}]})
    ids = ", ".join(f"'{flow}'" for flow in facts.flows[5:7])
    scale_rows.execute(url, f"UPDATE flow SET schedule = '{clocks}', is_schedule_active = true WHERE id IN ({ids})")


@pytest.fixture(scope="module", params=BOTH)
def both(request: pytest.FixtureRequest, databases: Databases) -> Iterator[tuple[Full, Full]]:
    made, urls = [], []
    with asyncio.Runner() as runner, pytest.MonkeyPatch.context() as patch:
        # What is counted up to a bound grows up to it: one that these databases are beyond.
        patch.setattr(compiler, "FEW_TO_SORT", FEW)
        for runs in (RUNS, RUNS * TIMES):
            url = fresh_or_skip(databases, request.param, migrated=False)
            urls.append(url)
            facts, _ = world.make(url, _shape(runs))
            _schedule(url, facts)
            database = open_database(url, readers=1)
            app = App(load_settings({"services_enabled": False}, environment={}), database)
            runner.run(app.start())
            made.append(Full(url, Api(app, runner.run), facts, database, runner.run))
        yield made[0], made[1]
        for one in made:
            runner.run(one.api.app.stop())
    for url in urls:
        databases.drop(url)


def _grown(both: tuple[Full, Full], monkeypatch: Any, work: Callable[[Full], object], times: float) -> str | None:
    """Say what a piece of work visits when that grows with history by so many times; None: it does not."""
    small, large = (full.counted(monkeypatch, work) for full in both)
    before, after = visited(small), visited(large)
    if after <= times * before + SPARE:
        return None
    worst = max(large, key=lambda statement: statement.rows)
    return f"{before:.0f} rows, then {after:.0f}\n    " + "\n    ".join(worst.plan)


def _pages(full: Full, source: str) -> list[Any]:
    samples = documents.Samples(lambda text, variables: full.api.ask(text, variables).data, full.facts)
    made = {
        "issue": documents.filtered,
        "web": documents.web_ui,
        "1.x": documents.old_ui,
        "terminal": documents.terminal,
    }[source]
    return list(made(samples))


@pytest.mark.parametrize("source", ["issue", "web", "1.x", "terminal"])
def test_a_page_reads_no_more_in_a_larger_history(both: tuple[Full, Full], monkeypatch: Any, source: str) -> None:
    kind = "sqlite" if both[0].url.startswith("sqlite") else "postgresql"
    known = json.loads(KNOWN.read_text())
    is_noted = bool(os.environ.get("PROCTOR_NOTE_GROWING"))
    grown: dict[str, str] = {}
    for pair in zip(_pages(both[0], source), _pages(both[1], source), strict=True):

        def ask(full: Full, pair: Any = pair) -> None:
            page = pair[0] if full is both[0] else pair[1]
            answer = full.api.ask(page.text, page.variables)
            assert "errors" not in answer.json, (page.name, answer.json)

        said = _grown(both, monkeypatch, ask, AT_LEAST if is_noted else AT_MOST)
        if said is not None:
            grown[pair[0].name] = said
    if is_noted:
        known[kind][source] = sorted(grown)
        KNOWN.write_text(json.dumps(known, indent=1) + "\n")
    new = [f"{name}: {said}" for name, said in grown.items() if name not in known[kind].get(source, [])]
    assert new == [], "\n".join(new)


def _queue(labels: list[str] | None) -> Callable[[Full], object]:
    return lambda full: full.api.do("get_runs_in_queue", "flow_run_ids", labels=labels)


def _create(flow: int) -> Callable[[Full], object]:
    return lambda full: full.api.do("create_flow_run", flow_id=full.facts.flows[flow], idempotency_key=uuid4().hex)


def _life(full: Full) -> None:
    """What a run's process asks."""
    run_id = full.api.do("create_flow_run", flow_id=full.facts.flows[7])
    row = f'{{ task_run(where: {{flow_run_id: {{_eq: "{run_id["id"]}"}}}}) {{ id task_id }} }}'
    task_run = full.api.ask(row).data["task_run"][0]
    for state in ("Submitted", "Running"):
        change = {"flow_run_id": run_id["id"], "state": {"type": state}}
        full.api.do("set_flow_run_states", "states { id }", states=[change])
    for state in ("Running", "Success"):
        change = {"task_run_id": task_run["id"], "state": {"type": state}}
        full.api.do("set_task_run_states", "states { id }", states=[change])
    place = {"flow_run_id": run_id["id"], "task_id": task_run["task_id"]}
    full.api.do("get_or_create_task_run_info", "id", **place)
    full.api.do("write_run_logs", "success", logs=[{"flow_run_id": run_id["id"], "message": "a line"}])
    full.api.do("update_flow_run_heartbeat", "success", flow_run_id=run_id["id"])
    full.api.do("cancel_flow_run", "state", flow_run_id=run_id["id"])
    full.api.do("delete_flow_run", "success", flow_run_id=run_id["id"])


def _turn(run_once: Any, **settings: Any) -> Callable[[Full], object]:
    given = load_settings(settings, environment={})

    def turn(full: Full) -> object:
        now = datetime.fromisoformat(full.facts.now)
        return full.run_async(run_once(full.database, given, now))

    return turn


WORKS: dict[str, Callable[[Full], object]] = {
    "an agent's look": _queue(["prod"]),
    "a look for labels that no run has": _queue(["nobody"]),
    "a look without labels": _queue(None),
    "create, 1 task": _create(5),
    "create, 10 tasks": _create(7),
    "create, 100 tasks": _create(0),
    "the life of a run": _life,
    "scheduler": _turn(scheduler.run_once),
    "lazarus": _turn(lazarus.run_once),
    "zombie killer": _turn(zombie_killer.run_once),
    "slot keeper": _turn(slot_keeper.run_once),
    "outbox": _turn(outbox.run_once),
    "sla": _turn(sla.run_once),
    "chores": _turn(chores.run_once),
    # Nothing is so old: what a turn looks at that finds nothing to delete.
    "retention": _turn(retention.run_once, retention_days=200),
}


@pytest.mark.parametrize("name", WORKS)
def test_an_agent_a_run_and_a_service_read_no_more_in_a_larger_history(
    both: tuple[Full, Full], monkeypatch: Any, name: str
) -> None:
    # In the work of a small look, four times as much would still be little.
    assert _grown(both, monkeypatch, WORKS[name], AT_MOST) is None


def test_what_grows_is_seen(both: tuple[Full, Full], monkeypatch: Any) -> None:
    """The count itself: a page that reads everything is told from one that does not."""

    def ask(full: Full) -> None:
        answer = full.api.ask('{ task_run_state(where: {message: {_eq: "nobody said that"}}) { id } }')
        assert answer.data["task_run_state"] == []

    said = _grown(both, monkeypatch, ask, AT_MOST)
    assert said is not None
    assert "SCAN" in said or "Seq Scan task_run_state" in said
