"""The process that watches another: what it sends in its place, when it ends it, and what it holds on to."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

import prefect
from prefect.client import Client
from prefect.client import connection as connection_module
from prefect.engine.cloud import watcher as parent_side
from prefect.engine.cloud import watcher_process
from prefect.engine.cloud.watcher import Watcher, watched
from prefect.engine.cloud.watcher_process import ForcedEnd, LastLogs, RunWatch, Watch, WatcherProcess
from prefect.model.state_facts import FINISHED, STORABLE
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.context import context
from prefect.utilities.log_journal import Journal
from prefect.utilities.log_sending import LOG_MANAGER, LogManager
from support.graphql_stub import Stub, StubServer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc as on Linux")

RUN = "6d5b3ab5-6f3d-4f3d-a8a8-00000000000a"
TENANT = "6d5b3ab5-6f3d-4f3d-a8a8-000000000001"


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    settings = {"home_dir": str(tmp_path), "backend": "server", "cloud.api_key": "", "cloud.tenant_id": TENANT}
    settings |= {"cloud.retry_seconds": 0, "cloud.heartbeat_mode": "process"}
    with StubServer() as stub, set_temporary_config({**settings, "cloud.api": stub.url}):
        stub.data("write_run_logs", write_run_logs={"success": True})
        stub.data("update_flow_run_heartbeat", update_flow_run_heartbeat={"success": True})
        stub.data("flow { settings }", flow_run_by_pk={"flow": {"settings": {}}})
        stub.data("flow_run_events", flow_run_events={"cursor": 1, "events": []})
        # Sent as in a process of its own: by a client that is made for this server.
        own = LogManager(lambda records: Client().write_run_logs(records))
        monkeypatch.setattr(watcher_process, "LOG_MANAGER", own)
        with context(flow_run_id=RUN):
            yield stub
        own.stop()
        connection_module._plain_servers.discard(stub.url)


def is_in(stub: Stub, state: str | None) -> None:
    found = None if state is None else {"version": 4, "serialized_state": {"type": state}}
    stub.data("version serialized_state", flow_run_by_pk=found)


def logs(stub: Stub) -> list[str]:
    return [
        line["message"]
        for asked in stub.asked
        if "write_run_logs" in asked.query
        for line in asked.variables["input"]["logs"]
    ]


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


# ----- the last log records


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(watcher_process.time, "monotonic", clock.monotonic)
    return clock


@pytest.fixture
def journal() -> Iterator[Journal]:
    made = Journal()
    yield made
    made.close()


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was handed to be sent."""
    found: list[str] = []

    class Manager:
        def enqueue(self, record: Any) -> None:
            found.append(record["message"])

    monkeypatch.setattr(watcher_process, "LOG_MANAGER", Manager())
    return found


def test_records_that_were_there_before_are_looked_after(journal: Journal, clock: Clock, taken: list[str]) -> None:
    journal.add({"message": "early"})
    last = LastLogs(journal.fd)
    assert last.are_waiting
    clock.now += 1.0
    last.look()
    assert taken == ["early"]


def test_nothing_is_sent_for_a_process_that_can_send(journal: Journal, clock: Clock, taken: list[str]) -> None:
    last = LastLogs(journal.fd)
    assert not last.are_waiting
    last.look()
    journal.add({"message": "a"})
    last.begin()
    assert last.are_waiting
    for _ in range(5):  # each look finds that it has begun anew
        clock.now += 0.9
        journal.note_attempt()
        last.look()
        assert last.are_waiting
    journal.settle(1)
    clock.now += 0.9
    last.look()
    assert not last.are_waiting
    clock.now += 100
    last.look()
    assert taken == []


@pytest.mark.parametrize(("has_begun", "patience"), [(False, 1.0), (True, 5.0)], ids=["not begun", "under way"])
def test_records_that_stay_are_sent_after_a_while_and_each_once(
    journal: Journal, clock: Clock, taken: list[str], has_begun: bool, patience: float
) -> None:
    last = LastLogs(journal.fd)
    journal.add({"message": "a"})
    if has_begun:
        journal.note_attempt()
    last.begin()
    clock.now += patience - 0.01
    last.look()
    assert taken == []
    clock.now += 0.01
    last.look()
    last.look()
    assert taken == ["a"]
    journal.add({"message": "b"})
    last.look()
    assert taken == ["a", "b"]


