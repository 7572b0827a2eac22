"""Jobs elsewhere: started once, taken up again after a restart, cancelled with the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from prefect import Task, context
from prefect.engine.signals import FAIL
from prefect.tasks.authoring import remote
from prefect.tasks.authoring.remote import Progress, RemoteJob, RemoteJobFailed, RemoteJobTimedOut
from prefect.utilities.configuration import set_temporary_config
from support.graphql_stub import Stub, StubServer
from support.pauses import record_sleep


class Elsewhere:
    """A system that runs jobs: what it was asked, and what it says of a job."""

    def __init__(self, *says: Any) -> None:
        self.says = list(says)
        self.started: list[str] = []
        self.cancelled: list[Any] = []

    def start(self, token: str) -> str:
        self.started.append(token)
        return f"job-{len(self.started)}"

    def look(self, job: str) -> Progress:
        said = self.says.pop(0)
        if isinstance(said, BaseException):
            raise said
        return said

    def job(self, **how: Any) -> RemoteJob:
        how = {"poll_seconds": 0, **how}
        return RemoteJob(Task("t"), start=self.start, look=self.look, cancel=self.cancelled.append, **how)


class Keys:
    """The key-value store of a backend."""

    def __init__(self, stub: Stub) -> None:
        self.values: dict[str, Any] = {}
        stub.rules.append(("key_value(where", self._read))
        stub.rules.append(("mutation($input: set_key_value_input", self._write))
        stub.rules.append(("mutation($input: delete_key_value_input", self._delete))

    def _read(self, asked: Any) -> Any:
        key = asked.variables["key"]
        rows = [{"id": key, "value": self.values[key]}] if key in self.values else []
        return 200, {"data": {"key_value": rows}}

    def _write(self, asked: Any) -> Any:
        given = asked.variables["input"]
        self.values[given["key"]] = given["value"]
        return 200, {"data": {"set_key_value": {"id": given["key"]}}}

    def _delete(self, asked: Any) -> Any:
        self.values.pop(asked.variables["input"]["key_value_id"])
        return 200, {"data": {"delete_key_value": {"success": True}}}


@pytest.fixture
def keys() -> Iterator[Keys]:
    with (
        StubServer() as stub,
        set_temporary_config({"cloud.api": stub.url, "backend": "server", "cloud.send_flow_run_logs": False}),
        context(task_run_id="run-1", running_with_backend=True),
    ):
        yield Keys(stub)


def test_job_is_watched_to_its_end() -> None:
    elsewhere = Elsewhere(Progress(False, "queued"), Progress(False, "running"), Progress(True, "done", 42))

    assert elsewhere.job().run() == 42
    assert len(elsewhere.started) == 1


def test_a_process_that_comes_later_takes_the_job_up(keys: Keys) -> None:
    first, second = Elsewhere(ConnectionError("gone")), Elsewhere(Progress(True, "done", 1))
    with pytest.raises(ConnectionError):
        first.job().run()
    (kept,) = keys.values.values()
    assert kept["job"] == "job-1"

    assert second.job().run() == 1
    assert second.started == []
    assert keys.values == {}


def test_a_start_that_nobody_knows_of_is_repeated_with_the_same_token(keys: Keys) -> None:
    class Killed(BaseException):
        pass

    first, second = Elsewhere(), Elsewhere(Progress(True, "done"))
    first.start = lambda token: (first.started.append(token), (_ for _ in ()).throw(Killed))[1]  # type: ignore[method-assign]
    with pytest.raises(Killed):
        first.job().run()
    second.job().run()

    assert first.started == second.started


@pytest.mark.parametrize("failure", [RemoteJobFailed("bad"), FAIL("bad")], ids=["error", "signal"])
def test_after_a_job_that_failed_a_retry_starts_another(keys: Keys, failure: BaseException) -> None:
    elsewhere = Elsewhere(failure, Progress(True, "done"))
    with pytest.raises(type(failure)):
        elsewhere.job().run()
    elsewhere.job().run()

    assert len(set(elsewhere.started)) == 2
    assert elsewhere.cancelled == []


def test_a_job_that_could_not_be_started_is_not_kept(keys: Keys) -> None:
    elsewhere = Elsewhere()
    elsewhere.start = lambda _: (_ for _ in ()).throw(ConnectionError("away"))  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        elsewhere.job().run()

    assert keys.values == {}


def test_a_cancelled_run_cancels_the_job(keys: Keys) -> None:
    elsewhere = Elsewhere(Progress(False, "running"), KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        elsewhere.job().run()

    assert elsewhere.cancelled == ["job-1"]
    assert keys.values == {}


def test_a_job_that_takes_too_long_is_cancelled() -> None:
    elsewhere = Elsewhere(Progress(False, "running"))
    with pytest.raises(RemoteJobTimedOut, match="did not end within 0 seconds; it was running"):
        elsewhere.job(limit_seconds=0).run()

    assert elsewhere.cancelled == ["job-1"]


def test_an_error_of_cancelling_does_not_hide_why() -> None:
    def refuse(job: Any) -> None:
        raise ConnectionError("away")

    elsewhere = Elsewhere(KeyboardInterrupt())
    job = RemoteJob(Task("t"), start=elsewhere.start, look=elsewhere.look, cancel=refuse, poll_seconds=0)
    with pytest.raises(KeyboardInterrupt):
        job.run()


def test_a_backend_without_a_store_keeps_nothing_and_breaks_nothing() -> None:
    with (
        StubServer() as stub,
        set_temporary_config({"cloud.api": stub.url, "backend": "server", "cloud.send_flow_run_logs": False}),
        context(task_run_id="run-1", running_with_backend=True),
    ):
        assert Elsewhere(Progress(True, "done", 1)).job().run() == 1


def test_pauses_are_made_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    slept = record_sleep(monkeypatch)

    remote.pause(2.5)

    assert slept == [1, 1, 0.5]
