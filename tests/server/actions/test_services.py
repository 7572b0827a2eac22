from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import update

from prefect.server import catalogue
from prefect.server.actions import agents, flows, queue, runs, why
from prefect.server.rules.transition import Caller
from prefect.server.services import chores, lazarus, scheduler, settling, zombie_killer
from prefect.server.services.stop import Stop
from prefect.server.settings import load_settings
from support.world import START, flow_document

HOURLY = {"type": "Schedule", "clocks": [{"type": "IntervalClock", "interval": 3_600_000_000}]}
SILENCE = 91


def run_once(world, service):
    return world.run_async(service.run_once(world.database, world.settings, world.now))


# ------------------------------------------------------------------------------------------- lost runs


@pytest.mark.parametrize("state", ["Submitted", "Running"])
def test_a_run_whose_process_vanished_is_started_again_three_times_and_then_failed(world, state):
    run_id = world.create(world.register())
    for attempt in range(1, 4):
        world.set_flow_run(run_id, "Submitted")
        if state == "Running":
            world.set_flow_run(run_id, "Running")
        world.pass_time(SILENCE)

        assert run_once(world, lazarus) == 1
        run = world.flow_run(run_id)
        assert (run["state"], run["times_resurrected"]) == ("Scheduled", attempt)
        assert run["state_message"] == "Rescheduled by a Lazarus process."
        assert world.queue() == [run_id]
    world.set_flow_run(run_id, "Submitted")
    world.pass_time(SILENCE)

    assert run_once(world, lazarus) == 1

    text = "A Lazarus process attempted to reschedule this run 3 times without success. Marking as failed."
    assert world.flow_run(run_id)["state"] == "Failed"
    assert world.flow_run(run_id)["state_message"] == text
    logs = world.rows("log", flow_run_id=run_id)
    assert [log["level"] for log in logs] == ["INFO", "INFO", "INFO", "ERROR"]
    assert {log["name"] for log in logs} == {"Lazarus.FlowRun"}
    assert "This is attempt 2." in logs[1]["message"]


def submitted_by(world, agent_type):
    run_id = world.create(world.register())
    agent_id = world.do(agents.register_agent, tenant_id=world.tenant_id, type=agent_type, name=agent_type)
    world.set_flow_run(run_id, "Submitted", version=1, caller=Caller(agent_id))
    return run_id, agent_id


def test_a_run_whose_container_a_living_agent_starts_is_given_ten_minutes(world):
    run_id, agent_id = submitted_by(world, "KubernetesAgent")
    for _ in range(9):
        world.pass_time(60)
        world.do(queue.mark_queried, agent_id=agent_id)
        assert run_once(world, lazarus) == 0
    asked = world.see(lambda tx: why.why_not_running(tx, world.now, settings=world.settings, flow_run_id=run_id))
    assert "started again from 2030-01-01 12:10:00" in asked["reasons"][0]
    world.pass_time(61)
    world.do(queue.mark_queried, agent_id=agent_id)

    assert run_once(world, lazarus) == 1
    assert world.flow_run(run_id)["state"] == "Scheduled"


@pytest.mark.parametrize(("agent_type", "asks"), [("KubernetesAgent", False), ("LocalAgent", True)])
def test_a_run_of_a_silent_agent_or_of_a_local_one_is_not(world, agent_type, asks):
    _, agent_id = submitted_by(world, agent_type)
    world.pass_time(SILENCE)
    if asks:
        world.do(queue.mark_queried, agent_id=agent_id)

    assert run_once(world, lazarus) == 1


def test_a_run_that_beats_is_left_alone(world):
    run_id = world.running()
    for _ in range(10):
        world.pass_time(60)
        world.do(runs.beat_flow_run, flow_run_id=run_id)
        assert run_once(world, lazarus) == run_once(world, zombie_killer) == 0
    assert world.flow_run(run_id)["state"] == "Running"


def test_a_heartbeat_from_before_the_clock_was_set_back_keeps_no_dead_run_alive(world):
    run_id = world.running()
    world.set_task_run(world.task_run(run_id)["id"], "Running")
    world.pass_time(3600)
    world.do(runs.beat_flow_run, flow_run_id=run_id)
    world.pass_time(-3600)

    assert run_once(world, zombie_killer) == 0  # the living get the time to beat by the new clock
    world.pass_time(SILENCE)
    assert run_once(world, zombie_killer) == 1


def running_in_a_process(world, process_id="p"):
    """A run of a process that names itself, as those of this package do."""
    run_id = world.create(world.register())
    caller = Caller(process_id=process_id, process_of=run_id)
    world.set_flow_run(run_id, "Submitted", version=1)
    world.set_flow_run(run_id, "Running", version=2, caller=caller)
    return run_id


