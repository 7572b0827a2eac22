"""Beating for a run and looking whether it is to stop: what is asked, how often, and what no answer can end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect.client import Client
from prefect.client import connection as connection_module
from prefect.contract import limits
from prefect.engine import heartbeat as main_step
from prefect.engine.cloud import cancellation
from prefect.engine.cloud.beating import beat, beat_on
from prefect.engine.cloud.cancellation import CancellationWatcher, stops, wait_for_cancellation
from prefect.engine.cloud.heartbeat import Heartbeat
from prefect.engine.runner import Runner
from prefect.model.state import Success
from prefect.model.state_facts import FINISHED, STORABLE
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.context import context
from support.graphql_stub import Stub, StubServer

RUN = "6d5b3ab5-6f3d-4f3d-a8a8-00000000000a"
TENANT = "6d5b3ab5-6f3d-4f3d-a8a8-000000000001"
#: The last of these is what a gateway says that stands before the server.
STRANGE: list[Any] = [
    *({}, {"data": None}, {"data": {}}, {"data": []}, {"data": {"other": 1}}, [], None, "text", {"status": "ok"}),
    *((500, {"errors": [{"message": "no"}]}), (200, b"<html>not here</html>"), (502, b""), (200, b"")),
    {"errors": [{"message": "refused"}]},
]


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Stub]:
    settings = {"home_dir": str(tmp_path), "backend": "server", "cloud.api_key": "", "cloud.tenant_id": TENANT}
    settings |= {"cloud.retry_seconds": 0}
    with StubServer() as stub, set_temporary_config({**settings, "cloud.api": stub.url}):
        stub.data("update_flow_run_heartbeat", update_flow_run_heartbeat={"success": True})
        wants(stub, {})
        with context(flow_run_id=RUN):  # a run tries for as long as it is set
            yield stub
        connection_module._plain_servers.discard(stub.url)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_module, "API_ERROR_RESENDS", 0)


def wants(stub: Stub, settings: Any) -> None:
    stub.data("flow { settings }", flow_run_by_pk={"flow": {"settings": settings}})


def beats(stub: Stub) -> list[Any]:
    return [asked.variables["input"] for asked in stub.asked if "update_flow_run_heartbeat" in asked.query]


class Over(threading.Event):
    """The end of a watch, which comes after so many waits; the waits are noted and are none."""

    def __init__(self, waits: int) -> None:
        super().__init__()
        self.left = waits
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        self.left -= 1
        if self.left <= 0:
            self.set()
        return self.is_set()


# ----- beating


def test_a_beat_names_its_run(stub: Stub) -> None:
    beat(Client(), RUN)

    assert beats(stub) == [{"flow_run_id": RUN}]
    assert stub.asked[-1].headers["X-PREFECT-HEARTBEAT-ID"] == RUN


@pytest.mark.parametrize("answer", STRANGE, ids=repr)
def test_no_answer_ends_the_beating(stub: Stub, caplog: pytest.LogCaptureFixture, answer: Any) -> None:
    wants(stub, {})
    stub.on("update_flow_run_heartbeat", answer, answer, {"data": {"update_flow_run_heartbeat": {"success": True}}})
    over = Over(3)
    with caplog.at_level(logging.WARNING):
        beat_on(Client(), RUN, 7.0, over)

    assert len(beats(stub)) == 3
    assert over.waited == [7.0] * 3
    told = [record.getMessage() for record in caplog.records if "heartbeat" in record.getMessage()]
    # A payload of another form says that somebody took it.
    assert len(told) == (0 if answer == {"data": {"other": 1}} else 2), told
    assert all(text.startswith("Failed to send heartbeat: ") for text in told)


@pytest.mark.parametrize("answer", [*STRANGE, {"data": {"flow_run_by_pk": {"flow": None}}}], ids=repr)
def test_where_it_cannot_be_read_whether_beats_are_wanted_they_are_sent(
    stub: Stub, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    stub.on("flow { settings }", answer)
    with caplog.at_level(logging.WARNING):
        beat_on(Client(), RUN, 1.0, Over(2))

    assert len(beats(stub)) == 2
    assert "Failed to read whether heartbeats are wanted: " in caplog.text


@pytest.mark.parametrize(
    ("settings", "count"),
    [({"heartbeat_enabled": False}, 0), ({"heartbeat_enabled": True}, 2), ({"heartbeat_enabled": None}, 2), ({}, 2),
     (None, 2), ({"other": False}, 2)],
    ids=repr,
)  # fmt: skip
def test_a_flow_may_want_no_beats(stub: Stub, settings: Any, count: int) -> None:
    wants(stub, settings)
    beat_on(Client(), RUN, 1.0, Over(2))
    assert len(beats(stub)) == count


def test_a_run_that_is_gone_is_beaten_for_until_somebody_says_stop(stub: Stub) -> None:
    stub.data("flow { settings }", flow_run_by_pk=None)
    beat_on(Client(), RUN, 1.0, Over(2))
    assert len(beats(stub)) == 2


def test_what_is_over_is_not_beaten_for(stub: Stub) -> None:
    over = Over(1)
    over.set()
    beat_on(Client(), RUN, 1.0, over)
    assert beats(stub) == []


# ----- the beat of a run's own process


def wait_for_beats(stub: Stub, count: int) -> None:
    enough = threading.Event()
    answer = stub.rules[0][1]

    def answer_and_tell(asked: Any) -> Any:
        if len(beats(stub)) >= count:
            enough.set()
        return answer(asked)

    stub.rules.insert(0, ("update_flow_run_heartbeat", answer_and_tell))
    assert enough.wait(60)


def test_a_thread_beats_at_once_and_on(stub: Stub) -> None:
    stub.data("update_flow_run_heartbeat", update_flow_run_heartbeat={"success": True})
    with Heartbeat(Client(), RUN, mode="thread", interval_seconds=0.01) as heart:
        assert len(beats(stub)) >= 1
        assert heart.watcher is None
        wait_for_beats(stub, 4)
    (thread,) = [t for t in threading.enumerate() if t.name == "heartbeat"] or [None]
    if thread is not None:
        thread.join(60)
    count = len(beats(stub))
    assert not [t for t in threading.enumerate() if t.name == "heartbeat"]
    assert len(beats(stub)) == count


def test_a_run_that_was_set_running_a_moment_ago_has_beaten(stub: Stub) -> None:
    for has_begun in (True, False):
        with Heartbeat(Client(), RUN, mode="thread", interval_seconds=600, has_begun=has_begun):
            assert len(beats(stub)) == (not has_begun)


def test_off_means_off(stub: Stub) -> None:
    with Heartbeat(Client(), RUN, mode="off") as heart:
        assert heart.watcher is None
    assert stub.asked == []


def test_the_mode_and_the_interval_are_those_of_the_configuration_unless_given(stub: Stub) -> None:
    with set_temporary_config({"cloud.heartbeat_mode": "off", "cloud.heartbeat_interval": 3}):
        assert (Heartbeat(Client(), RUN)._mode, Heartbeat(Client(), RUN)._interval) == ("off", 3.0)
        assert Heartbeat(Client(), RUN, mode="thread")._mode == "thread"
        assert Heartbeat(Client(), RUN, interval_seconds=2)._interval == 2.0


@pytest.mark.parametrize(("wanted", "interval"), [(30, 10.0), (10, 10.0), (9.5, 9.5), (0.5, 0.5)])
def test_a_process_of_ours_beats_every_ten_seconds_at_least(stub: Stub, wanted: float, interval: float) -> None:
    assert limits.HEARTBEAT_SECONDS == 10.0
    with set_temporary_config({"cloud.heartbeat_interval": wanted}):
        assert Heartbeat(Client(), RUN)._interval == interval
        assert main_step.HeartbeatThread(threading.Event(), RUN)._interval == interval


class OneRun(Runner):
    """A runner whose main step is watched."""

    def __init__(self, wanted: Any = True) -> None:
        super().__init__()
        self.wanted = wanted

    def _heartbeat(self) -> bool:
        if isinstance(self.wanted, Exception):
            raise self.wanted
        return bool(self.wanted)

    @main_step.run_with_heartbeat
    def main(self, stub: Stub, count: int) -> Any:
        if count:
            wait_for_beats(stub, count)
        return Success("done")


@pytest.fixture
def one_heart(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Which command was to beat, where a process does."""
    commands: list[Any] = []

    class Heart:
        def __init__(self, command: Any, *_: Any) -> None:
            commands.append(command)

        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(main_step, "subprocess_heartbeat", Heart)
    return commands


