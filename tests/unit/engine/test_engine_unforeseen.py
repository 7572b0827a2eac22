"""What nobody foresaw: errors in the steps around a run, and calls that cannot be interrupted."""

from __future__ import annotations

import queue
import sys
import threading
from types import SimpleNamespace
from typing import Any

import cloudpickle
import pytest

import prefect
from prefect import Flow, Task
from prefect.contract import errors
from prefect.engine import shipping, signals, timeouts
from prefect.engine.cloud.unstorable import in_place_of
from prefect.engine.flow_runner import FlowRunner
from prefect.engine.runner import ENDRUN, Runner
from prefect.engine.state import Failed, Paused, Pending, Running, Success
from prefect.engine.task_runner import TaskRunner
from prefect.exceptions import ClientError, TaskTimeoutSignal
from prefect.utilities.context import context

SECONDS = 60.0


class Give(Task):
    def run(self) -> int:
        return 1


ENDS: list[tuple[BaseException, type[Any], str]] = [
    (ValueError("no luck"), Failed, "Task 'Give': Unexpected error while running task: ValueError('no luck')"),
    (ENDRUN(Paused("wait")), Paused, "wait"),
    (signals.SUCCESS("enough"), Success, "enough"),
]
EACH_END = pytest.mark.parametrize(
    ("error", "kind", "message"), ENDS, ids=[type(error).__name__ for error, _, _ in ENDS]
)


class Unready(TaskRunner):
    """Cannot be made ready."""

    error: BaseException

    def initialize_run(self, state: Any, context: Any) -> Any:
        raise self.error


@EACH_END
def test_a_task_run_that_cannot_be_made_ready_ends(error: BaseException, kind: type[Any], message: str) -> None:
    runner = Unready(Give())
    runner.error = error

    state = runner.run()

    assert type(state) is kind
    assert message in str(state.message)
    if isinstance(error, ValueError):
        assert state.result is error


@EACH_END
def test_a_task_run_that_is_failed_from_outside_ends(error: BaseException, kind: type[Any], message: str) -> None:
    runner = Unready(Give())
    runner.error = error

    state = runner.fail(RuntimeError("its process died"), None, {})

    assert type(state) is kind
    assert message in str(state.message)


def test_a_task_run_that_is_failed_from_outside_tells_why() -> None:
    state = TaskRunner(Give()).fail(RuntimeError("its process died"), Pending(), {"map_index": 3})

    assert type(state) is Failed
    assert state.message == "Task 'Give[3]' failed: RuntimeError: its process died"


@pytest.mark.parametrize(("map_index", "name"), [(3, "Give[3]"), (0, "Give[0]"), (None, "Give")])
def test_a_task_that_was_lost_on_its_way_is_failed_by_its_name(map_index: int | None, name: str) -> None:
    heard: list[Any] = []
    handlers = [lambda runner, old, new: heard.append(prefect.context.get("map_index")) or new]
    parcel: Any = SimpleNamespace(
        context={"mine": 1}, runner_class=TaskRunner, task=Give(), handlers=handlers, flow_result=None
    )

    state = shipping.fail_parcel(parcel, None, map_index, RuntimeError("lost"))

    assert state.message == f"Task '{name}' failed: RuntimeError: lost"
    assert heard == [map_index]
    assert parcel.context == {"mine": 1}


@pytest.mark.parametrize("kind", [ENDRUN, signals.PAUSE], ids=["ENDRUN", "a signal"])
def test_a_handler_has_the_last_word_on_what_nobody_foresaw(kind: type[Any]) -> None:
    seen = []

    def handler(runner: Any, old: Any, new: Any) -> Any:
        seen.append((type(old), new.message))
        raise ENDRUN(Paused("by the handler")) if kind is ENDRUN else signals.PAUSE("by the handler")

    class Broken(FlowRunner):
        def initialize_run(self, *given: Any, **more: Any) -> Any:
            raise ValueError("no luck")

    state = Broken(Flow("f", tasks=[Give()]), state_handlers=[handler]).run()

    assert seen == [(Pending, "Unexpected error while running flow: ValueError('no luck')")]
    assert (type(state), state.message) == (Paused, "by the handler")


def test_a_flow_that_fails_unforeseen_raises_where_that_is_wanted() -> None:
    class Broken(FlowRunner):
        def initialize_run(self, *given: Any, **more: Any) -> Any:
            raise ValueError("no luck")

    broken = Broken(Flow("f", tasks=[Give()]))
    assert type(broken.run()) is Failed
    with prefect.utilities.debug.raise_on_exception(), pytest.raises(ValueError, match="no luck"):
        broken.run()


