"""Settings of agents that come as texts."""

from __future__ import annotations

import re
import socket
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from urllib3.exceptions import HTTPError

from fakes.kubernetes_api import write_kubeconfig
from prefect.agent.agent import Agent
from prefect.agent.docker import DockerAgent
from prefect.agent.ecs import ECSAgent
from prefect.agent.health import HealthServer
from prefect.agent.kubernetes import KubernetesAgent
from prefect.agent.kubernetes.agent import TIMEOUT_SECONDS, TRIES, _reason
from prefect.agent.local import LocalAgent
from prefect.agent.local.warm import WarmStarter
from prefect.agent.process_ends import MemoryKills
from prefect.run_configs import DockerRun
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.graphql import GraphQLResult
from support.servers import free_port


@pytest.fixture
def kube_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that nobody asks for anything."""
    pytest.importorskip("kubernetes", reason="needs the extra kubernetes")
    path = write_kubeconfig(SimpleNamespace(url="http://127.0.0.1:9"), tmp_path / "kubeconfig")  # type: ignore[arg-type]
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("prod", ["prod"]),
        ("prod, eu ,", ["prod", "eu"]),
        (["prod", "eu"], ["prod", "eu"]),
        ("", []),
        ([], []),
    ],
)
def test_labels_may_be_a_text(labels: Any, expected: list[str]) -> None:
    assert Agent(labels=labels).labels == expected
    with set_temporary_config({"cloud.agent.labels": labels}):
        assert Agent().labels == expected


def a_run(storage: Any) -> GraphQLResult:
    flow = {"id": "f", "name": "f", "storage": storage, "core_version": "1.4.1"}
    return GraphQLResult({"id": "r", "flow": flow, "run_config": None, "run_config_role": None, "labels": []})


@pytest.mark.parametrize(
    ("storage", "error", "said"),
    [
        (None, ValueError, "Flow run r has no storage to load its flow from."),
        ({}, ValueError, "Flow run r has no storage to load its flow from."),
        ({"type": "Docker"}, TypeError, "Unsupported Storage type: Docker"),
    ],
    ids=str,
)
def test_a_run_that_a_local_agent_cannot_load_starts_no_process(
    storage: Any, error: type[Exception], said: str
) -> None:
    agent = LocalAgent()
    with pytest.raises(error, match=f"^{re.escape(said)}$"):
        agent.deploy_flow(a_run(storage))
    assert agent.processes == set()


def test_an_agent_for_ecs_that_can_have_no_client_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ValueError, match=r"^no client of ECS: You must specify a region\.$"):
        ECSAgent(cluster="c")
    with pytest.raises(ValueError, match=r"^launch_type: expected one of FARGATE, EC2, EXTERNAL, got 'cloud'$"):
        ECSAgent(cluster="c", region_name="us-east-1", launch_type="cloud")
    assert ECSAgent(cluster="c", region_name="us-east-1", launch_type="ec2").launch_type == "EC2"
    assert ECSAgent(cluster="c", region_name="us-east-1").launch_type == "FARGATE"


@pytest.mark.parametrize(
    ("named", "given", "expected"),
    [
        (None, None, []),
        ("", None, []),
        ("one", None, ["one"]),
        (" one, , two ,", None, ["one", "two"]),
        ("one", ["other"], ["other"]),
        ("one", [], ["one"]),
    ],
    ids=str,
)
def test_secrets_to_pull_images_with_may_be_a_text_around_the_agent(
    monkeypatch: pytest.MonkeyPatch, kube_config: None, named: str | None, given: Any, expected: list[str]
) -> None:
    monkeypatch.delenv("IMAGE_PULL_SECRETS", raising=False)
    if named is not None:
        monkeypatch.setenv("IMAGE_PULL_SECRETS", named)
    assert KubernetesAgent(image_pull_secrets=given).image_pull_secrets == expected


@pytest.mark.parametrize(
    ("around", "given", "expected"),
    [
        ({}, {}, ("default", None)),
        ({"NAMESPACE": "", "SERVICE_ACCOUNT_NAME": ""}, {}, ("default", None)),
        ({"NAMESPACE": "ours", "SERVICE_ACCOUNT_NAME": "robot"}, {}, ("ours", "robot")),
        ({"NAMESPACE": "ours", "SERVICE_ACCOUNT_NAME": "robot"},
         {"namespace": "mine", "service_account_name": "me"}, ("mine", "me")),
    ],
    ids=str,
)  # fmt: skip
def test_where_jobs_go_may_be_said_around_the_agent(
    monkeypatch: pytest.MonkeyPatch, kube_config: None, around: dict[str, str], given: Any, expected: tuple[Any, ...]
) -> None:
    for name in ("NAMESPACE", "SERVICE_ACCOUNT_NAME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in around.items():
        monkeypatch.setenv(name, value)
    agent = KubernetesAgent(**given)
    assert (agent.namespace, agent.service_account_name) == expected


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"message": "no such namespace"}', "404 no such namespace"),
        ('{"message": ""}', "404 Not Found"),
        ("{}", "404 Not Found"),
        ("", "404 Not Found"),
        (None, "404 Not Found"),
        ("<html>", "404 Not Found"),
        ("[1]", "404 Not Found"),
    ],
    ids=repr,
)
def test_a_refusal_of_a_cluster_is_told_in_its_own_words(body: str | None, said: str) -> None:
    assert _reason(SimpleNamespace(status=404, reason="Not Found", body=body)) == said


def test_networks_of_containers_are_several() -> None:
    pytest.importorskip("docker", reason="needs the extra docker")
    with pytest.raises(ValueError, match=r"^networks: expected several networks, not one text: 'mine'$"):
        DockerAgent(networks="mine")  # type: ignore[arg-type]


# ----- what goes on beside the agent


def test_a_health_page_that_is_stopped_leaves_no_thread_and_no_port() -> None:
    with HealthServer(f"http://127.0.0.1:{free_port()}", lambda: None) as health:
        port = health.port
        (thread,) = [one for one in threading.enumerate() if one.name == "agent-health"]
    thread.join(60)
    assert not thread.is_alive()
    assert port is not None
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=60):
        pass


def test_who_sees_the_end_of_a_run_waits_for_who_counts_them() -> None:
    class Ended:
        """A process that has ended, and tells when it was asked for its end."""

        pid = 1

        def __init__(self) -> None:
            self.is_seen = threading.Event()

        def wait(self) -> int:
            self.is_seen.set()
            return 0

    agent, process = LocalAgent(), Ended()
    agent.processes.add(process)  # type: ignore[arg-type]
    with agent._processes_lock:
        seeing = threading.Thread(target=agent._see_end, args=(process, "r", {}, MemoryKills()))
        seeing.start()
        assert process.is_seen.wait(60)
        seeing.join(0.05)
        assert agent.processes == {process}
    seeing.join(60)
    assert agent.processes == set()


def test_a_parent_is_prepared_by_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    starter = WarmStarter(None, {})
    monkeypatch.setattr(starter, "_present_parent", lambda: begun.append(threading.current_thread()))
    with starter._lock:
        preparing = threading.Thread(target=starter.prepare)
        preparing.start()
        preparing.join(0.05)
        assert begun == []
    preparing.join(60)
    assert begun == [preparing]


@pytest.mark.parametrize(
    ("has_gateway", "networks", "chosen", "hosts"),
    [
        (True, (), None, {"host.docker.internal": "host-gateway"}),
        (True, ("mine",), None, {"host.docker.internal": "host-gateway"}),
        (True, (), "bridge", {"host.docker.internal": "host-gateway"}),
        (True, (), "host", None),
        (True, (), "container:other", None),
        (True, (), "none", None),
        (False, (), None, None),
    ],
    ids=str,
)
def test_a_container_finds_this_machine_where_its_engine_can_name_it(
    has_gateway: bool, networks: tuple[str, ...], chosen: str | None, hosts: Any
) -> None:
    agent: Any = object.__new__(DockerAgent)
    agent._has_host_gateway, agent.networks, agent.volumes = has_gateway, networks, []
    agent.docker_client = SimpleNamespace(create_host_config=lambda **settings: settings)

    made = agent._host_config(DockerRun(host_config={"network_mode": chosen} if chosen else None))

    mode = chosen or next(iter(networks), None)
    expected = {"auto_remove": True, "extra_hosts": hosts, "network_mode": mode}
    assert made == {name: value for name, value in expected.items() if value is not None}


@pytest.mark.parametrize("wrap", [dict, GraphQLResult], ids=lambda one: one.__name__)
def test_the_run_config_of_an_answer_is_read_whole(wrap: Any) -> None:
    config = DockerRun(image="i", env={"A": "b"}, host_config={"network_mode": "host", "binds": [{"a": 1}]})
    read = Agent()._get_run_config(SimpleNamespace(id="r", run_config=wrap(config.serialize())), DockerRun)  # type: ignore[arg-type]
    assert read.serialize() == config.serialize()
    assert [type(read.env), type(read.host_config)] == [dict, dict]


def test_the_runs_of_an_agent_have_its_key() -> None:
    with set_temporary_config({"cloud.api_key": "pct_mine"}):
        agent = Agent()
    assert agent.flow_run_api_key == "pct_mine"


@pytest.mark.parametrize("failures", [0, TRIES - 1, TRIES], ids=lambda count: f"{count} failures")
def test_a_job_is_asked_for_so_often_and_then_it_is_said_why(kube_config: None, failures: int) -> None:
    agent, asked = KubernetesAgent(), []

    def create(**given: Any) -> None:
        asked.append(given)
        if len(asked) <= failures:
            raise HTTPError("timed out")

    agent.batch_client = SimpleNamespace(create_namespaced_job=create)
    if failures < TRIES:
        agent._create({"a": "job"})
        assert len(asked) == failures + 1
    else:
        with pytest.raises(RuntimeError, match=r"^Kubernetes does not answer: timed out$"):
            agent._create({"a": "job"})
        assert len(asked) == TRIES
    assert {(one["namespace"], one["_request_timeout"]) for one in asked} == {("default", TIMEOUT_SECONDS)}
