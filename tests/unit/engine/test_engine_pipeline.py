"""A task run from its initial state to its end: what each step lets through, and what it says."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from prefect import Flow, Parameter, Task, context, tags, task
from prefect.core.edge import Edge
from prefect.engine import FlowRunner, TaskRunner, signals
from prefect.engine.runner import Runner
from prefect.engine.state import (
    Cached,
    Cancelled,
    Cancelling,
    ClientFailed,
    Failed,
    Looped,
    Mapped,
    Paused,
    Pending,
    Queued,
    Resume,
    Retrying,
    Running,
    Scheduled,
    Skipped,
    State,
    Submitted,
    Success,
    TriggerFailed,
)
from prefect.utilities.debug import raise_on_exception

HOUR = timedelta(hours=1)


@task
def inc(x: int) -> int:
    return x + 1


@task
def fail() -> None:
    raise ValueError("no")


def run_inc(state: State | None = None, upstream: State | None = None, **edge_options: Any) -> State:
    this, up = inc.copy(), Task(name="up")
    edge = Edge(up, this, key="x", **edge_options)
    return TaskRunner(this).run(state=state, upstream_states={edge: upstream or Success(result=1)})


@pytest.mark.parametrize(
    "state",
    [
        None,
        Pending(),
        Scheduled(),
        Retrying(run_count=3),
        Paused(start_time=datetime.now(UTC)),
        Resume(),
        Submitted(state=Scheduled()),
        Queued(state=Scheduled()),
        Cached(result=7),
    ],
    ids=repr,
)
def test_a_run_that_is_due_runs(state: State | None) -> None:
    final = run_inc(state)

    assert type(final) is Success
    assert (final.message, final.result) == ("Task run succeeded.", 2)


@pytest.mark.parametrize(
    "state",
    [
        Running(),
        Cancelling(),
        Success(),
        Failed(),
        Looped(loop_count=2),
        Cancelled(),
        Skipped(),
        TriggerFailed(),
        Paused(),
        Scheduled(start_time=datetime.now(UTC) + HOUR),
    ],
    ids=repr,
)
def test_other_runs_end_as_they_began(state: State) -> None:
    assert run_inc(state) is state


def test_a_meta_state_stands_for_what_it_wraps() -> None:
    inner = Failed("before")
    assert run_inc(ClientFailed(state=inner)) is inner


@pytest.mark.parametrize("upstream", [Pending(), Running(), Retrying(), Mapped(map_states=[Success(), Pending()])])
def test_a_run_waits_for_everything_upstream(upstream: State) -> None:
    assert type(run_inc(upstream=upstream)) is Pending


def test_a_child_upstream_of_a_mapped_edge_need_not_be_awaited() -> None:
    this, up = inc.copy(), Task()
    edge = Edge(up, this, key="x", mapped=True)

    final = TaskRunner(this).run(upstream_states={edge: Mapped(n_map_states=2)}, is_mapped_parent=True)

    assert isinstance(final, Mapped)
    assert final.message == "Ready to proceed with mapping."
    assert final.n_map_states == 2


@pytest.mark.parametrize("upstream", [Skipped(), Mapped(map_states=[Success(), Skipped()])], ids=["task", "child"])
def test_a_skip_upstream_skips(upstream: State) -> None:
    final = run_inc(upstream=upstream)

    assert type(final) is Skipped
    assert final.result is None
    assert "consider changing `skip_on_upstream_skip=False` for this task." in (final.message or "")


def test_a_task_may_ignore_skips_upstream() -> None:
    @task(skip_on_upstream_skip=False)
    def look(x: Any) -> Any:
        return type(x).__name__

    @task
    def skip() -> None:
        raise signals.SKIP("not today")

    with Flow("f") as flow:
        seen = look(skip())

    assert flow.run().result[seen].result == "SKIP"


def test_what_is_upstream_of_an_unplanned_trigger_decides(caplog: pytest.LogCaptureFixture) -> None:
    def broken(upstream_states: dict[Edge, State]) -> bool:
        raise ZeroDivisionError("trigger")

    with Flow("f") as flow:
        refused = inc(1, task_args={"trigger": lambda upstream_states: False})
        error = inc(1, task_args={"trigger": broken})
    states = flow.run().result

    assert type(states[refused]) is TriggerFailed
    assert states[refused].message == "Trigger failed"
    assert type(states[error]) is TriggerFailed
    assert states[error].message == ("Unexpected error while checking task trigger: ZeroDivisionError('trigger')")


def test_a_trigger_sees_the_states_of_constants_too() -> None:
    seen: dict[str, Any] = {}

    def trigger(upstream_states: dict[Edge, State]) -> bool:
        seen.update(
            {str(edge.key): (edge.upstream_task.name, state.message) for edge, state in upstream_states.items()}
        )
        return True

    @task(trigger=trigger)
    def add(x: int, y: int) -> int:
        return x + y

    with Flow("f") as flow:
        add(inc(1), 5)
    flow.run()

    assert seen == {"x": ("inc", "Task run succeeded."), "y": ("5", "Auto-generated constant value")}


def test_log_of_a_plain_run(caplog: pytest.LogCaptureFixture) -> None:
    with Flow("my flow") as flow:
        inc(1)
    with caplog.at_level(logging.INFO, "prefect"):
        flow.run()

    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [
        ("prefect.FlowRunner", "INFO", "Beginning Flow run for 'my flow'"),
        ("prefect.TaskRunner", "INFO", "Task 'inc': Starting task run..."),
        ("prefect.TaskRunner", "INFO", "Task 'inc': Finished task run for task with final state: 'Success'"),
        ("prefect.FlowRunner", "INFO", "Flow run SUCCESS: all reference tasks succeeded"),
    ]


def test_an_exception_in_run_fails_the_task_and_its_downstream(caplog: pytest.LogCaptureFixture) -> None:
    with Flow("f") as flow:
        failed = fail()
        after = inc(failed)
    state = flow.run()

    assert type(state) is Failed
    assert state.message == "Some reference tasks failed."
    assert state.result[failed].message == "Error during execution of task: ValueError('no')"
    assert isinstance(state.result[failed].result, ValueError)
    assert type(state.result[after]) is TriggerFailed
    record = next(r for r in caplog.records if r.levelname == "ERROR")
    assert record.getMessage() == "Task 'fail': Exception encountered during task execution!"
    assert record.exc_info is not None


def test_an_exception_outside_of_run_fails_the_task_only() -> None:
    class Broken(TaskRunner):
        def get_task_inputs(self, *args: Any, **kwargs: Any) -> Any:
            raise ValueError("in the pipeline")

    with Flow("f") as flow:
        done = inc(1)
    state = FlowRunner(flow, task_runner_cls=Broken).run(return_tasks=[done])

    assert (
        state.result[done].message == "Task 'inc': Unexpected error while running task: ValueError('in the pipeline')"
    )


def test_every_step_of_a_subclass_is_called() -> None:
    steps: list[str] = []
    names = [
        "initialize_run check_task_is_ready check_task_reached_start_time check_upstream_finished",
        "check_upstream_skipped load_results get_task_inputs set_task_run_name check_task_is_cached",
        "check_task_trigger set_task_to_running get_task_run_state cache_result check_for_retry",
        "check_task_is_looping",
    ]
    wanted = " ".join(names).split()

    def noting(name: str) -> Any:
        def step(self: TaskRunner, *args: Any, **kwargs: Any) -> Any:
            steps.append(name)
            return getattr(TaskRunner, name)(self, *args, **kwargs)

        return step

    noted = type("Noted", (TaskRunner,), {name: noting(name) for name in wanted})
    with Flow("f") as flow:
        inc(1)
    FlowRunner(flow, task_runner_cls=noted).run()

    assert steps == wanted


def test_steps_are_called_with_the_names_that_a_subclass_may_rely_on() -> None:
    heard: list[str] = []

    class Named(TaskRunner):
        def load_results(self, *, state: State, upstream_states: dict[Edge, State]) -> Any:
            heard.append("load_results")
            return super().load_results(state=state, upstream_states=upstream_states)

        def get_task_inputs(self, *, state: State, upstream_states: dict[Edge, State]) -> Any:
            heard.append("get_task_inputs")
            return super().get_task_inputs(state=state, upstream_states=upstream_states)

        def handle_state_change(self, *, old_state: State, new_state: State) -> State:
            heard.append(type(new_state).__name__)
            return super().handle_state_change(old_state=old_state, new_state=new_state)

    with Flow("f") as flow:
        fail()
    FlowRunner(flow, task_runner_cls=Named).run()

    assert heard == ["load_results", "get_task_inputs", "Running", "Failed"]


def test_the_context_of_a_run() -> None:
    seen: dict[str, Any] = {}

    @task(name="look")
    def look(x: int) -> None:
        seen.update(context.to_dict())

    with Flow("f") as flow, tags("b", "a"):
        look(Parameter("x", default=3))
    flow.run(context={"mine": 1})

    assert seen["flow_name"] == seen["flow_id"] == "f"
    assert seen["parameters"] == {"x": 3}
    assert seen["mine"] == 1
    assert (seen["task_name"], seen["task_full_name"], seen["map_index"]) == ("look", "look", None)
    assert seen["task_slug"] == seen["task_id"] == "look-a-b-1"
    assert seen["task_tags"] == {"a", "b"}
    assert seen["task_run_count"] == 1
    assert seen["checkpointing"] is False
    assert seen["logger"].name == "prefect.look"
    assert seen["today"] == seen["date"].strftime("%Y-%m-%d")
    assert seen["yesterday_nodash"] < seen["today_nodash"] < seen["tomorrow_nodash"]
    assert not {"task_run_name", "task_loop_count", "resume"} & seen.keys()
    assert "task_name" not in context


def test_dates_follow_a_date_that_is_given() -> None:
    seen: dict[str, Any] = {}

    @task
    def look() -> None:
        seen.update(context.to_dict())

    with Flow("f") as flow:
        look()
    flow.run(context={"date": "2020-03-04T05:06:07+02:00", "today": "mine"})

    assert (seen["yesterday"], seen["today"], seen["tomorrow_nodash"]) == ("2020-03-03", "mine", "20200305")
    assert seen["date"].hour == 5


def test_a_date_that_is_none_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    with Flow("f") as flow:
        inc(1)
    assert flow.run(context={"date": "yesterday or so"}).is_successful()
    assert any("`date` was set in the context manually" in r.getMessage() for r in caplog.records)


def test_prints_go_to_the_log_when_asked(caplog: pytest.LogCaptureFixture) -> None:
    @task(log_stdout=True)
    def talk() -> None:
        print("hello")
        print("   ")

    with Flow("f") as flow:
        talk()
    with caplog.at_level(logging.INFO, "prefect"):
        flow.run()

    said = [r.getMessage() for r in caplog.records if "Task 'talk'" not in r.getMessage()]
    assert "hello" in said
    assert "   " not in said


@pytest.mark.parametrize("name", ["n-{x}-{task_name}", lambda **fields: f"n-{fields['x']}-{fields['task_name']}"])
def test_the_name_of_a_task_run(name: Any) -> None:
    @task(task_run_name=name)
    def look(x: int) -> Any:
        return context.task_run_name

    with Flow("f") as flow:
        seen = look.map([5, 6])

    assert flow.run().result[seen].result == ["n-5-look", "n-6-look"]


def test_exceptions_reach_the_caller_when_asked() -> None:
    with Flow("f") as flow:
        fail()
    with raise_on_exception(), pytest.raises(ValueError, match="no"):
        flow.run()


def test_signals_still_become_states_then() -> None:
    @task(max_retries=1, retry_delay=timedelta(0))
    def give_up() -> None:
        raise signals.FAIL("enough")

    with Flow("f") as flow:
        done = give_up()
    with raise_on_exception():
        assert flow.run().result[done].message == "enough"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)], ids=repr)
def test_what_ends_the_process_is_not_held_up(error: BaseException) -> None:
    @task
    def stop() -> None:
        raise error

    with Flow("f") as flow:
        inc(stop())
    with pytest.raises(type(error)):
        flow.run()
    assert "task_name" not in context


def test_a_flow_can_be_run_by_a_task_of_another() -> None:
    with Flow("inner") as inner:
        seen = inc.map([1, 2])

    @task
    def run_inner(x: int) -> Any:
        if not context.get("task_loop_count"):
            raise signals.LOOP(result=x)
        return inner.run().result[seen].result

    with Flow("outer") as outer:
        done = run_inner.map([1])

    assert outer.run().result[done].result == [[2, 3]]


def test_runners_show_what_they_run() -> None:
    with Flow("f") as flow:
        done = inc(1)
    assert (repr(TaskRunner(done)), repr(FlowRunner(flow))) == ("<TaskRunner: inc>", "<FlowRunner: f>")


def test_state_handlers_of_a_runner_must_be_a_sequence() -> None:
    with pytest.raises(TypeError):
        Runner(state_handlers=lambda *args: None)  # type: ignore[arg-type]


def test_a_task_without_a_target_has_nothing_there() -> None:
    begun = Pending()
    assert TaskRunner(inc).check_target(begun, inputs={}) is begun
