import asyncio
import base64
import gzip
import json

import pytest

from prefect.server.actions import flows, registration, runs, schedules, tenants
from prefect.server.errors import ApiError
from support.world import START, flow_document

UNKNOWN = "00000000-0000-4000-8000-000000000000"
HOURLY = {
    "type": "Schedule",
    "clocks": [{"type": "IntervalClock", "interval": 3_600_000_000, "start_date": None, "parameter_defaults": {}}],
    "filters": [],
    "or_filters": [],
    "not_filters": [],
    "adjustments": [],
}


def test_the_first_version_of_a_flow_stands_with_its_group_tasks_and_edges(world):
    document = flow_document(description="what it does")

    flow = world.row("flow", id=world.register(document))

    assert (flow["version"], flow["name"], flow["archived"], flow["is_schedule_active"]) == (1, "flow", False, False)
    assert flow["serialized_flow"] == document
    assert (flow["core_version"], flow["storage"], flow["parameters"]) == ("1.4.1", {"type": "Local"}, [])
    group = world.row("flow_group", id=flow["flow_group_id"])
    assert group["name"] == flow["version_group_id"]
    assert group["settings"] == {
        "heartbeat_enabled": True,
        "lazarus_enabled": True,
        "version_locking_enabled": False,
        "idempotency_key": None,
    }
    assert flow["settings"]["heartbeat_enabled"] is True
    tasks = {row["slug"]: row for row in world.rows("task", flow_id=flow["id"])}
    assert set(tasks) == {"one-1", "two-1"}
    assert (tasks["two-1"]["max_retries"], tasks["two-1"]["retry_delay"].total_seconds()) == (2, 30)
    assert (tasks["one-1"]["is_root_task"], tasks["two-1"]["is_terminal_task"]) == (True, True)
    edge = world.row("edge", flow_id=flow["id"])
    assert (edge["upstream_task_id"], edge["downstream_task_id"], edge["key"]) == (
        tasks["one-1"]["id"],
        tasks["two-1"]["id"],
        "x",
    )


def test_a_name_is_registered_again_as_the_next_version_and_the_others_are_archived(world):
    first, second = world.register(), world.register()

    rows = {row["id"]: row for row in world.rows("flow")}
    assert (rows[first]["version"], rows[first]["archived"]) == (1, True)
    assert (rows[second]["version"], rows[second]["archived"]) == (2, False)
    assert rows[first]["flow_group_id"] == rows[second]["flow_group_id"]


def test_an_archived_flow_hands_its_group_on_to_the_next_of_its_name(world):
    first = world.register()
    world.do(flows.archive_flow, flow_id=first)

    second = world.register()

    assert world.row("flow", id=second)["version"] == 2


def test_flows_of_other_names_projects_or_groups_stay(world):
    other_project = world.do(tenants.create_project, tenant_id=world.tenant_id, name="other")
    made = [
        world.register(),
        world.register(flow_document("another")),
        world.register(project_id=other_project),
        world.register(version_group_id="own"),
    ]

    assert [world.row("flow", id=flow_id)["archived"] for flow_id in made] == [False] * 4
    assert [world.row("flow", id=flow_id)["version"] for flow_id in made] == [1] * 4


def test_the_same_idempotency_key_gives_the_same_version(world):
    first = world.register(idempotency_key="hash")

    assert world.register(idempotency_key="hash") == first
    assert world.register(idempotency_key="other") != first
    assert len(world.rows("flow")) == 2


def test_the_key_of_an_archived_version_makes_a_new_one(world):
    first = world.register(idempotency_key="hash")
    world.do(flows.archive_flow, flow_id=first)

    assert world.register(idempotency_key="hash") != first


def test_a_flow_without_a_key_forgets_the_last_one(world):
    first = world.register(idempotency_key="hash")
    world.register()

    assert world.register(idempotency_key="hash") != first


def test_a_flow_comes_compressed_as_well():
    packed = base64.b64encode(gzip.compress(json.dumps(flow_document()).encode())).decode()

    assert registration.decompress(packed) == flow_document()


@pytest.mark.parametrize("text", ["", "!", "aGVsbG8=", base64.b64encode(gzip.compress(b"{", mtime=0)).decode(), "é"])
def test_what_does_not_unpack_is_refused(text):
    with pytest.raises(ApiError, match="Unable to decompress serialized flow"):
        registration.decompress(text)


def test_a_flow_cut_off_on_the_way_is_refused():
    packed = gzip.compress(json.dumps(flow_document()).encode())

    with pytest.raises(ApiError, match="Unable to decompress serialized flow"):
        registration.decompress(base64.b64encode(packed[:-20]).decode())


