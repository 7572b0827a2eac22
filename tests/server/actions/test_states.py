import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from prefect.server.actions import agents, runs, set_state
from prefect.server.actions.checks import size_of
from prefect.server.errors import ApiError
from prefect.server.rules.proposal import read_proposal
from support.world import START

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def test_a_run_goes_its_way_with_versions_1_2_3_and_its_row_mirrors_the_last_state(world):
    run_id = world.create(world.register())
    world.pass_time(1)
    world.set_flow_run(run_id, "Submitted", version=1)
    started = world.pass_time(1)
    world.set_flow_run(run_id, "Running", version=2)
    ended = world.pass_time(1)
    world.set_flow_run(run_id, {"type": "Success", "message": "well done"})

    assert world.history(run_id) == ["Scheduled", "Submitted", "Running", "Success"]
    run = world.flow_run(run_id)
    assert (run["version"], run["state"], run["state_message"]) == (4, "Success", "well done")
    assert (run["start_time"], run["end_time"], run["state_timestamp"]) == (started, ended, ended)
    assert run["serialized_state"]["type"] == "Success"
    assert run["state_start_time"] is None
    assert run["heartbeat"] == started


def test_states_of_a_run_are_numbered_with_its_logs_in_the_order_of_their_commits(world):
    run_id = world.running()
    world.log(run_id, "first")
    world.log(run_id, "second")
    world.set_flow_run(run_id, "Success")

    events = world.events(run_id)

    assert [(event["seq"], event["kind"]) for event in events.events] == [
        (1, "state"),
        (2, "state"),
        (3, "state"),
        (4, "log"),
        (5, "log"),
        (6, "state"),
    ]
    assert events.cursor == 6
    assert [event["seq"] for event in world.events(run_id, after=4).events] == [5, 6]
    assert [event["seq"] for event in world.events(run_id, limit=2).events] == [1, 2]
    assert world.events(run_id, after=6).cursor == 6


def test_events_of_a_run_that_is_not_there_are_an_error(world):
    with pytest.raises(ApiError, match="not found"):
        world.events(UNKNOWN)


@pytest.mark.parametrize("method", ["set_flow_run", "set_task_run"])
def test_an_unknown_run_is_refused_in_the_words_that_agents_know(world, method):
    with pytest.raises(ApiError, match=r"State update failed for (flow|task) run ID 00000000-0000-4000-8000"):
        getattr(world, method)(UNKNOWN, "Running")


def test_two_agents_cannot_both_take_a_run(world):
    run_id = world.create(world.register())
    world.set_flow_run(run_id, "Submitted", version=1)

    with pytest.raises(ApiError) as error:
        world.set_flow_run(run_id, "Submitted", version=1)

    assert error.value.message == "State update failed: this run has already been submitted."
    assert world.history(run_id) == ["Scheduled", "Submitted"]


def test_of_32_agents_at_one_moment_one_takes_the_run(world):
    run_id = world.create(world.register())

    async def take():
        proposed = read_proposal({"type": "Submitted"}, world.now)
        try:
            await world.database.write(
                lambda tx: set_state.set_flow_run_state(tx, world.now, flow_run_id=run_id, proposed=proposed, version=1)
            )
            return True
        except ApiError as error:
            return error.message

    async def all_of_them():
        return await asyncio.gather(*(take() for _ in range(32)))

    answers = world.run_async(all_of_them())
    assert answers.count(True) == 1
    assert answers.count("State update failed: this run has already been submitted.") == 31
    assert world.history(run_id) == ["Scheduled", "Submitted"]


def test_versions_have_no_gap_however_many_change_a_run_at_once(world):
    run_id = world.running()

    async def move():
        proposed = read_proposal({"type": "Success"}, world.now)
        await world.database.write(
            lambda tx: set_state.set_flow_run_state(tx, world.now, flow_run_id=run_id, proposed=proposed)
        )

    async def all_of_them():
        await asyncio.gather(*(move() for _ in range(32)))

    world.run_async(all_of_them())

    assert len(world.history(run_id)) == 35
    assert world.flow_run(run_id)["version"] == 35
    assert [event["seq"] for event in world.events(run_id).events] == list(range(1, 36))


def test_a_change_based_on_an_old_version_is_refused(world):
    run_id = world.create(world.register())
    world.set_flow_run(run_id, "Submitted", version=1)

    with pytest.raises(ApiError) as error:
        world.set_flow_run(run_id, "Running", version=1)

    assert error.value.code == "VERSION_LOCKING_ERROR"
    assert world.history(run_id) == ["Scheduled", "Submitted"]


