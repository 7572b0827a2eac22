from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import threading

import pytest

from prefect.exceptions import ClientError, ServerUnreachable
from prefect.utilities import log_sending
from prefect.utilities.log_sending import LogManager, fitting_message


class Api:
    """Takes batches; refuses or waits when told to."""

    def __init__(self) -> None:
        self.batches: list[list[dict]] = []
        self.arrived = threading.Event()
        self.asked = threading.Semaphore(0)
        self.error: Exception | None = None
        self.refused: set[str] = set()
        self.open = threading.Event()
        self.open.set()

    def __call__(self, batch: list[dict]) -> None:
        self.asked.release()
        self.open.wait()
        if self.error is not None:
            raise self.error
        if any(record["message"] in self.refused for record in batch):
            raise ClientError("bad record")
        self.batches.append(batch)
        self.arrived.set()

    @property
    def messages(self) -> list[str]:
        return [record["message"] for batch in self.batches for record in batch]


@pytest.fixture
def api():
    return Api()


@pytest.fixture
def manager(api):
    manager = LogManager(send=api)
    yield manager
    api.open.set()
    api.error = None
    manager.stop(timeout=60)


def waits(manager: LogManager, of: threading.Thread | None = None) -> list[float | None]:
    """Give a list to which each wait of the manager from now on, in any or in this thread, adds its longest time."""
    seen: list[float | None] = []
    changed, wait = manager._changed, manager._changed.wait

    def tell(timeout: float | None = None) -> bool:
        if of in (None, threading.current_thread()):
            seen.append(timeout)
        return wait(timeout)

    changed.wait = tell  # type: ignore[method-assign]
    return seen


def enqueue(manager: LogManager, *messages: str) -> None:
    for message in messages:
        manager.enqueue({"id": message[:20], "message": message})


def test_flush_sends_everything_in_order(manager, api):
    enqueue(manager, *(str(number) for number in range(100)))
    assert manager.flush(60)
    assert api.messages == [str(number) for number in range(100)]


def test_a_run_waits_for_its_own_records_alone(manager, api):
    manager.enqueue({"message": "a", "flow_run_id": "one"})
    assert manager.flush(60, "one")
    api.open.clear()
    manager.enqueue({"message": "b", "flow_run_id": "two"})
    manager.enqueue({"message": "c"})
    assert manager.flush(0, "one")
    assert manager.flush(0, "unknown")
    assert not manager.flush(0, "two")
    assert not manager.flush(0)
    api.open.set()
    assert manager.flush(60, "two")
    assert manager.flush(60)
    assert api.messages == ["a", "b", "c"]


def test_of_many_runs_those_are_remembered_that_have_records_under_way(manager, api):
    api.open.clear()
    for number in range(300):
        manager.enqueue({"message": "a", "flow_run_id": f"run {number}"})
    assert not any(manager.flush(0, f"run {number}") for number in range(300))
    api.open.set()
    assert manager.flush(60)
    manager.enqueue({"message": "last", "flow_run_id": "last"})
    assert manager.flush(60)
    assert len(manager._last_of) <= log_sending._MANY_RUNS


def test_flush_of_nothing_returns_at_once(manager, api):
    assert manager.flush(0)
    assert api.batches == []


def test_the_first_batch_leaves_soon_by_itself(manager, api):
    asked_to_wait = waits(manager)
    enqueue(manager, "a", "b")
    assert api.arrived.wait(30)
    assert api.messages == ["a", "b"]
    assert all(seconds is None or seconds <= 0.25 for seconds in asked_to_wait)


def test_records_made_meanwhile_leave_together(manager, api):
    api.open.clear()
    enqueue(manager, "first")
    assert api.asked.acquire(timeout=60)
    enqueue(manager, "a", "b", "c")
    api.open.set()
    assert manager.flush(60)
    assert [[record["message"] for record in batch] for batch in api.batches] == [["first"], ["a", "b", "c"]]


def test_a_batch_that_failed_is_kept_and_sent_again(manager, api):
    api.error = ServerUnreachable("http://localhost:1")
    enqueue(manager, "a")
    assert api.asked.acquire(timeout=60)
    enqueue(manager, "b")
    api.error = None
    assert manager.flush(60)
    assert api.messages == ["a", "b"]
    assert api.batches[0][0]["id"] == "a"


def test_flush_gives_up_in_time_when_the_server_is_away(manager, api):
    api.error = ServerUnreachable("http://localhost:1")
    enqueue(manager, "a")
    asked_to_wait = waits(manager, of=threading.current_thread())
    assert not manager.flush(0.2)
    assert max(asked_to_wait) <= 0.2
    api.error = None
    assert manager.flush(60)
    assert api.messages == ["a"]


def test_making_records_never_waits_for_the_server(manager, api):
    api.open.clear()
    asked_to_wait = waits(manager, of=threading.current_thread())
    enqueue(manager, *(str(number) for number in range(5_000)))
    assert asked_to_wait == []
    assert api.batches == []
    api.open.set()
    assert manager.flush(60)
    assert len(api.messages) == 5_000


