"""Registering a flow: what is checked before anything is sent, and what is sent in which order."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow, Parameter, Task
from prefect.client import Client
from prefect.client import connection as connection_module
from prefect.contract import errors, limits
from prefect.engine.results import LocalResult
from prefect.exceptions import ClientError
from prefect.run_configs import LocalRun
from prefect.schedules import Schedule
from prefect.schedules.clocks import CronClock
from prefect.storage import Local
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.graphql import decompress
from support.graphql_stub import Stub, StubServer

ID = "6d5b3ab5-6f3d-4f3d-a8a8-000000000001"


@pytest.fixture
def stub(tmp_path: Path) -> Iterator[Stub]:
    settings = {"home_dir": str(tmp_path), "backend": "server", "cloud.api_key": "", "cloud.tenant_id": ID}
    with StubServer() as stub, set_temporary_config({**settings, "cloud.api": stub.url}):
        stub.data("project(", project=[{"id": "p-1"}])
        stub.data("create_flow(", create_flow={"id": "f-1"})
        stub.data("create_flow_from_compressed_string(", create_flow_from_compressed_string={"id": "f-2"})
        stub.data("flow_by_pk(", flow_by_pk={"flow_group_id": "g-1"})
        stub.data("tenant", tenant=[{"id": ID, "slug": "default"}])
        for name in ("register_tasks", "register_edges", "set_schedule_active"):
            stub.data(f"{name}(", **{name: {"success": True}})
        yield stub
        connection_module._plain_servers.discard(stub.url)


class Add(Task):
    def run(self, x: Any = None) -> Any:
        return x


def small(tmp_path: Path, **more: Any) -> Flow:
    with Flow("small", storage=Local(str(tmp_path)), run_config=LocalRun(labels=["b", "a"]), **more) as flow:
        Add(name="second")(x=Add(name="first")())
    return flow


def register(flow: Flow, **given: Any) -> str:
    return Client().register(flow, **{"project_name": "mine", "no_url": True, "compressed": False, **given})


def sent(stub: Stub) -> list[tuple[str, dict[str, Any]]]:
    """Name every mutation and its input, in order."""
    found = []
    for asked in stub.asked:
        if asked.query.startswith("mutation"):
            found.append((asked.query.partition("{")[2].strip().partition("(")[0], asked.variables["input"]))
    return found


def test_a_flow_of_usual_size_travels_in_one_piece(stub: Stub, tmp_path: Path) -> None:
    flow = small(tmp_path, result=LocalResult(str(tmp_path)))

    assert register(flow, version_group_id="v", idempotency_key="k", set_schedule_active=False) == "f-1"

    ((name, given),) = sent(stub)
    assert name == "create_flow"
    assert given.keys() >= {"project_id", "serialized_flow", "set_schedule_active", "version_group_id"}
    assert (given["project_id"], given["version_group_id"], given["idempotency_key"]) == ("p-1", "v", "k")
    assert given["set_schedule_active"] is False
    assert [task["name"] for task in given["serialized_flow"]["tasks"]] == ["first", "second"]
    assert len(given["serialized_flow"]["edges"]) == 1
    assert "results" in given["serialized_flow"]


def test_what_was_not_given_is_not_said(stub: Stub, tmp_path: Path) -> None:
    register(small(tmp_path, result=LocalResult(str(tmp_path))), version_group_id="", idempotency_key="")

    given = sent(stub)[0][1]
    assert (given.get("version_group_id"), "idempotency_key" in given) == (None, False)


def test_a_packed_flow_is_the_same_flow(stub: Stub, tmp_path: Path) -> None:
    flow = small(tmp_path, result=LocalResult(str(tmp_path)))

    register(flow)
    assert register(flow, compressed=True, build=False) == "f-2"

    (_, plain), _, (name, packed), _ = sent(stub)
    assert name == "create_flow_from_compressed_string"
    assert decompress(packed["serialized_flow"])["tasks"] == plain["serialized_flow"]["tasks"]


@pytest.mark.parametrize(("more", "pieces"), [(0, []), (1, [3, 1]), (3, [3, 3]), (4, [3, 3, 1])])
def test_a_large_flow_is_followed_by_its_tasks_and_then_its_edges_in_pieces(
    stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int, pieces: list[int]
) -> None:
    monkeypatch.setattr(limits, "REGISTRATION_CHUNK", 3)
    with Flow("large", storage=Local(str(tmp_path))) as flow:
        last = Add(name="0")()
        for number in range(1, 3 + more):
            (new := Add(name=str(number))()).set_upstream(last)
            last = new

    register(flow)

    (_, created), *rest, (active, _) = sent(stub)
    assert active == "set_schedule_active"
    of_tasks = [given["serialized_tasks"] for name, given in rest if name == "register_tasks"]
    of_edges = [given["serialized_edges"] for name, given in rest if name == "register_edges"]
    assert [name for name, _ in rest] == ["register_tasks"] * len(of_tasks) + ["register_edges"] * len(of_edges)
    assert all(given["flow_id"] == "f-1" for _, given in rest)
    assert [len(part) for part in of_tasks] == pieces
    assert ("tasks" in created["serialized_flow"]) == (not pieces)
    if pieces:
        assert sorted(task["name"] for part in of_tasks for task in part) == [str(n) for n in range(3 + more)]
        assert sum(len(part) for part in of_edges) == 2 + more
        assert max(len(part) for part in of_edges) == 3


@pytest.mark.parametrize("active", [True, False])
def test_the_schedule_is_switched_on_after_all_else_unless_it_is_unwanted(
    stub: Stub, tmp_path: Path, active: bool
) -> None:
    register(small(tmp_path, result=LocalResult(str(tmp_path))), set_schedule_active=active)

    assert [name for name, _ in sent(stub)] == ["create_flow", "set_schedule_active"][: 1 + active]
    if active:
        assert sent(stub)[-1][1] == {"flow_id": "f-1"}


def test_where_it_is_shown_is_printed_unless_it_is_unwanted(
    stub: Stub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flow = small(tmp_path, result=LocalResult(str(tmp_path)))
    register(flow)
    assert capsys.readouterr().out == ""

    register(flow, no_url=False, build=False)

    url, *rest = capsys.readouterr().out.splitlines()
    assert url.startswith("Flow URL: ")
    assert url.endswith("/default/flow/g-1")
    labels = sorted(flow.run_config.labels)
    assert labels[:2] == ["a", "b"]
    assert rest == [" └── ID: f-1", " └── Project: mine", f" └── Labels: {labels}"]


# ----- what is refused


def scheduled(tmp_path: Path, *defaults: dict[str, Any]) -> Flow:
    clocks = [CronClock("0 3 * * *", parameter_defaults=given) for given in defaults]
    with Flow("scheduled", storage=Local(str(tmp_path)), schedule=Schedule(clocks=clocks)) as flow:
        Add(name="a")(x=Parameter("x"))
        Add(name="b")(x=Parameter("y", default=1))
    flow.result = LocalResult(str(tmp_path))
    return flow


@pytest.mark.parametrize(
    ("defaults", "is_fine"),
    [([{"x": 1}], True), ([{"x": None}], True), ([{"x": 1}, {"x": 2, "y": 3}], True), ([{}], False),
     ([{"x": 1}, {}], False), ([{"y": 1}], False)],
)  # fmt: skip
def test_a_schedule_gives_each_parameter_that_is_required(
    stub: Stub, tmp_path: Path, defaults: list[dict[str, Any]], is_fine: bool
) -> None:
    flow = scheduled(tmp_path, *defaults)
    if is_fine:
        assert register(flow) == "f-1"
    else:
        with pytest.raises(ClientError, match=r"^Flows with required parameters can not be scheduled automatically\.$"):
            register(flow)
        assert stub.asked == []


@pytest.mark.parametrize(
    ("has_result", "has_data", "warned"),
    [(False, True, True), (True, True, False), (False, False, False)],
    ids=["no result", "a result", "no data"],
)
def test_a_flow_that_passes_data_and_keeps_none_is_warned_of(
    stub: Stub, tmp_path: Path, has_result: bool, has_data: bool, warned: bool
) -> None:
    with Flow("f", storage=Local(str(tmp_path), add_default_labels=False)) as flow:
        first, second = Add(name="first")(), Add(name="second")
        second(x=first) if has_data else second.set_upstream(first)
    flow.storage.result = None
    flow.result = LocalResult(str(tmp_path)) if has_result else None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        register(flow, build=False)

    of_results = [one for one in caught if "No result handler was specified on your Flow" in str(one.message)]
    assert len(of_results) == int(warned)
    assert all(one.category is UserWarning for one in of_results)


def test_a_project_is_named_and_there(stub: Stub, tmp_path: Path) -> None:
    flow = small(tmp_path, result=LocalResult(str(tmp_path)))
    with pytest.raises(TypeError, match="'project_name' is a required field when registering a flow"):
        register(flow, project_name=None)
    stub.data("project(", project=[])
    with pytest.raises(ValueError, match=r"Project mine not found\. Run `prefect create project 'mine'` to create it"):
        register(flow)

    assert sent(stub) == []


def test_a_flow_that_nobody_could_read_is_not_sent(stub: Stub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flow = small(tmp_path, result=LocalResult(str(tmp_path)))
    serialize = flow.serialize
    monkeypatch.setattr(flow, "serialize", lambda **how: {**serialize(**how), "edges": [{"nonsense": 1}]})

    with pytest.raises(ValueError, match=r"^Flow could not be deserialized successfully\. Error was: \w+\("):
        register(flow)

    assert sent(stub) == []


@pytest.mark.parametrize(
    "what", ["create_flow(", "create_flow_from_compressed_string(", "create_flow_run(", "restart_flow_runs("]
)
def test_what_makes_something_anew_is_not_sent_again_after_an_error(
    stub: Stub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, what: str
) -> None:
    """Nobody knows whether it was made; other changes are sent again."""
    monkeypatch.setattr(connection_module.time, "sleep", lambda seconds: None)
    refused = {"errors": [{"message": "no", "extensions": {"code": errors.API_ERROR}}]}
    stub.rules.insert(0, (what, lambda asked: (200, refused)))
    flow, client = small(tmp_path, result=LocalResult(dir=str(tmp_path))), Client()
    make = {
        "create_flow_run(": lambda: client.create_flow_run(flow_id=ID),
        "restart_flow_runs(": lambda: client.restart_flow_runs([ID]),
        "create_flow(": lambda: client.register(flow, "p", compressed=False),
    }.get(what, lambda: client.register(flow, "p"))
    with pytest.raises(ClientError):
        make()
    assert sum(what in asked.query for asked in stub.asked) == 1

    stub.rules.insert(0, ("cancel_flow_run", lambda asked: (200, refused)))
    with pytest.raises(ClientError):
        Client().cancel_flow_run(ID)
    assert sum("cancel_flow_run" in asked.query for asked in stub.asked) == connection_module.API_ERROR_RESENDS + 1