def test_a_process_that_is_known_to_beat_often_is_found_sooner(world):
    run_id = running_in_a_process(world)
    world.pass_time(1)
    world.do(runs.beat_flow_run, flow_run_id=run_id, process_id="p")
    world.pass_time(39)
    assert run_once(world, lazarus) == 0
    world.pass_time(2)

    assert run_once(world, lazarus) == 1
    assert world.flow_run(run_id)["state"] == "Scheduled"


def test_a_process_that_has_not_beaten_since_its_run_began_has_the_long_limit(world):
    """So it is with heartbeats switched off in its configuration."""
    run_id = running_in_a_process(world)
    world.pass_time(89)
    assert run_once(world, lazarus) == run_once(world, zombie_killer) == 0

    world.pass_time(2)
    assert run_once(world, lazarus) == 1
    assert world.flow_run(run_id)["state"] == "Scheduled"


def test_the_short_limit_is_never_longer_than_the_long_one(world):
    world.settings = load_settings({"heartbeat_limit_seconds": 5.0}, environment={})
    run_id = running_in_a_process(world)
    world.do(runs.beat_flow_run, flow_run_id=run_id, process_id="p")
    world.pass_time(6)

    assert run_once(world, lazarus) == 1


def test_a_task_of_a_process_that_beats_often_is_found_sooner(world):
    run_id = running_in_a_process(world)
    task_run_id = world.task_run(run_id)["id"]
    world.set_task_run(task_run_id, "Running")
    world.pass_time(1)
    world.do(runs.beat_flow_run, flow_run_id=run_id, process_id="p")
    world.pass_time(41)

    assert run_once(world, zombie_killer) == 1
    assert world.row("task_run", id=task_run_id)["state"] == "Failed"


def test_a_run_that_never_beat_is_found_as_well(world):
    run_id = world.running()
    forget = update(catalogue.flow_run).where(catalogue.flow_run.c.id == run_id).values(heartbeat=None)
    world.do(lambda tx, now: tx.run(forget))
    world.pass_time(SILENCE)

    assert run_once(world, lazarus) == 1
    assert world.flow_run(run_id)["state"] == "Scheduled"


@pytest.mark.parametrize("state", ["Retrying", "Paused", "Scheduled", "Resume"])
def test_a_run_that_waits_for_a_task_is_not_lost(world, state):
    """Its process went home on purpose; the queue hands the run out when the task is due."""
    run_id = world.running()
    world.set_task_run(world.task_run(run_id)["id"], state)
    world.pass_time(SILENCE)

    assert run_once(world, lazarus) == 0
    assert world.flow_run(run_id)["state"] == "Running"


@pytest.mark.parametrize("changes", [{"lazarus_enabled": False}, {"heartbeat_enabled": False}])
def test_a_flow_may_be_exempt(world, changes):
    flow_id = world.register()
    world.do(flows.switch_setting, flow_id=flow_id, changes=changes)
    world.running(flow_id)
    world.pass_time(SILENCE)

    assert run_once(world, lazarus) == 0


@pytest.mark.parametrize("state", ["Scheduled", "Success", "Cancelled", "Paused"])
def test_runs_without_a_process_are_not_looked_at(world, state):
    run_id = world.running()
    world.set_flow_run(run_id, state)
    world.pass_time(10 * SILENCE)

    assert run_once(world, lazarus) == run_once(world, zombie_killer) == 0


# ------------------------------------------------------------------------------------------ dead task runs


def test_a_task_that_died_is_tried_again_while_it_may_be_and_then_failed(world):
    run_id = world.running()
    task_run_id = world.task_run(run_id, "two-1")["id"]
    for attempt in (1, 2):
        world.set_task_run(task_run_id, "Running")
        world.pass_time(SILENCE)

        assert run_once(world, zombie_killer) == 1
        row = world.row("task_run", id=task_run_id)
        assert (row["state"], row["state_start_time"]) == ("Retrying", world.now + timedelta(seconds=30))
        assert row["serialized_state"]["run_count"] == attempt
        assert f"This will be retry {attempt} of 2." in row["state_message"]
        world.do(runs.beat_flow_run, flow_run_id=run_id)
    world.set_task_run(task_run_id, "Running")
    world.pass_time(SILENCE)

    assert run_once(world, zombie_killer) == 1

    assert world.row("task_run", id=task_run_id)["state"] == "Failed"
    last = world.rows("log", flow_run_id=run_id)[-1]
    assert (last["name"], last["level"], last["task_run_id"]) == ("ZombieKiller.TaskRun", "ERROR", task_run_id)
    assert last["message"] == "No heartbeat detected from the remote task; marking the run as failed."


