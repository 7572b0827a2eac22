import asyncio
from datetime import timedelta
from uuid import RFC_4122, UUID

import pytest

from prefect.server.actions import create_run, flows
from prefect.server.actions.names import ADJECTIVES, ANIMALS
from prefect.server.catalogue import metadata
from prefect.server.errors import ApiError
from prefect.server.waiters import queue_topic
from support.world import START, flow_document

PARAMETERS = [
    {"name": "needed", "required": True},
    {"name": "zero", "required": False, "default": 0},
    {"name": "nothing", "required": False, "default": None},
    {"name": "text", "required": False, "default": "flow"},
]


def test_a_new_run_is_scheduled_now_with_all_its_task_runs(world):
    flow_id = world.register()

    run_id = world.create(flow_id)

    run = world.flow_run(run_id)
    assert (run["state"], run["version"], run["state_message"]) == ("Scheduled", 1, "Flow run scheduled.")
    assert run["state_start_time"] == run["scheduled_start_time"] == START
    assert (run["auto_scheduled"], run["times_resurrected"], run["start_time"], run["end_time"]) == (
        False,
        0,
        None,
        None,
    )
    assert (run["parameters"], run["context"], run["labels"]) == ({}, {}, [])
    adjective, animal = run["name"].split("-")
    assert adjective in ADJECTIVES
    assert animal in ANIMALS
    state = world.row("flow_run_state", flow_run_id=run_id)
    assert (state["version"], state["state"], state["start_time"], state["seq"]) == (1, "Scheduled", START, 1)
    assert state["serialized_state"]["start_time"] == START.isoformat()
    task_runs = world.rows("task_run", flow_run_id=run_id)
    assert [(row["state"], row["version"], row["map_index"]) for row in task_runs] == [("Pending", 1, -1)] * 2
    assert {row["cache_key"] for row in task_runs} == {None, "kept"}
    assert {row["tenant_id"] for row in task_runs} == {world.tenant_id}
    for row in task_runs:
        first = world.row("task_run_state", task_run_id=row["id"])
        assert first["serialized_state"] == {"type": "Pending", "message": "Task run created"}


def test_ids_of_what_is_made_with_a_run_lie_side_by_side(world):
    """In the index over all there are they change few pages; see decision 98."""
    tasks = [{"slug": f"t-{number}", "name": "t"} for number in range(300)]
    run_id = world.create(world.register(flow_document(tasks=tasks, edges=[])))

    task_runs = {row["id"] for row in world.rows("task_run", flow_run_id=run_id)}
    lines = {row["id"] for row in world.rows("task_run_state") if row["task_run_id"] in task_runs}

    assert len(task_runs) == len(lines) == 300
    ids = [UUID(one) for one in task_runs | lines]
    assert len(ids) == 600
    assert {one.version for one in ids} == {7}
    assert {one.variant for one in ids} == {RFC_4122}
    assert {str(one)[19] for one in ids} == set("89ab")
    # They begin with the time in milliseconds, and what follows is random.
    times = [one.int >> 80 for one in ids]
    assert max(times) - min(times) < 60_000
    assert len({one.int & (2**62 - 1) for one in ids}) == 600


def test_every_input_lands_on_the_run(world):
    flow_id = world.register(flow_document(parameters=PARAMETERS))
    later = START + timedelta(minutes=10)

    run_id = world.create(
        flow_id,
        parameters={"needed": [1, {"a": None}]},
        labels=["b", "a", "b"],
        run_config={"type": "LocalRun", "labels": ["unused"]},
        context={"k": "v"},
        scheduled_start_time=later,
        idempotency_key="key",
        flow_run_name="docs example",
    )

    run = world.flow_run(run_id)
    assert run["parameters"] == {"needed": [1, {"a": None}], "zero": 0, "nothing": None, "text": "flow"}
    assert run["labels"] == ["a", "b"]
    assert run["run_config"] == {"type": "LocalRun", "labels": ["unused"]}
    assert run["context"] == {"k": "v"}
    assert run["scheduled_start_time"] == run["state_start_time"] == later
    assert (run["idempotency_key"], run["name"]) == ("key", "docs example")


def test_parameters_come_from_the_flow_then_its_group_then_the_caller(world):
    flow_id = world.register(flow_document(parameters=PARAMETERS))
    group_id = world.row("flow", id=flow_id)["flow_group_id"]
    world.do(
        flows.set_group_default_parameters, flow_group_id=group_id, parameters={"needed": "group", "text": "group"}
    )

    run_id = world.create(flow_id, parameters='{"text": "caller", "unknown": 1}')

    assert world.flow_run(run_id)["parameters"] == {
        "needed": "group",
        "zero": 0,
        "nothing": None,
        "text": "caller",
        "unknown": 1,
    }