def test_too_many_records_are_dropped_and_told_once(manager, api, monkeypatch, caplog):
    monkeypatch.setattr(log_sending, "_MAX_PENDING_RECORDS", 10)
    api.open.clear()
    enqueue(manager, "first")
    assert api.asked.acquire(timeout=60)
    enqueue(manager, *(str(number) for number in range(25)))
    api.open.set()
    assert manager.flush(60)
    assert api.messages == ["first", *(str(number) for number in range(10))]
    told = [record.getMessage() for record in caplog.records if "dropped" in record.getMessage()]
    assert told == ["15 log records were dropped because the API did not take them in time."]


def test_a_batch_stays_within_the_size_that_the_api_takes(manager, api):
    api.open.clear()
    enqueue(manager, "first")
    assert api.asked.acquire(timeout=60)
    enqueue(manager, *("x" * 900_000 for _ in range(4)), *("é\n" * 150_000 for _ in range(4)))
    api.open.set()
    assert manager.flush(60)
    assert [len(batch) for batch in api.batches[1:]] == [4, 3, 1]
    assert all(len(json.dumps(batch)) < log_sending.MAX_BATCH_LOG_SIZE for batch in api.batches)


def test_a_record_that_the_api_never_takes_does_not_hold_back_the_others(manager, api, monkeypatch, caplog):
    monkeypatch.setattr(log_sending, "_RETRY_SECONDS", (0.0,))
    api.refused = {"bad"}
    enqueue(manager, "a", "bad", "b")
    assert manager.flush(60)
    assert api.messages == ["a", "b"]
    assert "The API refused 1 log records; they are dropped." in caplog.text


def test_stop_ends_the_thread_and_a_new_record_starts_it_again(manager, api):
    enqueue(manager, "a")
    manager.stop(5)
    assert manager._thread is None
    enqueue(manager, "b")
    assert manager.flush(60)
    assert api.messages == ["a", "b"]


def test_stop_does_not_wait_longer_than_it_was_told(manager, api, caplog):
    api.error = ServerUnreachable("http://localhost:1")
    enqueue(manager, "a", "b")
    asked_to_wait = waits(manager, of=threading.current_thread())
    manager.stop(0.1)
    assert max(asked_to_wait) <= 0.2
    assert "2 log records were dropped" in caplog.text


def test_idle_costs_nothing(manager, api):
    enqueue(manager, "a")
    assert manager.flush(60)
    assert api.asked.acquire(timeout=60)
    asked_to_wait = waits(manager)
    assert not api.asked.acquire(timeout=0.3)
    # Its thread may just have begun to wait for the next record.
    assert asked_to_wait in ([], [None])


def _report_child(manager: LogManager, api: Api, connection) -> None:
    enqueue(manager, "child")
    flushed = manager.flush(60)
    connection.send((flushed, api.messages))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_sends_its_own_records_only(manager, api):
    enqueue(manager, "parent, sent before")
    assert manager.flush(60)
    api.batches.clear()
    api.open.clear()
    enqueue(manager, "parent")
    assert api.asked.acquire(timeout=60)
    api.open.set()
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_report_child, args=(manager, Api(), there))
    child.start()
    child.join(60)
    assert manager.flush(60)
    assert api.messages == ["parent"]
    assert here.poll()
    assert here.recv()[0] is True


def test_the_end_of_a_process_sends_what_is_queued(tmp_path):
    path = tmp_path / "sent"
    script = (
        "import sys, json\nfrom prefect.utilities.log_sending import LogManager\n"
        "manager = LogManager(send=lambda batch: open(sys.argv[1], 'a').write(json.dumps(batch)))\n"
        "manager.enqueue({'message': 'last words'})\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=30)
    assert "last words" in path.read_text()


def test_a_worker_process_of_multiprocessing_sends_what_is_queued(tmp_path):
    path = tmp_path / "sent"
    script = (
        "import sys, json, multiprocessing\nfrom prefect.utilities.log_sending import LogManager\n"
        "manager = LogManager(send=lambda batch: open(sys.argv[1], 'a').write(json.dumps(batch)))\n"
        "def work(): manager.enqueue({'message': 'last words'})\n"
        "process = multiprocessing.get_context('fork').Process(target=work)\n"
        "process.start(); process.join()\n"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, timeout=30)
    assert "last words" in path.read_text()


def test_a_process_ends_in_time_when_no_server_answers(tmp_path):
    script = (
        "import atexit\nfrom prefect.utilities import log_sending\n"
        "def send(batch): raise ConnectionError('nobody there')\n"
        "manager = log_sending.LogManager(send=send)\n"
        "manager.enqueue({'message': 'x'})\n"
        "atexit.unregister(manager._on_shutdown); atexit.register(manager.stop, 0.2)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], check=True, timeout=30, capture_output=True, text=True)
    assert "1 log records were dropped" in done.stdout + done.stderr


def test_long_messages_are_cut_at_a_character():
    assert fitting_message("short") == "short"
    assert len(fitting_message("é" * 1_000_000).encode()) <= log_sending.MAX_LOG_SIZE
    assert fitting_message("é" * 1_000_000).strip("é") == ""
