"""``flow.run``: parameters, schedules, waiting, and what the runner is given."""

import io
import logging
import re
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from prefect.core.authoring import pause_task
from prefect.core.flow import Flow
from prefect.core.function import task
from prefect.core.parameter import Parameter
from prefect.core.task import Task
from prefect.engine import FlowRunner
from prefect.engine.state import Failed, Retrying, Scheduled, Success
from prefect.schedules import Schedule
from prefect.schedules.clocks import DatesClock
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.context import context


@task
def number():
    return 1


@pytest.fixture
def messages(monkeypatch):
    """The messages of flows, without those of the runners."""
    collected = []

    class Collect(logging.Handler):
        def emit(self, record):
            collected.append((record.name, record.levelname, record.getMessage()))

    logger = logging.getLogger("prefect")
    handler = Collect()
    monkeypatch.setattr(logger, "handlers", [handler])
    return collected


def soon(seconds):
    return datetime.now(UTC) + timedelta(seconds=seconds)


def schedule(*seconds, **options):
    return Schedule(clocks=[DatesClock([soon(s) for s in seconds], **options)])


# --- parameters ------------------------------------------------------------------------------------------------------


def with_parameters():
    flow = Flow("f", tasks=[Parameter("a"), Parameter("b", 2)])
    return flow, {p.name: p for p in flow.parameters()}


def test_parameters_by_dictionary_and_by_keyword():
    flow, p = with_parameters()
    state = flow.run(parameters={"a": 1, "b": 3}, b=object)
    assert (state.result[p["a"]].result, state.result[p["b"]].result) == (1, object)
    assert flow.run(a=None).result[p["b"]].result == 2


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"a": 1, "z": 1, "y": 1}, "Flow.run received the following unexpected parameters: y, z"),
        ({"b": 1}, "Flow.run did not receive the following required parameters: a"),
        ({}, "Flow.run did not receive the following required parameters: a"),
    ],
)
def test_parameters_are_checked(given, text):
    with pytest.raises(ValueError, match=re.escape(text)):
        with_parameters()[0].run(parameters=given)


def test_return_tasks_belong_to_the_runner():
    with pytest.raises(ValueError, match="The `return_tasks` keyword cannot be provided"):
        Flow("f").run(return_tasks=[])


def test_unknown_keywords_go_to_the_runner():
    with pytest.raises(TypeError, match="zork"):
        Flow("f").run(zork=1)


# --- states ----------------------------------------------------------------------------------------------------------


def test_an_empty_flow_succeeds():
    state = Flow("f").run()
    assert (state.is_successful(), state.result) == (True, {})


def test_a_finished_state_is_given_back_with_all_tasks():
    flow = Flow("f", tasks=[number])
    state = flow.run(state=Success("done"))
    assert (state.message, state.result[number].message) == ("done", "Task not run.")


def test_a_scheduled_state_is_waited_for(messages):
    begin = time.monotonic()
    state = Flow("f", tasks=[number]).run(state=Scheduled(start_time=soon(0.2)))
    assert state.is_successful()
    assert time.monotonic() - begin >= 0.15
    assert any(m.startswith("Waiting for next scheduled run at 2") for _, _, m in messages)


def test_given_task_states_are_kept():
    flow = Flow("f", tasks=[number])
    assert flow.run(task_states={number: Success(result=9)}).result[number].result == 9


def test_a_task_that_is_to_be_retried_is_waited_for(messages):
    flow = Flow("f", tasks=[number])
    state = flow.run(task_states={number: Retrying(start_time=soon(0.2), run_count=1)})
    assert state.is_successful()
    assert ("prefect.f", "INFO") in [(name, level) for name, level, m in messages if "next available Task run" in m]


def test_retries_of_tasks_and_of_children():
    tries = []

    @task(max_retries=2, retry_delay=timedelta(seconds=0.05))
    def flaky(x):
        tries.append(x)
        if tries.count(x) < 2:
            raise ValueError
        return x

    @task
    def collect(xs):
        return xs

    with Flow("f") as flow:
        last = collect(flaky.map([1, 2]))
        flaky(3)
    state = flow.run()
    assert state.is_successful()
    assert state.result[last].result == [1, 2]
    assert sorted(tries) == [1, 1, 2, 2, 3, 3]


@task
def paused():
    pause_task("wait")
    return 4


