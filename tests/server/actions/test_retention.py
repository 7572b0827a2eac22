"""Runs that ended long ago are deleted with all that belongs to them; one that cannot be deleted keeps no other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from prefect.server.services import retention
from support.world import flow_document

DAY = 86_400


@pytest.fixture
def held(world):
    """Hold a run by a row of a table that the server does not know."""
    kind = "uuid" if world.database.dialect.name == "postgresql" else "text"

    def sql(statement):
        world.run_async(world.database.write(lambda tx: tx.run(text(statement))))

    sql(f"CREATE TABLE holder (flow_run_id {kind} REFERENCES flow_run (id))")
    yield lambda run_id: sql(f"INSERT INTO holder VALUES ('{run_id}')")
    sql("DROP TABLE holder")


def ended(world, flow_id=None):
    run_id = world.running(flow_id)
    world.set_flow_run(run_id, "Success")
    return run_id


def turn(world, **settings):
    given = replace(world.settings, retention_days=30, **settings)
    return world.run_async(retention.run_once(world.database, given, world.now))


@pytest.mark.spoils
@pytest.mark.parametrize("batch", [1, 2, 100])
def test_a_run_that_cannot_be_deleted_keeps_no_other(world, held, caplog, batch):
    flow_id = world.register()
    runs = []
    for _ in range(4):
        runs.append(ended(world, flow_id))
        world.pass_time(1)
    held(runs[1])
    world.pass_time(31 * DAY)

    with caplog.at_level("INFO", logger="prefect.server.services.retention"):
        assert turn(world, retention_batch=batch) == 3
    assert "Retention: 3 flow runs that ended before " in caplog.text
    caplog.clear()
    assert turn(world, retention_batch=batch) == 0
    assert "are deleted" not in caplog.text
    assert [row["id"] for row in world.rows("flow_run")] == [runs[1]]
    assert world.history(runs[1]) == ["Scheduled", "Submitted", "Running", "Success"]
    assert f"Flow run that is to be deleted {runs[1]} could not be dealt with" in caplog.text


def test_where_one_writes_at_a_time_a_transaction_deletes_as_much_as_an_ordinary_run_has(world, monkeypatch):
    tasks = [{"slug": f"t-{number}", "name": "t"} for number in range(200)]
    ended(world, world.register(flow_document(tasks=tasks, edges=[])))
    small = ended(world)
    world.pass_time(31 * DAY)
    written = []
    clear = retention.clear_flow_run

    def noting(tx, run_id, most):
        gone = clear(tx, run_id, most)
        written.append((run_id, tx.rows_written))
        return gone

    monkeypatch.setattr(retention, "clear_flow_run", noting)

    assert turn(world) == 2
    assert [world.rows(table) for table in ("flow_run", "task_run", "task_run_state", "log")] == [[], [], [], []]
    most = max(rows for _, rows in written)
    if world.database.dialect.writes_alone:
        # And the small one goes as a whole.
        assert 2 <= most <= retention.ROWS_AT_ONCE + 1
        assert [run_id for run_id, _ in written].count(small) == 1
    else:
        assert most > retention.ROWS_AT_ONCE


@pytest.mark.parametrize(("waited", "times"), [(0.0, 1), (0.0005, 1), (0.002, 9)])
def test_whoever_met_others_at_the_writer_leaves_it_to_them_for_longer(monkeypatch, waited, times):
    now = [100.0]
    monkeypatch.setattr(retention.time, "monotonic", lambda: now[0])
    pace = retention._Pace()
    pace.begin()
    now[0] += waited
    pace.at_work()
    now[0] += 0.25
    assert pace.pause() == pytest.approx(times * 0.25)
    # It is remembered for a while, and not for ever.
    for later, expected in ((1.0, times), (retention.REMEMBERED_SECONDS, 1)):
        now[0] += later
        pace.begin()
        pace.at_work()
        now[0] += 0.25
        assert pace.pause() == pytest.approx(expected * 0.25)
