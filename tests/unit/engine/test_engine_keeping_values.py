"""Values that are kept: checkpoints, targets, caches, and those that are read again."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow, Parameter, context, task
from prefect.engine import FlowRunner, signals
from prefect.engine.cache_validators import all_inputs, all_parameters
from prefect.engine.result import Result
from prefect.engine.results import LocalResult, PrefectResult
from prefect.engine.state import Cached, Failed, Mapped, Retrying, Skipped, Success, TriggerFailed
from prefect.triggers import all_finished

HOUR = timedelta(hours=1)


@task
def inc(x: int) -> int:
    return x + 1


@pytest.fixture
def checkpointing() -> Iterator[None]:
    with context(checkpointing=True):
        yield


@pytest.fixture(autouse=True)
def no_caches() -> Iterator[None]:
    with context(caches={}):
        yield


# --- checkpoints ------------------------------------------------------------------------------------------------------


def test_values_are_not_written_unless_asked(tmp_path: Path) -> None:
    with Flow("f", result=LocalResult(dir=str(tmp_path))) as flow:
        done = inc(1)
    state = flow.run().result[done]

    assert (state.result, state._result.location) == (2, None)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("checkpointing")
def test_what_is_checkpointed(tmp_path: Path) -> None:
    @task
    def none() -> None: ...

    @task
    def fail() -> None:
        raise signals.FAIL("no", result=3)

    @task
    def succeed() -> None:
        raise signals.SUCCESS("yes", result=3)

    with Flow("f", result=LocalResult(dir=str(tmp_path))) as flow:
        written = {inc(1), succeed()}
        kept = {none(), fail(), inc(1, task_args={"checkpoint": False})}
        parameter = Parameter("p", default=9)
        inc(parameter)
    states = flow.run().result

    assert all(os.path.exists(states[t]._result.location) for t in written)
    assert [states[t]._result.location for t in kept] == [None, None, None]
    assert isinstance(states[parameter]._result, PrefectResult)
    assert states[parameter]._result.location == "9"


@pytest.mark.usefixtures("checkpointing")
def test_locations_are_filled_in(tmp_path: Path) -> None:
    @task(
        result=LocalResult(
            dir=str(tmp_path), location="{x}/{parameters[p]}-{p}-{flow_name}-{task_full_name}-{map_index}-{today}"
        )
    )
    def work(x: int, p: int) -> int:
        return x

    with Flow("flow") as flow:
        parameter = Parameter("p", default=9)
        done = work.map([1, 2], p=[8, 7])
        flow.add_task(parameter)
    states = flow.run(context={"today": "today"}).result[done].map_states

    assert [s._result.location for s in states] == [
        str(tmp_path / "1" / "9-8-flow-work[0]-0-today"),
        str(tmp_path / "2" / "9-7-flow-work[1]-1-today"),
    ]


@pytest.mark.usefixtures("checkpointing")
def test_a_location_may_be_a_function(tmp_path: Path) -> None:
    @task(result=LocalResult(dir=str(tmp_path), location=lambda **fields: f"{fields['task_name']}-{fields['x']}"))
    def work(x: int) -> int:
        return x

    with Flow("f") as flow:
        done = work(4)
    assert flow.run().result[done]._result.location == str(tmp_path / "work-4")


@pytest.mark.usefixtures("checkpointing")
def test_a_target_stands_before_a_location_that_is_a_function(tmp_path: Path) -> None:
    @task(
        target="{task_full_name}", nout=2, result=LocalResult(dir=str(tmp_path), location=lambda **fields: fields["x"])
    )
    def pair(x: str) -> list[int]:
        return [1, 2]

    with Flow("f") as flow:
        first, second = pair("called")
        inc(first), inc(second)
    assert flow.run().is_successful()
    # The parts of the pair write where the pair does: its function would lack ``x`` for them.
    assert (tmp_path / "pair").is_file()
    assert not (tmp_path / "called").exists()


def test_a_location_that_is_set_stands_before_the_function_that_was_given(tmp_path: Path) -> None:
    result = LocalResult(dir=str(tmp_path), location=lambda **_: "by-function")
    assert result.format(x=1).location == "by-function"
    result.location = "set-{x}"
    assert result.format(x=1).location == "set-1"
    assert result.from_value(2).format(x=1).location == "by-function"


@pytest.mark.usefixtures("checkpointing")
def test_a_value_that_cannot_be_written_fails_the_task_and_is_tried_again(tmp_path: Path) -> None:
    @task(result=LocalResult(dir=str(tmp_path), location="{nothing}"), max_retries=1, retry_delay=HOUR)
    def unknown_field() -> int:
        return 1

    @task(result=LocalResult(dir=str(tmp_path)))
    def unpicklable() -> Any:
        return (i for i in [1])

    with Flow("f") as flow:
        unnamed, generator = unknown_field(), unpicklable()
        fine = inc(1)
    states = FlowRunner(flow).run(return_tasks=flow.tasks).result

    assert type(states[unnamed]) is Retrying
    assert type(states[generator]) is Failed
    assert states[generator].message.startswith("Unexpected error: TypeError(")
    assert states[fine].is_successful()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("checkpointing")
def test_a_full_disk_fails_the_task_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with Flow("f", result=LocalResult(dir=str(tmp_path))) as flow:
        done = inc(1)
        after = inc(done)
    monkeypatch.setattr(os, "replace", full)
    states = flow.run().result

    assert states[done].message == "Unexpected error: OSError(28, 'No space left on device')"
    assert type(states[after]) is TriggerFailed
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("checkpointing")
def test_a_result_without_a_place_keeps_values_in_memory() -> None:
    with Flow("f", result=Result()) as flow:
        done = inc(1)
    assert flow.run().result[done].result == 2


@pytest.mark.usefixtures("checkpointing")
def test_rounds_of_a_loop_are_written(tmp_path: Path) -> None:
    @task(result=LocalResult(dir=str(tmp_path), location="{task_run_id}-{task_run_count}"))
    def work() -> int:
        if context.get("task_loop_count", 1) < 2:
            raise signals.LOOP(result=5)
        return 6

    with Flow("f") as flow:
        done = work()
    location = flow.run().result[done]._result.location
    assert LocalResult(dir=str(tmp_path)).read(location).value == 6


def test_a_value_known_by_its_location_is_read(tmp_path: Path) -> None:
    place = LocalResult(dir=str(tmp_path))
    place.copy().write(41)
    LocalResult(dir=str(tmp_path), location="one").write(1)
    LocalResult(dir=str(tmp_path), location="two").write(2)
    with Flow("f", result=place) as flow:
        first, mapped = inc(1), inc.map([8, 9])
        second, more = inc(first), inc.map(mapped)
    known = {
        first: Success(result=LocalResult(dir=str(tmp_path), location="one")),
        mapped: Mapped(
            map_states=[Success(result=LocalResult(dir=str(tmp_path), location=name)) for name in ("one", "two")]
        ),
    }
    states = flow.run(task_states=known).result

    assert states[second].result == 2
    assert states[more].result == [2, 3]


# --- targets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target", ["{task_name}-{x}.t", lambda **f: f"{f['task_name']}-{f['x']}.t"], ids=["text", "fn"]
)
@pytest.mark.parametrize("where", ["task", "flow"])
@pytest.mark.usefixtures("checkpointing")
def test_a_target_that_exists_is_not_made_again(tmp_path: Path, target: Any, where: str) -> None:
    runs: list[int] = []
    place = LocalResult(dir=str(tmp_path))

    @task(target=target, result=place if where == "task" else None)
    def work(x: int) -> int:
        runs.append(x)
        return x

    with Flow("f", result=place if where == "flow" else None) as flow:
        done = work(4)
    first, second = flow.run().result[done], flow.run().result[done]

    assert runs == [4]
    assert (type(first), first._result.location) == (Success, str(tmp_path / "work-4.t"))
    assert (type(second), second._result.location) == (Cached, "work-4.t")
    assert second.message == "Result found at task target work-4.t"
    assert (second.result, second.cached_result_expiration) == (4, None)


def test_a_target_needs_a_result_that_knows_a_place() -> None:
    with Flow("f") as flow:
        done = inc(1, task_args={"target": "x"})
    state = flow.run().result[done]
    assert type(state) is Failed
    assert state.message.startswith("Unexpected error: ResultNotImplementedError(")


@pytest.mark.parametrize(
    ("result", "error"), [(PrefectResult(), None), (LocalResult(), KeyError), (None, NotImplementedError)]
)
def test_only_a_result_that_fills_a_target_in_misses_what_it_names(
    result: Result | None, error: type[Exception] | None, tmp_path: Path
) -> None:
    with Flow("f", result=result) as flow:
        done = inc(1, task_args={"target": "{nothing}"})
    state = flow.run().result[done]
    assert state.is_successful() is (error is None)
    assert error is None or isinstance(state.result, error)


def test_the_trigger_is_asked_even_then(tmp_path: Path) -> None:
    LocalResult(dir=str(tmp_path), location="there").write(3)

    @task
    def fail() -> None:
        raise ValueError

    with Flow("f", result=LocalResult(dir=str(tmp_path))) as flow:
        refused = inc(fail(), task_args={"target": "there"})
        taken = inc(fail(), task_args={"target": "there", "trigger": all_finished})
    states = flow.run().result

    assert type(states[refused]) is TriggerFailed
    assert states[taken].result == 3


# --- caches -----------------------------------------------------------------------------------------------------------


def test_a_cached_task_is_run_once_in_a_process() -> None:
    runs: list[int] = []

    @task(cache_for=HOUR)
    def work() -> int:
        runs.append(1)
        return 1

    with Flow("f") as flow:
        done = work()
    first, second = flow.run().result[done], flow.run().result[done]

    assert runs == [1]
    assert type(first) is type(second) is Cached
    assert first.message == "Task run succeeded."
    assert datetime.now(UTC) < first.cached_result_expiration <= datetime.now(UTC) + HOUR


@pytest.mark.parametrize("validator", [all_inputs, all_parameters])
def test_other_values_are_made_anew(validator: Any) -> None:
    runs: list[int] = []

    @task(cache_for=HOUR, cache_validator=validator, cache_key="shared")
    def work(x: int) -> int:
        runs.append(x)
        return x

    with Flow("f") as flow:
        done = work(Parameter("x"))
    values = [flow.run(x=x).result[done].result for x in (1, 1, 2, 2, 1)]

    assert values == [1, 1, 2, 2, 1]
    assert runs == [1, 2]


def test_children_share_one_cache() -> None:
    runs: list[int] = []

    @task(cache_for=HOUR, cache_validator=all_inputs)
    def work(x: int) -> int:
        runs.append(x)
        return x

    with Flow("f") as flow:
        done = work.map([1, 2])
    flow.run()

    assert flow.run().result[done].result == [1, 2]
    assert runs == [1, 2]


def test_only_success_is_cached() -> None:
    @task(cache_for=HOUR)
    def skip() -> None:
        raise signals.SKIP("s")

    with Flow("f") as flow:
        done = skip()
    assert type(flow.run().result[done]) is Skipped


def test_a_cached_state_that_expired_is_made_anew() -> None:
    with Flow("f") as flow:
        fresh = inc(1, task_args={"cache_for": HOUR, "cache_validator": all_inputs})
        stale = inc(2, task_args={"cache_for": HOUR, "cache_validator": all_inputs})
    now = datetime.now(UTC)
    from prefect.model.tokens import tokenize

    known = {
        fresh: Cached(result=50, cached_result_expiration=now + HOUR, hashed_inputs={"x": tokenize(1)}),
        stale: Cached(result=50, cached_result_expiration=now - HOUR, hashed_inputs={"x": tokenize(2)}),
    }
    states = flow.run(task_states=known).result

    assert (states[fresh].result, states[stale].result) == (50, 3)


def test_a_cache_that_does_not_hold_is_reported(caplog: pytest.LogCaptureFixture) -> None:
    with Flow("f") as flow:
        inc(1, task_args={"cache_for": HOUR})
    flow.run()
    assert "Task 'inc': Can't use cache because it is now invalid" in [r.getMessage() for r in caplog.records]