def test_a_main_step_is_beaten_for_by_a_thread_while_it_works(stub: Stub) -> None:
    with set_temporary_config({"cloud.heartbeat_mode": "thread", "cloud.heartbeat_interval": 0.01}):
        assert OneRun().main(stub, 3).message == "done"
    assert beats(stub)[0] == {"flow_run_id": RUN}
    assert not [t for t in threading.enumerate() if t.name.startswith("heartbeat-")]


def test_a_main_step_is_beaten_for_by_a_process(stub: Stub, one_heart: list[Any]) -> None:
    with set_temporary_config({"cloud.heartbeat_mode": "process"}):
        assert OneRun().main(stub, 0).message == "done"
    assert [command[1:] for command in one_heart] == [["-m", "prefect", "heartbeat", "flow-run", "-i", RUN]]


@pytest.mark.parametrize("why", ["off", "no run", "not wanted"])
def test_a_main_step_may_have_no_heart(stub: Stub, one_heart: list[Any], why: str) -> None:
    mode = "off" if why == "off" else "process"
    with set_temporary_config({"cloud.heartbeat_mode": mode}), context(flow_run_id=None if why == "no run" else RUN):
        assert OneRun(wanted=why != "not wanted").main(stub, 0).message == "done"
    assert one_heart == []
    assert stub.asked == []


