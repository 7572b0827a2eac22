"""State handlers: who is told what, in which order, and what their answers change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from prefect import Flow, context, task
from prefect.engine import FlowRunner, signals
from prefect.engine.state import Failed, Paused, Running, Skipped, State, Success


class Notes(list[str]):
    def handler(self, name: str) -> Any:
        def note(obj: Any, old: State, new: State) -> None:
            self.append(f"{name}: {type(old).__name__}->{type(new).__name__}")

        return note


def test_order_of_a_retried_task() -> None:
    notes, attempts = Notes(), []

    @task(
        max_retries=1,
        retry_delay=timedelta(0),
        state_handlers=[notes.handler("one"), notes.handler("two")],
        on_failure=lambda task, state: notes.append(f"failure: {state.message}"),
    )
    def work() -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise ValueError(1)

    with Flow("f") as flow:
        work()
    flow.run(task_runner_state_handlers=[notes.handler("runner")])

    assert notes == [
        "one: Pending->Running",
        "two: Pending->Running",
        "runner: Pending->Running",
        "one: Running->Failed",
        "two: Running->Failed",
        "failure: Error during execution of task: ValueError(1)",
        "runner: Running->Failed",
        "one: Failed->Retrying",
        "two: Failed->Retrying",
        "runner: Failed->Retrying",
        "one: Retrying->Running",
        "two: Retrying->Running",
        "runner: Retrying->Running",
        "one: Running->Success",
        "two: Running->Success",
        "runner: Running->Success",
    ]


def test_each_handler_gets_the_state_of_the_one_before() -> None:
    seen: list[str] = []

    def refuse(task: Any, old: State, new: State) -> State | None:
        return Failed("refused") if new.is_successful() else None

    def look(task: Any, old: State, new: State) -> None:
        seen.append(type(new).__name__)

    @task(state_handlers=[refuse, look])
    def work() -> int:
        return 1

    with Flow("f") as flow:
        done = work()
    state = flow.run()

    assert seen == ["Running", "Failed"]
    assert state.result[done].message == "refused"
    assert state.is_failed()


def on_running(deed: BaseException) -> Any:
    def handler(task: Any, old: State, new: State) -> None:
        if new.is_running():
            raise deed

    return handler


def run_with(handler: Any) -> State:
    ran: list[int] = []

    @task(state_handlers=[handler])
    def work() -> None:
        ran.append(1)

    with Flow("f") as flow:
        done = work()
    state = FlowRunner(flow).run(return_tasks=[done]).result[done]
    assert not ran
    return state


def test_an_exception_in_a_handler_ends_the_run() -> None:
    state = run_with(on_running(ValueError("handler")))

    assert type(state) is Failed
    assert state.message == "Unexpected error while calling state handlers: ValueError('handler')"
    assert isinstance(state.result, ValueError)


def test_a_signal_in_a_handler_is_the_state() -> None:
    assert type(run_with(on_running(signals.SKIP("by handler")))) is Skipped
    assert type(run_with(on_running(signals.ENDRUN(Failed("by handler"))))) is Failed
    assert type(run_with(on_running(signals.PAUSE("by handler")))) is Paused


def test_something_that_is_no_state_is_an_error() -> None:
    @task(state_handlers=[lambda task, old, new: 3])
    def work() -> None:
        pass

    with Flow("f") as flow:
        done = work()
    state = flow.run().result[done]

    assert type(state) is Failed
    assert "a state handler gives a State or None" in (state.message or "")


def test_a_success_made_of_a_failure_is_not_retried() -> None:
    def forgive(task: Any, old: State, new: State) -> State:
        return Success("forgiven", result=0) if new.is_failed() else new

    @task(state_handlers=[forgive], max_retries=3, retry_delay=timedelta(0))
    def work() -> int:
        raise ValueError(1)

    with Flow("f") as flow:
        done = work()
    state = flow.run()

    assert state.is_successful()
    assert state.result[done].result == 0


def test_handlers_of_a_mapped_task_are_told_of_parent_and_children() -> None:
    notes: list[tuple[Any, str]] = []

    def note(task: Any, old: State, new: State) -> None:
        notes.append((context.get("map_index"), type(new).__name__))

    @task(state_handlers=[note])
    def work(x: int) -> int:
        return x

    with Flow("f") as flow:
        work.map([1, 2])
    flow.run()

    assert notes == [(None, "Mapped"), (0, "Running"), (0, "Success"), (1, "Running"), (1, "Success")]


def test_handlers_of_a_flow() -> None:
    notes = Notes()

    @task
    def work() -> None:
        raise ValueError(1)

    with Flow(
        "f",
        state_handlers=[notes.handler("flow")],
        on_failure=lambda flow, state: notes.append(f"failure: {state.message}"),
        terminal_state_handler=lambda flow, state, states: notes.append(
            f"terminal: {state.message} {sorted(type(s).__name__ for s in states)}"
        ),
    ) as flow:
        work()
    flow.run()

    assert notes == [
        "flow: Scheduled->Running",
        "terminal: Some reference tasks failed. ['Failed']",
        "flow: Running->Failed",
        "failure: Some reference tasks failed.",
    ]


def test_an_exception_in_a_flow_handler_fails_the_flow() -> None:
    with Flow("f", state_handlers=[on_running(ValueError("handler"))]) as flow:
        pass
    state = flow.run()

    assert type(state) is Failed
    assert state.message == "Unexpected error while calling state handlers: ValueError('handler')"
    assert isinstance(state.result, ValueError)


def test_the_terminal_handler_may_replace_the_state() -> None:
    with Flow("f", terminal_state_handler=lambda flow, state, states: Failed("not enough")) as flow:
        pass

    assert FlowRunner(flow).run().message == "not enough"


def test_an_exception_in_the_terminal_handler_fails_the_flow() -> None:
    def broken(flow: Any, state: State, states: set[State]) -> None:
        raise ValueError("terminal")

    with Flow("f", terminal_state_handler=broken) as flow:
        pass
    state = FlowRunner(flow).run(state=Running())

    assert state.message == "Unexpected error: ValueError('terminal')"


@pytest.mark.parametrize("deed", [signals.FAIL("by handler"), signals.ENDRUN(Failed("by handler"))])
def test_a_signal_in_a_flow_handler_is_the_flows_state(deed: BaseException) -> None:
    with Flow("f", state_handlers=[on_running(deed)]) as flow:
        pass
    assert FlowRunner(flow).run().message == "by handler"
