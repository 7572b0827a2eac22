"""The two runners that ask an API about every change: what they propose, and what its answers make of a run."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from prefect import Flow, Task, context
from prefect.client import connection as connection_module
from prefect.engine.cloud import cancellation
from prefect.engine.cloud import flow_runner as flow_module
from prefect.engine.cloud import task_runner as task_module
from prefect.engine.cloud.flow_runner import CloudFlowRunner
from prefect.engine.cloud.task_runner import CloudTaskRunner, _seconds_until_next_attempt, patience
from prefect.engine.result import Result
from prefect.engine.results import LocalResult, PrefectResult
from prefect.engine.runner import ENDRUN
from prefect.engine.state import (
    Cached,
    Cancelled,
    Cancelling,
    ClientFailed,
    Failed,
    Paused,
    Pending,
    Queued,
    Retrying,
    Running,
    Scheduled,
    State,
    Success,
)
from prefect.utilities.configuration import set_temporary_config
from support.graphql_stub import Stub, StubServer

RUN = "6d5b3ab5-6f3d-4f3d-a8a8-00000000000a"
ID = "6d5b3ab5-6f3d-4f3d-a8a8-000000000001"
LOCKED = {"errors": [{"message": "State update failed", "extensions": {"code": "VERSION_LOCKING_ERROR"}}]}
NO = {"errors": [{"message": "refused"}]}
TOO_LARGE = {"errors": [{"message": "State payload is too large."}]}


pytestmark = pytest.mark.filterwarnings("ignore:cache_validator provided without:UserWarning")


@pytest.fixture(autouse=True)
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    monkeypatch.setattr(connection_module, "API_ERROR_RESENDS", 0)
    settings = {"home_dir": str(tmp_path), "backend": "server", "cloud.api_key": "", "cloud.tenant_id": ID}
    settings |= {"cloud.retry_seconds": 0, "cloud.send_flow_run_logs": False, "cloud.queue_interval": 30}
    with StubServer() as stub, set_temporary_config({**settings, "cloud.api": stub.url}):
        for mutation in ("set_flow_run_states", "set_task_run_states"):
            stub.on(mutation, told("SUCCESS", mutation))
        with context(flow_run_id=RUN, flow_run_version=4, task_run_id=RUN, task_run_version=4, task_id=ID):
            yield stub
        connection_module._plain_servers.discard(stub.url)


def told(status: str, mutation: str, message: str | None = None) -> dict[str, Any]:
    return {"data": {mutation: {"states": [{"id": RUN, "status": status, "message": message}]}}}


def proposed(stub: Stub) -> list[tuple[str, int | None]]:
    found = [asked.variables["input"]["states"][0] for asked in stub.asked if "_run_states" in asked.query]
    return [(one["state"]["type"], one["version"]) for one in found]


KINDS = ["flow", "task"]


def runner(kind: str, **options: Any) -> Any:
    return CloudFlowRunner(Flow("f", **options)) if kind == "flow" else CloudTaskRunner(Task(name="t", **options))


def mutation_of(kind: str) -> str:
    return f"set_{kind}_run_states"


def state_is(stub: Stub, kind: str, state: State | None) -> None:
    document = None if state is None else {"serialized_state": state.serialize()}
    if kind == "flow":
        stub.on("flow_run_by_pk(id: $id) { serialized_state }", {"data": {"flow_run_by_pk": document}})
    else:
        stub.on("get_task_run_info", {"data": {"get_task_run_info": document}})


# ----- changes of state


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("state", "version"), [(Running(), 4), (Success(), None), (Failed("m"), None)], ids=repr)
def test_a_change_is_proposed_and_counted_and_only_work_that_begins_says_on_what_it_is_based(
    stub: Stub, kind: str, state: State, version: int | None
) -> None:
    assert runner(kind).call_runner_target_handlers(Pending(), state) is state
    assert proposed(stub) == [(type(state).__name__, version)]
    assert context[f"{kind}_run_version"] == 5


@pytest.mark.parametrize("kind", KINDS)
def test_handlers_come_first_and_what_they_say_is_proposed(stub: Stub, kind: str) -> None:
    def instead(target: Any, old: State, new: State) -> State:
        assert stub.asked == []
        return Failed("mine")

    found = runner(kind, state_handlers=[instead]).call_runner_target_handlers(Pending(), Success())
    assert (type(found), found.message) == (Failed, "mine")
    assert proposed(stub) == [("Failed", None)]


@pytest.mark.parametrize("kind", KINDS)
def test_who_cannot_tell_the_api_does_not_tell_it_that(stub: Stub, kind: str) -> None:
    state = ClientFailed(state=Success())
    assert runner(kind).call_runner_target_handlers(Pending(), state) is state
    assert stub.asked == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_without_a_place_ends_queued_around_the_state_it_had(stub: Stub, kind: str) -> None:
    stub.on(mutation_of(kind), told("QUEUED", mutation_of(kind), "the limit is met"))
    old = Pending("before")
    with pytest.raises(ENDRUN) as end:
        runner(kind).call_runner_target_handlers(old, Running())
    found = end.value.state
    assert isinstance(found, Queued)
    assert (found.state, found.message) == (old, "the limit is met")
    assert timedelta(seconds=20) < found.start_time - datetime.now(UTC) <= timedelta(seconds=30)
    assert context[f"{kind}_run_version"] == 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_another_process_runs_is_left_to_it(stub: Stub, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "prefect")
    stub.on(mutation_of(kind), LOCKED)
    state_is(stub, kind, Running("theirs"))
    with pytest.raises(ENDRUN) as end:
        runner(kind).call_runner_target_handlers(Pending(), Running())
    assert (type(end.value.state), end.value.state.message) == (Running, "theirs")
    assert f"Version lock encountered and {kind} run is already in a running state." in caplog.messages


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_that_somebody_else_has_set_is_taken_over(
    stub: Stub, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "prefect")
    stub.on(mutation_of(kind), LOCKED)
    state_is(stub, kind, Failed("by hand"))
    found = runner(kind).call_runner_target_handlers(Pending(), Running())
    assert (type(found), found.message) == (Failed, "by hand")
    assert "Version lock encountered, proceeding with state Failed..." in caplog.messages


@pytest.mark.parametrize("kind", KINDS)
def test_an_api_that_refuses_ends_the_run_with_what_it_would_have_become(
    stub: Stub, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    stub.on(mutation_of(kind), NO)
    state = Success("done")
    with pytest.raises(ENDRUN) as end:
        runner(kind).call_runner_target_handlers(Running(), state)
    # As in 1.4.1: a task's says that it could not be told, a flow's is what it would have been.
    assert isinstance(end.value.state, ClientFailed) is (kind == "task")
    assert getattr(end.value.state, "state", end.value.state) is state
    assert f"Failed to set {kind} state with error: ClientError" in caplog.text
    assert proposed(stub) == [("Success", None)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", [TOO_LARGE, (413, b"too much")], ids=["the state", "the request"])
def test_a_state_that_cannot_be_kept_fails_the_run(
    stub: Stub, kind: str, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stub.on(mutation_of(kind), answer, told("SUCCESS", mutation_of(kind)))
    found = runner(kind).call_runner_target_handlers(Running(), Success("large"))
    assert isinstance(found, Failed)
    assert str(found.message).startswith("The state Success could not be kept: its result is too large to be kept")
    assert str(found.message) in caplog.messages
    assert proposed(stub) == [("Success", None), ("Failed", None)]


@pytest.mark.parametrize("kind", KINDS)
def test_where_that_cannot_be_told_either_the_run_ends(stub: Stub, kind: str) -> None:
    stub.on(mutation_of(kind), TOO_LARGE, NO)
    with pytest.raises(ENDRUN) as end:
        runner(kind).call_runner_target_handlers(Running(), Success("large"))
    assert type(getattr(end.value.state, "state", end.value.state)) is Failed


@pytest.mark.parametrize("kind", KINDS)
def test_a_client_that_stands_in_and_tells_no_time_does_not_end_the_run(stub: Stub, kind: str) -> None:
    one = runner(kind)
    one.client = SimpleNamespace(server_time=object)
    assert abs(one.latest_time() - datetime.now(UTC)) < timedelta(minutes=1)
    ahead = datetime.now(UTC) + timedelta(hours=1)
    one.client = SimpleNamespace(server_time=lambda: ahead)
    assert one.latest_time() == ahead


def test_the_value_of_a_state_that_was_taken_over_is_read(stub: Stub, tmp_path: Path) -> None:
    kept = LocalResult(dir=str(tmp_path), location="v").write(7)
    elsewhere = kept.copy()
    elsewhere.value = None
    stub.on("set_task_run_states", LOCKED)
    state_is(stub, "task", Success(result=elsewhere))
    one = runner("task", result=LocalResult(dir=str(tmp_path), location="v"))
    assert one.call_runner_target_handlers(Pending(), Running()).result == 7
    Path(str(kept.location)).unlink()
    assert one.call_runner_target_handlers(Pending(), Running()).result is None


# ----- beginnings


@pytest.mark.parametrize("given", [None, Scheduled("known")], ids=repr)
def test_a_run_that_cannot_be_read_fails_unless_its_state_is_known(
    stub: Stub, given: State | None, caplog: pytest.LogCaptureFixture
) -> None:
    stub.on("query", NO)
    stub.on("get_or_create_task_run_info", NO)
    calls = [
        lambda: runner("flow").initialize_run(given, {}, {}, {}, {}),
        lambda: runner("task").initialize_run(given, {"map_index": 2}),
    ]
    for call in calls:
        with pytest.raises(ENDRUN) as end:
            call()
        found = end.value.state
        if given is not None:
            assert found is given
        else:
            assert (type(found), found.message) == (Failed, "Could not retrieve state from Prefect Cloud")
            assert isinstance(found.result, Exception)
    assert caplog.text.count("Failed to retrieve flow state with error: ") == 1
    assert caplog.text.count("Failed to retrieve task state with error: ") == 1


def info(*slugs: str, **more: Any) -> dict[str, Any]:
    task_runs = [
        {
            "id": f"tr-{slug}",
            "version": 3,
            "serialized_state": Pending(slug).serialize(),
            "task": {"id": f"t-{slug}", "slug": slug},
        }
        for slug in slugs
    ]
    run = {
        "id": RUN, "name": "quiet fox", "flow_id": ID, "parameters": {"a": 1, "b": 1}, "context": {"mine": 1},
        "version": 9, "scheduled_start_time": "2030-01-01T00:00:00+00:00", "serialized_state": Scheduled().serialize(),
        "task_runs": task_runs, "flow": {"project": {"id": "p-1", "name": "project"}},
    }  # fmt: skip
    return {"data": {"flow_run_by_pk": {**run, **more}}}


def test_what_the_api_knows_of_a_run_is_in_its_context(stub: Stub) -> None:
    one = Task(name="one", slug="one-1")
    flow = Flow("f", tasks=[one])
    stub.on("task_runs(where", info("one-1"))
    found = CloudFlowRunner(flow).initialize_run(None, {}, {}, {}, {"b": 2})
    assert type(found.state) is Scheduled
    assert found.context["parameters"] == {"a": 1, "b": 2}
    expected = {
        "mine": 1, "flow_id": ID, "flow_run_id": RUN, "flow_run_version": 9, "flow_run_name": "quiet fox",
        "project_name": "project", "project_id": "p-1", "running_with_backend": True, "checkpointing": True,
    }  # fmt: skip
    assert {key: found.context[key] for key in expected} == expected
    assert found.task_states[one].message == "one-1"
    assert found.task_contexts[one].items() >= {
        "task_id": "t-one-1", "task_run_id": "tr-one-1", "task_run_version": 3,
    }.items()  # fmt: skip
    known = Failed("known")
    again = CloudFlowRunner(flow).initialize_run(None, {one: known}, {}, {}, {})
    assert again.task_states[one] is known


def test_a_flow_that_was_changed_without_being_registered_says_so(stub: Stub) -> None:
    stub.on("task_runs(where", info("gone-1"))
    expected = "Task slug gone-1 is not found in the current Flow. This is usually caused by changing the Flow without"
    with pytest.raises(KeyError, match=re.escape(expected)):
        runner("flow").initialize_run(None, {}, {}, {}, {})


def test_a_task_run_that_is_known_is_not_asked_for_but_a_child_and_a_later_round_are(stub: Stub) -> None:
    read = {"id": "new", "version": 8, "serialized_state": Scheduled("read").serialize()}
    stub.data("get_or_create_task_run_info", get_or_create_task_run_info=read)
    one = runner("task")
    state = Pending()
    known = {"task_run_version": 3, "map_index": None}
    assert one.initialize_run(state, dict(known)).state is state
    assert stub.asked == []
    # A second round may find that somebody has decided meanwhile.
    content = {**known, "flow_run_id": RUN, "task_id": ID}
    assert one.initialize_run(state, content).state is state
    assert (content["task_run_id"], content["task_run_version"], content["checkpointing"]) == ("new", 8, True)
    assert len(stub.asked) == 1
    child = {**known, "map_index": 2}
    found = runner("task").initialize_run(None, child)
    assert found.state.message == "read"
    assert stub.asked[-1].variables["input"]["map_index"] == 2
    one._has_waited = True
    assert one.initialize_run(state, dict(content)).state.message == "read"
    one._has_waited = True
    alike = Scheduled("mine")
    assert one.initialize_run(alike, dict(content)).state is alike


# ----- waiting


@pytest.mark.parametrize("seconds", [0, 600])
def test_the_longest_wait_here_is_the_configured_one(seconds: int) -> None:
    with set_temporary_config({"cloud.longest_wait_seconds": seconds}):
        assert patience() == timedelta(seconds=seconds)
        at = datetime.now(UTC)
        soon, late = at + timedelta(seconds=seconds - 5), at + timedelta(seconds=seconds + 60)
        for kind in (Retrying, Queued):
            assert _seconds_until_next_attempt(kind(start_time=late)) is None
            found = _seconds_until_next_attempt(kind(start_time=soon))
            assert found is not None
            assert max(0, seconds - 10) <= found <= max(0, seconds - 5)
        assert _seconds_until_next_attempt(Scheduled(start_time=soon)) is None
        assert _seconds_until_next_attempt(Paused()) is None
        assert _seconds_until_next_attempt(Success()) is None


class Clock:
    """Sleeping is noted and takes no time."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.mark.parametrize(
    ("ahead", "now", "again", "sleeps"),
    [
        (-1, Queued(), True, False),
        (600, Success(), False, False),
        (60, Success(), False, True),
    ],
    ids=["due", "too late", "ended meanwhile"],
)
def test_a_queued_flow_run_is_tried_again_when_it_is_due_soon(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, ahead: int, now: State, again: bool, sleeps: bool
) -> None:
    clock = Clock()
    monkeypatch.setattr(flow_module, "time", clock)
    state_is(stub, "flow", now)
    state = Queued(start_time=datetime.now(UTC) + timedelta(seconds=ahead))
    with set_temporary_config({"cloud.longest_wait_seconds": 300, "cloud.check_cancellation_interval": 15}):
        assert runner("flow")._wait_for_slot(state) is again
    assert bool(clock.slept) is sleeps
    assert all(seconds <= 15 for seconds in clock.slept)