def test_a_heart_that_does_not_start_is_told_and_the_main_step_goes_on(
    stub: Stub, caplog: pytest.LogCaptureFixture
) -> None:
    assert OneRun(wanted=OSError("no more processes")).main(stub, 0).message == "done"
    assert "Heartbeat failed to start. This could result in a zombie run." in caplog.text
    assert "no more processes" in caplog.text


def test_a_thread_may_beat_so_often_and_end(stub: Stub) -> None:
    with set_temporary_config({"cloud.heartbeat_interval": 0.0}):
        thread = main_step.HeartbeatThread(threading.Event(), RUN, num=3)
        assert (thread.name, thread.daemon) == (f"heartbeat-{RUN}", True)
        thread.run()
    assert len(beats(stub)) == 3


@pytest.mark.parametrize("answer", STRANGE[:3], ids=repr)
def test_a_beat_of_a_thread_that_fails_is_told_and_the_next_is_sent(
    stub: Stub, caplog: pytest.LogCaptureFixture, answer: Any
) -> None:
    stub.on("update_flow_run_heartbeat", answer)
    with set_temporary_config({"cloud.heartbeat_interval": 0.0}):
        main_step.HeartbeatThread(threading.Event(), RUN, num=2).run()
    assert len(beats(stub)) == 2
    assert caplog.text.count("Failed to send heartbeat with exception: ClientError") == 2


# ----- is it to stop?


@pytest.mark.parametrize("state", [*STORABLE, "NoSuchState", None])
def test_a_run_stops_when_it_is_cancelled_or_ended_and_not_when_it_waits(state: str | None) -> None:
    assert stops(state) == (state == "Cancelling" or state in FINISHED)
    assert stops("Cancelling")
    assert stops("Success")
    assert not stops("Scheduled")


def events(*found: dict[str, Any], cursor: int = 1) -> dict[str, Any]:
    return {"data": {"flow_run_events": {"cursor": cursor, "events": list(found)}}}


def event(state: str) -> dict[str, Any]:
    return {"kind": "state", "state": state}


