"""The ECS task of a flow run: its definition and the arguments that start it. Pure: no AWS, no file."""

from __future__ import annotations

import copy
import shlex
from collections.abc import Mapping
from typing import Any

from prefect.run_configs import ECSRun
from prefect.utilities.slugs import slugify

CONTAINER = "flow"
DEFAULT_DEFINITION: Mapping[str, Any] = {
    "networkMode": "awsvpc",
    "cpu": "1024",
    "memory": "2048",
    "containerDefinitions": [{"name": CONTAINER}],
}

_LONGEST_FAMILY = 255


def flow_container(definition: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the container that the flow runs in, as far as the definition describes it."""
    for container in definition.get("containerDefinitions") or []:
        if container.get("name") == CONTAINER:
            found: Mapping[str, Any] = container
            return found
    return {}


def build_definition(
    template: Mapping[str, Any],
    run_config: ECSRun,
    *,
    flow_name: str,
    image: str,
    launch_type: str,
    task_role_arn: str | None,
    execution_role_arn: str | None,
) -> dict[str, Any]:
    """Fill a task definition in for a flow.

    Args:
        template: a definition, without what is filled in here; it is not changed.
        task_role_arn: used when neither run nor template names one, as is the other role.
    """
    definition = copy.deepcopy(dict(template))
    definition.setdefault("family", f"prefect-{slugify(flow_name)}"[:_LONGEST_FAMILY])
    containers = list(definition.get("containerDefinitions") or [])
    container = next((found for found in containers if found.get("name") == CONTAINER), None)
    if container is None:
        container = {"name": CONTAINER}
        containers.append(container)
    container["image"] = image
    definition["containerDefinitions"] = containers
    # Amounts may be numbers in YAML; the API wants text.
    for key, wanted in (("cpu", run_config.cpu), ("memory", run_config.memory)):
        if wanted or definition.get(key):
            definition[key] = str(wanted or definition[key])
    for key, of_run, of_agent in (
        ("taskRoleArn", run_config.task_role_arn, task_role_arn),
        ("executionRoleArn", run_config.execution_role_arn, execution_role_arn),
    ):
        role = of_run or definition.get(key) or of_agent
        if role:
            definition[key] = role
    if launch_type == "FARGATE":
        definition["requiresCompatibilities"] = sorted({*definition.get("requiresCompatibilities", ()), "FARGATE"})
    return definition


def build_overrides(
    run_config: ECSRun,
    *,
    command: str,
    environ: Mapping[str, str],
    task_role_arn: str | None,
    execution_role_arn: str | None,
) -> dict[str, Any]:
    """Give what one run changes in the definition: command and environment, and more when the definition is fixed."""
    container = {
        "name": CONTAINER,
        "command": shlex.split(command),
        "environment": [{"name": name, "value": value} for name, value in environ.items()],
    }
    overrides: dict[str, Any] = {"containerOverrides": [container]}
    if run_config.task_definition_arn is None:
        return overrides
    fixed = {
        "cpu": run_config.cpu,
        "memory": run_config.memory,
        "taskRoleArn": run_config.task_role_arn or task_role_arn,
        "executionRoleArn": run_config.execution_role_arn or execution_role_arn,
    }
    return {**overrides, **{key: value for key, value in fixed.items() if value}}


def merge_arguments(*layers: Mapping[str, Any] | None) -> dict[str, Any]:
    """Merge arguments of ``run_task``, later ones winning; container overrides are merged by their name."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in (layer or {}).items():
            former = merged.get(key)
            if isinstance(value, Mapping) and isinstance(former, Mapping):
                merged[key] = merge_arguments(former, value)
            elif key == "containerOverrides" and former:
                merged[key] = _merge_by_name(former, value)
            else:
                merged[key] = copy.deepcopy(value)
    return merged


def _merge_by_name(former: list[Any], later: list[Any]) -> list[Any]:
    by_name = {item.get("name"): item for item in former}
    for item in later:
        name = item.get("name")
        environment = {
            entry["name"]: entry for part in (by_name.get(name, {}), item) for entry in part.get("environment", ())
        }
        merged = {**by_name.get(name, {}), **item}
        by_name[name] = {**merged, "environment": list(environment.values())} if environment else merged
    return list(by_name.values())