def test_a_missing_required_parameter_creates_nothing(world):
    flow_id = world.register(flow_document(parameters=PARAMETERS))

    with pytest.raises(ApiError, match=r"Required parameters were not supplied: \{'needed'\}"):
        world.create(flow_id, idempotency_key="k")

    assert world.rows("flow_run") == []
    assert world.rows("run_key") == []


LABELS = [
    pytest.param({"labels": []}, {"group": ["g"]}, [], id="caller's own, even empty"),
    pytest.param({"run_config": {"type": "X", "labels": ["z", "y"]}}, {"group": ["g"]}, ["y", "z"], id="run config's"),
    pytest.param({"run_config": {"type": "X"}}, {"group": ["g"]}, [], id="a run config without"),
    pytest.param({}, {"group": []}, [], id="group's, even empty"),
    pytest.param({}, {"group": ["b", "a"], "group_config": ["c"]}, ["a", "b"], id="group's"),
    pytest.param({}, {"group_config": ["d", "c"]}, ["c", "d"], id="group's run config"),
    pytest.param({}, {}, ["f"], id="flow's run config"),
]


@pytest.mark.parametrize(("given", "set_on_group", "expected"), LABELS)
def test_labels_are_those_of_whoever_has_a_word_about_them_first(world, given, set_on_group, expected):
    config = {"type": "UniversalRun", "labels": ["f"]}
    flow_id = world.register(flow_document(run_config=config, environment={"labels": ["e"]}))
    group_id = world.row("flow", id=flow_id)["flow_group_id"]
    if "group" in set_on_group:
        world.do(flows.set_group_labels, flow_group_id=group_id, labels=set_on_group["group"])
    if "group_config" in set_on_group:
        run_config = {"type": "LocalRun", "labels": set_on_group["group_config"]}
        world.do(flows.set_group_run_config, flow_group_id=group_id, run_config=run_config)

    assert world.flow_run(world.create(flow_id, **given))["labels"] == expected


def test_labels_of_an_old_environment_are_the_last_resort(world):
    flow_id = world.register(flow_document(run_config=None, environment={"type": "LocalEnvironment", "labels": ["e"]}))

    assert world.flow_run(world.create(flow_id))["labels"] == ["e"]


def test_the_run_config_is_taken_whole_from_the_first_who_has_one(world):
    flow_id = world.register(flow_document(run_config={"type": "LocalRun", "env": {"A": "1"}}))
    group_id = world.row("flow", id=flow_id)["flow_group_id"]

    assert world.flow_run(world.create(flow_id))["run_config"] == {"type": "LocalRun", "env": {"A": "1"}}
    world.do(flows.set_group_run_config, flow_group_id=group_id, run_config={"type": "DockerRun"})
    assert world.flow_run(world.create(flow_id))["run_config"] == {"type": "DockerRun"}
    given = world.create(flow_id, run_config='{"type": "KubernetesRun"}')
    assert world.flow_run(given)["run_config"] == {"type": "KubernetesRun"}


def test_version_group_and_flow_group_lead_to_the_newest_version(world):
    world.register(version_group_id="group")
    newest = world.register(version_group_id="group")
    flow_group_id = world.row("flow", id=newest)["flow_group_id"]

    by_version_group = world.create(version_group_id="group")
    by_flow_group = world.create(flow_group_id=flow_group_id)

    assert world.flow_run(by_version_group)["flow_id"] == newest
    assert world.flow_run(by_flow_group)["flow_id"] == newest


def test_the_flow_id_wins_over_a_version_group(world):
    first = world.register(flow_document("one"))
    world.register(flow_document("two"), version_group_id="two")

    assert world.flow_run(world.create(first, version_group_id="two"))["flow_id"] == first


UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "A flow id or version group ID must be provided."),
        ({"flow_id": UNKNOWN}, f"Flow {UNKNOWN} not found"),
        ({"version_group_id": "none"}, "Version group none has no unarchived flows."),
        ({"flow_group_id": UNKNOWN}, f"Flow group {UNKNOWN} has no unarchived flows."),
    ],
    ids=["nothing", "flow", "version group", "flow group"],
)
def test_a_flow_that_is_not_there_is_named(world, given, said):
    with pytest.raises(ApiError) as error:
        world.create(**given)

    assert error.value.message == said


