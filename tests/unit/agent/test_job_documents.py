"""What agents write for Kubernetes, ECS and Docker: which of run, template and agent wins, for each value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from prefect.agent.containers import read_yaml
from prefect.agent.docker.agent import _in_full
from prefect.agent.docker.volumes import parse_volume
from prefect.agent.ecs import definitions
from prefect.agent.kubernetes import jobs
from prefect.agent.kubernetes.jobs import JobDefaults, build_job
from prefect.agent.kubernetes.manifests import kubernetes_manifests
from prefect.run_configs import ECSRun, KubernetesRun
from prefect.utilities.configuration import set_temporary_config

# ----- Kubernetes: jobs


def job(template: dict[str, Any] | None = None, run: KubernetesRun | None = None, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "flow_run_id": "run-1", "flow_id": "flow-1", "image": "image:1", "command": "prefect 'a b'",
        "environ": {"A": "1"}, "defaults": JobDefaults(), **more,
    }  # fmt: skip
    return build_job(jobs.DEFAULT_TEMPLATE if template is None else template, run or KubernetesRun(), **given)


def pod(made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = made["spec"]["template"]["spec"]
    return found


def container(made: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = pod(made)["containers"][0]
    return found


def in_template(**values: Any) -> dict[str, Any]:
    """A template that has this in its pod, or, under ``container``, in the container."""
    of_container = {"name": "flow", **values.pop("container", {})}
    return {"spec": {"template": {"spec": {"containers": [of_container], **values}}}}


def test_the_plain_job_is_just_this() -> None:
    made = job()
    mark = made["metadata"]["labels"][jobs.IDENTIFIER]
    labels = {jobs.IDENTIFIER: mark, jobs.FLOW_RUN_ID: "run-1", jobs.FLOW_ID: "flow-1"}
    assert len(mark) == 8
    assert made == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"prefect-job-{mark}", "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [
                        {
                            "name": "flow",
                            "image": "image:1",
                            "args": ["prefect", "a b"],
                            "env": [{"name": "A", "value": "1"}],
                        }
                    ],
                },
            },
        },
    }


Read = Callable[[dict[str, Any]], Any]
ONE_VALUE: list[tuple[str, Read, KubernetesRun, dict[str, Any], JobDefaults, list[Any]]] = [
    (
        "account",
        lambda made: pod(made).get("serviceAccountName"),
        KubernetesRun(service_account_name="run"),
        in_template(serviceAccountName="template"),
        JobDefaults(service_account_name="agent"),
        ["run", "template", "agent", None],
    ),
    (
        "secrets",
        lambda made: pod(made).get("imagePullSecrets"),
        KubernetesRun(image_pull_secrets=["run"]),
        in_template(imagePullSecrets=[{"name": "template"}]),
        JobDefaults(image_pull_secrets=["agent"]),
        [[{"name": "run"}], [{"name": "template"}], [{"name": "agent"}], None],
    ),
    (
        "policy",
        lambda made: container(made).get("imagePullPolicy"),
        KubernetesRun(image_pull_policy="Always"),
        in_template(container={"imagePullPolicy": "Never"}),
        JobDefaults(image_pull_policy="IfNotPresent"),
        ["Always", "Never", "IfNotPresent", None],
    ),
    *(
        (
            f"{name} {kind}",
            lambda made, kind=kind, name=name: (container(made).get("resources") or {}).get(f"{kind}s", {}).get(name),
            KubernetesRun(**{f"{name}_{kind}": "1"}),
            in_template(container={"resources": {f"{kind}s": {name: "2"}}}),
            JobDefaults(**{f"{kind}s": {name: "3"}}),
            ["1", "2", "3", None],
        )
        for kind in ("request", "limit")
        for name in ("cpu", "memory")
    ),
]


@pytest.mark.parametrize(
    ("read", "run", "template", "agent", "expected"), [pytest.param(*row[1:], id=row[0]) for row in ONE_VALUE]
)
def test_the_run_wins_over_the_template_and_that_over_the_agent(
    read: Read, run: KubernetesRun, template: dict[str, Any], agent: JobDefaults, expected: list[Any]
) -> None:
    nothing = in_template()
    assert [
        read(job(template, run, defaults=agent)),
        read(job(template, defaults=agent)),
        read(job(nothing, defaults=agent)),
        read(job(nothing)),
    ] == expected


def test_variables_of_the_run_replace_those_of_the_template_and_leave_the_others() -> None:
    made = job(in_template(container={"env": [{"name": "A", "value": "0"}, {"name": "B", "value": "2"}]}))
    assert container(made)["env"] == [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]


def test_volumes_of_the_agent_come_behind_those_of_the_template_and_a_template_is_not_changed() -> None:
    template = in_template(volumes=[{"name": "t"}], container={"volumeMounts": [{"name": "t"}]})
    kept = in_template(volumes=[{"name": "t"}], container={"volumeMounts": [{"name": "t"}]})
    defaults = JobDefaults(volumes=[{"name": "a"}], volume_mounts=[{"name": "a", "mountPath": "/a"}])
    for _ in range(2):
        made = job(template, defaults=defaults)
        assert pod(made)["volumes"] == [{"name": "t"}, {"name": "a"}]
        assert container(made)["volumeMounts"] == [{"name": "t"}, {"name": "a", "mountPath": "/a"}]
    assert template == kept


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("My Flow!", "my-flow"),
        ("-a_b-", "a-b"),
        (None, "prefect-job"),
        ("äöü", "prefect-job"),
        ("x" * 48, "x" * 48),
        ("x" * 49, "x" * 48),
        ("x" * 47 + "-y", "x" * 47),
    ],
)
def test_the_name_of_a_job_is_one_that_kubernetes_accepts(name: str | None, expected: str) -> None:
    made = job({"metadata": {"name": name}})
    assert made["metadata"]["name"] == f"{expected}-{made['metadata']['labels'][jobs.IDENTIFIER]}"


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ({"metadata": 5}, "job template: metadata is not an object: 5"),
        ({"metadata": {"labels": []}}, "job template: labels is not an object: []"),
        ({"spec": []}, "job template: spec is not an object: []"),
        (in_template(containers={}), "job template: containers is not a list: {}"),
        (in_template(containers=["x"]), "job template: containers[0] is not an object: 'x'"),
        (in_template(container={"env": {}}), "job template: env is not a list: {}"),
        (in_template(container={"resources": 1}), "job template: resources is not an object: 1"),
    ],
)
def test_a_template_of_another_form_is_refused_by_name(template: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError) as caught:
        job(template)
    assert str(caught.value) == said


@pytest.mark.parametrize("template", [{}, {"spec": None}, in_template(containers=None), in_template(containers=[])])
def test_what_a_template_leaves_out_is_made(template: dict[str, Any]) -> None:
    assert container(job(template))["name"] == "flow"
    assert jobs.first_container(template) == {}


# ----- Kubernetes: the agent itself


def documents(**given: Any) -> list[dict[str, Any]]:
    settings = {"cloud.api": "http://api", "cloud.api_key": "", "cloud.tenant_id": "", "backend": "server"}
    with set_temporary_config(settings):
        return list(yaml.safe_load_all(kubernetes_manifests(**given)))


def environment(**given: Any) -> dict[str, Any]:
    (deployment,) = (one for one in documents(**given) if one["kind"] == "Deployment")
    return {entry["name"]: entry.get("value") for entry in container(deployment)["env"]}


PLAIN = {
    "PREFECT__BACKEND": "server",
    "PREFECT__CLOUD__API": "http://api",
    "PREFECT__CLOUD__TENANT_ID": "",
    "PREFECT__CLOUD__AGENT__LABELS": "[]",
    "PREFECT__CLOUD__AGENT__AGENT_ADDRESS": "http://:8080",
    "PREFECT__CLOUD__AGENT__ENV_VARS": "{}",
    "NAMESPACE": "default",
    "IMAGE_PULL_SECRETS": "",
    "IMAGE_PULL_POLICY": "",
    "SERVICE_ACCOUNT_NAME": "",
    "JOB_MEM_REQUEST": "",
    "JOB_MEM_LIMIT": "",
    "JOB_CPU_REQUEST": "",
    "JOB_CPU_LIMIT": "",
}


@pytest.mark.parametrize(
    ("option", "value", "changes"),
    [
        ("backend", "cloud", {"PREFECT__BACKEND": "cloud"}),
        ("api", "http://other", {"PREFECT__CLOUD__API": "http://other"}),
        ("tenant_id", "t", {"PREFECT__CLOUD__TENANT_ID": "t"}),
        ("labels", ["b", "a", "b"], {"PREFECT__CLOUD__AGENT__LABELS": "['a', 'b']"}),
        ("env_vars", {"X": "1"}, {"PREFECT__CLOUD__AGENT__ENV_VARS": '{"X": "1"}'}),
        ("namespace", "space", {"NAMESPACE": "space"}),
        ("image_pull_secrets", "s", {"IMAGE_PULL_SECRETS": "s"}),
        ("image_pull_policy", "Always", {"IMAGE_PULL_POLICY": "Always"}),
        ("service_account_name", "me", {"SERVICE_ACCOUNT_NAME": "me"}),
        ("mem_request", "1G", {"JOB_MEM_REQUEST": "1G"}),
        ("mem_limit", "2G", {"JOB_MEM_LIMIT": "2G"}),
        ("cpu_request", "1", {"JOB_CPU_REQUEST": "1"}),
        ("cpu_limit", "2", {"JOB_CPU_LIMIT": "2"}),
        ("latest", False, {}),
    ],
)
def test_each_option_of_the_agent_is_one_variable_of_its_deployment(
    option: str, value: Any, changes: dict[str, str]
) -> None:
    assert environment(**{option: value}) == {**PLAIN, **changes}


def test_the_deployment_of_an_agent_is_watched_and_named() -> None:
    (deployment,) = documents()
    assert deployment["metadata"] == {
        "name": "prefect-agent",
        "labels": {"app": "prefect-agent"},
    }
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["selector"] == {"matchLabels": {"app": "prefect-agent"}}
    assert deployment["spec"]["template"]["metadata"] == {"labels": {"app": "prefect-agent"}}
    agent = container(deployment)
    assert (agent["name"], agent["command"], agent["args"]) == (
        "agent",
        ["/bin/bash", "-c"],
        ["prefect agent kubernetes start"],
    )
    assert agent["livenessProbe"] == {
        "httpGet": {"path": "/api/health", "port": 8080},
        "initialDelaySeconds": 40,
        "periodSeconds": 40,
        "failureThreshold": 2,
    }
    assert "imagePullSecrets" not in pod(deployment)


def test_an_agent_config_and_pull_secrets_are_passed_on() -> None:
    (deployment,) = documents(agent_config_id="an id", image_pull_secrets="a, b,,")
    assert container(deployment)["args"] == ["prefect agent kubernetes start --agent-config-id 'an id'"]
    assert pod(deployment)["imagePullSecrets"] == [{"name": "a"}, {"name": "b"}]


def test_a_role_lets_the_agent_work_with_jobs_in_its_namespace_only() -> None:
    _, role, binding = documents(rbac=True, namespace="space")
    assert (role["kind"], role["metadata"]) == ("Role", {"name": "prefect-agent-rbac", "namespace": "space"})
    assert role["rules"] == [
        {"apiGroups": ["batch", "extensions"], "resources": ["jobs"], "verbs": ["*"]},
        {"apiGroups": [""], "resources": ["events", "pods"], "verbs": ["*"]},
    ]
    assert (binding["kind"], binding["metadata"]) == ("RoleBinding", role["metadata"])
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "prefect-agent-rbac"}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "default", "namespace": "space"}]


# ----- ECS


def definition(template: dict[str, Any] | None = None, run: ECSRun | None = None, **more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "flow_name": "My Flow", "image": "i:1", "launch_type": "FARGATE",
        "task_role_arn": None, "execution_role_arn": None, **more,
    }  # fmt: skip
    return definitions.build_definition(template or definitions.DEFAULT_DEFINITION, run or ECSRun(), **given)


def test_the_plain_definition_is_just_this() -> None:
    assert definition() == {
        "networkMode": "awsvpc",
        "cpu": "1024",
        "memory": "2048",
        "containerDefinitions": [{"name": "flow", "image": "i:1"}],
        "family": "prefect-my-flow",
        "requiresCompatibilities": ["FARGATE"],
    }


@pytest.mark.parametrize(("length", "kept"), [(247, 247), (248, 247)])
def test_a_family_is_not_longer_than_aws_allows(length: int, kept: int) -> None:
    assert definition(flow_name="x" * length)["family"] == "prefect-" + "x" * kept


@pytest.mark.parametrize(
    ("key", "option", "of_agent"),
    [
        ("cpu", "cpu", None),
        ("memory", "memory", None),
        ("taskRoleArn", "task_role_arn", "task_role_arn"),
        ("executionRoleArn", "execution_role_arn", "execution_role_arn"),
    ],
)
def test_a_run_wins_over_the_definition_and_that_over_the_agent(key: str, option: str, of_agent: str | None) -> None:
    plain = {"containerDefinitions": []}
    with_value = {**plain, key: 512}
    agent = {of_agent: "agent"} if of_agent else {}
    run = ECSRun(**{option: "256"})
    assert str(definition(with_value, run, **agent)[key]) == "256"
    assert str(definition(with_value, **agent)[key]) == "512"
    assert definition(plain, **agent).get(key) == ("agent" if of_agent else None)
    assert key not in definition(plain)


def test_other_containers_and_compatibilities_stay_and_the_template_is_not_changed() -> None:
    template = {"containerDefinitions": [{"name": "sidecar"}], "requiresCompatibilities": ["EC2"], "family": "mine"}
    made = definition(template)
    assert made["containerDefinitions"] == [{"name": "sidecar"}, {"name": "flow", "image": "i:1"}]
    assert made["requiresCompatibilities"] == ["EC2", "FARGATE"]
    assert made["family"] == "mine"
    assert "requiresCompatibilities" not in definition(launch_type="EC2")
    assert template == {
        "containerDefinitions": [{"name": "sidecar"}],
        "requiresCompatibilities": ["EC2"],
        "family": "mine",
    }
    assert definitions.flow_container({"containerDefinitions": [{"name": "sidecar"}, {"name": "flow", "x": 1}]}) == {
        "name": "flow",
        "x": 1,
    }
    assert definitions.flow_container(template) == definitions.flow_container({}) == {}


def test_a_run_of_a_fixed_definition_changes_it_as_far_as_it_may() -> None:
    def overrides(run: ECSRun) -> dict[str, Any]:
        return definitions.build_overrides(
            run, command="prefect 'a b'", environ={"A": "1"}, task_role_arn="t", execution_role_arn="e"
        )

    of_container = {"name": "flow", "command": ["prefect", "a b"], "environment": [{"name": "A", "value": "1"}]}
    assert overrides(ECSRun(cpu="1")) == {"containerOverrides": [of_container]}
    assert overrides(ECSRun(task_definition_arn="arn", cpu="1", memory="2")) == {
        "containerOverrides": [of_container],
        "cpu": "1",
        "memory": "2",
        "taskRoleArn": "t",
        "executionRoleArn": "e",
    }
    fixed = ECSRun(task_definition_arn="arn", task_role_arn="mine", execution_role_arn="mine too")
    assert overrides(fixed)["taskRoleArn"] == "mine"
    assert overrides(fixed)["executionRoleArn"] == "mine too"
    assert "cpu" not in overrides(fixed)


def test_arguments_are_merged_and_later_ones_win() -> None:
    former = {"a": 1, "deep": {"x": 1, "y": [1]}, "containerOverrides": [{"name": "flow", "command": ["a"]}]}
    later = {"deep": {"x": 2}, "containerOverrides": [{"name": "flow", "cpu": 1}, {"name": "other"}]}
    merged = definitions.merge_arguments(former, None, later)
    assert merged == {
        "a": 1,
        "deep": {"x": 2, "y": [1]},
        "containerOverrides": [{"name": "flow", "command": ["a"], "cpu": 1}, {"name": "other"}],
    }
    merged["deep"]["y"].append(2)
    assert former["deep"]["y"] == [1]


# ----- Docker and files


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("", "it has too many or empty parts"),
        ("a:", "it has too many or empty parts"),
        ("/a:/b:/c", "it has too many or empty parts"),
        ("name", "a single path must be absolute"),
        ("/a:b", "the path in the container must be absolute"),
        ("-a:/b", "the left side is neither an absolute path nor a name of a volume"),
        ("name:/b:ro", "a named volume can only be mounted rw"),
    ],
)
def test_a_volume_that_makes_no_sense_says_why(spec: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        parse_volume(spec)
    assert str(caught.value) == f"Invalid volume {spec!r}: {said}; expected host:container[:ro|rw], or one path"


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("flow", "docker.io/flow"),
        ("org/flow:1", "docker.io/org/flow:1"),
        ("registry.io/flow", "registry.io/flow"),
        ("registry:5000/flow", "registry:5000/flow"),
        ("localhost/flow", "localhost/flow"),
        ("https://registry.io/", "registry.io"),
        ("http://org/", "docker.io/org"),
    ],
)
def test_an_image_without_a_registry_is_of_the_usual_one(name: str, full: str) -> None:
    assert _in_full(name) == full


@pytest.mark.parametrize(
    ("content", "said"), [("[1]", "expected a YAML object, got list"), ("{a: [", "is not YAML"), ("", "got NoneType")]
)
def test_a_file_that_holds_no_object_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(content)
    with pytest.raises(ValueError, match=said) as caught:
        read_yaml(str(path))
    assert str(path) in str(caught.value)
    path.write_text("a: 1")
    assert read_yaml(str(path)) == {"a": 1}


def test_a_namespace_stands_in_the_documents_only_when_one_is_given() -> None:
    for given, expected in ((None, None), ("work", "work")):
        for document in documents(namespace=given, rbac=True, key="k"):
            assert document["metadata"].get("namespace") == expected, document["kind"]
            for subject in document.get("subjects", ()):
                assert subject["namespace"] == (expected or "default")