def test_an_agents_failed_counts_though_it_carries_the_version_before_submitted(world):
    run_id = world.create(world.register())
    world.set_flow_run(run_id, "Submitted", version=1)

    world.set_flow_run(run_id, {"type": "Failed", "message": "no such image"}, version=1)

    assert world.flow_run(run_id)["state"] == "Failed"


@pytest.mark.parametrize("kind", ["flow", "task"])
def test_a_state_that_is_sent_again_changes_nothing(world, kind):
    run_id = world.running()
    if kind == "task":
        run_id = world.task_run(run_id)["id"]
    send = world.set_flow_run if kind == "flow" else world.set_task_run
    state_id = str(uuid4())

    first = send(run_id, "Success", state_id=state_id)
    world.pass_time(5)
    again = send(run_id, "Success", state_id=state_id)

    assert again == first
    table = f"{kind}_run_state"
    assert world.history(run_id, table)[-2:] == ["Running" if kind == "flow" else "Pending", "Success"]
    assert world.row(table, id=state_id)["timestamp"] == START


def test_the_id_of_another_runs_state_is_refused(world):
    state_id = str(uuid4())
    world.set_flow_run(world.running(), "Success", state_id=state_id)

    with pytest.raises(ApiError, match="Invalid id of the state"):
        world.set_flow_run(world.running(), "Success", state_id=state_id)


def test_submitted_notes_the_agent_that_took_the_run(world):
    agent_id = world.do(agents.register_agent, type="LocalAgent", tenant_id=world.tenant_id)
    flow_id = world.register()
    run_id, other_id = world.create(flow_id), world.create(flow_id)

    world.set_flow_run(run_id, "Submitted", caller=set_state.Caller(agent_id))
    world.set_flow_run(other_id, "Submitted", caller=set_state.Caller(UNKNOWN))

    assert world.flow_run(run_id)["agent_id"] == agent_id
    assert world.flow_run(other_id)["agent_id"] is None


def test_a_restarted_run_has_not_ended(world):
    run_id = world.running()
    started = world.flow_run(run_id)["start_time"]
    world.pass_time(10)
    world.set_flow_run(run_id, "Failed")
    world.pass_time(10)

    world.set_flow_run(run_id, {"type": "Scheduled", "message": "once more"})

    run = world.flow_run(run_id)
    assert (run["end_time"], run["start_time"], run["state_start_time"]) == (None, started, world.now)
    assert world.queue() == [run_id]


@pytest.mark.parametrize("state", ["TriggerFailed", "ValidationFailed", "Skipped", "Mapped", "Finished", "TimedOut"])
def test_every_finished_state_ends_the_run(world, state):
    run_id = world.running()

    world.set_flow_run(run_id, state)

    assert world.flow_run(run_id)["end_time"] == world.now


def test_task_runs_run_inside_their_running_flow_only(world):
    run_id = world.create(world.register())
    task_run_id = world.task_run(run_id)["id"]

    with pytest.raises(ApiError) as error:
        world.set_task_run(task_run_id, "Running", version=1)
    assert error.value.message == (
        f"State update failed for task run ID {task_run_id}: provided a running state but associated flow run "
        f"{run_id} is not in a running state."
    )

    world.set_flow_run(run_id, "Running", version=1)
    world.set_task_run(task_run_id, "Running", version=1)
    world.set_task_run(task_run_id, "Success")
    assert world.history(task_run_id, "task_run_state") == ["Pending", "Running", "Success"]
    row = world.row("task_run", id=task_run_id)
    assert (row["heartbeat"], row["start_time"], row["end_time"]) == (world.now, world.now, world.now)


def test_cached_inputs_stay_until_new_ones_come(world):
    task_run_id = world.task_run(world.running())["id"]
    inputs = {"x": {"type": "LocalResult", "location": "there"}}

    world.set_task_run(task_run_id, {"type": "Retrying", "cached_inputs": inputs, "run_count": 2})
    world.set_task_run(task_run_id, "Running")

    assert world.row("task_run", id=task_run_id)["serialized_state"]["cached_inputs"] == inputs


# ---------------------------------------------------------------------------------------------- cancelling