def test_an_archived_flow_cannot_be_run(world):
    flow_id = world.register()
    world.do(flows.archive_flow, flow_id=flow_id)

    with pytest.raises(ApiError, match=f"Flow {flow_id} is archived."):
        world.create(flow_id)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"parameters": "{"}, "parameters"),
        ({"parameters": [1]}, "parameters"),
        ({"parameters": "[1]"}, "parameters"),
        ({"parameters": {"x": "a" * 5_000_001}}, "parameters"),
        ({"parameters": {"x": "\x00"}}, "parameters.x"),
        ({"context": 5}, "context"),
        ({"run_config": "x"}, "run_config"),
        ({"idempotency_key": "  "}, "idempotency_key"),
        ({"idempotency_key": "\x00"}, "idempotency_key"),
        ({"labels": [""]}, "label in labels"),
        ({"labels": ["l" * 2_001]}, "label in labels"),
        ({"labels": [str(n) for n in range(1_001)]}, "labels"),
    ],
)
def test_bad_input_names_the_field_and_creates_nothing(world, given, field):
    flow_id = world.register()

    with pytest.raises(ApiError, match=f"^Invalid {field}: expected ") as error:
        world.create(flow_id, **given)

    assert error.value.code == "BAD_USER_INPUT"
    assert world.rows("flow_run") == []


# ------------------------------------------------------------------------------------ idempotency keys


def create_at_once(world, count, **inputs):
    """Send the same creation over many connections at one moment, as the API does it."""

    async def one():
        while True:
            try:
                return await world.database.write(lambda tx: create_run.create_flow_run(tx, world.now, **inputs))
            except create_run.KeyTaken:
                continue

    async def all_of_them():
        return await asyncio.gather(*(one() for _ in range(count)))

    return world.run_async(all_of_them())


def test_64_simultaneous_creations_with_one_key_make_one_run(world):
    world.register(version_group_id="group")
    flow_id = world.row("flow")["id"]

    by_flow = create_at_once(world, 64, flow_id=flow_id, idempotency_key="a")
    by_group = create_at_once(world, 64, version_group_id="group", idempotency_key="b")

    assert len(set(by_flow)) == len(set(by_group)) == 1
    assert len(world.rows("flow_run")) == 2
    assert len(world.rows("task_run")) == 4


def test_64_simultaneous_creations_without_a_key_make_64_runs(world):
    flow_id = world.register()

    assert len(set(create_at_once(world, 64, flow_id=flow_id))) == 64


def test_a_key_leads_to_its_run_whatever_else_is_given(world):
    flow_id = world.register()
    first = world.create(flow_id, idempotency_key="k", flow_run_name="first")

    again = world.create(flow_id, idempotency_key="k", flow_run_name="second", parameters={"x": 1})

    assert again == first
    assert world.flow_run(first)["name"] == "first"


def test_a_key_used_with_a_flow_is_free_for_its_next_version(world):
    one = world.create(world.register(), idempotency_key="k")
    two = world.create(world.register(), idempotency_key="k")

    assert one != two


def test_a_key_used_with_a_version_group_holds_over_new_versions(world):
    world.register(version_group_id="group")
    first = world.create(version_group_id="group", idempotency_key="k")
    newest = world.register(version_group_id="group")

    assert world.create(version_group_id="group", idempotency_key="k") == first
    assert world.create(newest, idempotency_key="k") != first


def test_a_key_used_with_a_flow_group_holds_over_new_versions(world):
    flow_group_id = world.row("flow", id=world.register())["flow_group_id"]
    first = world.create(flow_group_id=flow_group_id, idempotency_key="k")
    world.register()

    assert world.create(flow_group_id=flow_group_id, idempotency_key="k") == first


def test_one_key_and_one_flow_is_one_run_by_whichever_road(world):
    flow_id = world.register(version_group_id="group")
    first = world.create(version_group_id="group", idempotency_key="k")
    second = world.create(flow_id, idempotency_key="l")

    assert world.create(flow_id, idempotency_key="k") == first
    assert world.create(version_group_id="group", idempotency_key="l") == second


def test_a_key_does_not_hide_an_archived_flow(world):
    flow_id = world.register()
    world.create(flow_id, idempotency_key="k")
    world.do(flows.archive_flow, flow_id=flow_id)

    with pytest.raises(ApiError, match="archived"):
        world.create(flow_id, idempotency_key="k")


def test_a_new_run_is_announced_to_agents(world):
    flow_id = world.register()
    world.announced.clear()

    world.create(flow_id)

    # Who follows the run's row is told as well.
    assert [topic for topic in world.announced if not topic.startswith("row:")] == [queue_topic(world.tenant_id, ())]


def test_task_runs_of_a_task_without_a_tenant_are_of_that_of_their_run(world):
    """Rows that were taken over from a server of 1.x may name none."""
    flow_id = world.register()
    table = metadata.tables["task"]
    world.do(lambda tx, now: tx.run(table.update().where(table.c.flow_id == flow_id).values(tenant_id=None)))
    assert {row["tenant_id"] for row in world.rows("task", flow_id=flow_id)} == {None}
    alone = world.create(flow_id)
    together = world.do(create_run.create_flow_runs, flow_runs=[{"flow_id": flow_id}, {"flow_id": flow_id}])

    for run_id in (alone, *(getattr(one, "id", one) for one in together)):
        found = world.rows("task_run", flow_run_id=run_id)
        assert {row["tenant_id"] for row in found} == {world.tenant_id}
