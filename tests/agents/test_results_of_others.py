"""A state that names a pickle of its own runs nothing: views, restarts and caches against a real server."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow, context, task
from prefect.backend import TaskRunView
from prefect.backend.declared import UndeclaredResult
from prefect.client import Client
from prefect.contract import operations
from prefect.core.as_json import declared_results
from prefect.engine.cloud import CloudFlowRunner
from prefect.engine.results import LocalResult, PrefectResult, S3Result
from prefect.run_configs import UniversalRun
from prefect.storage import S3, Local
from prefect.tasks.prefect import get_task_run_result
from prefect.utilities.configuration import set_temporary_config

pytestmark = pytest.mark.process

PROJECT = "results"
ANYWHERE = "2100-01-01T00:00:00+00:00"


class Evil:
    """A value whose pickle does something."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def evil(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A result that names a pickle; fails the test when anybody reads it."""
    mark = tmp_path / "was here"
    (tmp_path / "evil.p").write_bytes(pickle.dumps(Evil(mark)))
    yield {"type": "LocalResult", "dir": str(tmp_path), "location": str(tmp_path / "evil.p")}
    assert not mark.exists()


@task
def number() -> int:
    return 40


@task
def plus_one(x: int) -> int:
    return x + 1


@pytest.fixture(scope="module", autouse=True)
def project(server: Any) -> None:
    Client().create_project(PROJECT)


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., tuple[Flow, str]]:
    """Registers a flow of two tasks and creates a run of it."""

    def make(result: Any = None, **changes: Any) -> tuple[Flow, str]:
        with Flow("results", storage=Local(directory=str(tmp_path / "flows")), result=result) as flow:
            first = number.copy(**changes)
            flow.add_task(first)
            plus_one(first)
        flow.run_config = UniversalRun(labels=["nobody"])
        flow_id = flow.register(PROJECT, no_url=True)
        return flow, Client().create_flow_run(flow_id=flow_id)

    return make


def task_run_of(run_id: str, slug: str = "number-1") -> str:
    return TaskRunView.from_task_slug(slug, run_id).task_run_id


def set_state(task_run_id: str, result: dict[str, Any], **state: Any) -> None:
    given = {"type": "Success", "message": "done", "_result": result, **state}
    answer = Client().change(operations.SET_TASK_RUN_STATES, {"states": [{"task_run_id": task_run_id, "state": given}]})
    assert answer["states"][0]["status"] == "SUCCESS"


def execute(flow: Flow, run_id: str) -> Any:
    with context(flow_run_id=run_id):
        return CloudFlowRunner(flow).run(return_tasks=flow.tasks)


# --- views ------------------------------------------------------------------------------------------------------------


def test_a_view_reads_what_the_flow_has_written(made: Callable[..., tuple[Flow, str]], tmp_path: Path) -> None:
    for result in (
        None,
        LocalResult(dir=str(tmp_path / "own"), location="{flow_run_id}/{task_name}.p"),
        PrefectResult(),
    ):
        flow, run_id = made(result)

        assert execute(flow, run_id).is_successful()

        assert TaskRunView.from_task_slug("plus_one-1", run_id).get_result() == 41
        assert get_task_run_result.run(run_id, "plus_one-1", poll_time=1) == 41


def test_a_view_reads_no_other_place(
    made: Callable[..., tuple[Flow, str]], evil: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "link").symlink_to(tmp_path)
    own = str(tmp_path / "own")
    for result in (None, LocalResult(dir=own), LocalResult(dir=own, location="deep/{task_name}.p"), S3Result("bucket")):
        _, run_id = made(result)
        for location in (evil["location"], "../evil.p", "link/evil.p", f"{own}/../evil.p"):
            set_state(task_run_of(run_id), {**evil, "location": location})
            with pytest.raises(UndeclaredResult, match="Its flow, as it was registered, writes none there"):
                TaskRunView.from_task_slug("number-1", run_id).get_result()
        for other in ({"type": "S3Result", "bucket": "theirs"}, {"type": "GCSResult", "bucket": "bucket"}):
            set_state(task_run_of(run_id), {**other, "location": "x"})
            with pytest.raises(UndeclaredResult, match=f"{other['bucket']} as the place"):
                TaskRunView.from_task_slug("number-1", run_id).get_result()