def test_a_dead_process_in_the_middle_of_a_task_still_ends_in_a_new_start(world):
    run_id = world.running()
    world.set_task_run(world.task_run(run_id, "one-1")["id"], "Running")
    world.pass_time(SILENCE)

    assert run_once(world, lazarus) == 0
    assert run_once(world, zombie_killer) == 1
    assert run_once(world, lazarus) == 1

    assert world.flow_run(run_id)["state"] == "Scheduled"
    assert world.task_run(run_id, "one-1")["state"] == "Failed"


def test_a_run_that_died_while_it_was_cancelled_ends(world):
    run_id = world.running()
    world.cancel(run_id)
    world.pass_time(SILENCE)

    assert run_once(world, zombie_killer) == 1

    run = world.flow_run(run_id)
    assert run["state"] == "Cancelled"
    assert "No heartbeat detected from the flow run" in run["state_message"]


def test_more_lost_runs_than_one_look_shows_are_all_found(world, monkeypatch):
    monkeypatch.setattr(settling, "MOST_FOUND", 3)
    flow_id = world.register()
    made = [world.running(flow_id) for _ in range(8)]
    world.pass_time(SILENCE)

    assert run_once(world, lazarus) == 8
    assert {world.flow_run(run_id)["state"] for run_id in made} == {"Scheduled"}


# --------------------------------------------------------------------------------------------- schedules


def test_the_scheduler_refills_what_time_has_used_up(world):
    world.register(flow_document(schedule=HOURLY))
    assert run_once(world, scheduler) == 0

    world.pass_time(3 * 3600)

    assert run_once(world, scheduler) == 3
    assert len(world.rows("flow_run")) == 13
    assert run_once(world, scheduler) == 0


def test_the_scheduler_leaves_archived_and_inactive_flows_alone(world):
    inactive = world.register(flow_document("one", schedule=HOURLY), set_schedule_active=False)
    archived = world.register(flow_document("two", schedule=HOURLY))
    world.do(flows.archive_flow, flow_id=archived)

    assert run_once(world, scheduler) == 0
    assert world.rows("flow_run", flow_id=inactive) == world.rows("flow_run", flow_id=archived) == []


def test_a_schedule_that_cannot_be_read_does_not_stop_the_others(world):
    broken = world.register(flow_document("broken", schedule={"type": "Schedule", "clocks": [{"type": "Sundial"}]}))
    world.register(flow_document("whole", schedule=HOURLY))
    world.pass_time(3600)

    assert run_once(world, scheduler) == 1
    assert world.rows("flow_run", flow_id=broken) == []


def test_the_scheduler_goes_through_more_flows_than_one_look_shows(world, monkeypatch):
    monkeypatch.setattr(scheduler, "BATCH", 2)
    for number in range(5):
        world.register(flow_document(f"flow {number}", schedule=HOURLY))
    world.pass_time(3600)

    assert run_once(world, scheduler) == 5


def test_planned_runs_keep_the_time_of_their_event(world):
    world.register(flow_document(schedule=HOURLY))

    starts = sorted(run["scheduled_start_time"] for run in world.rows("flow_run"))

    assert starts == [START + timedelta(hours=hour) for hour in range(1, 11)]


def test_a_schedule_of_many_clocks_loses_no_run_to_the_number_that_is_made_ahead(world):
    clocks = [{"type": "IntervalClock", "interval": 60_000_000, "parameter_defaults": {"x": n}} for n in range(30)]
    world.register(flow_document(schedule={"type": "Schedule", "clocks": clocks}))
    for _ in range(4):
        world.pass_time(60)
        run_once(world, scheduler)

    runs_made = Counter(row["scheduled_start_time"] for row in world.rows("flow_run"))
    assert set(runs_made.values()) == {30}
    assert min(runs_made) == START + timedelta(minutes=1)
    assert max(runs_made) == START + timedelta(minutes=9)


def test_of_runs_at_one_instant_those_that_were_not_made_ahead_follow(world):
    daily = {"type": "CronClock", "cron": "0 9 * * *"}
    clocks = [daily | {"parameter_defaults": {"x": n}} for n in range(10)] + [daily]
    world.register(flow_document(schedule={"type": "Schedule", "clocks": clocks}))
    world.now = START.replace(day=2, hour=8, minute=58)
    run_once(world, scheduler)

    due = [row for row in world.rows("flow_run") if row["scheduled_start_time"] == START.replace(day=2, hour=9)]
    assert len(due) == 11


