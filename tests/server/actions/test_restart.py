"""Setting a flow run that has ended going again, whole or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from prefect.server.actions import flows, restart, runs
from prefect.server.errors import BadInput
from prefect.server.services import chores
from support.world import flow_document

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def task(slug: str, **more: Any) -> dict[str, Any]:
    return {"slug": slug, "name": slug.partition("-")[0], "tags": [], **more}


def edge(upstream: str, downstream: str, *, mapped: bool = False, flattened: bool = False) -> dict[str, Any]:
    ends = {"upstream_task": {"slug": upstream}, "downstream_task": {"slug": downstream}}
    return {**ends, "key": f"from_{upstream}", "mapped": mapped, "flattened": flattened}


def pipeline(**changes: Any) -> dict[str, Any]:
    """Extract, clean and load each of what was extracted, report; beside that a task on its own."""
    slugs = ("day-1", "extract-1", "clean-1", "load-1", "report-1", "alone-1")
    given = {
        "tasks": [task(slug) for slug in slugs],
        "edges": [
            edge("day-1", "extract-1"),
            edge("extract-1", "clean-1", mapped=True),
            edge("clean-1", "load-1", mapped=True),
            edge("load-1", "report-1"),
        ],
        "parameters": [{"name": "day", "slug": "day-1", "required": True}],
    }
    return flow_document("pipeline", **{**given, **changes})


def begin(world, document=None, **inputs):
    run_id = world.create(world.register(document or pipeline()), parameters={"day": "monday"}, **inputs)
    world.set_flow_run(run_id, "Submitted")
    world.set_flow_run(run_id, "Running")
    return run_id


def child(world, run_id, slug, index, state):
    made = world.do(
        runs.get_or_create_task_run,
        flow_run_id=run_id,
        task_id=world.task_run(run_id, slug)["task_id"],
        map_index=index,
    )
    world.set_task_run(made["id"], state)
    return made["id"]


def failed(world, count=4, bad=(1,), **changes):
    """A run that failed in some children of ``clean``."""
    run_id = begin(world, pipeline(**changes))
    for slug in ("day-1", "extract-1", "alone-1"):
        world.set_task_run(world.task_run(run_id, slug)["id"], "Success")
    for slug in ("clean-1", "load-1"):
        world.set_task_run(world.task_run(run_id, slug)["id"], "Mapped")
        for index in range(count):
            ill = "Failed" if slug == "clean-1" else "TriggerFailed"
            child(world, run_id, slug, index, ill if index in bad else "Success")
    world.set_task_run(world.task_run(run_id, "report-1")["id"], "TriggerFailed")
    world.set_flow_run(run_id, "Failed")
    return run_id


def ask(world, *run_ids, **given):
    def work(tx, now):
        wish = restart.read_wish(tx, flow_run_ids=run_ids, **given)
        return [restart.restart_flow_run(tx, now, flow_run_id=run_id, wish=wish) for run_id in run_ids]

    return world.do(work)


def states(world, run_id):
    """State by slug and map index."""
    slugs = {row["id"]: row["slug"] for row in world.rows("task", flow_id=world.flow_run(run_id)["flow_id"])}
    rows = world.rows("task_run", flow_run_id=run_id)
    return {
        slugs[row["task_id"]].removesuffix("-1") + ("" if row["map_index"] < 0 else f"[{row['map_index']}]"): row[
            "state"
        ]
        for row in rows
    }


def pending(world, run_id):
    return {place for place, state in states(world, run_id).items() if state == "Pending"}


def test_what_failed_is_run_again_with_all_after_it_and_nothing_else(world):
    run_id = failed(world)
    world.pass_time(60)

    assert ask(world, run_id) == [{"flow_run_id": run_id, "restarted": True, "state": "Scheduled", "task_runs": 3}]

    assert pending(world, run_id) == {"clean[1]", "load[1]", "report"}
    assert states(world, run_id)["clean"] == "Mapped"
    run = world.flow_run(run_id)
    assert (run["state"], run["state_message"], run["end_time"]) == ("Scheduled", "Flow run was restarted.", None)
    assert world.queue() == [run_id]
    report = world.task_run(run_id, "report-1")
    assert (report["state_message"], report["end_time"]) == ("Flow run was restarted.", None)
    assert world.history(report["id"], "task_run_state") == ["Pending", "TriggerFailed", "Pending"]


def test_children_over_a_flattened_value_are_all_run_again(world):
    edges = [edge("extract-1", "clean-1", mapped=True), edge("clean-1", "load-1", mapped=True, flattened=True)]
    run_id = failed(world, edges=edges)

    ask(world, run_id)

    assert pending(world, run_id) == {"clean[1]", "load", *(f"load[{index}]" for index in range(4)), "report"}


def test_a_run_can_begin_from_the_start(world):
    run_id = failed(world)

    (answer,) = ask(world, run_id, begin=restart.START, message="again")

    assert set(states(world, run_id).values()) == {"Pending"}
    assert answer["task_runs"] == len(states(world, run_id))
    assert world.flow_run(run_id)["state_message"] == "again"


def test_a_run_can_begin_from_a_task_run(world):
    run_id = failed(world)
    extract, loaded = world.task_run(run_id, "extract-1"), world.task_run(run_id, "load-1", 0)

    ask(world, run_id, begin=restart.TASK, task_run_ids=[loaded["id"]])
    assert pending(world, run_id) == {"load[0]", "report"}

    world.set_flow_run(run_id, "Failed")
    ask(world, run_id, begin=restart.TASK, task_run_ids=[extract["id"]])
    assert {place for place, state in states(world, run_id).items() if state != "Pending"} == {"day", "alone"}


def test_changed_parameters_replace_those_of_the_run_and_are_read_anew(world):
    run_id = failed(world)

    ask(world, run_id, parameters={"day": "tuesday", "more": 1})

    assert world.flow_run(run_id)["parameters"] == {"day": "tuesday", "more": 1}
    assert pending(world, run_id) == {"day", "clean[1]", "load[1]", "report"}


def test_what_the_end_of_the_run_had_closed_is_open_again(world):
    run_id = begin(world)
    world.set_task_run(world.task_run(run_id, "day-1")["id"], "Success")
    world.set_task_run(world.task_run(run_id, "extract-1")["id"], "Running")
    world.set_flow_run(run_id, "Failed")

    ask(world, run_id)

    assert states(world, run_id)["day"] == "Success"
    assert pending(world, run_id) == {"extract", "clean", "load", "report", "alone"}


def test_a_cancelled_run_goes_on_with_what_was_cancelled(world):
    run_id = begin(world)
    world.set_task_run(world.task_run(run_id, "day-1")["id"], "Success")
    world.cancel(run_id)
    world.set_flow_run(run_id, "Cancelled")

    ask(world, run_id)

    assert states(world, run_id)["day"] == "Success"
    assert pending(world, run_id) == {"extract", "clean", "load", "report", "alone"}
    assert world.queue() == [run_id]


def test_each_run_that_cannot_be_restarted_is_told_why_and_the_others_are(world):
    flow_id = world.register()
    fine = world.create(flow_id)
    world.set_flow_run(fine, "Failed")
    begun, done = world.running(flow_id), world.running(flow_id)
    world.set_task_run(world.task_run(done)["id"], "Success")
    world.set_task_run(world.task_run(done, "two-1")["id"], "Success")
    world.set_flow_run(done, "Success")
    of_archived = world.create(world.register(flow_document("other")))
    world.set_flow_run(of_archived, "Failed")
    world.do(flows.archive_flow, flow_id=world.flow_run(of_archived)["flow_id"])

    answers = ask(world, begun, UNKNOWN, done, of_archived, fine)

    assert [answer.get("code") for answer in answers] == [
        "NOT_FINISHED",
        "NOT_FOUND",
        "NOTHING_FAILED",
        "ARCHIVED",
        None,
    ]
    assert all(answer["reason"] for answer in answers[:-1])
    assert [answer["restarted"] for answer in answers] == [False] * 4 + [True]
    assert [world.flow_run(run)["state"] for run in (begun, done, fine)] == ["Running", "Success", "Scheduled"]


def test_a_trial_tells_the_same_and_changes_nothing(world):
    run_id = failed(world)
    before = (states(world, run_id), world.flow_run(run_id))

    def work(tx):
        wish = restart.read_wish(tx, flow_run_ids=[run_id, UNKNOWN], parameters={"day": 2}, is_trial=True)
        return [restart.restart_flow_run(tx, world.now, flow_run_id=which, wish=wish) for which in (run_id, UNKNOWN)]

    told = world.see(work)

    assert told[0] == {"flow_run_id": run_id, "restarted": True, "state": "Failed", "task_runs": 4}
    assert told[1]["code"] == "NOT_FOUND"
    assert (states(world, run_id), world.flow_run(run_id)) == before


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"begin": restart.TASK}, "task_run_ids"),
        ({"task_run_ids": [UNKNOWN]}, "task_run_ids"),
        ({"begin": restart.TASK, "task_run_ids": [UNKNOWN]}, "task_run_ids"),
        ({"parameters": [1]}, "parameters"),
    ],
    ids=["no task run", "task runs without need", "another run's task run", "parameters"],
)
def test_what_cannot_be_meant_is_refused_as_a_whole(world, given, field):
    run_id = failed(world)
    with pytest.raises(BadInput) as refused:
        ask(world, run_id, **given)
    assert refused.value.field == field
    assert world.flow_run(run_id)["state"] == "Failed"


def test_a_run_is_named_once(world):
    run_id = failed(world)
    with pytest.raises(BadInput, match="flow_run_ids"):
        ask(world, run_id, run_id)


def test_a_large_run_is_handed_out_when_all_is_set_back_and_not_before(world, monkeypatch):
    """More task runs than one transaction may write follow it, also when the process is killed between."""
    monkeypatch.setattr("prefect.server.store.transaction.MOST_ROWS", 12)
    run_id = failed(world, count=9, bad=range(2, 9))

    (answer,) = ask(world, run_id)
    assert answer["task_runs"] == 7 + 7 + 1
    assert world.flow_run(run_id)["state"] == "Scheduled"
    assert (world.queue(), "Failed" in states(world, run_id).values()) == ([], True)

    assert world.run_async(chores.run_once(world.database, world.settings, world.now)) == 1

    assert len(pending(world, run_id)) == answer["task_runs"]
    assert world.queue() == [run_id]


def test_a_run_that_was_moved_meanwhile_is_left_alone(world, monkeypatch):
    monkeypatch.setattr("prefect.server.store.transaction.MOST_ROWS", 12)
    run_id = failed(world, count=9, bad=range(2, 9))
    ask(world, run_id)
    world.cancel(run_id)
    world.run_async(chores.run_once(world.database, world.settings, world.now))

    assert world.flow_run(run_id)["state"] == "Cancelled"
    assert world.queue() == []
    assert world.rows("chore") == []
