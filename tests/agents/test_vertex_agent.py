"""The Vertex agent with Google's authentication against a fake of the service (see ``fakes.vertex_api``)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.vertex_api import FakeVertex, fake_vertex, write_credentials
from prefect._version import __version__
from prefect.agent.vertex import VertexAgent
from prefect.run_configs import LocalRun, RunConfig, VertexRun
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.graphql import GraphQLResult

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def vertex() -> Iterator[FakeVertex]:
    pytest.importorskip("google.auth", reason="needs the extra gcp")
    pytest.importorskip("cryptography", reason="needs cryptography, which comes with the extra gcp")
    with fake_vertex() as fake:
        yield fake


@pytest.fixture(scope="module")
def credentials(vertex: FakeVertex, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_credentials(vertex, tmp_path_factory.mktemp("google") / "account.json")


@pytest.fixture
def agent_of(
    vertex: FakeVertex, credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., VertexAgent]]:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials))
    vertex.jobs.clear()
    with set_temporary_config({"cloud.api": "http://localhost:4200", "cloud.api_key": "", "cloud.tenant_id": ""}):
        yield lambda **settings: VertexAgent(**{"api_endpoint": vertex.url, **settings})


def flow_run(run_config: RunConfig | None = None) -> GraphQLResult:
    flow = {"id": "flow-id", "name": "My flow", "storage": {"type": "Local"}, "core_version": __version__}
    return GraphQLResult(
        {"id": "run-id", "name": "quiet fox", "flow": flow, "run_config": run_config and run_config.serialize()}
    )


def env_of(job: dict[str, Any]) -> dict[str, str]:
    container = job["job_spec"]["worker_pool_specs"][0]["container_spec"]
    return {entry["name"]: entry["value"] for entry in container["env"]}


def test_a_custom_job_is_created_with_the_runs_environment(
    vertex: FakeVertex, agent_of: Callable[..., VertexAgent]
) -> None:
    agent = agent_of(env_vars={"BOTH": "agent", "AGENTS": "1"}, service_account="of-agent")

    told = agent.deploy_flow(flow_run(VertexRun(image="mine:1", env={"BOTH": "run"}, network="net")))

    [job] = vertex.jobs
    assert told == "Custom Job projects/of-credentials/locations/us-central1/customJobs/1"
    assert job["display_name"] == "my-flow-quiet-fox"
    spec = job["job_spec"]
    [pool] = spec["worker_pool_specs"]
    assert (pool["machine_spec"], pool["replica_count"]) == ({"machine_type": "e2-standard-4"}, 1)
    container = pool["container_spec"]
    assert (container["image_uri"], container["command"]) == ("mine:1", ["prefect", "execute", "flow-run"])
    assert (spec["service_account"], spec["network"]) == ("of-agent", "net")
    assert "scheduling" not in spec
    assert (
        env_of(job).items()
        >= {
            "BOTH": "run",
            "AGENTS": "1",
            "PREFECT__CONTEXT__FLOW_RUN_ID": "run-id",
            "PREFECT__CONTEXT__IMAGE": "mine:1",
        }.items()
    )


def test_the_runs_worker_pools_are_kept_and_the_first_runs_the_flow(
    vertex: FakeVertex, agent_of: Callable[..., VertexAgent]
) -> None:
    pools = [
        {
            "machine_spec": {"machine_type": "a"},
            "container_spec": {"image_uri": "of-pool:1", "env": [{"name": "KEPT", "value": "1"}]},
        },
        {"machine_spec": {"machine_type": "b"}, "container_spec": {"image_uri": "other:1"}},
    ]
    run_config = VertexRun(worker_pool_specs=pools, service_account="of-run", scheduling={"timeout": 60})

    agent_of(project="mine", region_name="europe-west1", service_account="of-agent").deploy_flow(flow_run(run_config))

    [job] = vertex.jobs
    assert job["name"] == "projects/mine/locations/europe-west1/customJobs/1"
    spec = job["job_spec"]
    assert spec["worker_pool_specs"][1] == pools[1]
    assert spec["worker_pool_specs"][0]["container_spec"]["image_uri"] == "of-pool:1"
    assert env_of(job)["KEPT"] == "1"
    assert (spec["service_account"], spec["scheduling"]) == ("of-run", {"timeout": "60s"})


def test_a_refused_job_is_told(agent_of: Callable[..., VertexAgent]) -> None:
    with pytest.raises(RuntimeError, match="Vertex AI refused the job: 400 machine_spec is required"):
        agent_of().deploy_flow(flow_run(VertexRun(worker_pool_specs=[{}])))


def test_other_kinds_of_runs_are_refused(agent_of: Callable[..., VertexAgent]) -> None:
    with pytest.raises(TypeError, match="only `VertexRun` is supported"):
        agent_of().deploy_flow(flow_run(LocalRun()))


def test_missing_credentials_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("google.auth", reason="needs the extra gcp")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(RuntimeError, match="no credentials of Google Cloud"):
        VertexAgent()
