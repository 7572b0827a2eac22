"""The ECS agent with boto3 against moto's server, an imitation of AWS beside the tests; no task runs in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from prefect._version import __version__
from prefect.agent.ecs import ECSAgent
from prefect.agent.ecs.definitions import DEFAULT_DEFINITION, build_definition, merge_arguments
from prefect.run_configs import ECSRun, LocalRun, RunConfig
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.graphql import GraphQLResult
from support.object_stores import NoEndpoint, s3_endpoint

pytestmark = pytest.mark.process

REGION = "us-east-1"
SMALL = {"name": "flow", "memoryReservation": 10}
ROLE = "arn:aws:iam::123456789012:role/"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    try:
        # The same server answers for all services.
        with s3_endpoint(tmp_path_factory.mktemp("aws")) as url:
            yield url
    except NoEndpoint as why:
        pytest.skip(str(why))


@pytest.fixture
def agent_of(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., ECSAgent]]:
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)

    def make(**settings: Any) -> ECSAgent:
        agent = ECSAgent(**{"cluster": "cluster", "region_name": REGION, **settings})
        agent.ecs_client.create_cluster(clusterName="cluster")
        if agent.task_definition is DEFAULT_DEFINITION:
            # moto cannot start a task whose containers do not say their memory; AWS does not ask for it ...
            agent.task_definition = {**DEFAULT_DEFINITION, "containerDefinitions": [SMALL]}
        # ... nor one without a list of security groups.
        agent.infer_network_configuration()["awsvpcConfiguration"]["securityGroups"] = []
        return agent

    with set_temporary_config({"cloud.api": "http://localhost:4200", "cloud.api_key": "", "cloud.tenant_id": ""}):
        yield make


def flow_run(run_config: RunConfig | None = None) -> GraphQLResult:
    flow = {"id": "flow-id", "name": "My flow", "storage": {"type": "Local"}, "core_version": __version__}
    return GraphQLResult(
        {"id": "run-id", "name": "fox", "flow": flow, "run_config": run_config and run_config.serialize()}
    )


def task_of(agent: ECSAgent, told: str) -> dict[str, Any]:
    [task] = agent.ecs_client.describe_tasks(cluster="cluster", tasks=[told.removeprefix("Task ")])["tasks"]
    return dict(task)


def definition_of(agent: ECSAgent, task: dict[str, Any]) -> dict[str, Any]:
    answer = agent.ecs_client.describe_task_definition(taskDefinition=task["taskDefinitionArn"])
    return dict(answer["taskDefinition"])


def env_of(task: dict[str, Any]) -> dict[str, str]:
    [container] = task["overrides"]["containerOverrides"]
    return {entry["name"]: entry["value"] for entry in container["environment"]}


def test_a_task_is_started_with_the_runs_environment_and_its_definition_put_away(
    agent_of: Callable[..., ECSAgent],
) -> None:
    agent = agent_of(labels=["a"], env_vars={"BOTH": "agent", "AGENTS": "1"})
    run_config = ECSRun(image="mine:1", cpu=512, memory="1024", env={"BOTH": "run"}, execution_role_arn=f"{ROLE}run")

    task = task_of(agent, agent.deploy_flow(flow_run(run_config)))

    definition = definition_of(agent, task)
    assert definition["family"] == "prefect-my-flow"
    assert definition["status"] == "INACTIVE"
    assert (definition["cpu"], definition["memory"], definition["networkMode"]) == ("512", "1024", "awsvpc")
    assert definition["requiresCompatibilities"] == ["FARGATE"]
    assert definition["executionRoleArn"] == f"{ROLE}run"
    [container] = definition["containerDefinitions"]
    assert (container["name"], container["image"]) == ("flow", "mine:1")
    assert task["launchType"] == "FARGATE"
    [override] = task["overrides"]["containerOverrides"]
    assert override["command"] == ["prefect", "execute", "flow-run"]
    assert (
        env_of(task).items()
        >= {
            "BOTH": "run",
            "AGENTS": "1",
            "PREFECT__CONTEXT__FLOW_RUN_ID": "run-id",
            "PREFECT__CONTEXT__IMAGE": "mine:1",
            "PREFECT__CLOUD__AGENT__LABELS": "['a']",
        }.items()
    )


def test_without_a_default_vpc_it_is_told_what_to_name(agent_of: Callable[..., ECSAgent]) -> None:
    import boto3

    region = "eu-north-1"
    ec2 = boto3.client("ec2", region_name=region)
    for vpc in ec2.describe_vpcs()["Vpcs"]:
        for subnet in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]:
            ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        ec2.delete_vpc(VpcId=vpc["VpcId"])

    with pytest.raises(
        ValueError, match=r"^There is no default VPC to run tasks in: name subnets as `network.*agent's$"
    ):
        agent_of(region_name=region)


def test_why_no_task_was_started_is_told(agent_of: Callable[..., ECSAgent], monkeypatch: pytest.MonkeyPatch) -> None:
    agent = agent_of()
    failures = [{"arn": "a", "reason": "RESOURCE:MEMORY"}, {"arn": "b"}]
    monkeypatch.setattr(agent.ecs_client, "run_task", lambda **_: {"tasks": [], "failures": failures})

    with pytest.raises(RuntimeError, match=r": \['RESOURCE:MEMORY', \{'arn': 'b'\}\]$"):
        agent._run(flow_run(), ECSRun(), "arn", {"networkMode": "awsvpc"})


def test_a_task_that_names_no_network_gets_the_default_vpc(agent_of: Callable[..., ECSAgent]) -> None:
    network = agent_of().infer_network_configuration()["awsvpcConfiguration"]

    assert network["assignPublicIp"] == "ENABLED"
    assert network["subnets"] == sorted(network["subnets"])
    assert len(network["subnets"]) > 1


def test_the_definition_of_an_agent_without_a_file_is_accepted(
    endpoint: str, agent_of: Callable[..., ECSAgent]
) -> None:
    agent = agent_of()
    definition = build_definition(
        DEFAULT_DEFINITION,
        ECSRun(),
        flow_name="My flow",
        image="i",
        launch_type="FARGATE",
        task_role_arn=None,
        execution_role_arn=None,
    )

    found = agent.ecs_client.register_task_definition(**definition)["taskDefinition"]

    assert (found["cpu"], found["memory"], found["status"]) == ("1024", "2048", "ACTIVE")


def test_a_definition_that_exists_is_used_as_it_is(agent_of: Callable[..., ECSAgent]) -> None:
    agent = agent_of(task_role_arn=f"{ROLE}agent")
    arn = agent.ecs_client.register_task_definition(
        family="theirs", networkMode="awsvpc", containerDefinitions=[{"name": "flow", "image": "i", "memory": 100}]
    )["taskDefinition"]["taskDefinitionArn"]

    task = task_of(agent, agent.deploy_flow(flow_run(ECSRun(task_definition_arn=arn, cpu=256))))

    assert task["taskDefinitionArn"] == arn
    assert definition_of(agent, task)["status"] == "ACTIVE"
    assert (task["overrides"]["cpu"], task["overrides"]["taskRoleArn"]) == ("256", f"{ROLE}agent")
    assert "PREFECT__CONTEXT__IMAGE" not in env_of(task)


def test_files_of_the_agent_are_the_ground_and_the_run_wins(agent_of: Callable[..., ECSAgent], tmp_path: Path) -> None:
    containers = [{"name": "flow", "image": "of-file:1", "memory": 50}, {"name": "side", "image": "s", "memory": 50}]
    definition = {"family": "of-file", "networkMode": "awsvpc", "cpu": 256, "memory": 512}
    (tmp_path / "definition.yaml").write_text(yaml.safe_dump({**definition, "containerDefinitions": containers}))
    more = {"enableECSManagedTags": True, "overrides": {"containerOverrides": [{"name": "side", "command": ["x"]}]}}
    (tmp_path / "more.yaml").write_text(yaml.safe_dump({**more, "startedBy": "agent"}))
    agent = agent_of(
        task_definition_path=str(tmp_path / "definition.yaml"), run_task_kwargs_path=str(tmp_path / "more.yaml")
    )

    task = task_of(agent, agent.deploy_flow(flow_run(ECSRun(cpu="1024", run_task_kwargs={"startedBy": "run"}))))

    found = definition_of(agent, task)
    assert (found["family"], found["cpu"], found["memory"]) == ("of-file", "1024", "512")
    assert [container["image"] for container in found["containerDefinitions"]] == ["of-file:1", "s"]
    assert task["startedBy"] == "run"
    names = [container["name"] for container in task["overrides"]["containerOverrides"]]
    assert names == ["flow", "side"]


def test_a_capacity_provider_takes_the_place_of_the_launch_type(agent_of: Callable[..., ECSAgent]) -> None:
    strategy = [{"capacityProvider": "FARGATE_SPOT"}]
    network = {"awsvpcConfiguration": {"subnets": ["s"]}}
    run_config = ECSRun(run_task_kwargs={"capacityProviderStrategy": strategy, "networkConfiguration": network})

    arguments = agent_of().get_run_task_kwargs(flow_run(), run_config, {"networkMode": "awsvpc"})

    assert "launchType" not in arguments
    assert arguments["networkConfiguration"] == network


def test_an_agent_of_ones_own_changes_a_step(agent_of: Callable[..., ECSAgent]) -> None:
    class Own(ECSAgent):
        def generate_task_definition(self, flow_run: GraphQLResult, run_config: ECSRun) -> dict[str, Any]:
            return {**super().generate_task_definition(flow_run, run_config), "family": "mine"}

        def get_run_task_kwargs(self, flow_run: GraphQLResult, run_config: ECSRun, taskdef: Any) -> dict[str, Any]:
            assert taskdef["family"] == "mine"
            return {**super().get_run_task_kwargs(flow_run, run_config, taskdef), "startedBy": "me"}

    agent = agent_of()
    agent.__class__ = Own
    run_config = ECSRun(execution_role_arn=f"{ROLE}run")
    task = task_of(agent, agent.deploy_flow(flow_run(run_config)))
    assert task["startedBy"] == "me"
    assert definition_of(agent, task)["family"] == "mine"


def test_a_task_that_is_not_started_fails_the_deployment_and_leaves_no_definition(
    agent_of: Callable[..., ECSAgent],
) -> None:
    agent = agent_of(cluster="nowhere", launch_type="ec2")

    definition = {"family": "left", "networkMode": "bridge", "containerDefinitions": [SMALL]}

    with pytest.raises(agent.ecs_client.exceptions.ClusterNotFoundException):
        agent.deploy_flow(flow_run(ECSRun(task_definition=definition)))

    assert agent.ecs_client.list_task_definitions(familyPrefix="left", status="ACTIVE")["taskDefinitionArns"] == []


def test_other_kinds_of_runs_are_refused(agent_of: Callable[..., ECSAgent]) -> None:
    with pytest.raises(TypeError, match="only `ECSRun` is supported"):
        agent_of().deploy_flow(flow_run(LocalRun()))


def test_an_unknown_launch_type_is_refused(agent_of: Callable[..., ECSAgent]) -> None:
    with pytest.raises(ValueError, match="launch_type: expected one of FARGATE, EC2, EXTERNAL, got 'MOON'"):
        agent_of(launch_type="MOON")


def test_a_missing_region_is_told(agent_of: Callable[..., ECSAgent], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ValueError, match="You must specify a region"):
        agent_of(region_name=None)


def test_variables_of_the_same_container_are_merged_by_name() -> None:
    def overrides(**environment: str) -> dict[str, Any]:
        entries = [{"name": name, "value": value} for name, value in environment.items()]
        return {"overrides": {"containerOverrides": [{"name": "flow", "environment": entries}]}}

    merged = merge_arguments(overrides(A="1", B="1"), overrides(B="2", C="2"))

    assert merged == overrides(A="1", B="2", C="2")