def test_a_look_that_finds_all_runs_made_writes_nothing(world, monkeypatch):
    for name in ("one", "two"):
        world.register(flow_document(name, schedule=HOURLY))
    written = []
    write = world.database.write
    monkeypatch.setattr(world.database, "write", lambda work: written.append(work) or write(work))

    assert run_once(world, scheduler) == 0
    assert written == []

    world.pass_time(3600)
    assert run_once(world, scheduler) == 2
    assert written


def test_a_large_flow_is_scheduled_and_its_runs_get_their_task_runs_before_they_start(world):
    tasks = [{"slug": f"t{number}", "name": "t", "tags": []} for number in range(2_100)]
    flow_id = world.register(flow_document("large", tasks=tasks, edges=[], schedule=HOURLY))
    made = world.rows("flow_run", flow_id=flow_id)
    assert len(made) == 10
    assert run_once(world, chores) == 0
    first = min(made, key=lambda run: run["scheduled_start_time"])

    world.pass_time(51 * 60)

    assert world.queue(before=first["scheduled_start_time"]) == []
    assert run_once(world, chores) == 1
    assert len(world.rows("task_run", flow_run_id=first["id"])) == 2_100
    assert world.queue(before=first["scheduled_start_time"]) == [first["id"]]
    assert run_once(world, scheduler) == 0
    world.pass_time(60 * 60)
    assert run_once(world, scheduler) == 1


@pytest.mark.spoils
def test_large_work_that_fails_stops_no_other_and_is_named(world, caplog):
    tasks = [{"slug": f"t{number}", "name": "t", "tags": []} for number in range(600)]
    flow_id = world.register(flow_document("large", tasks=tasks, edges=[]))
    bad, good = world.create(flow_id), world.create(flow_id)
    chore = world.row("chore", subject_id=bad)
    world.do(
        lambda tx, now: tx.run(update(catalogue.chore).where(catalogue.chore.c.id == chore["id"]).values(kind="?"))
    )

    assert run_once(world, chores) == 1

    assert len(world.rows("task_run", flow_run_id=good)) == 600
    assert bad in caplog.text
    assert world.row("chore")["due_time"] > world.now


def test_a_stop_ends_a_turn_after_the_part_that_is_under_way(world, monkeypatch):
    tasks = [{"slug": f"t{number}", "name": "t", "tags": []} for number in range(1_800)]
    run_id = world.create(world.register(flow_document("large", tasks=tasks, edges=[])))
    stop, write, written = Stop(), world.database.write, []

    async def write_and_stop(work):
        result = await write(work)
        written.append(work)
        if len(written) == 2:  # it was taken in hand, and a first part done
            stop.set()
        return result

    with monkeypatch.context() as patch:
        patch.setattr(world.database, "write", write_and_stop)
        assert world.run_async(chores.run_once(world.database, world.settings, world.now, stop)) == 0
    assert 0 < len(world.rows("task_run", flow_run_id=run_id)) < 1_800

    world.pass_time(1)
    assert run_once(world, chores) == 1  # and who comes next need not wait
    assert len(world.rows("task_run", flow_run_id=run_id)) == 1_800


@pytest.mark.parametrize(
    ("type_of_mine", "others", "is_there", "passed", "lost"),
    [
        ("DockerAgent", None, True, 599, 0),
        ("DockerAgent", None, True, 600, 1),
        ("DockerAgent", None, False, 599, 1),
        ("LocalAgent", None, True, 599, 1),
        ("LocalAgent", "DockerAgent", True, 599, 1),
        (None, "DockerAgent", True, 599, 1),
    ],
    ids=["pulls an image", "for too long", "is gone", "begins at once", "another pulls", "nobody knows whose"],
)
def test_a_run_that_a_living_agent_puts_into_a_container_may_take_its_time(
    world, type_of_mine, others, is_there, passed, lost
):
    def agent_of(kind):
        return kind and world.do(agents.register_agent, tenant_id=world.tenant_id, type=kind, name=kind)

    mine, other = agent_of(type_of_mine), agent_of(others)
    run_id = world.create(world.register())
    world.set_flow_run(run_id, "Submitted", version=1, caller=Caller(mine))
    world.pass_time(passed)
    for agent_id in (mine if is_there else None, other):
        if agent_id:
            world.do(queue.mark_queried, agent_id=agent_id)

    assert run_once(world, lazarus) == lost
    assert world.flow_run(run_id)["state"] == ("Scheduled" if lost else "Submitted")