def test_cancelling_a_run_that_has_not_begun_ends_it_and_its_task_runs_at_once(world):
    run_id = world.create(world.register())

    assert world.cancel(run_id) == "Cancelled"

    assert world.history(run_id) == ["Scheduled", "Cancelled"]
    for row in world.rows("task_run", flow_run_id=run_id):
        assert (row["state"], row["version"], row["end_time"]) == ("Cancelled", 2, world.now)
        assert world.history(row["id"], "task_run_state") == ["Pending", "Cancelled"]
    assert world.queue() == []


def test_cancelling_a_running_run_asks_it_to_stop_and_leaves_its_tasks_to_it(world):
    run_id = world.running()
    done = world.task_run(run_id, "one-1")["id"]
    world.set_task_run(done, "Success")

    assert world.cancel(run_id) == "Cancelling"
    assert world.flow_run(run_id)["state"] == "Cancelling"
    assert world.task_run(run_id, "two-1")["state"] == "Pending"

    world.set_flow_run(run_id, {"type": "Cancelled", "message": "Flow run is cancelled"})
    assert world.task_run(run_id, "one-1")["state"] == "Success"
    assert world.task_run(run_id, "two-1")["state"] == "Cancelled"


def test_cancelling_a_finished_run_changes_nothing(world):
    run_id = world.running()
    world.set_flow_run(run_id, "Success")

    assert world.cancel(run_id) == "Success"
    assert world.history(run_id)[-1] == "Success"


def test_cancelling_twice_asks_twice(world):
    run_id = world.running()
    world.cancel(run_id)

    assert world.cancel(run_id) == "Cancelling"


def test_cancelling_a_run_that_is_not_there_is_an_error(world):
    with pytest.raises(ApiError, match=f"Invalid flow run ID: {UNKNOWN}"):
        world.cancel(UNKNOWN)


# ------------------------------------------------------------------------------------ lazily made task runs


def test_a_mapped_child_is_made_once_at_version_1(world):
    run_id = world.running()
    task_id = world.task_run(run_id)["task_id"]
    place = {"flow_run_id": run_id, "task_id": task_id, "map_index": 3}

    first = world.do(runs.get_or_create_task_run, **place)
    again = world.do(runs.get_or_create_task_run, **place)

    assert first == again
    assert (first["version"], first["state"]) == (1, "Pending")
    assert first["serialized_state"] == {"type": "Pending", "message": "Task run created"}
    assert world.history(first["id"], "task_run_state") == ["Pending"]


def test_without_a_map_index_the_run_made_at_the_start_is_given(world):
    run_id = world.running()
    known = world.task_run(run_id)

    found = world.do(runs.get_or_create_task_run, flow_run_id=run_id, task_id=known["task_id"])

    assert found["id"] == known["id"]


def test_many_askers_get_one_child(world):
    run_id = world.running()
    place = {"flow_run_id": run_id, "task_id": world.task_run(run_id)["task_id"], "map_index": 0}

    async def all_of_them():
        ask = lambda tx: runs.get_or_create_task_run(tx, world.now, **place)  # noqa: E731
        return await asyncio.gather(*(world.database.write(ask) for _ in range(16)))

    assert len({row["id"] for row in world.run_async(all_of_them())}) == 1


def test_a_task_run_needs_a_task_of_its_own_flow(world):
    run_id = world.running()
    other = world.task_run(world.running(world.register({**world.row("flow")["serialized_flow"], "name": "other"})))

    with pytest.raises(ApiError, match="Invalid task ID"):
        world.do(runs.get_or_create_task_run, flow_run_id=run_id, task_id=UNKNOWN)
    with pytest.raises(ApiError, match="Invalid task ID"):
        world.do(runs.get_or_create_task_run, flow_run_id=run_id, task_id=other["task_id"])
    with pytest.raises(ApiError, match=r"Foreign key violation\."):
        world.do(runs.get_or_create_task_run, flow_run_id=UNKNOWN, task_id=other["task_id"])


# ------------------------------------------------------------------------------------ many children in one answer


def children(world, run_id, first=0, count=5, **other):
    place = {"flow_run_id": run_id, "task_id": world.task_run(run_id)["task_id"], **other}
    return world.do(runs.get_or_create_mapped_task_runs, first=first, count=count, **place)