def test_paused_tasks_ask_on_standard_input(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\ny\n"))
    state = Flow("f", tasks=[paused]).run()
    assert state.result[paused].result == 4
    assert capsys.readouterr().out.count("<Task: paused> is currently Paused; enter 'y' to resume:\n") == 2


def test_a_task_paused_for_a_time_goes_on_by_itself(messages):
    @task
    def short():
        pause_task(duration=timedelta(seconds=0.1))

    state = Flow("f", tasks=[short]).run()
    # Resumed by its time, the task runs again, and does not pause any more.
    assert state.is_successful()


# --- the runner ------------------------------------------------------------------------------------------------------


def runner_that_answers(state):
    class Runner(FlowRunner):
        calls = []

        def run(self, **kwargs):
            self.calls.append(kwargs)
            return state

    return Runner


def test_what_the_runner_is_given():
    runner = runner_that_answers(Success(result={}))
    flow = Flow("f", tasks=[number, Parameter("p", 1)])
    handlers = [lambda r, o, n: n]

    flow.run(
        runner_cls=runner,
        p=2,
        context={"a": 1},
        flow_run_id="id",
        flow_run_name="name",
        task_contexts={number: {"b": 2}},
        task_runner_state_handlers=handlers,
        executor="executor",
    )

    (call,) = runner.calls
    assert call["parameters"] == {"p": 2}
    assert call["return_tasks"] == flow.tasks
    assert (type(call["state"]), call["task_states"]) == (Scheduled, {})
    assert (call["executor"], call["task_runner_state_handlers"]) == ("executor", handlers)
    given = call["context"]
    assert (given["a"], given["flow_id"], given["flow_run_id"], given["flow_run_name"]) == (1, "f", "id", "name")
    assert given["scheduled_start_time"] == call["state"].start_time
    of_task = call["task_contexts"][number]
    assert (of_task["b"], of_task["task_id"]) == (2, "number-1")
    assert uuid.UUID(of_task["task_run_id"]).version == 4


def test_the_runner_can_be_configured():
    with set_temporary_config({"engine.flow_runner.default_class": "prefect.engine.flow_runner.FlowRunner"}):
        assert Flow("f").run().is_successful()


def test_each_pass_has_task_run_ids_of_its_own():
    runner = runner_that_answers(Success(result={}))
    flow = Flow("f", tasks=[Task(name=str(i)) for i in range(50)])
    flow.run(runner_cls=runner)
    flow.run(runner_cls=runner)
    ids = [c["task_run_id"] for call in runner.calls for c in call["task_contexts"].values()]
    assert len(set(ids)) == 100
    assert all(str(uuid.UUID(i)) == i for i in ids)


def test_an_error_of_the_runner_ends_the_run(messages):
    error = ValueError("q")
    runner = runner_that_answers(Failed("x", result=error))
    assert Flow("f").run(runner_cls=runner).result is error
    assert messages == [("prefect.f", "ERROR", "Unexpected error occured in Runner: ValueError('q')")]


def test_a_runner_that_cannot_go_on_ends_the_run():
    runner = runner_that_answers(Scheduled(result={}))
    assert isinstance(Flow("f", tasks=[number]).run(runner_cls=runner), Scheduled)
    assert len(runner.calls) == 1


def test_cycles_fail_the_run():
    flow = Flow("f")
    flow.chain(number, number.copy(), number)
    state = flow.run()
    assert state.is_failed()
    assert str(state.result) == (
        'Cycle found; flows must be acyclic! In <Flow: name="f">: <Task: number> -> <Task: number> -> <Task: number>'
    )


# --- schedules -------------------------------------------------------------------------------------------------------


def test_a_schedule_is_followed_to_its_end(messages):
    seen = []

    @task
    def note(x):
        seen.append((x, context["scheduled_start_time"]))

    with Flow("f", schedule=schedule(0.15, 0.3, parameter_defaults={"p": 7})) as flow:
        note(Parameter("p", 1))
    times = [event.start_time for event in flow.schedule.next(2, return_events=True)]

    state = flow.run(p=5)

    assert state.is_successful()
    assert seen == [(7, times[0]), (7, times[1])]
    assert sum(m.startswith("Waiting for next scheduled run at") for _, _, m in messages) == 2


def test_a_schedule_can_be_ignored():
    flow = Flow("f", tasks=[number], schedule=schedule(-5))
    with pytest.raises(ValueError, match="Flow has no more scheduled runs"):
        flow.run()
    assert flow.run(run_on_schedule=False).is_successful()
    with set_temporary_config({"flows.run_on_schedule": False}):
        assert flow.run().is_successful()


def test_required_parameters_are_not_taken_from_the_schedule():
    flow = Flow("f", tasks=[Parameter("p")], schedule=schedule(60, parameter_defaults={"p": 1}))
    with pytest.raises(ValueError, match="did not receive the following required parameters: p"):
        flow.run()


# --- caches ----------------------------------------------------------------------------------------------------------


def test_cached_states_serve_later_runs():
    runs = []

    @task(cache_for=timedelta(hours=1))
    def once():
        runs.append(1)
        return len(runs)

    @task(cache_for=timedelta(hours=1), cache_key="shared by children")
    def child(x):
        runs.append(x)
        return x

    with context(caches={}):
        with Flow("f") as flow:
            a = once()
            b = child.map([1, 2])
        first = flow.run()
        count = len(runs)
        second = flow.run()
        assert set(context.caches) == {"once", "shared by children"}

    assert (first.result[a].result, second.result[a].result) == (1, 1)
    assert second.result[b].is_successful()
    assert len(runs) == count


def test_expired_states_are_not_kept():
    @task(cache_for=timedelta(seconds=-1))
    def expired():
        return 1

    with context(caches={}):
        Flow("f", tasks=[expired]).run()
        assert not context.caches.get("expired")


# --- the sample ------------------------------------------------------------------------------------------------------


def test_hello_world_greets(messages):
    from prefect.hello_world import hello_flow

    assert hello_flow.name == "hello-world"
    assert hello_flow.run(name="marvin").is_successful()
    assert ("prefect.TaskRunner", "INFO", "Hello Marvin") in messages
