"""The steps of a task run and of a flow run, each called alone, as a runner of the user's own may call them."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow, Task, context, task
from prefect.core.edge import Edge
from prefect.engine import FlowRunner, TaskRunner, shipping, timeouts
from prefect.engine.result import Result
from prefect.engine.results import LocalResult, SecretResult
from prefect.engine.results.places import check_filled_key, check_key
from prefect.engine.runner import ENDRUN
from prefect.engine.state import (
    Cached,
    Cancelled,
    Failed,
    Looped,
    Mapped,
    Paused,
    Pending,
    Resume,
    Retrying,
    Running,
    Scheduled,
    Skipped,
    State,
    Submitted,
    Success,
    TimedOut,
    TriggerFailed,
)
from prefect.engine.task_runner import declared_result
from prefect.exceptions import TaskTimeoutSignal
from prefect.model.signals import LOOP, SKIP
from prefect.utilities.debug import raise_on_exception

LATER = timedelta(hours=1)


def runner(**options: Any) -> TaskRunner:
    return TaskRunner(Task(name="t", **options))


def ended(call: Any, *args: Any, **given: Any) -> State:
    with pytest.raises(ENDRUN) as end:
        call(*args, **given)
    return end.value.state


# ----- steps of a task run


@pytest.mark.parametrize("state", [Pending(), Scheduled(), Mapped(), Cached()], ids=repr)
def test_these_are_ready(state: State) -> None:
    assert runner().check_task_is_ready(state) is state


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (Running(), "Task 't': task is already running."),
        (Success(), "Task 't': Task is already finished."),
        (Failed(), "Task 't': Task is already finished."),
        (State(), "Task 't' is not ready to run or state was unrecognized (<State>)."),
    ],
    ids=repr,
)
def test_others_are_not_and_it_is_said_why(state: State, said: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "prefect")
    assert ended(runner().check_task_is_ready, state) is state
    assert said in caplog.messages


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (Paused(), "is scheduled without a known start_time; ending run."),
        (Scheduled(start_time=datetime.now(UTC) + LATER), "start_time has not been reached; ending run."),
    ],
    ids=["no time", "later"],
)
def test_what_is_not_due_ends(state: State, said: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "prefect")
    assert ended(runner().check_task_reached_start_time, state) is state
    assert said in caplog.text


def edge_to(of: TaskRunner, key: str | None = None, **options: Any) -> Edge:
    return Edge(Task(name="up"), of.task, key=key, **options)


def test_all_that_is_upstream_must_be_finished(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "prefect")
    one, state = runner(), Pending()
    both = {edge_to(one): Success(), edge_to(one): Running()}
    assert ended(one.check_upstream_finished, state, upstream_states=both) is state
    assert "Task 't': Not all upstream states are finished; ending run." in caplog.messages
    assert one.check_upstream_finished(state, upstream_states={edge_to(one): Failed()}) is state
    assert one.check_upstream_finished(state, upstream_states={}) is state


@pytest.mark.parametrize("wanted", [True, False])
def test_one_that_is_skipped_upstream_skips(wanted: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "prefect")
    one, state = runner(skip_on_upstream_skip=wanted), Pending()
    both = {edge_to(one): Success(), edge_to(one): Skipped()}
    if not wanted:
        assert one.check_upstream_skipped(state, upstream_states=both) is state
        return
    found = ended(one.check_upstream_skipped, state, upstream_states=both)
    assert type(found) is Skipped
    assert str(found.message).startswith("Upstream task was skipped; if this was not the intended behavior, consider")
    assert "Task 't': Upstream states were skipped; ending run." in caplog.messages


def no_trigger(upstream_states: Any) -> bool:
    return False


def bad_trigger(upstream_states: Any) -> bool:
    raise LookupError("odd")


def skipping_trigger(upstream_states: Any) -> bool:
    raise SKIP("not now")


@pytest.mark.parametrize(
    ("trigger", "kind", "message"),
    [
        (no_trigger, TriggerFailed, "Trigger failed"),
        (bad_trigger, TriggerFailed, "Unexpected error while checking task trigger: LookupError('odd')"),
        (skipping_trigger, Skipped, "not now"),
    ],
)
def test_a_trigger_that_says_no(trigger: Any, kind: type[State], message: str) -> None:
    found = ended(runner(trigger=trigger).check_task_trigger, Pending(), upstream_states={})
    assert (type(found), found.message) == (kind, message)
    if trigger is bad_trigger:
        assert isinstance(found.result, LookupError)
    with raise_on_exception(), pytest.raises((LookupError, BaseException)) as raised:
        runner(trigger=trigger).check_task_trigger(Pending(), upstream_states={})
    assert not isinstance(raised.value, ENDRUN)


@pytest.mark.parametrize("state", [Running(), Success(), Failed(), Cancelled()], ids=repr)
def test_only_what_is_pending_is_set_running(state: State, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "prefect")
    assert ended(runner().set_task_to_running, state, inputs={}) is state
    assert "Task 't': Can't set state to Running because it isn't Pending; ending run." in caplog.messages
    found = runner().set_task_to_running(Pending(), inputs={})
    assert (type(found), found.message) == (Running, "Starting task run.")


@pytest.mark.parametrize("state", [Pending(), Success()], ids=repr)
def test_only_what_is_running_is_called(state: State, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "prefect")
    assert ended(runner().get_task_run_state, state, inputs={}) is state
    assert "Task 't': Can't run task because it's not in a Running state; ending run." in caplog.messages


def test_the_argument_of_each_input_is_given_and_its_value_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "prefect")

    @task
    def add(x: int, y: int) -> int:
        return x + y

    found = TaskRunner(add).get_task_run_state(Running(), inputs={"x": Result(1), "y": Result(2)})
    assert (type(found), found.result, found.message) == (Success, 3, "Task run succeeded.")
    assert "Task 'add': Calling task.run() method..." in caplog.messages


@pytest.mark.parametrize("limit", [None, 5])
def test_what_a_task_raises_is_the_result_of_its_failure(limit: int | None, caplog: pytest.LogCaptureFixture) -> None:
    @task(timeout=limit)
    def fail() -> None:
        raise LookupError("odd")

    found = TaskRunner(fail).get_task_run_state(Running(), inputs={})
    assert (type(found), found.message) == (Failed, "Error during execution of task: LookupError('odd')")
    assert isinstance(found.result, LookupError)
    assert "Task 'fail': Exception encountered during task execution!" in caplog.text
    with raise_on_exception(), pytest.raises(LookupError):
        TaskRunner(fail).get_task_run_state(Running(), inputs={})


def test_a_task_that_takes_too_long_is_timed_out_with_the_reason_as_its_result() -> None:
    import threading

    @task(timeout=1)
    def wait() -> None:
        threading.Event().wait(600)

    found = TaskRunner(wait).get_task_run_state(Running(), inputs={})
    assert (type(found), found.message) == (TimedOut, "Task timed out during execution.")
    assert isinstance(found.result, TaskTimeoutSignal)
    with raise_on_exception(), pytest.raises(TaskTimeoutSignal):
        TaskRunner(wait).get_task_run_state(Running(), inputs={})


@pytest.mark.parametrize(("given", "message"), [(None, "Task is looping (3)"), ("mine", "mine")])
def test_a_round_of_a_loop_says_which_it_was(given: str | None, message: str) -> None:
    @task
    def loop() -> None:
        raise LOOP(given, result=7) if given else LOOP(result=7)

    with context(task_loop_count=3):
        found = TaskRunner(loop).get_task_run_state(Running(), inputs={})
    assert (type(found), found.message, found.result) == (Looped, message, 7)


@pytest.mark.parametrize("state", [Success(), Failed(), Pending()], ids=repr)
def test_what_does_not_loop_goes_on(state: State) -> None:
    assert runner().check_task_is_looping(state) is state


def test_the_next_round_knows_the_last(caplog: pytest.LogCaptureFixture) -> None:
    one = runner()
    before = {"task_run_count": 4, "kept": 1}
    with pytest.raises(timeouts.RecursiveCall) as again:
        one.check_task_is_looping(Looped(loop_count=2, result=7), upstream_states={}, context=before)
    call = again.value.kwargs
    assert call["context"] == {"kept": 1, "task_loop_count": 3, "task_loop_result": 7}
    assert before == {"task_run_count": 4, "kept": 1}
    assert (type(call["state"]), call["state"].message) == (Pending, "Looping task (on loop index 2)")
    assert call["upstream_states"] == {}
    assert again.value.func == one.run


@pytest.mark.parametrize("state", [Success("m", result=5), Success(result=5)], ids=["message", "none"])
@pytest.mark.parametrize("cache_for", [None, LATER], ids=str)
def test_a_success_is_cached_where_that_is_wanted(state: State, cache_for: Any) -> None:
    before = datetime.now(UTC)
    with context(parameters={"p": 1}):
        found = runner(cache_for=cache_for).cache_result(state, inputs={"x": Result(1)})
    if cache_for is None:
        assert found is state
        return
    assert isinstance(found, Cached)
    assert (found.message, found.result, found.cached_parameters) == (state.message, 5, {"p": 1})
    assert found.hashed_inputs is not None
    assert list(found.hashed_inputs) == ["x"]
    assert before + LATER <= found.cached_result_expiration <= datetime.now(UTC) + LATER


@pytest.mark.parametrize("state", [Failed(), Skipped(), Running(), Looped(result=5)], ids=repr)
def test_nothing_else_is_cached(state: State) -> None:
    assert runner(cache_for=LATER).cache_result(state, inputs={}) is state


@pytest.mark.parametrize("state", [Success(), Running(), Skipped()], ids=repr)
def test_only_a_failure_is_tried_again(state: State) -> None:
    assert runner(max_retries=2, retry_delay=LATER).check_for_retry(state, inputs={}) is state


def test_a_mapped_parent_that_was_mapped_before_ends_as_it_is() -> None:
    state = Mapped(n_map_states=2)
    assert ended(runner().check_task_ready_to_map, state, upstream_states={}) is state


def test_what_cannot_be_mapped_over_fails() -> None:
    one = runner()
    found = ended(
        one.check_task_ready_to_map, Pending(), upstream_states={edge_to(one, "x", mapped=True): Success(result=5)}
    )
    assert isinstance(found, Failed)
    assert "At least one upstream state has an unmappable result" in str(found.message)


# ----- what a task run begins with


@pytest.mark.parametrize(
    ("state", "count", "resumes"),
    [
        (None, 1, False),
        (Pending(), 1, False),
        (Pending(context={"task_run_count": 4}), 4, False),
        (Retrying(run_count=2), 3, False),
        (Submitted(state=Retrying(run_count=2)), 3, False),
        (Resume(), 1, True),
        (Paused(start_time=datetime.now(UTC) - LATER), 1, True),
        (Paused(start_time=datetime.now(UTC) + LATER), 1, False),
        (Paused(), 1, False),
    ],
    ids=repr,
)
def test_the_context_says_which_attempt_it_is(state: State | None, count: int, resumes: bool) -> None:
    one = runner(tags={"a"})
    found, inside = one.initialize_run(state, {})
    assert inside["task_run_count"] == count
    assert inside.get("resume", False) is resumes
    assert inside["task_tags"] == {"a"}
    assert inside["checkpointing"] is False
    assert not found.is_meta_state()
    assert one.initialize_run(None, {"checkpointing": True})[1]["checkpointing"] is True


def test_a_retry_in_a_loop_goes_on_with_the_value_of_the_round_before(tmp_path: Path) -> None:
    result = LocalResult(dir=str(tmp_path), location="v")
    kept = result.write(11)
    elsewhere = kept.copy()
    elsewhere.value = None
    one = runner(result=result)
    for known in (kept, elsewhere):
        state = Retrying(run_count=1, context={"_loop_count": 3}, result=known)
        _, inside = one.initialize_run(state, {})
        assert (inside["task_loop_count"], inside["task_loop_result"], inside["task_run_count"]) == (3, 11, 2)
        # What the next attempt will need is kept as it was written.
        again = runner(result=result, max_retries=5, retry_delay=LATER)
        again.initialize_run(state, inside := {})
        with context(inside):
            retrying = again.check_for_retry(Failed(), inputs={})
        assert (type(retrying), retrying._result.location) == (Retrying, kept.location)
        assert retrying.context["_loop_count"] == 3
    assert "task_loop_count" not in one.initialize_run(Retrying(run_count=1), {})[1]


def test_no_logger_of_a_child_is_kept_and_each_speaks_as_its_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "prefect")
    name = "only-in-this-test"
    one = TaskRunner(Task(name=name))
    _, inside = one.initialize_run(None, {"map_index": None})
    assert inside["logger"] is logging.getLogger(f"prefect.{name}")
    one._put_names(content := {"map_index": 3})
    _, inside = one.initialize_run(None, content)
    inside["logger"].info("said")
    assert caplog.records[-1].name == f"prefect.{name}[3]"
    assert f"prefect.{name}[3]" not in logging.Logger.manager.loggerDict


@pytest.mark.parametrize(("retries", "kind"), [(0, Failed), (1, Retrying)])
def test_a_run_whose_outcome_was_lost_fails_and_may_be_tried_again(retries: int, kind: type[State]) -> None:
    handled: list[Any] = []
    one = TaskRunner(
        Task(
            name="t",
            max_retries=retries,
            retry_delay=timedelta(0) if retries else None,
            state_handlers=[lambda task, old, new: handled.append(new)],
        )
    )
    error = LookupError("its process died")
    found = one.fail(error, None, {"map_index": 2})
    assert type(found) is kind
    assert handled[0].message == "Task 't[2]' failed: LookupError: its process died"
    assert handled[0].result is error
    if kind is Failed:
        assert found.result is error


@pytest.mark.filterwarnings("ignore:Both `result.location` and `target`:UserWarning")
@pytest.mark.parametrize("flow_result", [None, LocalResult(dir="/", location="of-flow", validate_dir=False)])
@pytest.mark.parametrize("own", [None, LocalResult(dir="/", location="of-task", validate_dir=False)])
def test_a_value_lies_at_the_target_else_as_the_task_says_else_as_the_flow_says(own: Any, flow_result: Any) -> None:
    plain = Task(name="t", result=own)
    assert declared_result(plain, flow_result) is (own or flow_result)
    found = declared_result(Task(name="t", result=own, target="{x}.p"), flow_result)
    assert found is not None
    assert type(found) is type(own or flow_result or Result())
    assert (found.location, found._formatter) == ("{x}.p", None)

    def name(**_: Any) -> str:
        return "x"

    found = declared_result(Task(name="t", result=own, target=name), flow_result)
    assert found is not None
    assert (found.location, found._formatter) == (None, name)
    assert own is None or own.location == "of-task"


# ----- steps of a flow run


@pytest.fixture
def of_flow() -> FlowRunner:
    return FlowRunner(Flow("f", tasks=[Task(name="t")]))


@pytest.mark.parametrize("state", [Pending(), Scheduled(), Running()], ids=repr)
def test_a_flow_run_in_these_states_may_go_on(of_flow: FlowRunner, state: State) -> None:
    assert of_flow.check_flow_is_pending_or_running(state) is state


@pytest.mark.parametrize(
    ("state", "said"),
    [(Success(), "Flow run has already finished."), (State(), "Flow is not ready to run (State).")],
    ids=repr,
)
def test_in_others_it_ends(of_flow: FlowRunner, state: State, said: str, caplog: pytest.LogCaptureFixture) -> None:
    assert ended(of_flow.check_flow_is_pending_or_running, state) is state
    assert said in caplog.messages


def test_a_flow_run_is_set_running_once(of_flow: FlowRunner) -> None:
    found = of_flow.set_flow_to_running(Pending())
    assert (type(found), found.message) == (Running, "Running flow.")
    assert of_flow.set_flow_to_running(found) is found
    done = Success()
    assert ended(of_flow.set_flow_to_running, done) is done


@pytest.mark.parametrize("ahead", [timedelta(0), LATER], ids=["due", "later"])
def test_a_flow_run_waits_for_its_time(of_flow: FlowRunner, ahead: timedelta, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "prefect")
    state = Scheduled(start_time=datetime.now(UTC) + ahead)
    if ahead:
        assert ended(of_flow.check_flow_reached_start_time, state) is state
        assert "Flow 'f': start_time has not been reached; ending run." in caplog.messages
    else:
        assert of_flow.check_flow_reached_start_time(state) is state


@pytest.mark.parametrize(
    ("keys", "terminals", "kind", "message"),
    [
        ([Success()], [Success(), Running()], Running, None),
        ([Success(), Failed()], [Success()], Failed, "Some reference tasks failed."),
        ([Success(), Skipped()], [Success()], Success, "All reference tasks succeeded."),
        ([Success(), Cancelled()], [Success()], Failed, "Some reference tasks failed."),
        ([], [], Success, "All reference tasks succeeded."),
        ([State()], [Success()], Success, "No reference tasks failed."),
    ],
    ids=str,
)
def test_a_flow_ends_as_its_reference_tasks_did(
    of_flow: FlowRunner, keys: Any, terminals: Any, kind: type[State], message: str | None
) -> None:
    asked = {Task(): Success()}
    state = Running()
    found = of_flow.determine_final_state(
        state=state, key_states=set(keys), return_states=asked, terminal_states=set(terminals)
    )
    if kind is Failed and not any(key.is_failed() for key in keys):
        kind, message = Success, "No reference tasks failed."
    assert (type(found), found.message, found.result) == (kind, message, asked)
    assert (found is state) == (kind is Running)


def test_a_flow_may_have_the_last_word(of_flow: FlowRunner) -> None:
    heard: list[Any] = []

    def keep(flow: Any, state: Any, keys: Any) -> None:
        heard.append((flow, state, keys))

    of_flow.flow.terminal_state_handler = keep
    keys = {Success()}
    given = {"state": Running(), "key_states": keys, "return_states": {}, "terminal_states": set()}
    found = of_flow.determine_final_state(**given)
    assert heard == [(of_flow.flow, found, keys)]
    mine = Failed("mine")
    of_flow.flow.terminal_state_handler = lambda *_: mine
    assert of_flow.determine_final_state(**given) is mine


def test_states_are_given_only_of_tasks_of_the_flow(of_flow: FlowRunner) -> None:
    found = of_flow.run(return_tasks=[Task(name="other")])
    assert isinstance(found, Failed)
    assert "Some tasks in return_tasks were not found in the flow." in str(found.message)


# ----- limits of time, places, parcels


def test_a_call_that_takes_too_long_in_the_main_thread_is_told() -> None:
    import threading

    with pytest.raises(TaskTimeoutSignal, match=r"^Execution timed out\.$"):
        timeouts.run_with_thread_timeout(threading.Event().wait, timeout=1)


@pytest.mark.parametrize(("name", "label"), [("Task 'x'", "Task 'x'"), (None, "Function 'wait_long'")])
def test_a_call_that_takes_too_long_in_a_process_is_told_by_its_name(name: str | None, label: str) -> None:
    with pytest.raises(TaskTimeoutSignal, match=f"^Execution timed out for {re.escape(label)}\\.$"):
        timeouts.run_with_multiprocess_timeout(wait_long, timeout=1, name=name)


def wait_long() -> None:
    import threading

    threading.Event().wait(600)


@pytest.mark.parametrize("run", [timeouts.run_with_thread_timeout, timeouts.run_with_multiprocess_timeout])
@pytest.mark.parametrize("timeout", [None, 60])
def test_within_its_time_a_call_is_a_call(run: Any, timeout: int | None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "prefect")
    assert run(dict, [[("a", 1)]], {"b": 2}, timeout=timeout) == {"a": 1, "b": 2}
    assert run(dict, timeout=timeout) == {}
    assert ("Function 'dict': " in caplog.text) == (timeout is not None)


@pytest.mark.parametrize("location", ["a\0b", "\0"])
def test_no_name_has_a_nul(location: str) -> None:
    for check in (lambda: check_key(location, "{x}"), lambda: check_filled_key(location, "{x}", {})):
        with pytest.raises(ValueError, match="has a NUL, which no name may have"):
            check()


def test_without_a_folder_of_its_own_a_name_stays_in_the_bucket() -> None:
    with pytest.raises(ValueError, match=r"^The location '\.\./x' leaves its bucket: what is filled into"):
        check_filled_key("../x", "{x}", {"x": "../x"})
    with pytest.raises(ValueError, match=r"does not lie in 'the bucket'"):
        check_key("../x", "{x}")
    check_filled_key("a/../x", "{x}", {"x": "a/../x"})
    check_key("x", "{x}")


def test_a_secret_is_read_by_its_own_task_alone() -> None:
    with pytest.raises(ValueError, match=r"^Can't pass a serializer to a SecretResult\.$"):
        SecretResult(None, serializer=object())
    with pytest.raises(ValueError, match=r"^The secret 's' can only be read by its own task, a NoneType\.$"):
        SecretResult(None, location="s").read("s")


def test_as_many_parcels_are_kept_open_as_are_wanted_and_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    import pickle

    monkeypatch.setattr(shipping, "_open", type(shipping._open)())
    monkeypatch.setattr(shipping, "_MOST_OPEN", 2)
    parcels = [shipping.Parcel(Task(name=f"t{n}"), (), {}, None, TaskRunner, None) for n in range(3)]
    packed = [pickle.dumps(parcel) for parcel in parcels]
    first, second = pickle.loads(packed[0]), pickle.loads(packed[1])
    assert pickle.loads(packed[0]) is first  # used anew: the other is the oldest now
    pickle.loads(packed[2])
    assert len(shipping._open) == 2
    assert pickle.loads(packed[0]) is first
    assert pickle.loads(packed[1]) is not second
    # Sent on as it came, it is known where it comes to.
    assert pickle.loads(pickle.dumps(first)) is first


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (None, {}),
        ([], {}),
        ("text", {}),
        ({"a": 1, "parameters": {"p": 1}}, {"a": 1, "parameters": {"p": 1}}),
        ({"a": 1, "parameters": 5}, {"a": 1}),
        ({"parameters": None}, {}),
        ({"config": {}, "logger": 1, "run_process": "x", "map_index": 1, "task_run_id": "x", "b": 2}, {"b": 2}),
    ],
    ids=str,
)
def test_of_the_context_that_came_with_a_run_only_the_users_is_taken(given: Any, taken: Any) -> None:
    from prefect.engine.cloud.flow_runner import _given_context

    assert _given_context(given) == taken


# ----- the two steps of the work, where nobody hears of a Running


STEPS_OF_WORK = ("set_task_to_running", "get_task_run_state")


def noted(seen: list[str], name: str) -> Any:
    """Give a step that notes what state it is given, and does what the engine's own does."""
    own = getattr(TaskRunner, name)

    def step(self: TaskRunner, state: State, **more: Any) -> State:
        seen.append(type(state).__name__)
        return own(self, state, **more)  # type: ignore[no-any-return]

    return step