def status(state: str | None, version: int = 5) -> dict[str, Any]:
    run = {"version": version, "serialized_state": None if state is None else {"type": state}}
    return {"data": {"flow_run_by_pk": run}}


GONE: dict[str, Any] = {"data": {"flow_run_by_pk": None}}
LINE = {"kind": "log", "state": "Cancelling", "message": "Cancelling"}


@pytest.fixture
def look(stub: Stub) -> Iterator[Callable[[Over], int | None]]:
    with set_temporary_config({"cloud.check_cancellation_interval": 1_000}):
        yield lambda over: wait_for_cancellation(Client(), RUN, over)


def asked(stub: Stub, text: str) -> list[dict[str, Any]]:
    return [one.variables for one in stub.asked if text in one.query]


def test_a_run_that_is_cancelled_is_noticed_with_its_version(stub: Stub, look: Any) -> None:
    stub.on("flow_run_events", events(event("Running"), LINE), events(event("Cancelling")))
    stub.on("version serialized_state", status("Cancelling", 7))
    over = Over(10)

    assert look(over) == 7
    # The first look comes at once, each other one after a breath.
    assert over.waited == [0.0, cancellation.BREATH_SECONDS]
    assert len(asked(stub, "version serialized_state")) == 1


@pytest.mark.parametrize("state", ["Success", "Failed", "Cancelled", "TimedOut"])
def test_a_run_that_somebody_ended_is_noticed(stub: Stub, look: Any, state: str) -> None:
    stub.on("flow_run_events", events(event(state)))
    stub.on("version serialized_state", status(state, 3))
    assert look(Over(10)) == 3


@pytest.mark.parametrize("state", ["Running", "Scheduled", "Queued", "Submitted", "Paused", None])
def test_a_run_that_is_not_to_stop_any_more_goes_on(stub: Stub, look: Any, state: str | None) -> None:
    stub.on("flow_run_events", events(event("Cancelling")))
    stub.on("version serialized_state", status(state))
    assert look(Over(4)) is None
    assert len(asked(stub, "version serialized_state")) == 3


def test_each_look_goes_on_behind_the_last_event_and_waits_for_no_longer_than_is_allowed(stub: Stub, look: Any) -> None:
    stub.on("flow_run_events", events(cursor=4), events(cursor=9), events(cursor=9))
    look(Over(4))
    found = asked(stub, "flow_run_events")
    assert [one["after"] for one in found] == [0, 4, 9]
    assert {(one["flow_run_id"], one["wait_seconds"], one["limit"]) for one in found} == {
        (RUN, cancellation.WAIT_SECONDS, limits.EVENT_PAGE)
    }
    assert asked(stub, "version serialized_state") == []


def test_where_looks_are_wanted_more_often_each_waits_as_long_as_that(stub: Stub) -> None:
    stub.on("flow_run_events", events())
    stub.on("version serialized_state", status("Running"))
    with set_temporary_config({"cloud.check_cancellation_interval": 0.0}):
        wait_for_cancellation(Client(), RUN, Over(3))
    assert 0 < cancellation.WAIT_SECONDS <= limits.LONGEST_WAIT_SECONDS
    assert [one["wait_seconds"] for one in asked(stub, "flow_run_events")] == [0.0, 0.0]
    # And the state itself is looked at as often.
    assert len(asked(stub, "version serialized_state")) == 2


def test_a_server_without_events_is_asked_for_the_state_at_each_interval(stub: Stub) -> None:
    stub.on("flow_run_events", {"errors": [{"message": 'Cannot query field "flow_run_events" on type "query_root".'}]})
    stub.on("version serialized_state", status("Running"), status("Running"), status("Cancelling", 2))
    over = Over(20)
    with set_temporary_config({"cloud.check_cancellation_interval": 0.0}):
        assert wait_for_cancellation(Client(), RUN, over) == 2
    assert len(asked(stub, "flow_run_events")) == 1
    assert len(asked(stub, "version serialized_state")) == 3
    assert over.waited == [0.0, cancellation.BREATH_SECONDS, 0.0, 0.0]