@pytest.mark.parametrize("state", [Success(), Scheduled(), Retrying()], ids=repr)
def test_another_is_not(stub: Stub, state: State) -> None:
    assert runner("flow")._wait_for_slot(state) is False
    assert stub.asked == []


def test_a_task_run_is_tried_again_here_when_that_is_soon(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(task_module, "time", clock)
    calls: list[int] = []

    class Sometimes(Task):
        def run(self) -> int:
            calls.append(1)
            if len(calls) == 1:
                raise ValueError("not yet")
            return 5

    read = {"id": RUN, "version": 6, "serialized_state": Retrying(run_count=1).serialize()}
    stub.data("get_or_create_task_run_info", get_or_create_task_run_info=read)
    one = CloudTaskRunner(Sometimes(name="s", max_retries=1, retry_delay=timedelta(0)))
    found = one.run()
    assert (type(found), found.result, len(calls), len(clock.slept)) == (Success, 5, 2, 1)
    assert [name for name, _ in proposed(stub)] == ["Running", "Failed", "Retrying", "Running", "Success"]


# ----- caches and names


def cached(value: int, **more: Any) -> Cached:
    return Cached(result=PrefectResult(value=value, location=str(value)), **more)


def candidates(stub: Stub, *states: State) -> None:
    stub.data("state_timestamp: desc", task_run=[{"serialized_state": state.serialize()} for state in states])


def accept_seven(state: Any, inputs: Any, parameters: Any) -> bool:
    assert (inputs, parameters) == ({"x": 1}, {"p": 2})
    return bool(state._result.location == "7")


def cache_of(stub: Stub, state: State, cache_for: Any = timedelta(hours=1), **options: Any) -> State:
    one = runner("task", cache_for=cache_for, cache_validator=accept_seven, result=PrefectResult(), **options)
    with context(parameters={"p": 2}):
        found: State = one.check_task_is_cached(state, inputs={"x": Result(1)})
    return found


def test_the_first_candidate_that_holds_is_taken(stub: Stub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "prefect")
    candidates(stub, cached(6), cached(7, message="this"), cached(7, message="later"))
    before = datetime.now(UTC) - timedelta(hours=1)
    found = cache_of(stub, Pending())
    assert (found.message, found.result) == ("this", 7)
    assert "Task 't': 3 candidate cached states were found" in caplog.messages
    where = stub.asked[0].variables["where"]
    assert (where["state"], where["task_id"]) == ({"_eq": "Cached"}, {"_eq": ID})
    assert before <= datetime.fromisoformat(where["state_timestamp"]["_gte"]) <= datetime.now(UTC)
    cache_of(stub, Pending(), cache_key="k")
    assert next(a for a in stub.asked[::-1] if "where" in a.variables).variables["where"]["cache_key"] == {"_eq": "k"}


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ([], "Task 't': can't use cache because no Cached states were found"),
        ([6, 5], "Task 't': can't use cache because no candidate Cached states were valid"),
    ],
    ids=["none", "none that holds"],
)
def test_without_one_the_task_runs(stub: Stub, states: Any, said: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "prefect")
    candidates(stub, *[cached(value) for value in states])
    state = Pending()
    assert cache_of(stub, state) is state
    assert said in caplog.messages


