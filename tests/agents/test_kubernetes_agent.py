"""The Kubernetes agent with the vendor's client against a fake of the cluster's API (see ``fakes.kubernetes_api``)."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from fakes.kubernetes_api import LONG_AGO, FakeKubernetes, fake_kubernetes, write_kubeconfig
from prefect._version import __version__
from prefect.agent.kubernetes import KubernetesAgent
from prefect.agent.kubernetes.watching import AT_ONCE
from prefect.backend import FlowRunView
from prefect.client import Client
from prefect.model.state import Running, Scheduled, State, Submitted, Success
from prefect.run_configs import DockerRun, KubernetesRun, RunConfig, UniversalRun
from prefect.storage import Local
from prefect.storage.loading import extract_flow_from_file
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.graphql import GraphQLResult
from support.road import Road, wait_until
from support.servers import ServerProcess

pytestmark = pytest.mark.process

FLOW = textwrap.dedent(
    """
    import os
    from prefect import Flow, context, task

    @task
    def where():
        context.logger.info("image %s, own %s", context.get("image"), os.environ["OWN"])

    with Flow("in a job") as in_a_job:
        where()
    """
)


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKubernetes]:
    pytest.importorskip("kubernetes", reason="needs the extra kubernetes")
    with fake_kubernetes() as fake:
        path = write_kubeconfig(fake, tmp_path / "kubeconfig")
        monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
        yield fake


@pytest.fixture
def agent(cluster: FakeKubernetes, server: ServerProcess) -> KubernetesAgent:
    return KubernetesAgent(labels=["b", "a"], env_vars={"BOTH": "agent", "AGENTS": "1"})


def flow_run(run_config: RunConfig | None = None, run_id: str = "run-id") -> GraphQLResult:
    flow = {"id": "flow-id", "name": "My flow", "storage": {"type": "Local"}, "core_version": __version__}
    return GraphQLResult(
        {"id": run_id, "name": "fox", "flow": flow, "run_config": run_config and run_config.serialize()}
    )


def container_of(job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = job["spec"]["template"]["spec"]["containers"][0]
    return found


def env_of(job: dict[str, Any]) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in container_of(job)["env"]}


# ----- the job of a flow run


def test_a_job_is_created_with_labels_and_the_runs_environment(cluster: FakeKubernetes, agent: KubernetesAgent) -> None:
    told = agent.deploy_flow(flow_run(UniversalRun(env={"BOTH": "run"})))

    [job] = cluster.jobs()
    assert told == f"Job {job['metadata']['name']}"
    name, _, identifier = job["metadata"]["name"].rpartition("-")
    assert name == "prefect-job"
    labels = {
        "prefect.io/identifier": identifier,
        "prefect.io/flow_run_id": "run-id",
        "prefect.io/flow_id": "flow-id",
    }
    assert job["metadata"]["labels"] == labels
    assert job["spec"]["template"]["metadata"]["labels"] == labels
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    container = container_of(job)
    assert (container["name"], container["image"]) == ("flow", f"proctor:{__version__}")
    assert container["args"] == ["prefect", "execute", "flow-run"]
    assert "resources" not in container
    assert (
        env_of(job).items()
        >= {
            "BOTH": "run",
            "AGENTS": "1",
            "PREFECT__CLOUD__AGENT__LABELS": "['b', 'a']",
            "PREFECT__CONTEXT__FLOW_RUN_ID": "run-id",
            "PREFECT__CONTEXT__IMAGE": f"proctor:{__version__}",
        }.items()
    )


def test_everything_a_run_asks_for_is_in_its_job(cluster: FakeKubernetes, agent: KubernetesAgent) -> None:
    run_config = KubernetesRun(
        image="mine:1",
        cpu_limit=2,
        cpu_request="500m",
        memory_limit="2G",
        memory_request="1G",
        service_account_name="account",
        image_pull_secrets=["s1", "s2"],
        image_pull_policy="Never",
    )

    agent.deploy_flow(flow_run(run_config))

    [job] = cluster.jobs()
    container, pod = container_of(job), job["spec"]["template"]["spec"]
    assert (container["image"], container["imagePullPolicy"]) == ("mine:1", "Never")
    assert container["resources"] == {
        "limits": {"cpu": "2", "memory": "2G"},
        "requests": {"cpu": "500m", "memory": "1G"},
    }
    assert pod["serviceAccountName"] == "account"
    assert pod["imagePullSecrets"] == [{"name": "s1"}, {"name": "s2"}]


TEMPLATE = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    "metadata": {"name": "My Template", "labels": {"team": "x"}},
    "spec": {
        "ttlSecondsAfterFinished": 5,
        "template": {
            "spec": {
                "serviceAccountName": "of-template",
                "containers": [
                    {
                        "name": "main",
                        "image": "template:1",
                        "env": [{"name": "KEPT", "value": "1"}, {"name": "BOTH", "value": "template"}],
                        "resources": {"limits": {"cpu": "1", "gpu": "1"}},
                    },
                    {"name": "side", "image": "side:1"},
                ],
            }
        },
    },
}


def test_a_template_is_filled_in_and_not_overwritten(cluster: FakeKubernetes, agent: KubernetesAgent) -> None:
    agent.service_account_name = "of-agent"
    agent.image_pull_secrets = ["of-agent"]

    agent.deploy_flow(flow_run(KubernetesRun(job_template=TEMPLATE, cpu_limit=3)))

    [job] = cluster.jobs()
    assert job["metadata"]["name"].startswith("my-template-")
    assert job["metadata"]["labels"]["team"] == "x"
    assert job["spec"]["ttlSecondsAfterFinished"] == 5
    pod = job["spec"]["template"]["spec"]
    assert [container["name"] for container in pod["containers"]] == ["main", "side"]
    assert (pod["serviceAccountName"], pod["imagePullSecrets"]) == ("of-template", [{"name": "of-agent"}])
    assert container_of(job)["image"] == "template:1"
    assert container_of(job)["resources"] == {"limits": {"cpu": "3", "gpu": "1"}}
    assert (env_of(job)["KEPT"], env_of(job)["BOTH"]) == ("1", "agent")


def test_templates_are_read_on_the_agent_and_the_runs_own_wins(
    cluster: FakeKubernetes, agent: KubernetesAgent, tmp_path: Path
) -> None:
    for name in ("of-agent", "of-run"):
        (tmp_path / name).write_text(yaml.safe_dump({**TEMPLATE, "metadata": {"name": name}}))
    agent.job_template_path = str(tmp_path / "of-agent")

    agent.deploy_flow(flow_run())
    agent.deploy_flow(flow_run(KubernetesRun(job_template_path=f"agent://{tmp_path}/of-run")))

    assert [job["metadata"]["name"].rpartition("-")[0] for job in cluster.jobs()] == ["of-agent", "of-run"]


def test_the_agents_volumes_are_in_every_job(
    cluster: FakeKubernetes, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NAMESPACE", "space")
    monkeypatch.setenv("SERVICE_ACCOUNT_NAME", "account")
    monkeypatch.setenv("IMAGE_PULL_SECRETS", "s1, s2")
    monkeypatch.setenv("JOB_MEM_REQUEST", "1G")
    mount = {"name": "v", "mountPath": "/v"}
    agent = KubernetesAgent(volumes=[{"name": "v", "emptyDir": {}}], volume_mounts=[mount])

    agent.deploy_flow(flow_run())

    [job] = cluster.jobs("space")
    pod = job["spec"]["template"]["spec"]
    assert pod["volumes"] == [{"name": "v", "emptyDir": {}}]
    assert container_of(job)["volumeMounts"] == [mount]
    assert container_of(job)["resources"] == {"requests": {"memory": "1G"}}
    assert (pod["serviceAccountName"], pod["imagePullSecrets"]) == ("account", [{"name": "s1"}, {"name": "s2"}])


def test_a_job_whose_answer_was_lost_is_created_once(cluster: FakeKubernetes, agent: KubernetesAgent) -> None:
    cluster.lost_answers = 2

    told = agent.deploy_flow(flow_run())

    [job] = cluster.jobs()
    assert told == f"Job {job['metadata']['name']}"


@pytest.mark.parametrize(
    ("run_config", "error", "message"),
    [
        (DockerRun(), TypeError, "only `KubernetesRun` is supported"),
        (KubernetesRun(job_template={"spec": {"template": []}}), ValueError, "job template: template is not an object"),
        (
            KubernetesRun(job_template={"spec": {"template": {"spec": {"containers": [{}, {"name": "x"}]}}}}),
            RuntimeError,
            "Kubernetes refused the job: 422 ",
        ),
    ],
)
def test_a_job_that_cannot_be_created_is_told(
    agent: KubernetesAgent, run_config: RunConfig, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        agent.deploy_flow(flow_run(run_config))


def test_no_cluster_is_told(server: ServerProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("kubernetes", reason="needs the extra kubernetes")
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "none"))
    with pytest.raises(RuntimeError, match="no cluster to work for"):
        KubernetesAgent()


# ----- looking after jobs


@pytest.fixture(scope="module")
def flow_id(server: ServerProcess) -> str:
    path = server.folder / "flows.py"
    path.write_text(FLOW)
    client = Client()
    client.create_project("kubernetes")
    flow = extract_flow_from_file(file_path=str(path), flow_name="in a job")
    flow.storage = Local(path=str(path), stored_as_script=True, add_default_labels=False)
    flow.run_config, flow.result = KubernetesRun(env={"OWN": "of the run"}), flow.storage.result
    return client.register(flow, "kubernetes", no_url=True)


@pytest.fixture
def started(client: Client, cluster: FakeKubernetes, agent: KubernetesAgent, flow_id: str) -> Callable[..., Any]:
    """Gives a flow run in a state, and its job."""

    def start(*states: State) -> tuple[str, dict[str, Any]]:
        run_id = client.create_flow_run(flow_id=flow_id, labels=["nobody"])
        for number, state in enumerate(states or (Submitted(), Running()), start=1):
            client.set_flow_run_state(run_id, state, version=number)
        agent.deploy_flow(flow_run(run_id=run_id))
        return run_id, cluster.jobs()[-1]

    return start


def logs_of(client: Client, run_id: str) -> list[tuple[str, int, str]]:
    document = """query($id: uuid!) { log(where: {flow_run_id: {_eq: $id}}, order_by: {timestamp: asc}) {
        name level message } }"""
    rows = client.graphql(document, variables={"id": run_id}).data.log
    return [(row.name, row.level, row.message) for row in rows]


def test_a_failed_job_fails_its_run_and_is_deleted(
    client: Client, cluster: FakeKubernetes, agent: KubernetesAgent, started: Callable[..., Any]
) -> None:
    run_id, job = started()
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    cluster.add_pod(job, "Failed", ended, name="pod-1")
    cluster.set_status(job, failed=1)

    agent.heartbeat()

    state = client.get_flow_run_state(run_id)
    assert state.is_failed()
    assert state.message == "Kubernetes Error: pods ['pod-1'] failed for this job"
    expected = "Pod pod-1 failed.\n\tContainer 'c0' state: terminated, exit code 137, OOMKilled"
    assert logs_of(client, run_id) == [("k8s-infra", "ERROR", expected)]
    assert cluster.jobs() == []


@pytest.mark.parametrize(
    "states",
    [(Submitted(), Running(), Success("done")), (Submitted(), Running(), Scheduled("again"))],
    ids=["ended", "waits-to-be-started-anew"],
)
def test_a_failed_job_says_nothing_about_a_run_that_it_no_longer_runs(
    client: Client, cluster: FakeKubernetes, agent: KubernetesAgent, started: Callable[..., Any], states: list[State]
) -> None:
    run_id, job = started(*states)
    cluster.add_pod(job, "Failed")
    cluster.set_status(job, failed=1)

    agent.heartbeat()

    assert type(client.get_flow_run_state(run_id)) is type(states[-1])
    assert logs_of(client, run_id) == []
    assert cluster.jobs() == []


def test_only_the_newest_job_speaks_for_a_run(
    client: Client, cluster: FakeKubernetes, agent: KubernetesAgent, started: Callable[..., Any]
) -> None:
    run_id, job = started()
    cluster.add_pod(job, "Failed")
    cluster.set_status(job, failed=1)
    agent.deploy_flow(flow_run(run_id=run_id))

    agent.heartbeat()

    assert client.get_flow_run_state(run_id).is_running()
    assert len(cluster.jobs()) == 1


@pytest.mark.parametrize(
    ("status", "left"), [({"succeeded": 1}, 0), ({"active": 1}, 1), ({"failed": 1, "active": 1}, 1)]
)
def test_only_jobs_that_have_ended_are_deleted(
    client: Client,
    cluster: FakeKubernetes,
    agent: KubernetesAgent,
    started: Callable[..., Any],
    status: dict[str, int],
    left: int,
) -> None:
    run_id, job = started()
    cluster.set_status(job, **status)

    agent.heartbeat()

    assert len(cluster.jobs()) == left
    assert client.get_flow_run_state(run_id).is_running()


def test_finished_jobs_are_kept_and_told_once_when_deleting_is_forbidden(
    client: Client, cluster: FakeKubernetes, started: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, job = started()
    cluster.add_pod(job, "Failed")
    cluster.set_status(job, failed=1)
    monkeypatch.setenv("DELETE_FINISHED_JOBS", "false")
    agent = KubernetesAgent()

    agent.heartbeat()
    agent.heartbeat()

    assert len(cluster.jobs()) == 1
    assert len(logs_of(client, run_id)) == 1


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff"])
def test_an_image_that_cannot_be_pulled_fails_the_run(
    client: Client, cluster: FakeKubernetes, agent: KubernetesAgent, started: Callable[..., Any], reason: str
) -> None:
    run_id, job = started(Submitted())
    cluster.add_pod(job, "Pending", {"waiting": {"reason": reason, "message": "no such image"}})

    agent.heartbeat()

    state = client.get_flow_run_state(run_id)
    assert (state.is_failed(), state.message) == (True, "Kubernetes Error: no such image")
    assert cluster.jobs() == []


def test_events_of_waiting_pods_are_told_once_and_in_order(
    client: Client, cluster: FakeKubernetes, agent: KubernetesAgent, started: Callable[..., Any]
) -> None:
    run_id, job = started(Submitted())
    pod = cluster.add_pod(job, "Pending")
    cluster.add_event(pod, "Pulling", "second", LONG_AGO + timedelta(seconds=2))
    cluster.add_event(pod, "FailedScheduling", "first", LONG_AGO + timedelta(seconds=1))
    cluster.add_event("other", "Pulling", "not mine", LONG_AGO)
    agent.heartbeat()
    cluster.add_event(pod, "Pulled", "third", LONG_AGO + timedelta(seconds=3))

    agent.heartbeat()

    assert logs_of(client, run_id) == [
        ("k8s-infra", "DEBUG", f"Event: '{reason}' on pod 'pod'\n\tMessage: {text}")
        for reason, text in [("FailedScheduling", "first"), ("Pulling", "second"), ("Pulled", "third")]
    ]


def test_of_many_events_of_a_pod_all_are_told(
    client: Client, cluster: FakeKubernetes, agent: KubernetesAgent, started: Callable[..., Any]
) -> None:
    run_id, job = started(Submitted())
    pod = cluster.add_pod(job, "Pending")
    texts = [str(number) for number in range(2 * AT_ONCE + 1)]
    for number, text in enumerate(texts):
        cluster.add_event(pod, "Pulling", text, LONG_AGO + timedelta(seconds=len(texts) - number))

    agent.heartbeat()

    told = [message.rpartition(": ")[2] for _, _, message in logs_of(client, run_id)]
    assert told == texts[::-1]


def test_only_pods_that_wait_are_waited_for(
    client: Client, cluster: FakeKubernetes, agent: KubernetesAgent, started: Callable[..., Any]
) -> None:
    run_id, job = started()
    running = cluster.add_pod(job, "Running", {"waiting": {"reason": "ErrImagePull", "message": "of before"}}, name="a")
    waiting = cluster.add_pod(job, "Pending", name="b")
    cluster.add_event(running, "Started", "not told", LONG_AGO + timedelta(seconds=1))
    cluster.add_event(waiting, "Pulling", "told", LONG_AGO + timedelta(seconds=2))

    agent.heartbeat()

    assert logs_of(client, run_id) == [("k8s-infra", "DEBUG", "Event: 'Pulling' on pod 'b'\n\tMessage: told")]
    assert client.get_flow_run_state(run_id).is_running()
    assert len(cluster.jobs()) == 1


def test_a_failed_pod_tells_of_each_of_its_containers(
    client: Client, cluster: FakeKubernetes, agent: KubernetesAgent, started: Callable[..., Any]
) -> None:
    run_id, job = started()
    ended = {"terminated": {"exitCode": 1, "reason": "Error", "message": "no"}}
    cluster.add_pod(job, "Failed", ended, {"waiting": {"reason": "CrashLoopBackOff"}}, {"running": {}}, name="pod-1")
    cluster.set_status(job, failed=1)

    agent.heartbeat()

    [(_, _, message)] = logs_of(client, run_id)
    assert message.split("\n\t") == [
        "Pod pod-1 failed.",
        "Container 'c0' state: terminated, exit code 1, Error, no",
        "Container 'c1' state: waiting, CrashLoopBackOff",
    ]


def test_the_job_of_a_run_that_is_gone_is_deleted_without_a_word(
    client: Client,
    cluster: FakeKubernetes,
    agent: KubernetesAgent,
    started: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    run_id, job = started(Submitted())
    cluster.add_pod(job, "Pending", {"waiting": {"reason": "ErrImagePull", "message": "no such image"}})
    agent.logger.propagate = True
    gone = "mutation($id: UUID!) { delete_flow_run(input: {flow_run_id: $id}) { success } }"
    assert client.graphql(gone, variables={"id": run_id}).data.delete_flow_run.success

    with caplog.at_level(logging.ERROR):
        agent.heartbeat()

    assert cluster.jobs() == []
    assert "could not be looked after" not in caplog.text


def test_a_job_that_somebody_else_deletes_meanwhile_is_no_fault(
    cluster: FakeKubernetes, agent: KubernetesAgent, started: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    _, job = started()
    cluster.set_status(job, succeeded=1)
    watch = agent._watcher
    [seen] = watch._jobs()
    watch._delete(seen)
    assert cluster.jobs() == []

    watch._delete(seen)

    assert caplog.records == []


def test_many_jobs_are_looked_at_in_pages(cluster: FakeKubernetes, agent: KubernetesAgent) -> None:
    for number in range(45):
        agent.deploy_flow(flow_run(run_id=f"run-{number}"))
    for job in cluster.jobs():
        cluster.set_status(job, succeeded=1)
    cluster.requests.clear()

    agent.heartbeat()

    assert sum(method == "GET" for method, _ in cluster.requests) == 3
    assert cluster.jobs() == []


def test_one_job_that_cannot_be_looked_after_does_not_hold_up_the_rest(
    cluster: FakeKubernetes, agent: KubernetesAgent, caplog: pytest.LogCaptureFixture
) -> None:
    agent.logger.propagate = True
    for run_id in ("no-uuid", "another"):
        agent.deploy_flow(flow_run(run_id=run_id))
    cluster.set_status(cluster.jobs()[0], failed=1)
    cluster.set_status(cluster.jobs()[1], succeeded=1)

    with caplog.at_level(logging.ERROR):
        agent.heartbeat()

    assert "could not be looked after" in caplog.text
    assert len(cluster.jobs()) == 1


# ----- the whole road, but for the cluster


def test_a_run_taken_by_a_kubernetes_agent_ends_in_success(
    cluster: FakeKubernetes, client: Client, server: ServerProcess, flow_id: str, tmp_path: Path
) -> None:
    kubeconfig = str(write_kubeconfig(cluster, tmp_path / "kubeconfig"))
    with Road(tmp_path) as road:
        road.env |= server.settings | {"PREFECT__SERVER__ENDPOINT": server.url, "KUBECONFIG": kubeconfig}
        road.start("agent", "kubernetes", "start", "--env", f"PREFECT__HOME_DIR={tmp_path}/home", "--env", "OWN=agent")
        wait_until("agent", lambda: "Waiting for flow runs" in road.log("agent"), 30)
        run_id = client.create_flow_run(flow_id=flow_id)
        [job] = wait_until("job", cluster.jobs, 20)

        # Nothing runs in the fake: the test does what the cluster would.
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "PYTEST_"))}
        clean["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}"
        done = subprocess.run(
            container_of(job)["args"], env={**clean, **env_of(job)}, cwd=tmp_path, capture_output=True, timeout=60
        )

    assert done.returncode == 0, done.stdout + done.stderr
    view = FlowRunView.from_flow_run_id(run_id)
    assert view.state.is_successful()
    messages = [log.message for log in view.get_logs()]
    assert f"image proctor:{__version__}, own of the run" in messages
    assert f"Submitted for execution: Job {job['metadata']['name']}" in messages


@pytest.mark.parametrize(
    ("argument", "variable", "keeps", "deletes"),
    [
        (True, "true", False, True),
        (False, "true", False, False),
        (True, "false", False, False),
        (True, "true", True, False),
    ],
)
def test_finished_jobs_are_deleted_unless_somebody_forbids_it(
    argument: bool, variable: str, keeps: bool, deletes: bool, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DELETE_FINISHED_JOBS", variable)
    with set_temporary_config({"cloud.agent.kubernetes_keep_alive": keeps}):
        assert KubernetesAgent(delete_finished_jobs=argument).delete_finished_jobs is deletes


def test_jobs_are_looked_after_as_often_as_the_setting_says(cluster: Any) -> None:
    with set_temporary_config({"cloud.agent.resource_manager.loop_interval": 7}):
        assert KubernetesAgent().heartbeat_period == 7
    for wrong in (0, -1, 1e9, "often", None, float("nan")):
        with (
            set_temporary_config({"cloud.agent.resource_manager.loop_interval": wrong}),
            pytest.raises(ValueError, match="loop_interval must be seconds, from 1 to 86,400"),
        ):
            KubernetesAgent()
