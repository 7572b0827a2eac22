"""One pass over a flow: where it may start, what it runs again, and how its state is settled."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prefect import Flow, Parameter, context, resource_manager, task
from prefect.core.edge import Edge
from prefect.engine import (
    FlowRunner,
    TaskRunner,
    get_default_executor_class,
    get_default_flow_runner_class,
    get_default_task_runner_class,
)
from prefect.engine.flow_runner import run_task
from prefect.engine.state import (
    Cancelled,
    Cancelling,
    Failed,
    Mapped,
    Pending,
    Queued,
    Running,
    Scheduled,
    State,
    Submitted,
    Success,
    TriggerFailed,
)
from prefect.executors import LocalExecutor
from prefect.utilities.configuration import set_temporary_config


@task
def inc(x: int) -> int:
    return x + 1


@task
def fail() -> None:
    raise ValueError("no")


@pytest.mark.parametrize(
    "state",
    [None, Pending(), Running(), Cancelling(), Scheduled(), Submitted(state=Scheduled()), Queued(state=Pending())],
    ids=repr,
)
def test_a_flow_that_is_due_runs(state: State | None) -> None:
    with Flow("f") as flow:
        done = inc(1)
    final = FlowRunner(flow).run(state=state, return_tasks=[done])

    assert (type(final), final.message) == (Success, "All reference tasks succeeded.")
    assert final.result[done].result == 2


@pytest.mark.parametrize(
    "state", [Success(), Failed(), Cancelled(), Scheduled(start_time=datetime.now(UTC) + timedelta(hours=1))], ids=repr
)
def test_others_end_as_they_began(state: State) -> None:
    with Flow("f") as flow:
        inc(1)
    assert FlowRunner(flow).run(state=state) is state


def test_reference_tasks_decide() -> None:
    def cancel(task: Any, old: State, new: State) -> State | None:
        return Cancelled("c") if new.is_finished() else None

    with Flow("f") as flow:
        good = inc(1)
        bad = fail(upstream_tasks=[good])
        gone = inc(1, task_args={"state_handlers": [cancel]})
        inc(gone)

    outcomes = {}
    for reference in (good, bad, gone):
        flow.set_reference_tasks([reference])
        outcomes[reference] = FlowRunner(flow).run()
    assert outcomes[good].message == "All reference tasks succeeded."
    assert outcomes[bad].message == "Some reference tasks failed."
    assert (type(outcomes[gone]), outcomes[gone].message) == (Success, "No reference tasks failed.")


def test_a_flow_is_running_while_a_terminal_task_is_unfinished() -> None:
    with Flow("f") as flow:
        later = inc(1)
        now = inc(2)
    flow.set_reference_tasks([now])
    waiting = Scheduled(start_time=datetime.now(UTC) + timedelta(hours=1))
    state = FlowRunner(flow).run(return_tasks=flow.tasks, task_states={later: waiting})

    assert (type(state), state.message) == (Running, "Running flow.")
    assert state.result[later] is waiting
    assert state.result[now].is_successful()


def test_finished_tasks_are_not_run_again() -> None:
    with Flow("f") as flow:
        first = inc(1)
        second = inc(first)
    assert (
        FlowRunner(flow).run(return_tasks=[second], task_states={first: Success(result=10)}).result[second].result == 11
    )
    assert (
        type(FlowRunner(flow).run(return_tasks=[second], task_states={first: Failed()}).result[second]) is TriggerFailed
    )


@pytest.mark.parametrize(
    ("given", "ends", "message"),
    [
        (None, Success, None),
        (Pending(), Success, "Task run succeeded."),
        (Success(result=[10, 20, 30]), Success, None),
        (Failed("given"), Failed, "given"),
    ],
)
def test_a_constant_with_a_state_is_run_like_any_task(given: State | None, ends: type, message: str | None) -> None:
    with Flow("f") as flow:
        done = inc.map([1, 2])
    (constant,) = flow.tasks - {done}
    ended = FlowRunner(flow).run(task_states={constant: given} if given else {}, return_tasks=flow.tasks)
    state = ended.result[constant]
    assert (type(state), state.message) == (ends, message)
    values = given.result if given and given.is_successful() else [1, 2]
    wanted = None if ends is Failed else [value + 1 for value in values]
    assert ended.result[done].result == wanted


def test_only_the_states_asked_for_are_given() -> None:
    with Flow("f") as flow:
        first = inc(1)
        second = inc(first)
    assert FlowRunner(flow).run().result == {}
    assert list(FlowRunner(flow).run(return_tasks=[second]).result) == [second]


def test_a_task_of_another_flow_cannot_be_asked_for() -> None:
    with Flow("f") as flow:
        inc(1)
    with Flow("g"):
        foreign = inc(1)
    state = FlowRunner(flow).run(return_tasks=[foreign])

    assert state.message == "Unexpected error: ValueError('Some tasks in return_tasks were not found in the flow.')"


def test_which_parameter_wins() -> None:
    with Flow("f") as flow:
        done = inc(Parameter("x", default=1))

    def value(**options: Any) -> int:
        return FlowRunner(flow).run(return_tasks=[done], **options).result[done].result - 1  # type: ignore[no-any-return]

    assert value() == 1
    assert value(context={"parameters": {"x": 2}}) == 2
    assert value(context={"parameters": {"x": 2}}, parameters={"x": 3}) == 3


def test_a_missing_parameter_fails_its_task() -> None:
    with Flow("f") as flow:
        parameter = Parameter("x")
        inc(parameter)
    state = FlowRunner(flow).run(return_tasks=[parameter]).result[parameter]
    assert state.message == 'Parameter "x" was required but not provided.'


def test_an_executor_that_fails_fails_the_flow() -> None:
    class Broken(LocalExecutor):
        def submit(self, *args: Any, **kwargs: Any) -> Any:
            raise ValueError("executor")

    with Flow("f") as flow:
        inc(1)
    state = FlowRunner(flow).run(executor=Broken())
    assert (type(state), state.message) == (Failed, "Unexpected error: ValueError('executor')")


def test_an_error_outside_of_a_step_fails_the_flow() -> None:
    seen: list[str] = []

    class Broken(FlowRunner):
        def initialize_run(self, *args: Any, **kwargs: Any) -> Any:
            raise ValueError("start")

    with Flow("f", state_handlers=[lambda flow, old, new: seen.append(type(new).__name__)]) as flow:
        inc(1)
    state = Broken(flow).run()

    assert state.message == "Unexpected error while running flow: ValueError('start')"
    assert seen == ["Failed"]


def test_an_executor_gets_told_what_each_call_is_for() -> None:
    told: list[Any] = []

    class Telling(LocalExecutor):
        def submit(self, fn: Any, *args: Any, extra_context: Any = None, **kwargs: Any) -> Any:
            told.append(extra_context)
            return super().submit(fn, *args, **kwargs)

    with Flow("f", executor=Telling()) as flow:
        inc.map([1], task_args={"tags": {"a"}})
    FlowRunner(flow).run()

    assert told == [
        {"task_name": "inc", "task_tags": {"a"}, "task_index": None},
        {"task_name": "inc", "task_tags": {"a"}, "task_index": 0},
    ]


def test_resources_are_set_up_again_in_each_pass() -> None:
    log: list[str] = []
    attempts: list[int] = []

    @resource_manager
    class Resource:
        def setup(self) -> str:
            log.append("setup")
            return "thing"

        def cleanup(self, thing: str) -> None:
            log.append(f"cleanup {thing}")

    @task(max_retries=1, retry_delay=timedelta(0))
    def use(thing: str) -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise ValueError

    with Flow("f") as flow, Resource() as thing:
        use(thing)

    assert flow.run().is_successful()
    assert log == ["setup", "setup", "cleanup thing"]


def test_values_for_the_context_of_one_task() -> None:
    @task
    def look() -> Any:
        return context.get("mine")

    with Flow("f") as flow:
        first, second = look(), look()
    states = FlowRunner(flow).run(return_tasks=flow.tasks, task_contexts={first: {"mine": 1}}).result

    assert (states[first].result, states[second].result) == (1, None)


def test_run_task_says_everything_in_full() -> None:
    @task
    def total(x: list[int]) -> int:
        return sum(x)

    edge = Edge(inc.copy(), total, key="x")
    state = run_task(
        task=total,
        state=Pending(),
        upstream_states={edge: Mapped()},
        context={"mine": 1},
        flow_result=None,
        task_runner_cls=TaskRunner,
        task_runner_state_handlers=None,
        upstream_mapped_states={edge: [Success(result=1), Success(result=2)]},
    )
    assert state.result == 3


def test_default_classes() -> None:
    assert get_default_flow_runner_class() is FlowRunner
    assert get_default_task_runner_class() is TaskRunner
    assert get_default_executor_class() is LocalExecutor


def test_default_classes_may_be_configured() -> None:
    class Mine(LocalExecutor): ...

    with set_temporary_config({"engine.executor.default_class": Mine}):
        assert get_default_executor_class() is Mine
    with (
        set_temporary_config({"engine.flow_runner.default_class": "no.such.Class"}),
        pytest.warns(UserWarning, match="Could not import no.such.Class; using .*FlowRunner instead"),
    ):
        assert get_default_flow_runner_class() is FlowRunner


def test_former_path_of_the_executors() -> None:
    from prefect.engine.executors import LocalExecutor as Former

    with pytest.warns(UserWarning, match="has been moved to `prefect.executors.LocalExecutor`"):
        former = Former()
    assert isinstance(former, LocalExecutor)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LocalExecutor()