def test_a_small_text_that_unpacks_to_very_much_is_refused():
    with pytest.raises(ApiError, match="at most 50000000 bytes"):
        registration.decompress(base64.b64encode(gzip.compress(b" " * 60_000_000)).decode())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": None}, "serialized_flow.name"),
        ({"name": ""}, "serialized_flow.name"),
        ({"name": "n" * 2_001}, "serialized_flow.name"),
        ({"tasks": [{"name": "x"}]}, "tasks\\[0\\].slug"),
        ({"tasks": "x"}, "serialized_flow.tasks"),
        ({"tasks": [5]}, "serialized_flow.tasks"),
        ({"tasks": [{"slug": "a", "max_retries": "2"}]}, "tasks\\[0\\].max_retries"),
        ({"tasks": [{"slug": "a", "retry_delay": -1}]}, "tasks\\[0\\].retry_delay"),
        ({"edges": [{"upstream_task": {"slug": "one-1"}}]}, "edges\\[0\\].downstream_task"),
        (
            {"edges": [{"upstream_task": {"slug": "?"}, "downstream_task": {"slug": "one-1"}}]},
            "could not be registered",
        ),
        ({"schedule": []}, "serialized_flow.schedule"),
        ({"parameters": [{"name": 5}]}, "parameters\\[0\\].name"),
        ({"parameters": ["x"]}, "serialized_flow.parameters"),
        ({"run_config": {"labels": [1, None]}}, r"serialized_flow\.run_config\.labels"),
        ({"environment": {"labels": 5}}, r"serialized_flow\.environment\.labels"),
        ({"tasks": [{"slug": "a", "tags": [None]}]}, "tasks\\[0\\].tags"),
        ({"storage": "x"}, "serialized_flow.storage"),
        ({"__version__": "0.5.9"}, "0.6.1"),
    ],
)
def test_a_flow_that_cannot_be_read_is_refused_whole(world, changes, said):
    with pytest.raises(ApiError, match=said):
        world.register(flow_document(**changes))

    assert world.rows("flow") == []
    assert world.rows("flow_group") == []


@pytest.mark.parametrize("version", ["1.4.1", "0.6.1", "0+unknown", None, "1.2.0+3.gabc", "2"])
def test_flows_of_newer_or_unknown_versions_register(world, version):
    assert world.register(flow_document(__version__=version))


def test_an_unknown_project_is_refused(world):
    with pytest.raises(ApiError, match=r"Invalid project\."):
        world.register(project_id=UNKNOWN)


def test_tasks_and_edges_may_follow_and_are_added_once(world):
    document = flow_document()
    flow_id = world.register({**document, "tasks": [], "edges": []})
    three = {"slug": "three-1", "name": "three"}

    for _ in range(2):
        world.do(registration.register_tasks, flow_id=flow_id, serialized_tasks=document["tasks"])
        world.do(registration.register_tasks, flow_id=flow_id, serialized_tasks=[three, three])
        world.do(registration.register_edges, flow_id=flow_id, serialized_edges=document["edges"])
    world.do(registration.register_tasks, flow_id=flow_id, serialized_tasks=[])

    assert {row["slug"] for row in world.rows("task", flow_id=flow_id)} == {"one-1", "two-1", "three-1"}
    assert {row["tenant_id"] for row in world.rows("task", flow_id=flow_id)} == {world.tenant_id}
    assert len(world.rows("edge", flow_id=flow_id)) == 1
    kept = world.row("flow", id=flow_id)["serialized_flow"]
    assert [task["slug"] for task in kept["tasks"]] == ["one-1", "two-1", "three-1"]
    assert kept["edges"] == document["edges"]
    assert len(world.rows("task_run", flow_run_id=world.create(flow_id))) == 3


def test_edges_to_tasks_that_are_not_there_are_refused(world):
    flow_id = world.register()
    edge = {"upstream_task": "one-1", "downstream_task": "nowhere"}

    with pytest.raises(ApiError, match="Edges could not be registered - the flow has no task with the slug 'nowhere'"):
        world.do(registration.register_edges, flow_id=flow_id, serialized_edges=[edge])


