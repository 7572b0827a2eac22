"""Names that a module of 1.x had because it imported them, and that users' code takes from there."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import pytest

CARRIED = {
    "prefect": "prefect",
    "prefect.agent.agent": "exit_handler Client config RunConfig UniversalRun prefect with_args",
    "prefect.agent.docker.agent": "Agent config",
    "prefect.agent.ecs.agent": "Agent config",
    "prefect.agent.kubernetes.agent": "Agent config",
    "prefect.agent.local.agent": "Agent config",
    "prefect.agent.vertex.agent": "Agent config",
    "prefect.backend.artifacts": "Client",
    "prefect.backend.execution": "Client Flow FlowRunView FlowView RunConfig",
    "prefect.backend.flow": "Client RunConfig EnumValue with_args",
    "prefect.backend.flow_run": "Client FlowRunView FlowView TaskRunView State Pending RunConfig EnumValue with_args",
    "prefect.backend.kv_store": "Client",
    "prefect.backend.task_run": "Client Result State Scheduled",
    "prefect.backend.tenant": "Client",
    "prefect.cli.auth": "Client",
    "prefect.cli.create": "Client",
    "prefect.cli.delete": "Client",
    "prefect.cli.describe": "Client",
    "prefect.cli.execute": "Client",
    "prefect.cli.get": "Client",
    "prefect.cli.heartbeat": "Client",
    "prefect.cli.run": "Client FlowRunView FlowView",
    "prefect.core.edge": "Task is_valid_identifier prefect",
    "prefect.core.flow": "Edge Executor Parameter Result RunConfig State Storage Task UniversalRun as_task prefect",
    "prefect.core.task": "as_task prefect",
    "prefect.engine.cloud.flow_runner": "Client Flow Task",
    "prefect.engine.cloud.task_runner": "Client Edge Result Task",
    "prefect.engine.flow_runner": "ConstantResult Edge Flow Mapped Result Task prefect",
    "prefect.engine.state": "Result prefect",
    "prefect.engine.task_runner": "Edge Result Task signals tail_recursive prefect",
    "prefect.tasks.prefect.flow_run": "Client FlowRunView FlowView RunConfig watch_flow_run signal_from_state prefect",
    "prefect.tasks.prefect.flow_run_cancel": "Client prefect",
    "prefect.tasks.prefect.flow_run_rename": "Client prefect",
    "prefect.utilities.notifications": "email_message_formatter",
    "prefect.utilities.notifications.jira_notification": "jira_message_formatter",
    "prefect.utilities.notifications.notifications": "email_message_formatter",
}
HOMES = {
    "Agent": "prefect.agent.agent",
    "Client": "prefect.client.client",
    "Edge": "prefect.core.edge",
    "Flow": "prefect.core.flow",
    "FlowRunView": "prefect.backend.flow_run",
    "FlowView": "prefect.backend.flow",
    "Result": "prefect.engine.result",
    "RunConfig": "prefect.run_configs.base",
    "State": "prefect.engine.state",
    "Task": "prefect.core.task",
    "TaskRunView": "prefect.backend.task_run",
}
PLACES = [(module, name) for module, names in CARRIED.items() for name in names.split()]


@pytest.mark.parametrize(("module", "name"), PLACES, ids=[".".join(place) for place in PLACES])
def test_a_carried_name_is_the_thing_itself(module: str, name: str) -> None:
    found = getattr(importlib.import_module(module), name)

    assert found is not None
    if name in HOMES:
        assert found is getattr(importlib.import_module(HOMES[name]), name)
    if name == "prefect":
        assert found is sys.modules["prefect"]


def test_carrying_a_name_loads_nothing() -> None:
    modules = [module for module in CARRIED if module.startswith(("prefect.core", "prefect.engine.state"))]
    code = f"import sys, json, {', '.join(modules)}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert not loaded & {"prefect.client.client", "prefect.executors.base", "prefect.storage.base", "urllib3"}


@pytest.mark.parametrize(("text", "expected"), [("a", True), ("for", False), ("1a", False), ("", False)])
def test_identifiers_are_told(text: str, expected: bool) -> None:
    from prefect.core.edge import is_valid_identifier

    assert is_valid_identifier(text) is expected