@pytest.mark.parametrize("how", ["subclass", "replaced on the class"])
@pytest.mark.parametrize(("name", "given"), [*zip(STEPS_OF_WORK, ("Pending", "Running"), strict=True)])
def test_a_step_of_the_work_that_somebody_replaced_is_called(
    monkeypatch: pytest.MonkeyPatch, how: str, name: str, given: str
) -> None:
    seen: list[str] = []
    kind: Any = TaskRunner
    if how == "subclass":
        kind = type("Own", (TaskRunner,), {name: noted(seen, name)})
    else:
        monkeypatch.setattr(TaskRunner, name, noted(seen, name))

    state = kind(task(lambda: 7, name="t")).run()

    assert state.is_successful()
    assert (state.result, seen) == (7, [given])


@pytest.mark.parametrize("listens", ["task", "runner", "debug", "nobody"])
def test_whoever_can_hear_of_it_hears_that_a_task_is_running(listens: str, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[tuple[str, str]] = []

    def note(_: Any, old: State, new: State) -> State:
        seen.append((type(old).__name__, type(new).__name__))
        return new

    handlers = {"state_handlers": [note]}
    if listens == "debug":
        caplog.set_level(logging.DEBUG, logger="prefect.TaskRunner")
    of_task = handlers if listens == "task" else {}
    of_runner = handlers if listens == "runner" else {}

    assert TaskRunner(task(lambda: 7, name="t", **of_task), **of_runner).run().result == 7

    changes = [("Pending", "Running"), ("Running", "Success")]
    assert seen == (changes if handlers in (of_task, of_runner) else [])
    told = [line for line in caplog.messages if "Handling state change" in line]
    assert told == ([f"Task 't': Handling state change from {old} to {new}" for old, new in changes]
                    if listens == "debug" else [])  # fmt: skip