def test_archiving_ends_what_has_not_begun_and_nothing_else(world):
    flow_id = world.register(flow_document(schedule=HOURLY))
    planned = world.rows("flow_run", auto_scheduled=True)
    waiting, running = world.create(flow_id), world.running(flow_id)

    assert world.do(flows.archive_flow, flow_id=flow_id) is True

    assert len(planned) == 10
    assert world.rows("flow_run", auto_scheduled=True) == []
    assert world.flow_run(waiting)["state_message"] == f"Flow {flow_id} was archived."
    assert world.flow_run(waiting)["state"] == "Cancelled"
    assert world.flow_run(running)["state"] == "Running"
    assert world.do(flows.archive_flow, flow_id=UNKNOWN) is False


def test_deleting_takes_everything_below_and_leaves_the_group(world):
    flow_id = world.register()
    run_id = world.running(flow_id, idempotency_key="k")
    world.log(run_id)

    assert world.do(flows.delete_flow, flow_id=flow_id) is True

    for table in ("flow", "task", "edge", "flow_run", "task_run", "flow_run_state", "task_run_state", "log", "run_key"):
        assert world.rows(table) == [], table
    assert len(world.rows("flow_group")) == 1
    assert world.do(flows.delete_flow, flow_id=flow_id) is False


def test_deleting_a_run_takes_its_states_and_logs(world):
    run_id = world.running()
    world.log(run_id)

    assert world.do(runs.delete_flow_run, flow_run_id=run_id) is True
    assert world.rows("log") == world.rows("task_run_state") == []


def test_heartbeats_are_switched_for_all_versions_of_the_group(world):
    first, second = world.register(), world.register()

    world.do(flows.switch_setting, flow_id=first, changes={"heartbeat_enabled": False, "disable_heartbeat": True})

    assert world.row("flow", id=second)["settings"]["heartbeat_enabled"] is False
    assert world.row("flow_group")["settings"]["disable_heartbeat"] is True
    assert world.row("flow", id=world.register())["settings"]["heartbeat_enabled"] is False
    with pytest.raises(ApiError, match=r"Invalid flow ID\."):
        world.do(flows.switch_setting, flow_id=UNKNOWN, changes={})


def test_a_flow_moves_within_its_tenant_only(world):
    flow_id = world.register()
    near = world.do(tenants.create_project, tenant_id=world.tenant_id, name="near")
    other_tenant = world.do(tenants.create_tenant, name="Other", slug="other")
    far = world.do(tenants.create_project, tenant_id=other_tenant, name="far")

    assert world.do(flows.move_flow, flow_id=flow_id, project_id=near) == flow_id
    assert world.row("flow", id=flow_id)["project_id"] == near
    with pytest.raises(ApiError, match=r"Invalid flow or project ID\."):
        world.do(flows.move_flow, flow_id=flow_id, project_id=far)


# ----------------------------------------------------------------------------------------------- schedules


def activate(world, flow_id):
    return world.do(schedules.set_schedule_active, flow_id=flow_id, settings=world.settings)


def test_an_active_schedule_makes_its_next_ten_runs_at_once(world):
    world.register(flow_document(schedule=HOURLY))

    planned = world.rows("flow_run")

    assert len(planned) == 10
    starts = sorted(run["scheduled_start_time"] for run in planned)
    assert (starts[0].hour, starts[-1].hour) == (13, 22)
    assert all(run["auto_scheduled"] and run["state"] == "Scheduled" for run in planned)
    assert f"auto-scheduled:{starts[0].isoformat()}" in {run["idempotency_key"] for run in planned}


def test_activating_again_makes_no_run_twice(world):
    flow_id = world.register(flow_document(schedule=HOURLY))

    assert activate(world, flow_id) is True

    assert len(world.rows("flow_run")) == 10


def test_a_flow_may_be_registered_with_its_schedule_off(world):
    flow_id = world.register(flow_document(schedule=HOURLY), set_schedule_active=False)

    assert world.rows("flow_run") == []
    assert world.row("flow", id=flow_id)["is_schedule_active"] is False


def test_a_flow_without_schedule_is_not_activated(world):
    assert activate(world, world.register()) is False
    assert activate(world, UNKNOWN) is False


def test_switching_off_takes_planned_runs_away(world):
    flow_id = world.register(flow_document(schedule=HOURLY))
    own = world.create(flow_id)

    assert world.do(schedules.set_schedule_inactive, flow_id=flow_id) is True

    assert [run["id"] for run in world.rows("flow_run")] == [own]
    assert world.do(schedules.set_schedule_inactive, flow_id=UNKNOWN) is False


