"""Why a run is not running: every reason at once, in words that say what to do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from prefect.server.actions import agents, flows, queue, runs, slots, why
from prefect.server.actions.set_state import Caller
from prefect.server.errors import ApiError
from support.world import flow_document

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def ask(world, run_id):
    return world.see(lambda tx: why.why_not_running(tx, world.now, settings=world.settings, flow_run_id=run_id))


def agent(world, *labels, name="one", kind="LocalAgent"):
    given = {"type": kind, "name": name, "labels": list(labels)}
    return world.do(agents.register_agent, tenant_id=world.tenant_id, **given)


def test_a_run_that_an_agent_may_take_is_ready(world):
    agent_id = agent(world)
    run_id = world.create(world.register())
    world.pass_time(5)

    told = ask(world, run_id)
    assert (told["ready"], told["state"]) == (True, "Scheduled")
    assert told["reasons"] == [
        f"Nothing holds it back: agent one ({agent_id}) may take it now; it has been due for 5 seconds."
    ]


def test_everything_that_holds_it_back_is_told_at_once(world):
    flow_id = world.register()
    holder = world.running(flow_id, labels=["gpu"], flow_run_name="holder")
    world.do(slots.set_limit, tenant_id=world.tenant_id, kind=slots.FLOW, name="gpu", limit=1)
    start = world.now + timedelta(hours=2)
    run_id = world.create(flow_id, labels=["gpu"], scheduled_start_time=start)
    world.do(queue.pause, tenant_id=world.tenant_id, paused=True)

    told = ask(world, run_id)
    assert told["ready"] is False
    assert told["reasons"] == [
        "Its start time is 2030-01-01 14:00:00+00:00, in 2 hours.",
        "The work queue of its tenant is paused.",
        "No agent asks for work. Start one that takes runs with labels gpu.",
        f"The limit of 1 for flow label 'gpu' is reached, held by holder ({holder}).",
    ]


def test_labels_that_no_living_agent_has_are_named(world):
    agent(world, "a", "b", name="one")
    run_id = world.create(world.register(), labels=["a", "x", "y"])

    assert ask(world, run_id)["reasons"] == ["No living agent has the labels x, y."]


def test_labels_that_no_single_agent_has_are_told(world):
    agent(world, "a", name="one")
    agent(world, "b", name="two")
    run_id = world.create(world.register(), labels=["a", "b"])

    assert ask(world, run_id)["reasons"] == ["None of the 2 living agents takes runs with labels a, b."]


def test_an_agent_that_would_take_it_but_is_gone_is_named(world):
    agent_id = agent(world, "a")
    run_id = world.create(world.register(), labels=["a"])
    world.pass_time(600)

    assert ask(world, run_id)["reasons"] == [
        f"Agent one ({agent_id}) would take it, but has not asked for work for 10 minutes. Start it again."
    ]


def test_an_archived_flow_is_told(world):
    agent(world)
    flow_id = world.register()
    run_id = world.create(flow_id)
    world.do(flows.archive_flow, flow_id=flow_id)
    world.set_flow_run(run_id, "Scheduled")

    assert ask(world, run_id)["reasons"] == ["Its flow 'flow' is archived."]


def test_a_queued_run_tells_its_limit(world):
    agent(world, "gpu", "x")
    world.do(slots.set_limit, tenant_id=world.tenant_id, kind=slots.FLOW, name="gpu", limit=0)
    run_id = world.create(world.register(), labels=["gpu"])
    world.set_flow_run(run_id, "Running")

    assert ask(world, run_id)["reasons"] == [
        "It is Queued. Its process asks again by 2030-01-01 12:02:00+00:00.",
        "The limit of 0 for flow label 'gpu' is reached.",
    ]


def test_a_submitted_run_names_its_agent_and_when_it_is_given_up(world):
    agent_id = agent(world)
    run_id = world.create(world.register())
    world.set_flow_run(run_id, "Submitted", caller=Caller(agent_id))
    world.pass_time(30)

    (told,) = ask(world, run_id)["reasons"]
    assert told == (
        "Agent one took it 30 seconds ago; its process has not begun yet. If nothing is heard of it, it is started "
        "again from 2030-01-01 12:01:30+00:00 on."
    )


def test_a_running_run_tells_what_its_task_runs_wait_for(world):
    document = flow_document()
    document["tasks"][1]["tags"] = ["db"]
    run_id = world.running(world.register(document))
    world.do(slots.set_limit, tenant_id=world.tenant_id, kind=slots.TASK, name="db", limit=0)
    world.set_task_run(world.task_run(run_id)["id"], "Paused")
    world.set_task_run(world.task_run(run_id, "two-1")["id"], "Running")
    world.pass_time(600)

    told = ask(world, run_id)["reasons"]
    assert told[0] == "It is Running, but nothing was heard of its process for 10 minutes."
    assert sorted(told[1:]) == [
        "Task 'one' is Paused until somebody resumes it.",
        "Task 'two' is Queued. The limit of 0 for task tag 'db' is reached.",
    ]


@pytest.mark.parametrize("state", ["Resume", "Retrying", "Scheduled"])
def test_a_run_that_agents_of_1_x_do_not_take_says_so_and_one_of_ours_takes_it(world, state):
    run_id = world.create(world.register())
    world.set_flow_run(run_id, state)
    old = world.do(
        agents.register_agent, tenant_id=world.tenant_id, type="LocalAgent", name="old", labels=[], core_version="1.4.1"
    )
    world.do(queue.mark_queried, agent_id=old)

    answer = world.do(why.why_not_running, settings=world.settings, flow_run_id=run_id)
    assert answer["ready"] is (state == "Scheduled")
    if state != "Scheduled":
        assert answer["reasons"] == [f"It is {state}, and agents of 1.x take Scheduled runs only: set it to Scheduled."]

    new = world.do(
        agents.register_agent, tenant_id=world.tenant_id, type="LocalAgent", name="new", labels=[], core_version="1.5.0"
    )
    world.do(queue.mark_queried, agent_id=new)
    assert world.do(why.why_not_running, settings=world.settings, flow_run_id=run_id)["ready"] is True
    assert world.queue() == [run_id]


def test_a_run_that_has_ended_says_so(world):
    run_id = world.running()
    world.set_flow_run(run_id, {"type": "Failed", "message": "no luck"})

    told = ask(world, run_id)
    assert (told["ready"], told["state"], told["queue_position"]) == (False, "Failed", None)
    assert told["reasons"] == ["It has ended: Failed (no luck)."]
    assert [cause["code"] for cause in told["causes"]] == ["ENDED"]


def test_an_unknown_run_is_told(world):
    with pytest.raises(ApiError, match="Invalid flow run ID"):
        ask(world, UNKNOWN)


@pytest.mark.parametrize("state", ["Pending", "ClientFailed"])
def test_a_run_in_a_state_that_no_agent_takes_says_what_to_do(world, state):
    run_id = world.create(world.register())
    world.set_flow_run(run_id, state)

    (reason,) = ask(world, run_id)["reasons"]
    assert reason == f"It is {state}, and agents take no run in that state: set it to Scheduled."


# ----- its words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 seconds"),
        (0.9, "0 seconds"),
        (1, "1 second"),
        (2, "2 seconds"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (119, "1 minute"),
        (120, "2 minutes"),
        (3599, "59 minutes"),
        (3600, "1 hour"),
        (7200, "2 hours"),
        (86_399, "23 hours"),
        (86_400, "1 day"),
        (172_800, "2 days"),
    ],
)
def test_a_duration_is_said_in_its_largest_unit(seconds, words):
    assert why._words(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("labels", "kind", "wanted", "takes"),
    [
        ([], "LocalAgent", [], True),
        (None, "DockerAgent", [], True),
        (["host"], "LocalAgent", [], True),
        (["host"], "DockerAgent", [], False),
        (["host", "b"], "LocalAgent", [], False),
        (["a", "b"], "LocalAgent", ["a"], True),
        (["a"], "LocalAgent", ["a"], True),
        (["a"], "LocalAgent", ["a", "b"], False),
        ([], "LocalAgent", ["a"], False),
    ],
)
def test_which_agent_takes_which_runs(labels, kind, wanted, takes):
    assert why._takes({"labels": labels, "type": kind}, set(wanted)) is takes


@pytest.mark.parametrize(("silence", "ready"), [(150, True), (151, False)])
def test_an_agent_lives_for_two_and_a_half_minutes_after_it_asked(world, silence, ready):
    agent(world)
    run_id = world.create(world.register())
    world.pass_time(silence)
    told = ask(world, run_id)
    assert told["ready"] is ready
    if not ready:
        assert "has not asked for work for 2 minutes. Start it again." in told["reasons"][0]


def test_an_agent_without_a_name_is_called_by_its_id(world):
    agent_id = agent(world, name=None)
    run_id = world.create(world.register())
    assert f"agent {agent_id} may take it now" in ask(world, run_id)["reasons"][0]


@pytest.mark.parametrize("often", [True, False], ids=["beats often", "does not"])
@pytest.mark.parametrize("more", [0, 1], ids=["at the limit", "past it"])
def test_a_silent_process_is_told_of_after_the_limit_that_it_keeps(world, often, more):
    run_id = world.create(world.register())
    caller = Caller(process_id="p", process_of=run_id) if often else None
    world.set_flow_run(run_id, "Submitted")
    world.set_flow_run(run_id, "Running", caller=caller)
    since = world.now
    world.pass_time(1)
    if often:
        world.do(runs.beat_flow_run, flow_run_id=run_id, process_id="p")
    limit = world.settings.own_heartbeat_limit_seconds if often else world.settings.heartbeat_limit_seconds
    world.pass_time(limit + more - (0 if often else 1))  # measured from the last beat, or from the state

    (reason,) = ask(world, run_id)["reasons"]
    words = why._words(timedelta(seconds=limit + more))
    heard = f"It is Running since {since.isoformat(sep=' ', timespec='seconds')}."
    silent = f"It is Running, but nothing was heard of its process for {words}."
    assert reason == (silent if more else heard)


def test_each_reason_is_told_to_programs_as_well(world):
    flow_id = world.register()
    holder = world.running(flow_id, labels=["gpu"], flow_run_name="holder")
    world.do(slots.set_limit, tenant_id=world.tenant_id, kind=slots.FLOW, name="gpu", limit=1)
    lacking = agent(world, "cpu")
    start = world.now + timedelta(hours=2)
    run_id = world.create(flow_id, labels=["gpu"], scheduled_start_time=start)

    causes = {cause["code"]: cause for cause in ask(world, run_id)["causes"]}

    assert list(causes) == ["START_TIME", "LACKING_LABELS", "LIMIT"]
    assert causes["START_TIME"]["until"] == start.isoformat()
    (seen,) = causes["LACKING_LABELS"]["agents"]
    assert (seen["id"], seen["labels"], seen["lacking"]) == (lacking, ["cpu"], ["gpu"])
    limit = causes["LIMIT"]
    assert (limit["name"], limit["limit"]) == ("gpu", 1)
    (taken,) = limit["holders"]
    assert (taken["flow_run_id"], taken["flow_run_name"]) == (holder, "holder")
    assert [cause["text"] for cause in causes.values()] == ask(world, run_id)["reasons"]


def test_a_task_run_that_waits_is_named(world):
    run_id = world.running(world.register())
    task_run = world.task_run(run_id)["id"]
    until = world.now + timedelta(minutes=3)
    world.set_task_run(task_run, {"type": "Retrying", "start_time": until.isoformat()})

    cause = ask(world, run_id)["causes"][1]

    assert (cause["code"], cause["task_run_id"], cause["name"]) == ("TASK_WAITS", task_run, "one")
    assert cause["until"] == until.isoformat()


def test_the_place_in_the_queue_goes_by_priority_first(world):
    flow_id = world.register()
    agent(world)
    made = []
    for priority in (-1, 0, 1, 1, 0):
        made.append(world.create(flow_id, priority=priority))
        world.pass_time(1)
    for priority in (1, -1):
        world.create(flow_id, priority=priority, scheduled_start_time=world.now + timedelta(hours=1))

    assert [ask(world, run_id)["queue_position"] for run_id in made] == [4, 2, 0, 1, 3]
    assert world.queue() == [made[place] for place in (2, 3, 1, 4, 0)]


def test_the_place_in_the_queue_is_the_order_in_which_runs_are_handed_out(world):
    flow_id = world.register()
    agent(world)
    runs_ = []
    for minutes in (0, 3, 1, 2):
        runs_.append(world.create(flow_id, scheduled_start_time=world.now + timedelta(minutes=minutes)))
        world.pass_time(1)

    positions = [ask(world, run_id)["queue_position"] for run_id in runs_]

    handed_out = world.queue(before=world.now + timedelta(hours=1))
    assert positions == [handed_out.index(run_id) for run_id in runs_] == [0, 3, 1, 2]
