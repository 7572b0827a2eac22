"""Retries, signals, pauses and loops: runs that take more than one pass."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pendulum
import pytest

from prefect import Flow, context, task, triggers
from prefect.engine import FlowRunner, TaskRunner, signals
from prefect.engine.results import LocalResult
from prefect.engine.retries import retry_state
from prefect.engine.state import (
    Failed,
    Paused,
    Resume,
    Retrying,
    Skipped,
    State,
    Success,
    TriggerFailed,
    ValidationFailed,
)

NOW = timedelta(0)


class Script:
    """A function that does one thing after the other: raises what is an exception, returns what is not."""

    def __init__(self, *deeds: Any) -> None:
        self.deeds = list(deeds)
        self.counts: list[int] = []

    def __call__(self) -> Any:
        self.counts.append(context.task_run_count)
        deed = self.deeds.pop(0)
        deed = deed() if callable(deed) else deed
        if isinstance(deed, BaseException):
            raise deed
        return deed


def run(script: Script, **options: Any) -> State:
    @task(name="scripted", **options)
    def scripted() -> Any:
        return script()

    with Flow("f") as flow:
        done = scripted()
    return flow.run().result[done]


def test_a_failed_task_is_tried_again_until_it_succeeds() -> None:
    script = Script(ValueError(1), ValueError(2), "done")
    state = run(script, max_retries=2, retry_delay=NOW)

    assert (type(state), state.result) == (Success, "done")
    assert script.counts == [1, 2, 3]


def test_the_last_failure_stands() -> None:
    state = run(Script(ValueError(1), ValueError(2)), max_retries=1, retry_delay=NOW)

    assert type(state) is Failed
    assert repr(state.result) == "ValueError(2)"


def test_message_and_time_of_a_retry() -> None:
    @task(max_retries=3, retry_delay=timedelta(minutes=5))
    def work() -> None:
        raise ValueError(1)

    before = datetime.now(UTC)
    with Flow("f") as flow:
        done = work()
        after = work(task_args={"max_retries": 0}, upstream_tasks=[done])
    state = FlowRunner(flow).run(return_tasks=[done, after])
    retrying = state.result[done]

    assert state.is_running()
    assert type(retrying) is Retrying
    assert retrying.message == "Retrying Task (after attempt 1 of 4)"
    assert retrying.run_count == 1
    assert before + timedelta(minutes=5) <= retrying.start_time <= datetime.now(UTC) + timedelta(minutes=5)
    assert state.result[after].is_pending()


def test_a_flow_waits_for_its_retries(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "prefect"):
        state = run(Script(ValueError(1), "done"), max_retries=1, retry_delay=timedelta(milliseconds=60))

    assert state.is_successful()
    said = [r.getMessage() for r in caplog.records]
    assert "Flow run RUNNING: terminal tasks are incomplete." in said
    assert any(text.startswith("Waiting for next available Task run at ") for text in said)


@pytest.mark.parametrize(
    ("failure", "is_retried"),
    [(KeyError(1), True), (ValueError(1), False), (signals.FAIL("no"), False), (signals.FAIL("no", result=None), True)],
    ids=repr,
)
def test_retry_on_chooses_the_failures(
    failure: BaseException, is_retried: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "prefect"):
        state = run(Script(failure, "done"), max_retries=1, retry_delay=NOW, retry_on=(KeyError, OSError))

    assert state.is_successful() is is_retried
    assert any("Skipping retry. Exception of type" in r.getMessage() for r in caplog.records) is not is_retried


def test_a_failed_trigger_is_not_retried() -> None:
    @task(max_retries=2, retry_delay=NOW, trigger=triggers.all_failed)
    def work() -> None: ...

    with Flow("f") as flow:
        done = work()
        flow.set_dependencies(done, upstream_tasks=[1])
        up = task(lambda: 1, name="up")
        work_after = work(upstream_tasks=[up()])
    assert type(flow.run().result[work_after]) is TriggerFailed


@pytest.mark.parametrize(
    ("signal", "kind", "result"),
    [
        (signals.SKIP("m"), Skipped, signals.SKIP),
        (signals.FAIL("m"), Failed, signals.FAIL),
        (signals.FAIL("m", result=3), Failed, 3),
        (signals.VALIDATIONFAIL("m"), ValidationFailed, signals.VALIDATIONFAIL),
        (signals.TRIGGERFAIL("m"), TriggerFailed, signals.TRIGGERFAIL),
        (signals.SUCCESS("m", result=3), Success, 3),
        (signals.ENDRUN(Failed("m")), Failed, None),
    ],
    ids=repr,
)
def test_signals_become_states(signal: BaseException, kind: type[State], result: Any) -> None:
    state = run(Script(signal))

    assert type(state) is kind
    assert state.message == "m"
    assert isinstance(state.result, result) if isinstance(result, type) else state.result == result


def test_a_signal_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "prefect"):
        run(Script(signals.SKIP("why not")))
    assert "SKIP signal raised: SKIP('why not')" in [r.getMessage() for r in caplog.records]


def test_retry_signals_need_no_max_retries() -> None:
    now = datetime.now(UTC)

    def again() -> BaseException:
        return signals.RETRY("again", start_time=now)

    script = Script(again, again, "done")

    assert run(script).result == "done"
    assert script.counts == [1, 2, 3]


def test_a_paused_run_goes_on_when_resumed() -> None:
    @task(trigger=triggers.manual_only)
    def work() -> Any:
        return context.get("resume")

    with Flow("f") as flow:
        done = work()
    paused = FlowRunner(flow).run(return_tasks=[done]).result[done]
    resumed = FlowRunner(flow).run(return_tasks=[done], task_states={done: Resume()}).result[done]
    timed = (
        FlowRunner(flow).run(return_tasks=[done], task_states={done: Paused(start_time=datetime.now(UTC))}).result[done]
    )

    assert type(paused) is Paused
    assert paused.message == 'Trigger function is "manual_only"'
    assert (resumed.result, timed.result) == (True, True)


def test_retry_state_knows_when_there_is_no_attempt_left() -> None:
    @task(max_retries=2, retry_delay=timedelta(seconds=1))
    def work() -> None: ...

    assert retry_state(work, run_count=3, loop_count=None, loop_result=None) is None
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    retrying = retry_state(work, run_count=2, loop_count=None, loop_result=None, now=moment)
    assert retrying is not None
    assert retrying.start_time == moment + timedelta(seconds=1)


# --- loops ------------------------------------------------------------------------------------------------------------


def test_a_task_loops_with_its_last_value() -> None:
    rounds: list[tuple[int, int]] = []
    messages: list[str | None] = []

    def note(task: Any, old: State, new: State) -> None:
        messages.append(f"{type(old).__name__}({old.message}) -> {type(new).__name__}({new.message})")

    @task(state_handlers=[note])
    def work() -> int:
        count, value = context.get("task_loop_count", 1), context.get("task_loop_result", 0)
        rounds.append((count, value))
        if count < 3:
            raise signals.LOOP("named" if count == 2 else None, result=value + count)
        return value

    with Flow("f") as flow:
        done = work()
    state = flow.run().result[done]

    assert (type(state), state.result) == (Success, 3)
    assert rounds == [(1, 0), (2, 1), (3, 3)]
    assert messages == [
        "Pending(None) -> Running(Starting task run.)",
        "Running(Starting task run.) -> Looped(Task is looping (1))",
        "Pending(Looping task (on loop index 1)) -> Running(Starting task run.)",
        "Running(Starting task run.) -> Looped(named)",
        "Pending(Looping task (on loop index 2)) -> Running(Starting task run.)",
        "Running(Starting task run.) -> Success(Task run succeeded.)",
    ]


def test_a_retry_inside_a_loop_repeats_the_round() -> None:
    seen: list[tuple[int, int, int]] = []

    @task(max_retries=1, retry_delay=NOW)
    def work() -> int:
        count, value = context.get("task_loop_count", 1), context.get("task_loop_result", 0)
        seen.append((count, value, context.task_run_count))
        if len(seen) in (2, 4):
            raise ValueError("once in a round")
        if count < 3:
            raise signals.LOOP(result=value + count)
        return value

    with Flow("f") as flow:
        done = work()

    assert flow.run().result[done].result == 3
    assert seen == [(1, 0, 1), (2, 1, 1), (2, 1, 2), (3, 3, 1), (3, 3, 2)]


def test_a_retry_inside_a_loop_is_gone_on_with_by_another_process(tmp_path: Path) -> None:
    @task(max_retries=1, retry_delay=timedelta(hours=1), result=LocalResult(dir=str(tmp_path)))
    def work() -> Any:
        count, value = context.get("task_loop_count", 1), context.get("task_loop_result")
        if count == 2 and context.task_run_count == 1:
            raise ValueError("once")
        if count < 3:
            raise signals.LOOP(result=[value, count])
        return value

    with context(checkpointing=True):
        state = TaskRunner(work).run()
        assert isinstance(state, Retrying)
        state = State.deserialize(state.serialize())
        state.start_time = pendulum.now("utc")
        assert TaskRunner(work).run(state=state).result == [[None, 1], 2]


def test_a_task_may_loop_often_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    @task
    def work() -> int:
        count = context.get("task_loop_count", 1)
        if count < 2000:
            raise signals.LOOP(result=count)
        return int(count)

    with Flow("f") as flow:
        done = work()
    with caplog.at_level(logging.INFO, "prefect"):
        assert flow.run().result[done].result == 2000
    assert sum("Starting task run" in r.getMessage() for r in caplog.records) == 1


def test_mapped_children_loop_for_themselves() -> None:
    @task
    def work(x: int) -> int:
        value = context.get("task_loop_result", x)
        if value < 10:
            raise signals.LOOP(result=value * 2)
        return int(value)

    with Flow("f") as flow:
        done = work.map([3, 20])

    assert flow.run().result[done].result == [12, 20]