def test_what_1_4_1_registered_says_only_where_its_storage_lies(
    made: Callable[..., tuple[Flow, str]], evil: dict[str, Any], tmp_path: Path
) -> None:
    flow, _ = made()
    serialized = flow.serialize()
    project_id = Client()._project_id(PROJECT)
    values = {"project_id": project_id, "serialized_flow": serialized}
    flow_id = Client().change(operations.CREATE_FLOW, values)["id"]
    run_id = Client().create_flow_run(flow_id=flow_id)
    assert execute(flow, run_id).is_successful()
    LocalResult(dir=str(tmp_path / "elsewhere")).write(7)
    [elsewhere] = (tmp_path / "elsewhere").iterdir()

    with set_temporary_config({"cloud.api_key": "a-key"}):
        assert TaskRunView.from_task_slug("plus_one-1", run_id).get_result() == 41
        set_state(task_run_of(run_id), evil)
        with pytest.raises(UndeclaredResult, match=r"cloud\.trusted_results can allow it"):
            TaskRunView.from_task_slug("number-1", run_id).get_result()
        set_state(task_run_of(run_id), {**evil, "location": str(elsewhere)})
        with pytest.raises(UndeclaredResult):
            TaskRunView.from_task_slug("number-1", run_id).get_result()
        with set_temporary_config({"cloud.trusted_results": [str(tmp_path / "elsewhere")]}):
            assert TaskRunView.from_task_slug("number-1", run_id).get_result() == 7
            set_state(task_run_of(run_id), evil)
            with pytest.raises(UndeclaredResult):
                TaskRunView.from_task_slug("number-1", run_id).get_result()
    # Whoever reaches a server without keys may register code anyway: as in 1.x.
    set_state(task_run_of(run_id), {**evil, "location": str(elsewhere)})
    assert TaskRunView.from_task_slug("number-1", run_id).get_result() == 7


def test_what_a_flow_declares(tmp_path: Path) -> None:
    with Flow("f", storage=S3(bucket="b"), result=S3Result("b", location="pre/{x}")) as flow:
        plus_one(number())
        plus_one.copy(name="other", target="{y}.p", result=LocalResult(dir=str(tmp_path)))(1)
        plus_one.copy(name="made", target=lambda **_: "z", result=LocalResult(dir=str(tmp_path)))(1)

    places = [{key: value for key, value in place.items() if key != "__version__"} for place in declared_results(flow)]

    local = {"type": "LocalResult", "dir": str(tmp_path)}
    remote = {"type": "S3Result", "bucket": "b", "location": "pre/{x}"}
    assert len(places) == 3
    for expected in (remote, {**local, "location": "{y}.p"}, {**local, "location": None}):
        assert expected in places


# --- runs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("declares", [True, False])
def test_a_restart_reads_no_other_place(
    made: Callable[..., tuple[Flow, str]], evil: dict[str, Any], declares: bool
) -> None:
    flow, run_id = made()
    if not declares:
        flow.result = None
    set_state(task_run_of(run_id), evil)

    state = execute(flow, run_id)

    assert state.is_failed()
    refused = TaskRunView.from_task_slug("plus_one-1", run_id).state.message
    assert ("does not lie in" if declares else "neither the task nor the flow declares a result") in refused


def test_a_cached_state_of_others_is_passed_over(made: Callable[..., tuple[Flow, str]], evil: dict[str, Any]) -> None:
    from prefect.engine.cache_validators import duration_only

    flow, earlier = made(cache_for=timedelta(hours=1), cache_validator=duration_only)
    expires = {"type": "Cached", "cached_result_expiration": ANYWHERE, "cached_parameters": {}}
    set_state(task_run_of(earlier), evil, **expires)
    set_state(task_run_of(earlier), evil, **expires, cached_inputs={"x": evil})
    run_id = Client().create_flow_run(flow_id=flow_of(earlier))

    state = execute(flow, run_id)

    assert state.is_successful()
    assert TaskRunView.from_task_slug("plus_one-1", run_id).get_result() == 41


def flow_of(run_id: str) -> str:
    from prefect.backend import FlowRunView

    return FlowRunView.from_flow_run_id(run_id).flow_id


def test_the_last_round_of_a_loop_is_read_from_its_own_place(
    made: Callable[..., tuple[Flow, str]], evil: dict[str, Any]
) -> None:
    flow, run_id = made()
    looped = {
        "type": "Retrying",
        "run_count": 1,
        "context": {"_loop_count": 2},
        "start_time": "2020-01-01T00:00:00+00:00",
    }
    set_state(task_run_of(run_id), evil, **looped)

    assert execute(flow, run_id).is_failed()
