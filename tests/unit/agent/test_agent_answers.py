"""No answer to its questions ends an agent, but the one that it has no right to ask; what it is told reaches it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect.agent import polling
from prefect.agent.agent import Agent
from prefect.agent.docker import DockerAgent
from prefect.agent.ecs import ECSAgent
from prefect.agent.kubernetes import KubernetesAgent
from prefect.agent.local import LocalAgent
from prefect.agent.vertex import VertexAgent
from prefect.agent.vertex.agent import _scheduling
from prefect.client import connection as connection_module
from prefect.exceptions import AuthorizationError
from prefect.utilities.configuration import set_temporary_config
from support.graphql_stub import Stub, StubServer

ID = "6d5b3ab5-6f3d-4f3d-a8a8-000000000001"
EMPTY = {"data": {"get_runs_in_queue": {"flow_run_ids": []}}}


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stub]:
    monkeypatch.setattr(connection_module, "API_ERROR_RESENDS", 0)
    monkeypatch.setattr(polling, "LOST_PAUSES_SECONDS", (0.0,))
    monkeypatch.setattr("prefect.agent.agent.RETRY_SECONDS", 0.0)
    settings = {"home_dir": str(tmp_path), "backend": "server", "cloud.api_key": "", "cloud.tenant_id": ID}
    with StubServer() as stub, set_temporary_config({**settings, "cloud.api": stub.url}):
        stub.data("register_agent", register_agent={"id": ID})
        stub.data("hello", hello="hi")
        stub.on("get_runs_in_queue", EMPTY)
        yield stub
        connection_module._plain_servers.discard(stub.url)


def asked(stub: Stub) -> int:
    return sum("get_runs_in_queue" in one.query for one in stub.asked)


@pytest.mark.parametrize(
    "answer",
    [
        *({}, {"data": None}, {"data": {}}, {"data": {"get_runs_in_queue": None}}, [], "text", {"status": "ok"}),
        *({"data": {"get_runs_in_queue": {}}}, {"data": {"get_runs_in_queue": {"flow_run_ids": None}}}),
        *((500, {"errors": [{"message": "no"}]}), (200, b"<html>not here</html>"), (200, b""), (404, b"nothing here")),
        {"errors": [{"message": "refused"}]},
    ],
    ids=repr,
)
def test_an_agent_asks_again_whatever_it_is_answered(stub: Stub, answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    stub.on("get_runs_in_queue", answer, answer, EMPTY)
    agent = Agent(max_polls=4)
    agent.logger.addHandler(caplog.handler)
    agent.start()
    agent.logger.removeHandler(caplog.handler)
    assert asked(stub) == 4
    # Told once, and that it is over; who is registered anew may be known by another id now.
    assert caplog.text.count("Trying again until it answers.") == 1
    assert caplog.text.count("The API answers again. Waiting for flow runs...") == 1
    assert sum("register_agent" in one.query for one in stub.asked) == 2


@pytest.mark.parametrize("answer", [(401, {"errors": [{"message": "This API key was revoked."}]}), (403, b"")], ids=str)
def test_an_agent_that_has_no_right_to_ask_ends(stub: Stub, answer: Any) -> None:
    stub.on("get_runs_in_queue", answer)
    with pytest.raises(AuthorizationError):
        Agent(max_polls=4).start()
    assert asked(stub) == 1


# ----- what an agent is told

GIVEN: dict[str, Any] = {
    "agent_config_id": ID,
    "name": "mine",
    "labels": ["a", "b"],
    "env_vars": {"A": "1"},
    "max_polls": 7,
    "agent_address": "http://127.0.0.1:1",
    "no_cloud_logs": True,
}
KINDS: dict[type[Agent], dict[str, Any]] = {
    Agent: {},
    LocalAgent: {"hostname_label": False},
    DockerAgent: {},
    KubernetesAgent: {},
    ECSAgent: {"region_name": "us-east-1"},
    VertexAgent: {"project": "p"},
}


@pytest.fixture
def no_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them is asked for anything here."""
    pytest.importorskip("google.auth", reason="needs the extra gcp")
    monkeypatch.setattr(DockerAgent, "_connect", lambda self: None)
    monkeypatch.setattr(DockerAgent, "_engine_version", lambda self: (20, 10))
    monkeypatch.setattr(KubernetesAgent, "_connect", lambda self: (None, None))
    monkeypatch.setattr("google.auth.default", lambda scopes: (object(), None))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("left_out", [None, *GIVEN])
def test_what_every_agent_may_be_told_reaches_each_kind(
    no_engines: None, kind: type[Agent], left_out: str | None
) -> None:
    given = {name: value for name, value in GIVEN.items() if name != left_out}
    with set_temporary_config({"cloud.agent.name": "usual", "cloud.send_flow_run_logs": True, "cloud.tenant_id": ID}):
        agent = kind(**KINDS[kind], **given)
    found = {
        "agent_config_id": agent.agent_config_id,
        "name": agent.name,
        "labels": agent.labels,
        "env_vars": agent.env_vars,
        "max_polls": agent.max_polls,
        "agent_address": agent.agent_address,
        "no_cloud_logs": not agent.log_to_cloud,
    }
    usual = {
        "agent_config_id": None, "name": "usual", "labels": [], "env_vars": {}, "max_polls": None,
        "agent_address": "", "no_cloud_logs": False,
    }  # fmt: skip
    assert found == {**GIVEN, **({left_out: usual[left_out]} if left_out else {})}


def test_an_agent_for_vertex_knows_its_project_from_its_credentials_or_says_that_there_is_none(
    no_engines: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match=r"^project: neither given nor named by the credentials of Google Cloud$"):
        VertexAgent()
    monkeypatch.setattr("google.auth.default", lambda scopes: (object(), "theirs"))
    assert VertexAgent().project == "theirs"
    assert VertexAgent(project="mine").project == "mine"
    assert VertexAgent()._jobs_url == (
        "https://us-central1-aiplatform.googleapis.com/v1/projects/theirs/locations/us-central1/customJobs"
    )
    assert VertexAgent(region_name="eu", api_endpoint="http://x")._jobs_url == (
        "http://x/v1/projects/theirs/locations/eu/customJobs"
    )


def test_an_agent_beats_until_it_is_over_and_goes_on_after_a_fault(stub: Stub) -> None:
    faults = threading.Semaphore(0)

    class Beating(Agent):
        def heartbeat(self) -> None:
            faults.release()
            raise OSError("no engine")

    agent = Beating(max_polls=2)
    agent.heartbeat_period = 0.0
    agent._find = lambda excluded, wait: [faults.acquire(timeout=60) for _ in range(3)] and []  # type: ignore[method-assign,func-returns-value]
    agent.start()
    assert agent._finished.is_set()


@pytest.mark.parametrize(
    ("timeout", "told"),
    [(3600, "3600s"), ("3600", "3600s"), ("60s", "60s"), ({"seconds": 5}, "5s"), ({}, {}), (None, None)],
    ids=str,
)
def test_the_timeout_of_a_vertex_job_is_told_as_its_api_wants_it(timeout: Any, told: Any) -> None:
    assert _scheduling({"timeout": timeout, "x": 1}) == {"timeout": told, "x": 1}
    assert _scheduling({"x": 1}) == {"x": 1}
