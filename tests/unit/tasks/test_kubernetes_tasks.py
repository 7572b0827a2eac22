"""Tasks for Kubernetes: the vendor's client against a fake that answers in the form of its API."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.kubernetes_api import write_kubeconfig
from prefect import context
from prefect.engine.signals import FAIL
from prefect.tasks import kubernetes
from support.fake_service import FakeService
from support.pauses import record_sleep

PATHS = {
    "Deployment": "/apis/apps/v1/namespaces/default/deployments",
    "Job": "/apis/batch/v1/namespaces/default/jobs",
    "Pod": "/api/v1/namespaces/default/pods",
    "Service": "/api/v1/namespaces/default/services",
}


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeService]:
    record_sleep(monkeypatch)
    with FakeService() as cluster:
        write_kubeconfig(cluster, tmp_path / "config")  # type: ignore[arg-type]  # of it only the address counts
        monkeypatch.setenv("KUBECONFIG", str(tmp_path / "config"))
        # Read when its package was first imported, which may have been in another test.
        monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "config"))
        yield cluster


def asked(fake: FakeService) -> list[str]:
    return [f"{request.method} {request.path}" for request in fake.asked]


@pytest.mark.parametrize("kind", PATHS)
def test_six_things_can_be_done_with_each_kind(fake: FakeService, kind: str) -> None:
    pod = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    spec = {"Deployment": {"selector": {"matchLabels": {"a": "b"}}, "template": pod}, "Job": {"template": pod}}
    body = {"metadata": {"name": "x"}, "spec": spec.get(kind, pod["spec"] if kind == "Pod" else {})}
    fake.on(f"GET {PATHS[kind]}$", {"items": []}).on("", body)

    def task(verb: str, **given: Any) -> Any:
        return getattr(kubernetes, f"{verb}Namespaced{kind}")(**given)

    named = {f"{kind.lower()}_name": "x"}
    task("Create", body=body).run()
    task("Read", **named).run()
    task("List").run(kube_kwargs={"label_selector": "a=b"})
    task("Patch", **named).run(body=body)
    task("Replace", body=body).run(**named)
    task("Delete", **named).run(delete_option_kwargs={"propagation_policy": "Foreground"})

    path = PATHS[kind]
    verbs = ["POST {}", "GET {}/x", "GET {}", "PATCH {}/x", "PUT {}/x", "DELETE {}/x"]
    assert asked(fake) == [verb.format(path) for verb in verbs]
    assert fake.asked[2].query == {"labelSelector": ["a=b"]}
    assert fake.asked[5].json["propagationPolicy"] == "Foreground"


def test_what_is_missing_is_said_as_in_1_x() -> None:
    with pytest.raises(ValueError, match=r"A dictionary representing a V1Pod patch must be provided\."):
        kubernetes.PatchNamespacedPod(pod_name="x").run()
    with pytest.raises(ValueError, match=r"The name of a Kubernetes job must be provided\."):
        kubernetes.DeleteNamespacedJob().run()
    with pytest.raises(ValueError, match="V1Service must be provided"):
        kubernetes.CreateNamespacedService(body={}).run()


def test_api_key_of_a_secret_is_sent(fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    from kubernetes import client

    monkeypatch.setattr(
        client.Configuration, "get_default_copy", staticmethod(lambda: client.Configuration(host=fake.url))
    )
    fake.on("GET", {"items": []})
    with context(secrets={"MINE": "s3cr3t-key", "KUBERNETES_API_KEY": "other"}):
        kubernetes.ListNamespacedPod(kubernetes_api_key_secret="MINE").run()
        kubernetes.ListNamespacedPod().run()
    assert [request.headers.get("authorization") for request in fake.asked] == ["Bearer s3cr3t-key", "Bearer other"]
    with pytest.raises(ValueError, match=r"\(`kubernetes_api_key_secret` of ListNamespacedPod\)"):
        kubernetes.ListNamespacedPod(kubernetes_api_key_secret="NONE").run()


def test_secret_is_read_and_cast(fake: FakeService) -> None:
    fake.on("GET /api/v1/namespaces/n/secrets/s", {"data": {"a": base64.b64encode(b"7").decode()}})
    secret = kubernetes.KubernetesSecret("s", "a", "n", cast=int)

    assert secret.run() == 7
    assert secret.run(secret_key="b") is None
    assert type(secret.result).__name__ == "SecretResult"
    with pytest.raises(ValueError, match="Cannot find the key b in s"):
        kubernetes.KubernetesSecret("s", "b", "n", raise_if_missing=True).run()


def test_logs_are_read_or_handed_on(fake: FakeService) -> None:
    fake.on("GET .*/pods/p/log", (200, b"one\ntwo\n", {"Content-Type": "text/plain"}))
    lines: list[str] = []

    assert kubernetes.ReadNamespacedPodLogs("p", container="c").run() == "one\ntwo\n"
    kubernetes.ReadNamespacedPodLogs("p", on_log_entry=lines.append).run()
    assert lines == ["one", "two"]
    assert fake.asked[0].query["container"] == ["c"]


def test_a_command_is_a_list() -> None:
    with pytest.raises(TypeError, match="The command to exec must be provided as a list"):
        kubernetes.ConnectGetNamespacedPodExec("p", "c", "rm -rf /").run()


JOB = {
    "metadata": {"name": "j"},
    "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}},
}


def status(**fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": "j"}, "status": fields}


def test_job_is_run_to_its_end_and_its_output_logged(fake: FakeService, caplog: pytest.LogCaptureFixture) -> None:
    pods = {"items": [{"metadata": {"name": "j-1"}, "status": {"phase": "Running"}}]}
    fake.on("GET .*/pods$", pods).on("GET .*/log", (200, b"a\n"), (200, b"a\nb\n"))
    fake.on("GET .*/jobs/j/status", status(active=1), status(succeeded=1)).on("(POST|DELETE)", status())
    lines: list[str] = []
    task = kubernetes.RunNamespacedJob(JOB, log_level="info")
    task.logger = _Recorder(lines)  # type: ignore[assignment]
    task.run()

    assert [line for line in lines if line.startswith("j-1")] == ["j-1: a", "j-1: b"]
    assert asked(fake)[0] == f"POST {PATHS['Job']}"
    assert asked(fake)[-1] == f"DELETE {PATHS['Job']}/j"


class _Recorder(logging.Logger):
    def __init__(self, lines: list[str]) -> None:
        super().__init__("recorder", logging.DEBUG)
        self.lines = lines

    def handle(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def test_a_job_that_failed_stays_for_a_look_at_it(fake: FakeService) -> None:
    fake.on("GET .*/jobs/j/status", status(failed=1)).on("POST", status())
    with pytest.raises(FAIL, match="Job j failed, check Kubernetes pod logs"):
        kubernetes.RunNamespacedJob(JOB).run()
    assert not any(line.startswith("DELETE") for line in asked(fake))


def test_a_cancelled_run_deletes_its_job(fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    from prefect.tasks.authoring import remote

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(remote, "pause", interrupt)
    fake.on("GET .*/jobs/j/status", status(active=1)).on("(POST|DELETE)", status())
    with pytest.raises(KeyboardInterrupt):
        kubernetes.RunNamespacedJob(JOB).run()
    assert asked(fake)[-1] == f"DELETE {PATHS['Job']}/j"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"body": {"metadata": {}}}, "The job name must be defined in the body under the metadata key"),
        ({"body": JOB, "log_level": "loud"}, "A valid log_level must be provided"),
        ({}, "A dictionary representing a V1Job must be provided"),
    ],
)
def test_a_job_that_is_none_is_refused(arguments: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        kubernetes.RunNamespacedJob(**arguments).run()


@pytest.mark.parametrize("name", ["..", ".", "../../nodes/x", "a/../b"])
def test_a_name_cannot_lead_to_another_object(fake: FakeService, name: str) -> None:
    fake.on("", {})
    calls = {
        "pod_name": lambda: kubernetes.DeleteNamespacedPod(name).run(),
        "job_name": lambda: kubernetes.ReadNamespacedJob(name).run(),
        "namespace": lambda: kubernetes.ListNamespacedService(name).run(),
        "secret_name": lambda: kubernetes.KubernetesSecret(name, "k").run(),
        "body": lambda: kubernetes.RunNamespacedJob({"metadata": {"name": name}}).run(),
    }
    for argument, call in calls.items():
        with pytest.raises(ValueError, match=rf"cannot be part of an address\. \(`{argument}` of \w+\)"):
            call()
    assert fake.asked == []