@pytest.mark.parametrize("answer", STRANGE, ids=repr)
def test_no_answer_ends_the_looking(stub: Stub, look: Any, answer: Any) -> None:
    stub.on("flow_run_events", answer, events(event("Cancelling")))
    stub.on("version serialized_state", answer, status("Cancelling", 6))
    over = Over(10)

    assert look(over) == 6
    assert over.waited == [0.0, 1_000.0, 1_000.0]


def test_a_run_that_is_gone_is_looked_at_no_more(stub: Stub, look: Any) -> None:
    stub.on("flow_run_events", events(event("Cancelling")))
    stub.on("version serialized_state", GONE)
    over = Over(10)
    assert look(over) is None
    assert over.waited == [0.0]


# ----- the interrupt


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancellation, "FIRST_LOOK_SECONDS", 0.0)
    monkeypatch.setattr(cancellation, "BREATH_SECONDS", 0.0)


@pytest.fixture
def cancelled(stub: Stub, soon: None) -> Stub:
    stub.on("flow_run_events", events(event("Cancelling")))
    stub.on("version serialized_state", status("Cancelling", 8))
    return stub


def state_now(stub: Stub, state: str) -> None:
    stub.on("serialized_state }", {"data": {"flow_run_by_pk": {"serialized_state": {"type": state}}}})
    stub.on("version serialized_state", status(state, 8))


def test_the_main_thread_is_interrupted_inside_the_block(cancelled: Stub) -> None:
    watcher = CancellationWatcher(Client(), RUN)
    assert not watcher.has_interrupted
    with pytest.raises(KeyboardInterrupt), watcher:
        assert not threading.Event().wait(60)
    assert watcher.has_interrupted
    assert (watcher.cancelled_version, watcher.decided) == (8, None)


def test_another_thread_is_told_and_not_interrupted(cancelled: Stub) -> None:
    found: list[Any] = []

    def run() -> None:
        with CancellationWatcher(Client(), RUN) as watcher:
            for _ in range(6_000):
                if watcher.has_interrupted or watcher._over.wait(0.01):
                    break
            found.append(watcher.cancelled_version)

    content = dict(context)
    with context(content):
        import contextvars

        thread = threading.Thread(target=contextvars.copy_context().run, args=(run,))
        thread.start()
        thread.join(60)
    assert found == [8]


@pytest.mark.parametrize("former", [signal.SIG_IGN, signal.SIG_DFL, signal.default_int_handler], ids=str)
def test_a_process_in_the_background_can_be_interrupted_for_the_length_of_the_block(stub: Stub, former: Any) -> None:
    before = signal.signal(signal.SIGINT, former)
    try:
        with CancellationWatcher(Client(), RUN):
            assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert signal.getsignal(signal.SIGINT) is former
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_handler_of_the_users_own_is_left_alone(stub: Stub) -> None:
    def mine(*_: Any) -> None: ...

    before = signal.signal(signal.SIGINT, mine)
    try:
        with CancellationWatcher(Client(), RUN):
            assert signal.getsignal(signal.SIGINT) is mine
        assert signal.getsignal(signal.SIGINT) is mine
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_short_run_is_not_looked_at(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancellation, "FIRST_LOOK_SECONDS", 600.0)
    with CancellationWatcher(Client(), RUN):
        pass
    for thread in threading.enumerate():
        if thread.name == "cancellation":
            thread.join(60)
    assert stub.asked == []


class Helper:
    """A process that watches this one, which hears of the end when it is told to."""

    def __init__(self, version: int | None) -> None:
        self.version = version
        self.heard = threading.Event()
        self.ending = 0

    def wait_for_cancellation(self) -> int | None:
        self.heard.wait(60)
        return self.version

    def say_ending(self) -> None:
        self.ending += 1
        self.heard.set()


