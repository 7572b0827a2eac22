"""A batch of log lines that is sent twice, also at one moment, is there once, and costs one look."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from prefect.server.actions import logs


def batch(run_id, count):
    return [{"id": str(uuid4()), "flow_run_id": run_id, "message": f"{number}"} for number in range(count)]


def write(tx, world, lines):
    return logs.write_run_logs(tx, world.now, logs_given=lines)


def test_two_senders_of_one_batch_both_succeed_and_no_line_is_there_twice(world):
    run_ids = [world.create(world.register()) for _ in range(2)]
    lines = [line for run_id in run_ids for line in batch(run_id, 40)]

    async def both():
        sent = (lines, lines[::-1], lines[:50], lines[20:])
        return await asyncio.gather(
            *(world.database.write(lambda tx, some=some: write(tx, world, some)) for some in sent)
        )

    assert world.run_async(both()) == [True] * 4
    assert sorted(row["id"] for row in world.rows("log")) == sorted(line["id"] for line in lines)
    for run_id in run_ids:
        numbers = [row["seq"] for row in world.rows("log", flow_run_id=run_id)]
        assert len(set(numbers)) == 40


def test_a_batch_is_looked_up_by_one_statement(world):
    run_id = world.create(world.register())
    counts = []
    for count in (1, 60):

        def counted(tx, lines):
            asked = []
            everything, one = tx.all, tx.one
            tx.all = lambda *given, **values: asked.append(given) or everything(*given, **values)
            tx.one = lambda *given, **values: asked.append(given) or one(*given, **values)
            write(tx, world, lines)
            return len(asked)

        lines = batch(run_id, count)
        counts.append(world.run_async(world.database.write(lambda tx, lines=lines: counted(tx, lines))))

    assert counts[0] == counts[1]
