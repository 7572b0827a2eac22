"""Sums: runs by state and flow, runs over time, log lines by level and over time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from prefect.server.graphql.queries_sums import condition_of
from prefect.server.store import sums
from prefect.server.store.dialect import SQLITE
from support.access import Keyed

COUNTS = (
    "query($where: flow_run_bool_exp, $by: [flow_run_key!], $limit: Int) { flow_run_counts(where: $where, by: $by, "
    "limit: $limit) { state flow_id flow_group_id project_id agent_id auto_scheduled count } }"
)
HISTORY = (
    "query($where: flow_run_bool_exp, $from: DateTime!, $to: DateTime!, $s: Int!) { flow_run_history(where: $where, "
    "from: $from, to: $to, bucket_seconds: $s) { from to bucket_seconds buckets { time total counts } } }"
)
VOLUME = (
    "query($id: UUID!, $where: log_bool_exp, $buckets: Int, $from: DateTime, $to: DateTime) { log_volume("
    "flow_run_id: $id, where: $where, buckets: $buckets, from: $from, to: $to) { from to total counts "
    "buckets { time total counts } } }"
)
BEGIN = datetime(2030, 1, 1, tzinfo=UTC)


def at(**later):
    return (BEGIN + timedelta(**later)).isoformat()


def ended(api, flow_id, state, **inputs):
    run_id = api.do("create_flow_run", flow_id=flow_id, **inputs)["id"]
    if state != "Scheduled":
        api.do("set_flow_run_states", "states { id }", states=[{"flow_run_id": run_id, "state": {"type": state}}])
    return run_id


def told(answer, root):
    return answer.data[root]


def test_runs_are_counted_by_state_and_flow_the_largest_first(api):
    one, other = api.register(name="one"), api.register(name="other")
    for state in ("Failed", "Failed", "Failed", "Success"):
        ended(api, one, state)
    ended(api, other, "Success", labels=["eu"])

    by_both = told(api.ask(COUNTS, {"by": ["flow_id", "state"]}), "flow_run_counts")
    assert (by_both[0]["flow_id"], by_both[0]["state"], by_both[0]["count"]) == (one, "Failed", 3)
    assert {(row["flow_id"], row["state"], row["count"]) for row in by_both[1:]} == {
        (one, "Success", 1), (other, "Success", 1)
    }  # fmt: skip
    for most in (1, 2, 3, 4):
        some = told(api.ask(COUNTS, {"by": ["flow_id", "state"], "limit": most}), "flow_run_counts")
        assert some == by_both[:most]
    where = {"labels": {"_contains": ["eu"]}, "flow": {"name": {"_eq": "other"}}}
    assert [row["count"] for row in told(api.ask(COUNTS, {"where": where, "by": ["state"]}), "flow_run_counts")] == [1]
    first = told(api.ask(COUNTS, {"by": ["project_id", "auto_scheduled", "agent_id"], "limit": 1}), "flow_run_counts")
    assert (first[0]["auto_scheduled"], first[0]["agent_id"], first[0]["count"]) == (False, None, 5)
    assert first[0]["project_id"] == api.row("flow", one, "project_id")["project_id"]
    assert len(told(api.ask(COUNTS, {"by": ["flow_group_id"]}), "flow_run_counts")) == 2


def test_runs_are_counted_over_time_in_buckets_of_which_none_is_left_out(api):
    flow_id = api.register()
    for hours, state in ((0, "Success"), (0.99, "Failed"), (1, "Failed"), (3, "Success"), (-1, "Success")):
        ended(api, flow_id, state, scheduled_start_time=at(hours=hours))

    history = told(api.ask(HISTORY, {"from": at(), "to": at(hours=3, seconds=1), "s": 3600}), "flow_run_history")

    assert [bucket["counts"] for bucket in history["buckets"]] == [
        {"Success": 1, "Failed": 1}, {"Failed": 1}, {}, {"Success": 1}
    ]  # fmt: skip
    assert [bucket["total"] for bucket in history["buckets"]] == [2, 1, 0, 1]
    assert [bucket["time"] for bucket in history["buckets"]] == [at(hours=place) for place in range(4)]
    within_a_second = {"from": at(hours=2, microseconds=-1), "to": at(hours=3, microseconds=1), "s": 3600}
    (alone,) = told(api.ask(HISTORY, within_a_second), "flow_run_history")["buckets"]
    assert alone["counts"] == {"Success": 1}
    only = {"where": {"state": {"_eq": "Failed"}}, "from": at(), "to": at(hours=2), "s": 7200}
    assert [b["counts"] for b in told(api.ask(HISTORY, only), "flow_run_history")["buckets"]] == [{"Failed": 2}]


def test_lines_are_counted_by_level_and_over_time(api):
    run_id = ended(api, api.register(), "Scheduled")
    lines = [
        {"flow_run_id": run_id, "timestamp": at(seconds=seconds), "level": level, "message": f"{level} {seconds}"}
        for seconds, level in ((0, "INFO"), (1, "ERROR"), (5, "INFO"), (9, "INFO"), (10, "WARNING"))
    ]
    api.do("write_run_logs", "success", logs=lines)

    volume = told(api.ask(VOLUME, {"id": run_id, "buckets": 2}), "log_volume")
    assert volume["counts"] == {"INFO": 3, "ERROR": 1, "WARNING": 1}
    assert volume["total"] == 5
    assert [bucket["counts"] for bucket in volume["buckets"]] == [{"INFO": 1, "ERROR": 1}, {"INFO": 2, "WARNING": 1}]
    assert volume["from"] == at()

    found = told(
        api.ask(VOLUME, {"id": run_id, "buckets": 1, "where": {"message": {"_ilike": "%info%"}}}), "log_volume"
    )
    assert found["counts"] == {"INFO": 3}
    window = told(
        api.ask(VOLUME, {"id": run_id, "buckets": 3, "from": at(seconds=1), "to": at(seconds=10)}), "log_volume"
    )
    assert [bucket["total"] for bucket in window["buckets"]] == [1, 1, 1]


def test_a_run_without_lines_has_nothing_to_count(api):
    run_id = ended(api, api.register(), "Scheduled")

    assert told(api.ask(VOLUME, {"id": run_id}), "log_volume") == {
        "from": None, "to": None, "total": 0, "counts": {}, "buckets": []
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "given", "said"),
    [
        (COUNTS, {"by": []}, "Invalid by: expected at least one key"),
        (COUNTS, {"limit": 2000}, "Invalid limit"),
        (HISTORY, {"from": at(), "to": at(), "s": 60}, "Invalid bucket_seconds"),
        (HISTORY, {"from": at(), "to": at(days=9000), "s": 1}, "Invalid bucket_seconds"),
        (HISTORY, {"from": at(), "to": at(days=1), "s": 0}, "Invalid bucket_seconds"),
        (VOLUME, {"id": "00000000-0000-4000-8000-000000000000", "buckets": 1001}, "Invalid buckets"),
    ],
    ids=["no key", "too many groups", "no time", "too many buckets", "no length", "too many parts"],
)
def test_what_cannot_be_counted_is_told_by_its_field(api, query, given, said):
    assert said in api.ask(query, given).messages[0]


def test_nobody_counts_what_is_another_tenants(shared_database, tmp_path):
    keyed = Keyed(*shared_database, tmp_path)
    made = keyed.fill(keyed.other)
    run_id = made["flow_run_id"]
    keyed.other.do("write_run_logs", "success", logs=[{"flow_run_id": run_id, "message": "secret"}])

    def seen(holder):
        volume = holder.data(VOLUME, {"id": run_id})["log_volume"]["total"]
        return len(holder.data(COUNTS, {"by": ["state"]})["flow_run_counts"]), volume > 0

    assert seen(keyed.read) == (0, False)
    assert seen(keyed.other) == (1, True)


def test_lines_are_counted_from_the_index_alone(api):
    run_id = ended(api, api.register(), "Scheduled")
    database = api.app.database
    compiled = sums.lines_by_level(run_id, condition_of("log", None), database.dialect)
    values = compiled.values({sums.BEGIN: BEGIN, sums.END: BEGIN})
    if database.dialect is SQLITE:
        steps = api.run_async(database.read(lambda tx: tx.raw(f"EXPLAIN QUERY PLAN {compiled.sql}", values)))
        assert "USING COVERING INDEX log_flow_run_id_timestamp_level_idx" in str(steps)
    else:
        asked = "SELECT set_config('enable_seqscan', 'off', true)"
        plan = api.run_async(database.read(lambda tx: (tx.raw(asked), tx.raw(f"EXPLAIN {compiled.sql}", values))[1]))
        assert "log_flow_run_id_timestamp_level_idx" in str(plan)


def test_the_lines_of_one_run_are_not_those_of_others(api):
    flow_id = api.register()
    one, other = ended(api, flow_id, "Scheduled"), ended(api, flow_id, "Scheduled")
    api.do("write_run_logs", "success", logs=[{"flow_run_id": run, "message": "m"} for run in (one, other, other)])

    assert told(api.ask(VOLUME, {"id": other}), "log_volume")["total"] == 2


def test_failures_are_told_once_for_each_thing_that_is_said(api):
    tasks = [{"slug": f"t{place}-1", "name": f"t{place}", "tags": []} for place in range(9)]
    run_id = ended(api, api.register(tasks=tasks, edges=[]), "Scheduled")
    rows = api.row("flow_run", run_id, "task_runs(order_by: {task: {slug: asc}}) { id task_id }")["task_runs"]
    said = [("Failed", "KeyError: 'a'")] * 6 + [("Failed", "other"), ("TriggerFailed", "other"), ("Success", "fine")]
    for row, (state, message) in zip(rows, said, strict=True):
        change = {"task_run_id": row["id"], "state": {"type": state, "message": message}}
        api.do("set_task_run_states", "states { id }", states=[change])
    asked = (
        "query($id: UUID!, $limit: Int) { task_run_failures(flow_run_id: $id, limit: $limit) "
        "{ state message count first { task_run_id task_id map_index end_time } } }"
    )

    told_ = told(api.ask(asked, {"id": run_id}), "task_run_failures")

    assert [(one["state"], one["message"], one["count"]) for one in told_] == [
        ("Failed", "KeyError: 'a'", 6), ("Failed", "other", 1), ("TriggerFailed", "other", 1)
    ]  # fmt: skip
    assert [one["task_run_id"] for one in told_[0]["first"]] == [row["id"] for row in rows[:5]]
    assert told_[0]["first"][0]["task_id"] == rows[0]["task_id"]
    assert len(told(api.ask(asked, {"id": run_id, "limit": 1}), "task_run_failures")) == 1
    assert "Invalid limit" in api.ask(asked, {"id": run_id, "limit": 101}).messages[0]


@pytest.mark.parametrize(("buckets", "count"), [(None, 1), (1, 1), (3, 3)])
def test_lines_are_counted_in_one_bucket_unless_more_are_asked_for(api, buckets, count):
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    lines = [{"flow_run_id": run_id, "message": "m", "timestamp": at(minutes=number)} for number in range(3)]
    api.do("write_run_logs", "success", logs=lines)

    volume = told(api.ask(VOLUME, {"id": run_id, "buckets": buckets}), "log_volume")

    assert len(volume["buckets"]) == count
    assert sum(bucket["total"] for bucket in volume["buckets"]) == volume["total"] == 3
