"""Views made of answers; against a real little HTTP server."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from prefect.backend import FlowRunView, FlowView, TaskRunView, TenantView, artifacts, kv_store
from prefect.backend.flow_run import FlowRunLog, check_for_compatible_agents, watch_flow_run
from prefect.exceptions import ClientError
from prefect.model.result import Result
from prefect.model.state import Failed, Mapped, Pending, Running, Scheduled, Skipped, Success
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.context import context
from support.graphql_stub import StubServer

TENANT = "6d5b3ab5-6f3d-4f3d-a8a8-000000000001"
NOW = datetime.now(UTC)


@pytest.fixture
def stub(tmp_path):
    settings = {"home_dir": str(tmp_path), "backend": "server", "cloud.api_key": "", "cloud.tenant_id": ""}
    with StubServer() as stub, set_temporary_config({**settings, "cloud.api": stub.url}):
        stub.data("tenant { id }", tenant=[{"id": TENANT}])
        yield stub


def flow_run(state, **changes):
    row = {
        "id": "r",
        "name": "n",
        "flow_id": "f",
        "serialized_state": state and state.serialize(),
        "states": [],
        "labels": ["x"],
        "parameters": {},
        "context": None,
        "updated": NOW.isoformat(),
        "run_config": None,
    }
    return {**row, **changes}


def task_run(state, **changes):
    row = {
        "id": "t",
        "name": None,
        "task": {"id": "T", "slug": "s"},
        "map_index": -1,
        "serialized_state": state.serialize(),
        "flow_run_id": "r",
    }
    return {**row, **changes}


def flow(**changes):
    row = {
        "id": "f",
        "settings": {},
        "run_config": {"type": "LocalRun", "env": None, "labels": []},
        "serialized_flow": {"name": "x", "type": "prefect.core.flow.Flow", "tasks": [], "parameters": []},
        "name": "x",
        "archived": False,
        "project": {"name": "p"},
        "core_version": "1.4.1",
        "storage": {"type": "Module", "module": "m", "flows": {}, "secrets": []},
        "flow_group": {"labels": None},
    }
    return {**row, **changes}


# ----- flows


def test_an_id_is_first_of_a_flow_and_then_of_a_group(stub):
    stub.on("flow(", {"data": {"flow": []}}, {"data": {"flow": [flow(id="g")]}})

    view = FlowView.from_id("some")

    assert view.flow_id == "g"
    assert [asked.variables["where"] for asked in stub.asked] == [
        {"id": {"_eq": "some"}},
        {"flow_group_id": {"_eq": "some"}},
    ]
    assert view.flow.name == "x"
    assert repr(view) == "FlowView(flow_id='g', name='x', project_name='p', storage_type=Module)"


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda: FlowView.from_id("x"), "Given id 'x' is not an existing flow or flow group id."),
        (
            lambda: FlowView.from_flow_id("x"),
            "No results found while querying for flows where {'id': {'_eq': 'x'}}",
        ),
        (
            lambda: FlowView.from_flow_name("x", "p"),
            "No results found while querying for flows where {'name': {'_eq': 'x'}, 'archived': {'_eq': False}, "
            "'project': {'name': {'_eq': 'p'}}}",
        ),
    ],
    ids=["id", "flow-id", "name"],
)
def test_an_unknown_flow_is_named(stub, read, message):
    stub.data("flow(", flow=[])

    with pytest.raises(ValueError, match="x") as caught:
        read()
    assert str(caught.value) == message


def test_a_name_in_several_projects_needs_a_choice(stub):
    stub.data("flow(", flow=[flow(), flow(id="g", project={"name": "q"})])

    with pytest.raises(ValueError, match="Found multiple flows matching"):
        FlowView.from_flow_name("x")
    assert FlowView.from_flow_name("x", last_updated=True).flow_id == "f"


@pytest.mark.parametrize("view", [FlowView.from_id, FlowRunView.from_flow_run_id, TaskRunView.from_task_run_id])
def test_an_id_must_be_a_text(view):
    with pytest.raises(TypeError, match="expected 'str'"):
        view(3)


# ----- flow runs


def test_states_are_sorted_by_their_time_and_carry_it(stub):
    states = [
        {"timestamp": (NOW + timedelta(seconds=1)).isoformat(), "serialized_state": Running().serialize()},
        {"timestamp": NOW.isoformat(), "serialized_state": Scheduled().serialize()},
    ]
    stub.data("flow_run(", flow_run=[flow_run(Running(), states=states)])

    view = FlowRunView.from_flow_run_id("r")

    assert [type(state).__name__ for state in view.states] == ["Scheduled", "Running"]
    assert view.states[0].timestamp == NOW
    assert view.context == {}


def test_a_run_without_a_state_is_pending(stub):
    stub.data("flow_run(", flow_run=[flow_run(None)])

    assert FlowRunView.from_flow_run_id("r").state == Pending()


def test_a_missing_run_is_named(stub):
    stub.data("flow_run(", flow_run=[])

    with pytest.raises(ValueError, match=r"No flow runs found while querying for flow runs where {'id': {'_eq': 'x'}}"):
        FlowRunView.from_flow_run_id("x")


def test_finished_task_runs_are_read_once(stub):
    stub.data("flow_run(", flow_run=[flow_run(Running())])
    stub.data("task_run(", task_run=[task_run(Success())])
    view = FlowRunView.from_flow_run_id("r")

    first = view.get_task_run(task_slug="s")
    asked = len(stub.asked)

    assert view.get_task_run(task_slug="s") is first
    assert view.get_task_run(task_run_id="t") is first
    assert view.get_latest().get_task_run(task_slug="s") is first
    assert len(stub.asked) == asked + 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "must be provided"),
        ({"task_run_id": "t", "task_slug": "other"}, "different slug"),
        ({"task_run_id": "t", "map_index": 3}, "different map index"),
    ],
)
def test_what_is_asked_of_a_task_run_must_fit(stub, arguments, message):
    stub.data("flow_run(", flow_run=[flow_run(Running())])
    stub.data("task_run(", task_run=[task_run(Pending())])

    with pytest.raises(ValueError, match=message):
        FlowRunView.from_flow_run_id("r").get_task_run(**arguments)


def test_a_line_of_an_unknown_level_counts_as_information():
    line = FlowRunLog.from_dict({"timestamp": NOW.isoformat(), "level": "LOUD", "message": None})

    assert (line.level, line.message) == (logging.INFO, "")


# ----- watching


def event(kind, seq, second, **values):
    return {"kind": kind, "seq": seq, "timestamp": (NOW + timedelta(seconds=second)).isoformat(), **values}


def test_states_and_logs_are_told_in_the_order_of_their_times_until_the_end(stub):
    stub.data("flow_run(", flow_run=[flow_run(Scheduled(start_time=NOW))])
    first = [
        event("state", 1, 0, state="Running", message="go"),
        event("log", 2, 2, level="INFO", name="a", message="second", task_run_id=None),
        event("log", 3, 1, level="ERROR", name="a", message="first", task_run_id=None),
    ]
    last = [event("state", 4, 3, state="Success", message="done")]
    stub.on(
        "flow_run_events",
        {"data": {"flow_run_events": {"cursor": 3, "events": first}}},
        {"data": {"flow_run_events": {"cursor": 4, "events": last}}},
        {"data": {"flow_run_events": {"cursor": 4, "events": []}}},
    )

    lines = [(line.level, line.message) for line in watch_flow_run("r")]

    assert lines == [
        (20, "Entered state <Running>: go"),
        (40, "first"),
        (20, "second"),
        (20, "Entered state <Success>: done"),
    ]
    cursors = [asked.variables["after"] for asked in stub.asked if "flow_run_events" in asked.query]
    assert cursors == [0, 3, 4]  # a page may be short because its lines are long: the end is where nothing comes


def test_a_finished_run_is_told_in_one_line(stub):
    stub.data(
        "flow_run(", flow_run=[flow_run(Success(), updated=(datetime.now(UTC) - timedelta(minutes=5)).isoformat())]
    )

    assert [line.message for line in watch_flow_run("r")] == ["Your flow run finished 5 minutes ago"]
    assert list(watch_flow_run("r", stream_states=False)) == []


def test_a_watch_ends_with_an_error_when_the_run_takes_too_long(stub):
    stub.data("flow_run(", flow_run=[flow_run(Running())])
    stub.data("flow_run_events", flow_run_events={"cursor": 0, "events": []})

    with pytest.raises(RuntimeError, match=r"timed out after 0\.0 hours of waiting"):
        list(watch_flow_run("r", max_duration=timedelta()))


OLD = NOW - timedelta(minutes=5)
NO_AGENT = (
    "There are no healthy agents in your tenant and it does not look like an agent with the required labels has been "
    "run recently. Start an agent with labels {'a'} to run your flow."
)


@pytest.mark.parametrize(
    ("agents", "advice"),
    [
        ([], NO_AGENT),
        ([("n", ["a"], None)], NO_AGENT),
        (
            [("n", ["a", "b"], NOW)],
            "Agent id0 (n) has matching labels and last queried a few seconds ago. It should deploy your flow run.",
        ),
        (
            [("n", ["a"], NOW), (None, ["a"], NOW)],
            "Found 2 healthy agents with matching labels. One of them should pick up your flow.",
        ),
        (
            [("n", ["c"], NOW), ("m", ["a"], OLD)],
            "Agent id1 (m) has matching labels and last queried 5 minutes ago. Since it hasn't queried recently, it "
            "looks unhealthy. Restart it or start a new agent with labels {'a'} to deploy your flow run.",
        ),
        (
            [("n", ["a"], OLD), ("m", ["a"], OLD)],
            "Found 2 agents with matching labels but they have not queried recently and look unhealthy. Restart one "
            "of them or start a new agent with labels {'a'} deploy your flow run.",
        ),
        (
            [("n", [], NOW)],
            "You have 1 healthy agents in your tenant but do not have an agent with labels {'a'}. Start an agent with "
            "matching labels to deploy your flow run.",
        ),
    ],
    ids=["none", "never-asked", "one", "several", "one-lost", "several-lost", "others-only"],
)
def test_advice_says_which_agents_there_are(stub, agents, advice):
    since_collection = datetime.now(UTC) - NOW
    rows = [
        {
            "id": f"id{number}",
            "name": name,
            "labels": labels,
            "last_queried": asked and (asked + since_collection).isoformat(),
        }
        for number, (name, labels, asked) in enumerate(agents)
    ]
    stub.data("agent", agent=rows)

    assert check_for_compatible_agents(["a"]) == advice


def test_a_run_without_labels_wants_an_agent_without(stub):
    stub.data("agent", agent=[{"id": "i", "name": "n", "labels": ["a"], "last_queried": datetime.now(UTC).isoformat()}])

    assert "do not have an agent with empty labels" in check_for_compatible_agents([])


# ----- task runs


@pytest.mark.parametrize(
    ("state", "kind", "message"),
    [
        (Pending(), ValueError, "not finished"),
        (Success(), TypeError, "no `Result` type"),
        (Skipped(), TypeError, "no `Result` type"),
        (Failed(), TypeError, "no `Result` type"),
        (Success(result=Result()), ValueError, "no `location`"),
        (Success(result=Result(location="x")), TypeError, "custom `Result` type"),
    ],
)
def test_a_value_that_cannot_be_read_says_why(stub, state, kind, message):
    stub.data("task_run(", task_run=[task_run(state)])

    with pytest.raises(kind, match=message):
        TaskRunView.from_task_run_id("t").get_result()


def test_only_mapped_task_runs_have_children(stub):
    stub.data("task_run(", task_run=[task_run(Success())])

    with pytest.raises(TypeError, match=r"Task run 't' \(s\) is not a mapped task\."):
        list(TaskRunView.from_task_run_id("t").iter_mapped())


# ----- tenants, artifacts, key-value store


def test_a_task_that_was_mapped_over_nothing_has_no_children_and_an_empty_result(stub):
    stub.data("task_run", task_run=[])
    view = TaskRunView._from_row(task_run(Mapped(n_map_states=0)))

    assert list(view.iter_mapped()) == []
    assert view.get_result() == []


def test_children_that_are_not_there_yet_are_missed(stub):
    stub.data("task_run", task_run=[])

    with pytest.raises(ValueError, match="No child task runs were found for task 's'"):
        TaskRunView._from_row(task_run(Mapped(n_map_states=2))).get_result()


def test_what_the_api_says_is_read_by_attributes_too(stub):
    run = FlowRunView._from_row(flow_run(Success(), parameters={"a": {"b": 1}}, context={"c": 2}), [])
    registered = FlowView._from_row(
        flow(settings={"heartbeat_enabled": True}, serialized_flow={"tasks": [{"slug": "s"}]})
    )

    assert run.parameters == {"a": {"b": 1}}
    assert (run.parameters.a.b, run.context.c) == (1, 2)
    assert registered.settings.heartbeat_enabled
    assert registered.serialized_flow.tasks[0].slug == "s"


def test_the_current_tenant_is_read(stub):
    stub.data("tenant(where", tenant=[{"id": TENANT, "slug": "s", "name": "n"}])

    assert TenantView.from_current_tenant() == TenantView(tenant_id=TENANT, name="n", slug="s")


def test_artifacts_do_nothing_without_a_backend(stub):
    assert artifacts.create_link_artifact("http://x") is None
    artifacts.update_markdown_artifact("a", "# x")
    artifacts.delete_artifact("a")

    assert stub.asked == []


def test_an_artifact_belongs_to_the_task_run_at_hand(stub):
    stub.data("create_task_run_artifact", create_task_run_artifact={"id": "a"})

    with context(running_with_backend=True, task_run_id="t"):
        assert artifacts.create_markdown_artifact("# x") == "a"

    sent = stub.asked[-1].variables["input"]
    assert (sent["task_run_id"], sent["kind"], sent["data"]) == ("t", "markdown", {"markdown": "# x"})


def test_values_by_key(stub):
    stub.data("key_value(", key_value=[{"id": "i", "value": {"a": 1}}])
    stub.data("key_value { key }", key_value=[{"key": "b"}, {"key": "a"}])
    stub.data("set_key_value", set_key_value={"id": "i"})
    stub.data("delete_key_value", delete_key_value={"success": True})

    assert kv_store.set_key_value("k", {"a": 1}) == "i"
    assert kv_store.get_key_value("k") == {"a": 1}
    assert kv_store.list_keys() == ["a", "b"]
    assert kv_store.delete_key("k") is True


def test_unknown_keys_and_long_values_are_refused(stub):
    stub.data("key_value(", key_value=[])

    with pytest.raises(ValueError, match="No value found for key: k"):
        kv_store.get_key_value("k")
    with pytest.raises(ValueError, match="No key k found to delete"):
        kv_store.delete_key("k")
    with pytest.raises(ValueError, match="10 KB"):
        kv_store.set_key_value("k", "x" * 10_001)


def test_a_server_without_a_store_is_named_as_the_reason(stub):
    stub.on("key_value", (400, {"errors": [{"message": "Cannot query field 'key_value' on type 'query_root'."}]}))

    with pytest.raises(ClientError, match="only supported while using Prefect Cloud"):
        kv_store.list_keys()