def test_who_began_to_look_is_not_set_back_by_another_word(journal: Journal, clock: Clock, taken: list[str]) -> None:
    last = LastLogs(journal.fd)
    journal.add({"message": "a"})
    last.begin()
    clock.now += 0.9
    last.begin()
    clock.now += 0.1
    last.look()
    assert taken == ["a"]


def test_what_is_left_at_the_end_is_sent_at_once(stub: Stub, journal: Journal) -> None:
    last = LastLogs(journal.fd)
    for message in ("one", "two"):
        journal.add({"message": message, "flow_run_id": RUN})
    last.send_all()
    assert logs(stub) == ["one", "two"]


# ----- the watch over a process

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]


class Scene:
    """A process that is watched from a thread of this one."""

    def __init__(self, **more: Any) -> None:
        self.process = subprocess.Popen(SLEEPS)
        self.mine, self.theirs = socket.socketpair()
        self.journal = Journal()
        self.runs: dict[str, socket.socket] = {}
        self.watcher = WatcherProcess(self.process.pid, self.theirs, self.journal.fd)
        self.watch(RUN, **more)
        self.run = self.runs[RUN]
        import contextvars

        self.thread = threading.Thread(target=contextvars.copy_context().run, args=(self.watcher.run,), daemon=True)

    def watch(self, run: str, **more: Any) -> None:
        given = {"interval_seconds": 600.0, "grace_seconds": 0.0, **more}
        self.runs[run], theirs = socket.socketpair()
        with theirs:
            watch = json.dumps(Watch(run, self.process.pid, **given)).encode()
            socket.send_fds(self.mine, [watcher_process.RUN + watch + b"\n"], [theirs.fileno()])

    def say(self, what: bytes, run: str | None = None) -> None:
        (self.runs[run] if run else self.mine).send(what)

    def of_run(self, run: str = RUN) -> RunWatch:
        """Give the watch over a run, once it has begun."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for found in self.watcher.runs:
                if found._watch.flow_run_id == run:
                    return found
            time.sleep(0.005)
        raise AssertionError("is not watched")

    def is_watching(self) -> bool:
        self.thread.join(0.05)
        return self.thread.is_alive()

    def close(self) -> None:
        for run in self.watcher.runs:
            run._over.set()
        self.process.kill()
        self.process.wait()
        self.thread.join(60)
        for one in (self.mine, self.theirs, *self.runs.values(), *(run._channel for run in self.watcher.runs)):
            one.close()
        self.journal.close()


@pytest.fixture
def scene(stub: Stub) -> Iterator[Callable[..., Scene]]:
    made: list[Scene] = []

    def make(**more: Any) -> Scene:
        made.append(Scene(**more))
        made[-1].thread.start()
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_watch_ends_with_the_word_of_its_process_and_nothing_is_sent(scene: Any, stub: Stub) -> None:
    one = scene()
    one.journal.add({"message": "its own", "flow_run_id": RUN})
    assert one.is_watching()
    one.say(watcher_process.OVER)
    one.thread.join(60)
    assert not one.thread.is_alive()
    assert logs(stub) == []


@pytest.mark.parametrize("pidfd", [True, False], ids=["told by the system", "looked for"])
def test_a_watch_ends_when_its_process_does_and_sends_what_that_left(
    scene: Any, stub: Stub, monkeypatch: pytest.MonkeyPatch, pidfd: bool
) -> None:
    parents: list[int] = []
    if not pidfd:
        monkeypatch.setattr(watcher_process, "LOOK_SECONDS", 0.01)
        monkeypatch.setattr(os, "getppid", lambda: parents[0] if parents else 0)

        def refuse(*_: Any) -> int:
            raise OSError("no such call")

        monkeypatch.setattr(os, "pidfd_open", refuse)
    one = Scene()
    try:
        parents.append(one.process.pid)
        one.thread.start()
        one.journal.add({"message": "left behind", "flow_run_id": RUN})
        assert one.is_watching()
        one.process.kill()
        one.process.wait()
        parents[0] = 1
        one.thread.join(60)
        assert not one.thread.is_alive()
        assert logs(stub) == ["left behind"]
    finally:
        one.close()


def test_a_process_that_becomes_another_program_is_watched_on(scene: Any, stub: Stub) -> None:
    one = scene()
    for channel in (one.mine, one.run):
        channel.close()  # as exec does it
    assert one.is_watching()
    one.process.kill()
    one.process.wait()
    one.thread.join(60)
    assert not one.thread.is_alive()


def test_records_are_looked_after_from_the_word_on(scene: Any, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher_process, "STUCK_SECONDS", 0.0)
    monkeypatch.setattr(watcher_process, "JOURNAL_LOOK_SECONDS", 0.01)
    one = scene()
    one.journal.add({"message": "stuck", "flow_run_id": RUN})
    one.say(watcher_process.LOGS)
    end = time.monotonic() + 60
    while logs(stub) != ["stuck"]:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert one.is_watching()


def test_several_words_at_once_are_all_heard(scene: Any) -> None:
    one = scene()
    run = one.of_run()
    one.say(watcher_process.ENDING, RUN)
    assert run._is_ending.wait(60)
    one.say(watcher_process.ENDING + watcher_process.OVER, RUN)
    assert run._over.wait(60)
    assert one.is_watching()
    one.watch("another")
    one.say(watcher_process.LOGS + watcher_process.LOGS)
    one.watch("a third")
    for name in ("another", "a third"):
        assert one.of_run(name)._watch == Watch(name, one.process.pid, 600.0, 0.0)
    one.say(watcher_process.LOGS + watcher_process.OVER)
    one.thread.join(60)
    assert not one.thread.is_alive()


def test_what_is_said_in_parts_is_understood(scene: Any) -> None:
    one = scene()
    mine, theirs = socket.socketpair()
    said = watcher_process.RUN + json.dumps(Watch("é" * 100, one.process.pid, 600.0, 0.0, "p")).encode() + b"\n"
    with mine, theirs:
        socket.send_fds(one.mine, [said[:1]], [theirs.fileno()])
        for place in range(1, len(said)):
            one.mine.send(said[place : place + 1])
        assert one.of_run("é" * 100)._watch.run_process == "p"


def test_one_run_that_is_over_does_not_end_the_watch_over_the_others(scene: Any, stub: Stub) -> None:
    one = scene()
    for place in range(20):
        one.watch(f"run {place}")
    over = [one.of_run(f"run {place}") for place in range(20)]
    for place in range(20):
        one.say(watcher_process.OVER, f"run {place}")
    assert all(run._over.wait(60) for run in over)
    assert one.is_watching()
    assert not one.of_run()._over.is_set()
    assert [run._watch.flow_run_id for run in one.watcher.runs] == [RUN]
    one.watch("later", interval_seconds=0.01)
    end = time.monotonic() + 60
    while not any("update_flow_run_heartbeat" in asked.query for asked in stub.asked):
        assert time.monotonic() < end
        time.sleep(0.01)
    [beaten] = {str(asked.variables) for asked in stub.asked if "update_flow_run_heartbeat" in asked.query}
    assert "later" in beaten


def test_a_channel_that_is_closed_without_a_word_ends_nothing(scene: Any) -> None:
    one = scene()
    run = one.of_run()
    run._tell(b"cancelling 1\n")
    one.run.close()  # with words that were not read: the other side is told of a reset
    one.mine.close()
    assert one.is_watching()
    assert not run._over.is_set()


def test_each_run_is_spoken_of_in_the_name_of_its_own_process(scene: Any, stub: Stub) -> None:
    one = scene(run_process="a/1", interval_seconds=0.01)
    one.watch("another", run_process="b/2", interval_seconds=0.01)
    one.watch("nameless", interval_seconds=0.01)
    end, found = time.monotonic() + 60, set[tuple[str, str | None]]()
    while len(found) < 3:
        assert time.monotonic() < end
        time.sleep(0.01)
        beats = [asked for asked in stub.asked if "update_flow_run_heartbeat" in asked.query]
        found = {
            (asked.variables["input"]["flow_run_id"], asked.headers.get("X-PREFECT-RUN-PROCESS")) for asked in beats
        }
    assert found == {(RUN, "a/1"), ("another", "b/2"), ("nameless", None)}


def test_it_beats_from_half_an_interval_on(scene: Any, stub: Stub) -> None:
    one = scene(interval_seconds=0.02)
    end = time.monotonic() + 60
    while sum("update_flow_run_heartbeat" in asked.query for asked in stub.asked) < 4:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert "_beat" not in {work.__name__ for _, work in one.of_run().due}


def test_work_that_never_ends_does_not_keep_the_watcher(stub: Stub) -> None:
    mine, theirs = socket.socketpair()
    begun, found = threading.Event(), []

    def beat(client: Client) -> None:
        found.append((threading.current_thread().daemon, prefect.context.flow_run_id))
        begun.set()

    with mine, theirs:
        run = RunWatch(Watch(RUN, os.getpid(), 30.0, 0.0), theirs)
        run.due = [(0.0, beat), (time.monotonic() + 1000, beat)]
        run.begin_what_is_due()
        assert begun.wait(60)

    assert found == [(True, RUN)]
    assert len(run.due) == 1


def test_what_is_due_when() -> None:
    journal = Journal()
    mine, theirs = socket.socketpair()
    watcher = WatcherProcess(os.getpid(), mine, journal.fd)
    assert watcher._longest_wait_ms(5) is None
    before = time.monotonic()
    run = RunWatch(Watch(RUN, os.getpid(), 30.0, 0.0), theirs)
    after = time.monotonic()
    watcher.runs.append(run)
    for one in (mine, theirs):
        one.close()
    journal.close()
    due = {work.__name__: at for at, work in run.due}
    assert before + 1.0 <= due["_see_that_it_stops"] <= after + 1.0
    assert before + 15.0 <= due["_beat"] <= after + 15.0
    for pidfd, longest in ((5, 1_001), (None, 1_001)):
        assert 900 < (watcher._longest_wait_ms(pidfd) or 0) <= longest
    run.due.clear()
    assert watcher._longest_wait_ms(5) is None
    assert watcher._longest_wait_ms(None) == 1_001
    watcher._logs.are_waiting = True
    assert watcher._longest_wait_ms(5) == watcher._longest_wait_ms(None) == 501
    run.due.append((0.0, run._beat))
    assert watcher._longest_wait_ms(5) == 1


def test_the_process_is_told_when_its_run_is_to_stop(scene: Any, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher_process, "FIRST_LOOK_SECONDS", 0.0)
    stub.data("flow_run_events", flow_run_events={"cursor": 1, "events": [{"kind": "state", "state": "Cancelling"}]})
    is_in(stub, "Cancelling")
    one = scene()
    one.run.settimeout(60)
    assert one.run.recv(100) == b"cancelling 4\n"
    # Without a grace it may go on for ever.
    assert one.is_watching()
    assert one.process.poll() is None
    assert logs(stub) == []


def test_a_process_that_goes_on_is_ended_and_its_run_settled(
    scene: Any, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher_process, "FIRST_LOOK_SECONDS", 0.0)
    stub.data("flow_run_events", flow_run_events={"cursor": 1, "events": [{"kind": "state", "state": "Cancelling"}]})
    stub.data("set_flow_run_states", set_flow_run_states={"states": [{"id": RUN, "status": "SUCCESS"}]})
    is_in(stub, "Cancelling")
    one = scene(grace_seconds=0.01)
    one.thread.join(60)
    assert not one.thread.is_alive()
    assert one.process.wait(60) == -signal.SIGTERM
    [state] = [
        asked.variables["input"]["states"][0]["state"] for asked in stub.asked if "set_flow_run_s" in asked.query
    ]
    assert (state["type"], state["message"]) == (
        "Cancelled",
        "Flow run is cancelled; its process did not stop within 0.01 seconds and was ended by force",
    )
    assert logs(stub) == [
        "The process of this flow run did not stop within 0.01 seconds after it was told to "
        "(cloud.cancellation_grace_seconds); it is ended by force."
    ]


# ----- ending by force


def forced(pid: int, *, is_ending: bool = False, grace: float = 0.05) -> ForcedEnd:
    return ForcedEnd(Client(), Watch(RUN, pid, 30.0, grace), is_ending=is_ending)


@pytest.mark.parametrize("state", [*STORABLE, None])
def test_force_is_for_a_run_that_is_still_to_stop_and_not_about_to_end(stub: Stub, state: str | None) -> None:
    is_in(stub, state)
    assert forced(1).is_called_for() == (state == "Cancelling" or state in FINISHED)
    assert forced(1, is_ending=True).is_called_for() == (state == "Cancelling")


def test_where_the_state_cannot_be_read_nobody_is_ended(stub: Stub) -> None:
    stub.on("version serialized_state", {"errors": [{"message": "no"}]})
    assert not forced(1).is_called_for()


STUBBORN = """
import os, signal, subprocess, sys, time
if "stubborn" in sys.argv: signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("is_stubborn", [True, False], ids=["ignores it", "ends"])
@pytest.mark.parametrize("has_group", [True, False], ids=["own group", "group of others"])
def test_it_is_asked_and_then_killed_with_its_group_where_it_has_one(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, is_stubborn: bool, has_group: bool
) -> None:
    command = [sys.executable, "-c", STUBBORN, *(["stubborn"] if is_stubborn else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=has_group)
    if not is_stubborn:
        # It has as long as it needs to be asked; it stays a zombie.
        monkeypatch.setattr(
            watcher_process.time, "sleep", lambda _: os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        )
    try:
        assert process.stdout is not None
        child = psutil.Process(int(process.stdout.readline()))
        # A zombie is still there to be signalled: nobody else gets its number.
        forced(process.pid).end_process()
        assert process.wait(60) == -(signal.SIGKILL if is_stubborn else signal.SIGTERM)
        if has_group:
            psutil.wait_procs([child], timeout=60)
            assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
        else:
            assert child.is_running()
            assert child.status() != psutil.STATUS_ZOMBIE
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_ending_what_is_gone_is_no_error(stub: Stub) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    forced(process.pid).end_process()


@pytest.mark.parametrize(("grace", "pause"), [(0.25, 0.25), (5.0, 5.0), (60.0, 5.0)])
def test_five_seconds_are_the_most_between_asking_and_killing(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, grace: float, pause: float
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(watcher_process.time, "sleep", pauses.append)
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    forced(process.pid, grace=grace).end_process()
    assert pauses == [pause]


@pytest.mark.parametrize("state", [s for s in STORABLE if s != "Cancelling"])
def test_only_a_run_that_was_to_be_cancelled_is_set_cancelled(stub: Stub, state: str) -> None:
    is_in(stub, state)
    forced(1).settle()
    assert not any("set_flow_run_states" in asked.query for asked in stub.asked)


@pytest.mark.parametrize("what", ["version serialized_state", "set_flow_run_states"])
def test_a_server_that_is_away_does_not_break_the_settling(stub: Stub, what: str) -> None:
    is_in(stub, "Cancelling")
    stub.on(what, {"errors": [{"message": "no"}]})
    end = forced(1)
    end.settle()
    assert end._client.retry_seconds == watcher_process.LAST_LOGS_SECONDS


def test_a_line_that_cannot_be_written_does_not_keep_the_end_from_coming(stub: Stub) -> None:
    stub.on("write_run_logs", {"errors": [{"message": "no"}]})
    process = subprocess.Popen(SLEEPS)
    forced(process.pid).end_process()
    assert process.wait(60) == -signal.SIGTERM


# ----- what it holds on to


def in_a_fork(work: Callable[[int], Any]) -> Any:
    """Do something in a fork of this process, and give what it found, which it writes to this descriptor."""
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(writing, json.dumps(work(writing)).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as file:
        found = file.read()
    os.waitpid(pid, 0)
    return json.loads(found)


def test_a_fork_holds_nothing_open_but_what_it_needs() -> None:
    kept, left = os.pipe()

    def work(writing: int) -> Any:
        places = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
        open_before = [place for place in places if os.path.exists(place) and place != f"/proc/self/fd/{writing}"]
        watcher_process._let_go_of_descriptors({kept, writing})
        return {os.path.basename(place): os.readlink(place) for place in open_before}

    found = in_a_fork(work)
    os.close(kept)
    os.close(left)
    assert found[str(kept)].startswith("pipe:")
    assert {found[str(number)] for number in (0, 1, 2, left)} == {"/dev/null"}
    # Whatever else was open is nothing now.
    assert {where for name, where in found.items() if name != str(kept)} == {"/dev/null"}


def test_a_watcher_leaves_the_session_and_hears_no_signal_to_end() -> None:
    def work(_: int) -> Any:
        watcher_process._leave_terminal()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
        watcher_process._leave_terminal()  # once more is no error
        return [os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()]

    assert in_a_fork(work) == [True, True]


def test_a_fork_that_fails_ends_and_does_not_go_on_as_its_parent() -> None:
    def fail() -> Any:
        raise RuntimeError("no watcher")

    pid = os.fork()
    if not pid:
        watcher_process.watch_as_fork(fail, keep=set())
        os._exit(7)
    assert os.waitpid(pid, 0)[1] == 0


# ----- the side of the process that is watched


@pytest.fixture(params=[True, False], ids=["forked", "new interpreter"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(parent_side, "can_fork", lambda: request.param)
    return bool(request.param)


def test_a_watch_that_is_over_has_left_nothing_open_and_no_process(stub: Stub, way: bool) -> None:
    before = open_files()
    for _ in range(3):
        with watched(RUN) as watcher:
            assert watcher is not None
            assert psutil.pid_exists(watcher._process.pid)
            assert (type(watcher._process) is parent_side._Fork) == way
        assert not psutil.pid_exists(watcher._process.pid)
    assert open_files() == before


@pytest.mark.parametrize("what", ["fork", "Popen"])
def test_a_watcher_that_cannot_be_started_leaves_nothing_open(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError("no more processes")

    monkeypatch.setattr(parent_side, "can_fork", lambda: what == "fork")
    monkeypatch.setattr(os if what == "fork" else subprocess, what, refuse)
    before = open_files()
    with watched(RUN) as watcher:
        assert watcher is None
    assert open_files() == before
    assert "The process that watches this run could not be started: no more processes" in caplog.text


@pytest.mark.parametrize(
    ("given", "may_be_ended", "interval", "grace"),
    [
        ({"cloud.heartbeat_interval": 30}, False, 10.0, 0.0),
        ({"cloud.heartbeat_interval": 3}, True, 3.0, 30.0),
        ({"cloud.cancellation_grace_seconds": 7}, True, 10.0, 7.0),
        ({"cloud.cancellation_grace_seconds": 7}, False, 10.0, 0.0),
        ({"cloud.cancellation_grace_seconds": -1}, True, 10.0, 0.0),
    ],
    ids=str,
)
def test_what_a_watch_is_told(
    stub: Stub, way: bool, given: dict[str, Any], may_be_ended: bool, interval: float, grace: float
) -> None:
    settings = {"cloud.cancellation_grace_seconds": 30, **given}
    # Unless it is said, the process is somebody's own and is never ended.
    said = {"may_be_ended": True} if may_be_ended else {}
    with set_temporary_config(settings), watched(RUN, **said) as watcher:
        assert watcher is not None
        assert watcher._watch == Watch(RUN, os.getpid(), interval, grace)


def test_a_new_interpreter_speaks_to_the_same_api(stub: Stub) -> None:
    given = {"backend": "cloud", "cloud.api_key": "pct_1", "cloud.tenant_id": TENANT}
    with set_temporary_config(given), context(run_process="r/p"):
        found = parent_side._environ(Watch(RUN, 1, 10.0, 0.0, "r/p"))
    mine = {name: value for name, value in found.items() if os.environ.get(name) != value}
    assert mine == {
        "PREFECT__BACKEND": "cloud",
        "PREFECT__CLOUD__API": stub.url,
        "PREFECT__CLOUD__API_KEY": "pct_1",
        "PREFECT__CLOUD__TENANT_ID": TENANT,
        "PREFECT__CLOUD__SEND_FLOW_RUN_LOGS": "false",
        "PREFECT__CONTEXT__FLOW_RUN_ID": RUN,
        "PREFECT__CONTEXT__RUN_PROCESS": "r/p",
    }
    assert found.items() >= os.environ.items() - {}.items()
    assert "PREFECT__CONTEXT__RUN_PROCESS" not in parent_side._environ(Watch(RUN, 1, 10.0, 0.0))


def test_only_a_small_process_is_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    def tasks(count: int) -> None:
        monkeypatch.setattr(os, "listdir", lambda path: ["1"] * count)

    tasks(1)
    assert parent_side.can_fork()
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(parent_side.can_fork()))
    thread.start()
    thread.join()
    assert answers == [False]
    tasks(2)
    assert not parent_side.can_fork()

    def refuse(path: str) -> Any:
        raise OSError("no /proc")

    monkeypatch.setattr(os, "listdir", refuse)
    assert not parent_side.can_fork()
    tasks(1)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not parent_side.can_fork()


def test_who_waits_for_a_cancellation_is_told_of_it_and_of_the_end(stub: Stub, way: bool) -> None:
    for is_cancelled in (True, False):
        watcher = Watcher(RUN)
        heard: list[Any] = []
        waiting = threading.Thread(target=lambda w=watcher, h=heard: h.append(w.wait_for_cancellation()))
        waiting.start()
        if is_cancelled:
            stub.data(
                "flow_run_events", flow_run_events={"cursor": 1, "events": [{"kind": "state", "state": "Cancelling"}]}
            )
            is_in(stub, "Cancelling")
            waiting.join(60)
            assert heard == [4]
        watcher.stop()
        waiting.join(60)
        assert heard == ([4] if is_cancelled else [None])
        stub.data("flow_run_events", flow_run_events={"cursor": 1, "events": []})


def test_a_watcher_that_ends_before_its_time_is_replaced_by_a_new_interpreter(
    stub: Stub, way: bool, caplog: pytest.LogCaptureFixture
) -> None:
    before = open_files()
    with set_temporary_config({"cloud.heartbeat_interval": 0.02}):
        watcher = Watcher(RUN)
    first = watcher._process.pid
    waiting = threading.Thread(target=watcher.wait_for_cancellation)
    waiting.start()
    os.kill(first, signal.SIGKILL)
    end = time.monotonic() + 60
    while watcher._process.pid == first:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert type(watcher._process) is parent_side._Spawned
    assert not psutil.pid_exists(first)
    watcher.stop()
    waiting.join(60)
    assert not waiting.is_alive()
    assert open_files() == before
    assert caplog.text.count("The process that watches this run has ended; it is started again.") == 1


def test_where_no_other_can_be_started_nobody_waits_any_more(
    stub: Stub, way: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    watcher = Watcher(RUN)

    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError("no more processes")

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", refuse)
        os.kill(watcher._process.pid, signal.SIGKILL)
        assert watcher.wait_for_cancellation() is None
    assert "It could not be started: no more processes" in caplog.text
    watcher.stop()


def test_a_process_that_was_forked_ends_no_watch_and_has_one_of_its_own(stub: Stub) -> None:
    with watched(RUN) as watcher:
        assert watcher is not None
        with watched(RUN) as inner:
            assert inner is watcher

        def work(_: int) -> Any:
            watcher.stop()
            with watched(RUN) as own:
                assert own is not None
                return [own is watcher, own._process.pid, watcher._process.pid]

        is_same, own_pid, pid = in_a_fork(work)
        assert not is_same
        assert own_pid != pid == watcher._process.pid
        assert psutil.pid_exists(watcher._process.pid)


def test_a_word_to_a_watcher_that_is_gone_is_no_error(stub: Stub, way: bool) -> None:
    watcher = Watcher(RUN)
    os.kill(watcher._process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, watcher._process.pid, os.WEXITED | os.WNOWAIT)
    watcher.say_ending()
    watcher.stop()
    watcher.say_ending()


def test_a_child_that_somebody_else_has_waited_for_is_no_error(stub: Stub) -> None:
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    parent_side._Fork(pid).kill()


def test_a_child_that_has_ended_is_reaped(stub: Stub) -> None:
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    parent_side._Fork(pid).kill()
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, 0)


def test_the_records_of_a_run_are_kept_for_its_watcher_as_long_as_it_is_watched(stub: Stub) -> None:
    assert LOG_MANAGER._journal is None
    with watched(RUN) as watcher:
        assert watcher is not None
        assert LOG_MANAGER._journal is watcher._host._journal
        with watched("another"):
            assert LOG_MANAGER._journal is watcher._host._journal
        assert LOG_MANAGER._journal is watcher._host._journal
    assert LOG_MANAGER._journal is None


def test_runs_at_one_time_have_one_process_that_ends_with_the_last_of_them(stub: Stub, way: bool) -> None:
    before = open_files()
    barrier, pids, late = threading.Barrier(8), list[int](), list[int]()

    def work(name: str) -> None:
        with watched(name) as watcher:
            assert watcher is not None
            barrier.wait(60)
            pids.append(watcher._process.pid)
            barrier.wait(60)
        with watched(f"{name} again") as watcher:
            assert watcher is not None
            late.append(watcher._process.pid)
            barrier.wait(60)

    # Each in a context of its own, as the settings of a test have it.
    import contextvars

    threads = [threading.Thread(target=contextvars.copy_context().run, args=(work, f"run {n}")) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(pids) == len(late) == 8
    assert len(set(pids)) == len(set(late)) == 1
    assert not any(psutil.pid_exists(pid) for pid in {*pids, *late})
    assert open_files() == before
    assert (parent_side._hosts, parent_side._watchers) == ([], {})


def test_runs_that_speak_to_different_apis_have_a_process_each(stub: Stub, way: bool) -> None:
    with watched(RUN) as first, set_temporary_config({"cloud.tenant_id": RUN}), watched("another") as second:
        assert first is not None
        assert second is not None
        assert first._process.pid != second._process.pid
        with watched("a third") as third:
            assert third is not None
            assert third._process.pid == second._process.pid


def test_all_runs_are_watched_on_when_their_watcher_ends_before_its_time(
    stub: Stub, way: bool, caplog: pytest.LogCaptureFixture
) -> None:
    with set_temporary_config({"cloud.heartbeat_interval": 0.02}):
        watchers = [Watcher(f"run {number}") for number in range(4)]
    first = watchers[0]._process.pid
    waiting = [threading.Thread(target=one.wait_for_cancellation) for one in watchers]
    for thread in waiting:
        thread.start()
    os.kill(first, signal.SIGKILL)
    end = time.monotonic() + 60
    while any(one._process.pid == first for one in watchers):
        assert time.monotonic() < end
        time.sleep(0.01)
    assert len({one._process.pid for one in watchers}) == 1
    stub.asked.clear()
    beaten = set[str]()
    while len(beaten) < 4:
        assert time.monotonic() < end
        time.sleep(0.01)
        asked = [one for one in [*stub.asked] if "update_flow_run_heartbeat" in one.query]
        beaten = {one.variables["input"]["flow_run_id"] for one in asked}
    for one in watchers:
        one.stop()
    for thread in waiting:
        thread.join(60)
    assert caplog.text.count("The process that watches this run has ended; it is started again.") == 1


def test_a_new_run_needs_no_watcher_that_has_ended(stub: Stub, way: bool) -> None:
    before = open_files()
    first = Watcher(RUN)
    os.kill(first._process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, first._process.pid, os.WEXITED | os.WNOWAIT)
    second = Watcher("another")
    assert second._process.pid != first._process.pid
    assert psutil.pid_exists(second._process.pid)
    first.stop()
    second.stop()
    assert open_files() == before
