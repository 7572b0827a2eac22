"""Runs that ended long ago are deleted with all that belongs to them; one that cannot be deleted keeps no other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from prefect.server.services import retention

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