def test_a_runner_without_a_target_agrees() -> None:
    runner, new = Runner(), Running()

    assert runner.call_runner_target_handlers(Pending(), new) is new
    assert runner.handle_state_change(Pending(), new) is new
    assert "Runner" in repr(runner)
    assert runner._heartbeat() is False


# ----- calls that nothing can interrupt


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that may have no children."""
    stands_for = SimpleNamespace(current_process=lambda: SimpleNamespace(daemon=True))
    monkeypatch.setitem(sys.modules, "multiprocessing.process", stands_for)


def elsewhere(task: Task) -> Any:
    """Call a task in another thread, with its time limit; gives its value or its error."""
    told: queue.Queue[Any] = queue.Queue()

    def call() -> None:
        try:
            with context(task_full_name="Give[7]", mine="seen"), pytest.warns(UserWarning, match=UNSTOPPED):
                told.put(timeouts.run_task_with_timeout(task))
        except BaseException as error:
            told.put(error)

    threading.Thread(target=call, daemon=True).start()
    return told.get(timeout=SECONDS)


UNSTOPPED = r"Task 'Give\[7\]' has a timeout but is executed in a daemonic subprocess"


def test_a_call_that_cannot_be_stopped_gives_its_value_and_sees_its_context(daemon: None) -> None:
    class Look(Task):
        def run(self) -> Any:
            return prefect.context.get("mine"), threading.current_thread() is threading.main_thread()

    assert elsewhere(Look(timeout=100)) == ("seen", False)


def test_an_error_of_a_call_that_cannot_be_stopped_is_its_own(daemon: None) -> None:
    class Fail(Task):
        def run(self) -> Any:
            raise ValueError("mine")

    error = elsewhere(Fail(timeout=100))
    assert repr(error) == "ValueError('mine')"


def test_a_call_that_cannot_be_stopped_is_told_to_be_late_and_goes_on(daemon: None) -> None:
    goes_on, ended = threading.Event(), threading.Event()

    class Wait(Task):
        def run(self) -> None:
            goes_on.wait(SECONDS)
            ended.set()

    error = elsewhere(Wait(timeout=1))

    assert isinstance(error, TaskTimeoutSignal)
    assert "Execution timed out but was executed in the background." in str(error)
    assert not ended.is_set()
    goes_on.set()
    assert ended.wait(SECONDS)


# ----- a call that was sent to another process


def look(name: str, *, more: int = 0) -> Any:
    return prefect.context[name] + more


def fail(error: BaseException) -> None:
    raise error


def sent(fn: Any, *args: Any, **kwargs: Any) -> Any:
    """Make a call as another process makes it; gives what comes back."""
    payload = {"fn": fn, "args": args, "kwargs": kwargs, "context": {"mine": 40}}
    taken: list[bytes] = []
    timeouts.multiprocessing_safe_run_and_retrieve(SimpleNamespace(put=taken.append), cloudpickle.dumps(payload))
    (answer,) = taken
    return cloudpickle.loads(answer)


def test_a_call_in_another_process_gives_its_value_from_its_context() -> None:
    assert sent(look, "mine", more=2) == 42


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)], ids=repr)
def test_an_error_in_another_process_comes_back_as_what_it_was(error: BaseException) -> None:
    found = sent(fail, error)

    assert (type(found), str(found)) == (type(error), str(error))


def test_a_signal_in_another_process_comes_back_as_itself() -> None:
    found = sent(fail, signals.SKIP("enough"))

    assert (type(found), str(found)) == (signals.SKIP, "enough")


# ----- a state that cannot be kept


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ClientError(f"x {errors.STATE_TOO_LARGE} y"), "its result is too large to be kept with it"),
        (ClientError(f"{errors.BODY_TOO_LARGE} y"), "its result is too large to be kept with it"),
        (ClientError(f"y {errors.BODY_TOO_LARGE}"), None),
        (ClientError("another"), None),
        (TypeError("no JSON"), "no JSON"),
        (ValueError("x" * 301), "x" * 300),
        (RecursionError("deep"), "deep"),
        (KeyError("x"), None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_state_that_cannot_be_kept_is_failed_with_the_reason(error: Exception, reason: str | None) -> None:
    found = in_place_of(Success(), error)

    if reason is None:
        assert found is None
    else:
        assert type(found) is Failed
        told = str(found.message).removeprefix("The state Success could not be kept: ")
        assert told == reason or (told.startswith(reason) and isinstance(error, ClientError))