def test_a_cached_state_of_its_own_is_kept_while_it_holds(stub: Stub) -> None:
    own = cached(7)
    assert cache_of(stub, own, cache_for=None) is own
    found = cache_of(stub, cached(6), cache_for=None)
    assert (type(found), found.message) == (Pending, "Cache was invalid; ready to run.")


def test_a_candidate_whose_value_cannot_be_read_is_passed_over(
    stub: Stub, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kept = LocalResult(dir=str(tmp_path), location="7").write(7)
    kept.value = None
    lost = Cached(result=kept.copy(), message="lost")
    lost._result.location = str(tmp_path / "elsewhere")
    states = [lost, Cached(result=kept, message="this")]
    candidates(stub, *states)
    one = runner(
        "task", cache_for=timedelta(hours=1), cache_validator=lambda *_: True,
        result=LocalResult(dir=str(tmp_path), location="7"),
    )  # fmt: skip
    found = one.check_task_is_cached(Pending(), inputs={})
    assert "The cached result of 't' could not be read: " in caplog.text
    assert (found.message, found.result) == ("this", 7)


@pytest.mark.parametrize("answer", [{"data": {"set_task_run_name": {"success": True}}}, NO], ids=["named", "refused"])
def test_a_name_decorates_and_fails_nothing(stub: Stub, answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    stub.on("set_task_run_name", answer)
    runner("task", task_run_name="run of {x}").set_task_run_name({"x": Result(3)})
    assert stub.asked[-1].variables["input"] == {"task_run_id": RUN, "name": "run of 3"}
    assert ("The task run could not be named 'run of 3': " in caplog.text) == (answer is NO)
    count = len(stub.asked)
    runner("task").set_task_run_name({})
    assert len(stub.asked) == count


@pytest.mark.parametrize("is_quicker", [False, True], ids=["nobody else", "somebody was quicker"])
def test_a_run_that_is_cancelled_while_it_works_ends_cancelled(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, is_quicker: bool
) -> None:
    monkeypatch.setattr(cancellation, "FIRST_LOOK_SECONDS", 0.0)
    run = {"version": 9, "serialized_state": {"type": "Cancelling"}}
    found = {"cursor": 1, "events": [{"kind": "state", "state": "Cancelling"}]}
    stub.data("flow_run_events", flow_run_events=found)
    stub.data("version serialized_state", flow_run_by_pk=run)
    stub.data("serialized_state }", flow_run_by_pk=run)
    if is_quicker:
        stub.on("set_flow_run_states", LOCKED)

    class Wait(Task):
        def run(self) -> None:
            threading.Event().wait(60)

    stub.on("task_runs(where", info("wait-1"))
    with set_temporary_config({"cloud.heartbeat_mode": "off"}):
        state = CloudFlowRunner(Flow("f", tasks=[Wait(slug="wait-1")])).run(state=Running())

    told = [one.variables["input"]["states"][0] for one in stub.asked if "set_flow_run_states" in one.query]
    assert [(one["state"]["type"], one["version"]) for one in told][-1:] == [("Cancelled", 9)]
    assert ("Flow run was set to Cancelling meanwhile; this process stops" in caplog.text) == is_quicker
    if is_quicker:
        assert type(state) is Cancelling  # as the API says that it is
    else:
        assert (type(state), state.message) == (Cancelled, "Flow run is cancelled")
