from datetime import timedelta

import pytest

from prefect.server.actions import agents, create_run, flows, queue, runs
from prefect.server.errors import ApiError
from prefect.server.waiters import queue_topic
from support.world import START, flow_document


@pytest.mark.parametrize(
    ("of_run", "of_agent", "taken"),
    [
        ([], [], True),
        ([], ["a"], False),
        (["a"], [], False),
        (["a"], ["a"], True),
        (["a"], ["b", "a"], True),
        (["a", "b"], ["a"], False),
        (["A"], ["a"], False),
        (["a'\"\\é"], ["a'\"\\é"], True),
    ],
)
def test_a_run_belongs_to_an_agent_that_has_all_its_labels(world, of_run, of_agent, taken):
    run_id = world.create(world.register(), labels=of_run)

    assert world.queue(*of_agent) == ([run_id] if taken else [])


@pytest.mark.parametrize("priority", [-1, 0, 1])
def test_a_run_that_is_due_and_in_hand_is_not_waited_for(world, priority):
    flow_id, later = world.register(), START + timedelta(seconds=10)
    run_id = world.create(flow_id, scheduled_start_time=START, priority=priority)
    assert world.look_at_queue(before=START, exclude={run_id}) == queue.Due([], None)

    world.create(flow_id, scheduled_start_time=later, priority=priority)
    assert world.look_at_queue(before=START, exclude={run_id}) == queue.Due([], later)


def test_runs_come_by_start_time_then_by_age(world):
    flow_id = world.register()
    late = world.create(flow_id, scheduled_start_time=START - timedelta(minutes=1))
    world.pass_time(1)
    old = world.create(flow_id, scheduled_start_time=START - timedelta(minutes=5))
    world.pass_time(1)
    young = world.create(flow_id, scheduled_start_time=START - timedelta(minutes=5))

    assert world.queue() == [old, young, late]


def test_runs_come_by_priority_before_all_else(world):
    flow_id = world.register()
    made = {}
    for minutes, priority in enumerate((0, 1, None, -1, 1, -1, 0)):
        start = START - timedelta(minutes=10 - minutes)
        made[minutes] = world.create(flow_id, scheduled_start_time=start, priority=priority)
        world.pass_time(1)
    future = world.create(flow_id, scheduled_start_time=START + timedelta(hours=1), priority=1)

    in_order = [made[place] for place in (1, 4, 0, 2, 6, 3, 5)]
    assert world.queue() == in_order
    assert world.queue(limit=3) == in_order[:3]
    assert world.queue(exclude=set(in_order)) == []
    assert world.queue(before=START + timedelta(hours=1))[2] == future


def test_a_long_row_of_others_hides_nobody(world):
    flow_id = world.register()
    early = START - timedelta(hours=1)
    others = [world.create(flow_id, scheduled_start_time=early, priority=-1, labels=["x"]) for _ in range(30)]
    mine = world.create(flow_id, labels=["x"])
    urgent = world.create(flow_id, priority=1, labels=["x"])

    assert world.queue("x", limit=2) == [urgent, mine]
    rest = world.queue("x")[2:]
    assert (len(rest), set(rest) <= set(others)) == (23, True)


def test_the_next_look_is_at_the_earliest_start_whatever_its_priority(world):
    flow_id = world.register()
    for seconds, priority in ((30, 1), (10, -1), (20, 0)):
        world.create(flow_id, scheduled_start_time=START + timedelta(seconds=seconds), priority=priority)

    assert world.look_at_queue().next_start == START + timedelta(seconds=10)


def test_a_run_has_the_priority_of_its_flow_unless_it_is_given_one(world):
    flow_id = world.register()
    group_id = world.row("flow", id=flow_id)["flow_group_id"]
    before = world.create(flow_id)

    assert world.do(flows.set_group_priority, flow_group_id=group_id, priority=-1) is True
    of_flow, own, none = world.create(flow_id), world.create(flow_id, priority=1), world.create(flow_id, priority=0)
    many = world.do(create_run.create_flow_runs, flow_runs=[{"flow_id": flow_id}, {"flow_id": flow_id, "priority": 1}])

    found = [world.flow_run(run_id)["priority"] for run_id in (before, of_flow, own, none, *many)]
    assert found == [0, -1, 1, 0, -1, 1]
    world.do(flows.set_group_priority, flow_group_id=group_id)
    assert world.flow_run(world.create(flow_id))["priority"] == 0


def test_a_waiting_run_can_be_given_another_priority(world):
    flow_id = world.register()
    first, second = world.create(flow_id), world.create(flow_id)

    assert world.do(runs.set_flow_run_priority, flow_run_id=second, priority=1) is True

    assert world.queue() == [second, first]
    assert world.do(runs.set_flow_run_priority, flow_run_id=world.tenant_id, priority=1) is False