def test_what_the_helper_hears_counts_and_it_is_told_of_the_end(cancelled: Stub) -> None:
    watcher = CancellationWatcher(Client(), RUN)
    helper: Any = Helper(12)
    watcher.helper = helper
    helper.heard.set()
    with pytest.raises(KeyboardInterrupt), watcher:
        assert not threading.Event().wait(60)
    assert (watcher.cancelled_version, helper.ending) == (12, 1)
    assert asked(cancelled, "flow_run_events") == []


def test_a_helper_that_hears_after_the_end_interrupts_nobody(cancelled: Stub) -> None:
    watcher = CancellationWatcher(Client(), RUN)
    helper: Any = Helper(12)
    watcher.helper = helper
    with watcher:
        pass
    for thread in threading.enumerate():
        if thread.name == "cancellation":
            thread.join(60)
    assert not watcher.has_interrupted
    assert helper.ending == 1


def test_a_state_that_somebody_set_is_told_as_it_is(stub: Stub, soon: None) -> None:
    client = Client()
    state = Success("by hand")
    stub.on("flow_run_events", events(event("Success")))
    stub.on("version serialized_state", status("Success", 8))
    client.get_flow_run_state = lambda run_id: state  # type: ignore[method-assign]
    watcher = CancellationWatcher(client, RUN)
    with pytest.raises(KeyboardInterrupt), watcher:
        assert not threading.Event().wait(60)
    assert (watcher.cancelled_version, watcher.decided) == (None, state)
    assert watcher.has_interrupted


@pytest.mark.parametrize("answer", [{"errors": [{"message": "no"}]}, (500, b"")], ids=repr)
def test_where_the_state_cannot_be_read_the_run_counts_as_cancelled(stub: Stub, soon: None, answer: Any) -> None:
    stub.on("flow_run_events", events(event("Cancelling")))
    stub.on("serialized_state", answer)
    stub.on("version serialized_state", status("Cancelling", 8))
    stub.rules.sort(key=lambda rule: rule[0] != "version serialized_state")
    watcher = CancellationWatcher(Client(), RUN)
    with pytest.raises(KeyboardInterrupt), watcher:
        assert not threading.Event().wait(60)
    assert watcher.cancelled_version == 8


def join_watchers() -> None:
    for thread in threading.enumerate():
        if thread.name == "cancellation":
            thread.join(60)


def test_a_helper_that_hears_nothing_any_more_interrupts_nobody(cancelled: Stub) -> None:
    watcher = CancellationWatcher(Client(), RUN)
    helper: Any = Helper(None)
    watcher.helper = helper
    helper.heard.set()
    with watcher:
        join_watchers()
    assert not watcher.has_interrupted
    assert cancelled.asked == []


def test_a_run_that_is_gone_interrupts_nobody(stub: Stub, soon: None) -> None:
    stub.on("flow_run_events", events(event("Cancelling")))
    stub.on("version serialized_state", GONE)
    stub.on("serialized_state }", GONE)
    with CancellationWatcher(Client(), RUN) as watcher:
        join_watchers()
    assert not watcher.has_interrupted


def test_a_watcher_keeps_no_process_from_its_end(stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancellation, "FIRST_LOOK_SECONDS", 600.0)
    with CancellationWatcher(Client(), RUN):
        assert [thread.daemon for thread in threading.enumerate() if thread.name == "cancellation"] == [True]
    join_watchers()


def test_a_process_that_beats_says_nothing_and_is_asked_nothing(tmp_path: Path, capfd: Any) -> None:
    heard = tmp_path / "heard"
    os.mkfifo(heard)
    script = f"import sys; print('noise', flush=True); open({str(heard)!r}, 'w').write('in: ' + sys.stdin.read())"
    with main_step.subprocess_heartbeat([sys.executable, "-c", script], logging.getLogger("x")):
        assert heard.read_text() == "in: "
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupt_before_the_block_is_entered_leaves_everything_as_it_was(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    def interrupted(thread: threading.Thread) -> None:
        raise error

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        watcher = CancellationWatcher(Client(), RUN)
        monkeypatch.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(error):
            watcher.__enter__()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert watcher._over.is_set()
    finally:
        signal.signal(signal.SIGINT, before)
