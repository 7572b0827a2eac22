"""Events of a run: which kinds, which levels, from where on; and the states of its task runs as they change."""

from __future__ import annotations

import pytest

from support.asgi import graphql
from support.sockets import Socket

EVENTS = (
    "query($id: UUID!, $after: Int, $limit: Int, $kinds: [event_kind!], $levels: [log_level!], $since: String, "
    "$wait: Float) { flow_run_events(flow_run_id: $id, after: $after, limit: $limit, kinds: $kinds, levels: $levels, "
    "task_runs_after: $since, wait_seconds: $wait) { cursor events has_more task_run_cursor } }"
)
LIVE = (
    "subscription($id: UUID!, $after: Int, $since: String) { flow_run_events(flow_run_id: $id, after: $after, "
    "task_runs_after: $since, kinds: [state, task_run]) { cursor events task_run_cursor } }"
)
TASK_RUNS = "query($id: uuid!) { task_run(where: {flow_run_id: {_eq: $id}}) { id task { id slug } version } }"
SET = "mutation($input: set_task_run_states_input!) { set_task_run_states(input: $input) { states { id } } }"
LOGS = "mutation($input: write_run_logs_input!) { write_run_logs(input: $input) { success } }"


@pytest.fixture
def run_id(api):
    return api.do("create_flow_run", flow_id=api.register())["id"]


def log(api, run_id, *levels):
    lines = [
        {"flow_run_id": run_id, "message": f"{place} {level}", "level": level} for place, level in enumerate(levels)
    ]
    api.do("write_run_logs", "success", logs=lines)


def events(api, run_id, **given):
    return api.ask(EVENTS, {"id": run_id, **given}).data["flow_run_events"]


def task_runs(api, run_id):
    return {row["task"]["slug"]: row for row in api.ask(TASK_RUNS, {"id": run_id}).data["task_run"]}


def test_from_now_on_nothing_of_the_past_is_told(api, run_id):
    log(api, run_id, "INFO", "INFO")

    now = events(api, run_id, after=-1)
    assert (now["events"], now["cursor"], now["has_more"]) == ([], 3, False)
    assert api.row("flow_run", run_id, "event_seq logs { seq }") == {"event_seq": 3, "logs": [{"seq": 2}, {"seq": 3}]}

    log(api, run_id, "ERROR")
    assert [event["message"] for event in events(api, run_id, after=now["cursor"])["events"]] == ["0 ERROR"]


def test_only_the_wanted_kinds_and_levels_are_told(api, run_id):
    log(api, run_id, "INFO", "ERROR", "WARNING", "ERROR")

    def told(**given):
        found = events(api, run_id, **given)
        return [event.get("level", event["kind"]) for event in found["events"]], found["cursor"]

    assert told() == (["state", "INFO", "ERROR", "WARNING", "ERROR"], 5)
    assert told(kinds=["state"]) == (["state"], 1)
    assert told(kinds=["log"], levels=["ERROR", "WARNING"]) == (["ERROR", "WARNING", "ERROR"], 5)
    assert told(levels=[]) == (["state"], 5)
    assert told(kinds=[]) == ([], 5)


def test_a_line_far_behind_others_is_found_by_one_question(api, run_id):
    log(api, run_id, *["INFO"] * 12, "ERROR")

    found = events(api, run_id, kinds=["log"], levels=["ERROR"], limit=3)

    assert [event["seq"] for event in found["events"]] == [14]


def test_task_runs_are_told_as_they_are_a_page_at_a_time(api, run_id):
    found, since, pages = [], None, 0
    while True:
        page = events(api, run_id, kinds=["task_run"], since=since, limit=1)
        found, since, pages = found + page["events"], page["task_run_cursor"], pages + 1
        if not page["has_more"]:
            break

    assert pages == 3
    expected = task_runs(api, run_id)
    assert {event["id"] for event in found} == {row["id"] for row in expected.values()}
    one = next(event for event in found if event["id"] == expected["one-1"]["id"])
    assert (one["kind"], one["task_id"], one["map_index"], one["state"], one["version"]) == (
        "task_run", expected["one-1"]["task"]["id"], -1, "Pending", 1
    )  # fmt: skip
    assert {"name", "timestamp", "start_time", "end_time"} <= one.keys()
    assert events(api, run_id, kinds=["task_run"], since=since)["events"] == []


def test_a_subscriber_hears_of_each_task_run_once_and_of_no_other_run(api, run_id):
    flow_id = api.row("flow_run", run_id, "flow_id")["flow_id"]
    other_id = api.do("create_flow_run", flow_id=flow_id)["id"]
    mine, others = task_runs(api, run_id), task_runs(api, other_id)

    async def change(row, state):
        await graphql(api.app, SET, {"input": {"states": [{"task_run_id": row["id"], "state": {"type": state}}]}})

    async def scene():
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe(LIVE, id=run_id, after=-1)
            first = (await socket.data())["flow_run_events"]
            seen = {event["id"] for event in first["events"]}  # of the last seconds, in case they were committed late
            assert seen == {row["id"] for row in mine.values()}
            await change(others["one-1"], "Success")
            await change(mine["one-1"], "Success")
            second = (await socket.data())["flow_run_events"]
            await graphql(api.app, LOGS, {"input": {"logs": [{"flow_run_id": run_id, "message": "m"}]}})
            await change(mine["two-1"], "Failed")
            third = (await socket.data())["flow_run_events"]
            await socket.silence()
            return first, second, third

    first, second, third = api.run_async(scene())
    assert first["cursor"] == 1
    assert [(event["id"], event["state"]) for event in second["events"]] == [(mine["one-1"]["id"], "Success")]
    assert [(event["id"], event["state"]) for event in third["events"]] == [(mine["two-1"]["id"], "Failed")]


def test_who_comes_back_misses_nothing(api, run_id):
    """Also a change that was committed after one with a later time: it begins a little before its cursor."""
    row = task_runs(api, run_id)["one-1"]
    api.do("set_task_run_states", "states { id }", states=[{"task_run_id": row["id"], "state": {"type": "Success"}}])
    late = events(api, run_id, kinds=["task_run"])["task_run_cursor"]

    async def scene():
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe(LIVE, id=run_id, after=1, since=late)
            return (await socket.data())["flow_run_events"]

    assert row["id"] in {event["id"] for event in api.run_async(scene())["events"]}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"after": -2}, "Invalid after"),
        ({"since": "yesterday"}, "Invalid task_runs_after"),
        ({"since": "0001-01-01T00:00:00+14:00"}, "Invalid task_runs_after"),
        ({"kinds": ["more"]}, "more"),
    ],
    ids=["below now", "no time", "before all times", "no kind"],
)
def test_what_cannot_be_meant_is_told_by_its_field(api, run_id, given, said):
    assert said in api.ask(EVENTS, {"id": run_id, **given}).messages[0]
