"""Settings of agents that come as texts."""

from __future__ import annotations

import re
from typing import Any

import pytest

from prefect.agent.agent import Agent
from prefect.agent.ecs import ECSAgent
from prefect.agent.local import LocalAgent
from prefect.utilities.configuration import set_temporary_config
from prefect.utilities.graphql import GraphQLResult


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