def test_a_schedule_must_give_what_the_flow_requires(world):
    needed = {"name": "x", "required": True}
    flow_id = world.register(flow_document(schedule=HOURLY, parameters=[needed]))

    assert world.row("flow", id=flow_id)["is_schedule_active"] is False
    with pytest.raises(ApiError, match=r"Can not schedule a flow that has required parameters\."):
        activate(world, flow_id)

    group_id = world.row("flow_group")["id"]
    world.do(flows.set_group_default_parameters, flow_group_id=group_id, parameters={"x": 1})
    assert activate(world, flow_id) is True
    assert {run["parameters"]["x"] for run in world.rows("flow_run")} == {1}


def test_clocks_bring_parameters_and_labels_to_runs_of_one_moment(world):
    clock = HOURLY["clocks"][0]
    schedule = {
        **HOURLY,
        "clocks": [
            {**clock, "parameter_defaults": {"x": 1}, "labels": ["one"]},
            {**clock, "parameter_defaults": {"x": 2}, "labels": ["two"]},
        ],
    }
    flow_id = world.register(flow_document(schedule=schedule, parameters=[{"name": "x", "required": True}]))
    activate(world, flow_id)

    planned = world.rows("flow_run")

    assert len(planned) == 10
    assert {(run["parameters"]["x"], tuple(run["labels"])) for run in planned} == {(1, ("one",)), (2, ("two",))}


def set_group_schedule(world, flow_id, **inputs):
    group_id = world.row("flow", id=flow_id)["flow_group_id"]
    return world.do(schedules.set_group_schedule, flow_group_id=group_id, settings=world.settings, **inputs)


def test_the_groups_schedule_replaces_that_of_the_flow_and_its_planned_runs(world):
    flow_id = world.register(flow_document(schedule=HOURLY))

    set_group_schedule(world, flow_id, cron_clocks=[{"cron": "0 0 * * *"}])

    assert {run["scheduled_start_time"].hour for run in world.rows("flow_run")} == {0}
    stored = world.row("flow_group")["schedule"]
    assert (stored["type"], stored["clocks"][0]["cron"], stored["clocks"][0]["start_date"]) == (
        "Schedule",
        "0 0 * * *",
        None,
    )

    group_id = world.row("flow_group")["id"]
    world.do(schedules.delete_group_schedule, flow_group_id=group_id, settings=world.settings)
    assert len({run["scheduled_start_time"].hour for run in world.rows("flow_run")}) == 10


def test_a_group_schedule_may_lie_in_a_time_zone(world):
    flow_id = world.register(flow_document(schedule=HOURLY))

    set_group_schedule(world, flow_id, cron_clocks=[{"cron": "0 9 * * *"}], timezone="America/New_York")

    assert {run["scheduled_start_time"].hour for run in world.rows("flow_run")} == {14}
    start_date = world.row("flow_group")["schedule"]["clocks"][0]["start_date"]
    assert start_date == {"dt": START.replace(hour=7, tzinfo=None).isoformat(), "tz": "America/New_York"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"cron_clocks": [{"cron": "every day"}]}, "Invalid clock provided for schedule: "),
        ({"interval_clocks": [{"interval": 59}]}, "Invalid clock provided for schedule: "),
        ({"interval_clocks": [{"interval": 60}], "timezone": "Mars/Base"}, "Invalid timezone provided for schedule: "),
        ({"interval_clocks": [{"interval": 60, "parameter_defaults": 5}]}, "Invalid parameter_defaults"),
    ],
)
def test_a_schedule_that_cannot_be_read_leaves_the_old_one(world, given, said):
    flow_id = world.register(flow_document(schedule=HOURLY))

    with pytest.raises(ApiError, match=said):
        set_group_schedule(world, flow_id, **given)

    assert world.row("flow_group")["schedule"] is None
    assert len(world.rows("flow_run")) == 10


def test_flows_of_one_new_name_registered_at_one_moment_are_versions_of_one_group(world):
    async def one():
        given = {"serialized_flow": flow_document("same"), "project_id": world.project_id}
        return await world.database.write(
            lambda tx: registration.create_flow(tx, world.now, settings=world.settings, **given)
        )

    async def all_of_them():
        return await asyncio.gather(*(one() for _ in range(8)))

    world.run_async(all_of_them())

    rows = sorted(world.rows("flow"), key=lambda row: row["version"])
    assert [row["version"] for row in rows] == list(range(1, 9))
    assert [row["archived"] for row in rows] == [True] * 7 + [False]
    assert len({row["flow_group_id"] for row in rows}) == 1


def test_an_empty_tag_or_label_is_registered_as_in_1_x(world):
    document = flow_document(run_config={"type": "UniversalRun", "labels": ["", "l" * 300]})
    document["tasks"][0]["tags"] = ["", "t" * 300]

    assert world.register(document)