def test_children_that_are_missing_are_made_and_those_that_are_there_are_told_of(world):
    run_id = world.running()
    place = {"flow_run_id": run_id, "task_id": world.task_run(run_id)["task_id"]}
    known = [world.do(runs.get_or_create_task_run, map_index=index, **place) for index in (4, 1)]
    world.set_task_run(known[0]["id"], "Running", version=1)

    found = children(world, run_id)

    assert [row["map_index"] for row in found] == [0, 1, 2, 3, 4]
    assert (found[4]["id"], found[1]["id"]) == (known[0]["id"], known[1]["id"])
    assert [row["version"] for row in found] == [1, 1, 1, 1, 2]
    assert found[4]["serialized_state"]["type"] == "Running"
    assert world.history(found[0]["id"], "task_run_state") == ["Pending"]
    assert children(world, run_id) == found
    assert [row["id"] for row in children(world, run_id, first=3, count=1)] == [found[3]["id"]]
    assert len(world.rows("task_run", flow_run_id=run_id, task_id=place["task_id"])) == 6  # and the mapped task's own


def test_many_askers_get_the_same_children(world):
    run_id = world.running()
    place = {"flow_run_id": run_id, "task_id": world.task_run(run_id)["task_id"]}

    async def all_of_them():
        def many(tx):
            return [row["id"] for row in runs.get_or_create_mapped_task_runs(tx, world.now, first=0, count=8, **place)]

        def one(tx):
            return runs.get_or_create_task_run(tx, world.now, map_index=3, **place)["id"]

        asked = [world.database.write(many if turn % 2 else one) for turn in range(16)]
        return await asyncio.gather(*asked)

    found = world.run_async(all_of_them())
    lists = {tuple(answer) for answer in found if isinstance(answer, list)}
    assert len(lists) == 1
    assert {answer for answer in found if isinstance(answer, str)} == {next(iter(lists))[3]}


def test_children_of_a_run_that_has_ended_are_closed(world):
    run_id = world.running()
    task_id = world.task_run(run_id)["task_id"]
    world.set_flow_run(run_id, "Cancelled")

    found = children(world, run_id, task_id=task_id)

    assert {row["serialized_state"]["type"] for row in found} == {"Cancelled"}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"first": -1}, "first"),
        ({"first": 2**31}, "first"),
        ({"count": 0}, "count"),
        ({"count": 501}, "count"),
        ({"first": 2**31 - 1, "count": 2}, "count"),
    ],
)
def test_the_number_of_children_told_of_at_once_is_bounded(world, wrong, field):
    with pytest.raises(ApiError, match=f"{field}.*whole number"):
        children(world, world.running(), **wrong)


def test_most_children_of_one_answer(world):
    run_id = world.running()
    assert len(children(world, run_id, count=500)) == 500
    [last] = children(world, run_id, first=2**31 - 1, count=1)
    assert last["map_index"] == 2**31 - 1


def test_children_need_a_task_of_their_own_flow(world):
    run_id = world.running()
    with pytest.raises(ApiError, match="Invalid task ID"):
        children(world, run_id, task_id=UNKNOWN)
    with pytest.raises(ApiError, match=r"Foreign key violation\."):
        world.do(
            runs.get_or_create_mapped_task_runs,
            flow_run_id=UNKNOWN,
            task_id=world.task_run(run_id)["task_id"],
            first=0,
            count=1,
        )


def test_children_of_a_mapped_run_are_summed_up(world):
    run_id = world.running()
    parent = world.task_run(run_id)
    for index in range(3):
        place = {"flow_run_id": run_id, "task_id": parent["task_id"], "map_index": index}
        child_id = world.do(runs.get_or_create_task_run, **place)["id"]
        world.set_task_run(child_id, "Running")
        world.pass_time(10)
        if index < 2:
            world.set_task_run(child_id, "Success")

    found = world.see(runs.mapped_children, task_run_id=parent["id"])

    assert found == {
        "min_start_time": START,
        "max_end_time": START + timedelta(seconds=20),
        "state_counts": {"Success": 2, "Running": 1},
    }
    nothing = {"min_start_time": None, "max_end_time": None, "state_counts": {}}
    assert world.see(runs.mapped_children, task_run_id=child_id) == nothing
    assert world.see(runs.mapped_children, task_run_id=UNKNOWN) == nothing


@pytest.mark.parametrize(
    ("message", "is_measured"), [("done", False), ("x" * 600, True)], ids=["small", "near the bound"]
)
def test_a_state_that_plainly_fits_is_measured_no_further(monkeypatch, message, is_measured):
    measured = []
    monkeypatch.setattr(set_state, "size_of", lambda name, value: measured.append(value) or size_of(name, value))

    read = set_state.read_state("flow", UNKNOWN, {"type": "Success", "message": message}, START, 1000)

    assert (read.message, bool(measured)) == (message, is_measured)
