"""The Kubernetes job of a flow run: a template, filled in. Pure: no API, no file."""

from __future__ import annotations

import copy
import re
import shlex
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prefect.run_configs import KubernetesRun

IDENTIFIER = "prefect.io/identifier"
FLOW_RUN_ID = "prefect.io/flow_run_id"
FLOW_ID = "prefect.io/flow_id"

LONGEST_NAME = 48

DEFAULT_TEMPLATE: Mapping[str, Any] = {
    "apiVersion": "batch/v1",
    "kind": "Job",
    # The server starts a lost run again; a second pod for the same run would find it ended.
    "spec": {"backoffLimit": 0, "template": {"spec": {"containers": [{"name": "flow"}]}}},
}


@dataclass(frozen=True)
class JobDefaults:
    """What an agent's jobs have when neither the run nor the template says otherwise."""

    service_account_name: str | None = None
    image_pull_secrets: Sequence[str] = ()
    image_pull_policy: str | None = None
    volumes: Sequence[Mapping[str, Any]] = ()
    volume_mounts: Sequence[Mapping[str, Any]] = ()
    requests: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)


def first_container(template: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the container that the flow runs in, as far as the template describes it."""
    pod = ((template.get("spec") or {}).get("template") or {}).get("spec") or {}
    return next(iter(pod.get("containers") or []), {})


def build_job(
    template: Mapping[str, Any],
    run_config: KubernetesRun,
    *,
    flow_run_id: str,
    flow_id: str,
    image: str,
    command: str,
    environ: Mapping[str, str],
    defaults: JobDefaults,
) -> dict[str, Any]:
    """Fill a template in for one flow run.

    Args:
        template: a job, without what is filled in here; it is not changed.
        environ: wins over the variables of the template's container.

    Raises:
        ValueError: something in the template has another form than in a job; names it.
    """
    job: dict[str, Any] = copy.deepcopy(dict(template))
    identifier = uuid.uuid4().hex[:8]
    metadata = _object(job, "metadata")
    metadata["name"] = f"{_name(metadata.get('name'))}-{identifier}"
    labels = {IDENTIFIER: identifier, FLOW_RUN_ID: flow_run_id, FLOW_ID: flow_id}
    _object(metadata, "labels").update(labels)
    template_of_pod = _object(_object(job, "spec"), "template")
    _object(_object(template_of_pod, "metadata"), "labels").update(labels)
    pod = _object(template_of_pod, "spec")
    # Started again, the process of a flow run finds its run ended or taken.
    pod["restartPolicy"] = "Never"
    account = run_config.service_account_name or pod.get("serviceAccountName") or defaults.service_account_name
    if account:
        pod["serviceAccountName"] = account
    secrets = [{"name": name} for name in run_config.image_pull_secrets or ()]
    secrets = secrets or pod.get("imagePullSecrets") or [{"name": name} for name in defaults.image_pull_secrets]
    if secrets:
        pod["imagePullSecrets"] = secrets
    if defaults.volumes:
        _list(pod, "volumes").extend(copy.deepcopy([dict(volume) for volume in defaults.volumes]))
    _fill_container(_container(pod), run_config, image=image, command=command, environ=environ, defaults=defaults)
    return job


def _fill_container(
    container: dict[str, Any],
    run_config: KubernetesRun,
    *,
    image: str,
    command: str,
    environ: Mapping[str, str],
    defaults: JobDefaults,
) -> None:
    container["image"] = image
    policy = run_config.image_pull_policy or container.get("imagePullPolicy") or defaults.image_pull_policy
    if policy:
        container["imagePullPolicy"] = policy
    container["args"] = shlex.split(command)
    kept = [entry for entry in _list(container, "env") if entry.get("name") not in environ]
    container["env"] = kept + [{"name": name, "value": value} for name, value in environ.items()]
    if defaults.volume_mounts:
        _list(container, "volumeMounts").extend(copy.deepcopy([dict(mount) for mount in defaults.volume_mounts]))
    resources = _object(container, "resources")
    for kind, of_agent in (("requests", defaults.requests), ("limits", defaults.limits)):
        ending = kind.removesuffix("s")
        of_run = {
            "cpu": getattr(run_config, f"cpu_{ending}"),
            "memory": getattr(run_config, f"memory_{ending}"),
        }
        amounts = {
            **of_agent,
            **(resources.get(kind) or {}),
            **{name: amount for name, amount in of_run.items() if amount},
        }
        if amounts:
            resources[kind] = amounts
    if not resources:
        del container["resources"]


def _container(pod: dict[str, Any]) -> dict[str, Any]:
    containers = _list(pod, "containers")
    if not containers:
        containers.append({"name": "flow"})
    first = containers[0]
    if not isinstance(first, dict):
        raise ValueError(f"job template: containers[0] is not an object: {first!r}")
    first.setdefault("name", "flow")
    return first


def _name(name: str | None) -> str:
    """Give a name that Kubernetes accepts, short enough for what is added to it."""
    slug = re.sub(r"[^a-z0-9]+", "-", (name or "").lower()).strip("-")
    return slug[:LONGEST_NAME].strip("-") or "prefect-job"


def _object(parent: dict[str, Any], key: str) -> dict[str, Any]:
    if parent.get(key) is None:
        parent[key] = {}
    found = parent[key]
    if not isinstance(found, dict):
        raise ValueError(f"job template: {key} is not an object: {found!r}")
    return found


def _list(parent: dict[str, Any], key: str) -> list[Any]:
    if parent.get(key) is None:
        parent[key] = []
    found = parent[key]
    if not isinstance(found, list):
        raise ValueError(f"job template: {key} is not a list: {found!r}")
    return found