@pytest.mark.parametrize("priority", [-2, 2, 2**40])
def test_a_priority_that_there_is_not_is_refused(world, priority):
    run_id = world.create(world.register())
    group_id = world.row("flow_group")["id"]

    for action, inputs in (
        (create_run.create_flow_run, {"flow_id": world.flow_run(run_id)["flow_id"]}),
        (runs.set_flow_run_priority, {"flow_run_id": run_id}),
        (flows.set_group_priority, {"flow_group_id": group_id}),
    ):
        with pytest.raises(ApiError, match=r"Invalid priority.*from -1 to 1"):
            world.do(action, priority=priority, **inputs)


def test_a_run_is_due_at_its_start_time_and_not_before(world):
    run_id = world.create(world.register(), scheduled_start_time=START + timedelta(seconds=10))

    assert world.queue(before=START + timedelta(seconds=9.999)) == []
    assert world.queue(before=START + timedelta(seconds=10)) == [run_id]
    assert world.look_at_queue().next_start == START + timedelta(seconds=10)


def test_runs_that_nobody_serves_do_not_starve_others(world):
    flow_id = world.register()
    for _ in range(100):
        world.create(flow_id, labels=["nobody"], scheduled_start_time=START - timedelta(hours=1))
    run_id = world.create(flow_id, labels=["mine"])

    assert world.queue("mine") == [run_id]


def test_at_most_so_many_runs_are_handed_out_beside_those_in_hand(world):
    flow_id = world.register()
    made = [world.create(flow_id, scheduled_start_time=START - timedelta(seconds=60 - n)) for n in range(30)]

    assert world.queue() == made[:25]
    assert world.queue(exclude=set(made[:10])) == made[10:30]
    assert world.queue(limit=2, exclude=set(made[:1])) == made[1:3]


@pytest.mark.parametrize("state", ["Running", "Submitted", "Success", "Cancelled", "Paused", "Pending", "Queued"])
def test_runs_that_do_not_wait_for_a_time_are_not_handed_out(world, state):
    run_id = world.create(world.register())
    world.set_flow_run(run_id, state)

    assert world.queue() == []


@pytest.mark.parametrize("state", ["Retrying", "Resume", "Scheduled"])
def test_every_state_that_waits_for_a_time_is_handed_out(world, state):
    run_id = world.create(world.register())
    world.set_flow_run(run_id, state)

    assert world.queue() == [run_id]


def test_a_running_run_is_due_when_a_task_of_it_is(world):
    run_id = world.running()
    task_run_id = world.task_run(run_id)["id"]
    later = (START + timedelta(minutes=20)).isoformat()
    world.set_task_run(task_run_id, {"type": "Retrying", "start_time": later, "run_count": 2})

    assert world.queue() == []
    assert world.look_at_queue().next_start is None, "a look sees two minutes ahead"
    assert world.look_at_queue(before=START + timedelta(minutes=18)).next_start == START + timedelta(minutes=20)
    world.pass_time(20 * 60)
    assert world.queue() == [run_id]
    assert world.queue("some") == []

    world.set_task_run(task_run_id, "Submitted")
    assert world.queue() == []


def test_running_runs_come_after_those_that_wait_themselves(world):
    flow_id = world.register()
    running = world.create(flow_id)
    world.set_flow_run(running, "Running", version=1)
    world.set_task_run(world.task_run(running)["id"], "Scheduled")
    world.pass_time(5)
    waiting = world.create(flow_id)

    assert world.queue() == [waiting, running]


def test_a_tenant_sees_its_own_runs_only(world):
    world.create(world.register())

    assert world.queue(tenant_id="00000000-0000-4000-8000-000000000000") == []


def test_reading_takes_nothing_from_the_queue(world):
    run_id = world.create(world.register())

    assert world.queue() == world.queue() == [run_id]


def test_asking_for_work_marks_the_agent_as_alive(world):
    agent_id = world.do(agents.register_agent, type="LocalAgent", tenant_id=world.tenant_id)
    asked = world.pass_time(60)

    world.do(queue.mark_queried, agent_id=agent_id)

    assert world.row("agent", id=agent_id)["last_queried"] == asked


def test_an_agent_is_known_again_by_type_name_version_and_labels(world):
    register = {"type": "LocalAgent", "tenant_id": world.tenant_id, "name": "one", "core_version": "1.4.1"}
    first = world.do(agents.register_agent, labels=["b", "a"], **register)

    assert world.do(agents.register_agent, labels=["a", "b", "a"], **register) == first
    assert world.do(agents.register_agent, labels=["a"], **register) != first
    assert world.do(agents.register_agent, labels=["a", "b"], **{**register, "core_version": "1.5.0"}) != first
    assert world.do(agents.register_agent, labels=["a", "b"], **{**register, "name": "two"}) != first
    assert world.row("agent", id=first)["labels"] == ["a", "b"]


def test_the_queue_is_announced_when_a_run_or_a_task_gets_a_time(world):
    run_id = world.create(world.register(flow_document()))
    topic = queue_topic(world.tenant_id, ())
    world.announced.clear()

    world.set_flow_run(run_id, "Running", version=1)
    assert topic not in world.announced
    world.set_task_run(world.task_run(run_id)["id"], "Retrying")
    assert topic in world.announced
