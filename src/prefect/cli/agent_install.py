"""What ``prefect agent ... install`` prints: a supervisord configuration, Kubernetes manifests."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

_SUPERVISOR_CONF = """\
; Keeps a local agent running. Save as supervisord.conf; then
;   supervisord                        starts it
;   supervisorctl status               says how it is
;   supervisorctl fg prefect-agent     shows its output
;   supervisorctl reload               after a change of this file
;   supervisorctl shutdown             stops all

[unix_http_server]
file=/tmp/supervisor.sock

[supervisord]
loglevel=info

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix:///tmp/supervisor.sock

[program:prefect-agent]
command={command}
"""

_IMAGE = "prefecthq/prefect"
_HEALTH_PORT = 8080
_APP = "prefect-agent"


def supervisor_conf(
    *,
    key: str | None,
    tenant_id: str | None,
    labels: Iterable[str],
    env: Iterable[str],
    agent_config_id: str | None,
    import_paths: Iterable[str],
    show_flow_logs: bool,
) -> str:
    """Write a supervisord configuration whose one program is a local agent."""
    words = ["prefect", "agent", "local", "start"]
    for option, value in (("--key", key), ("--tenant-id", tenant_id), ("--agent-config-id", agent_config_id)):
        words += [option, value] if value else []
    for option, values in (("--label", labels), ("--env", env), ("--import-path", import_paths)):
        for value in values:
            words += [option, value]
    words += ["--show-flow-logs"] if show_flow_logs else []
    # supervisord expands %(...)s in commands.
    return _SUPERVISOR_CONF.format(command=shlex.join(words).replace("%", "%%"))


def kubernetes_manifests(
    *,
    key: str | None,
    tenant_id: str | None,
    labels: Iterable[str],
    env_vars: Mapping[str, str],
    agent_config_id: str | None,
    api: str | None,
    namespace: str | None,
    image_pull_secrets: str | None,
    rbac: bool,
    latest: bool,
    mem_request: str | None,
    mem_limit: str | None,
    cpu_request: str | None,
    cpu_limit: str | None,
    image_pull_policy: str | None,
    service_account_name: str | None,
    backend: str | None,
) -> str:
    """Write the deployment of an agent, and its role when asked, as YAML documents."""
    import yaml

    from prefect._version import __version__
    from prefect.configuration import config

    namespace = namespace or "default"
    environ = {
        "PREFECT__BACKEND": backend or config.backend,
        "PREFECT__CLOUD__API": api or config.cloud.api,
        "PREFECT__CLOUD__API_KEY": key or config.cloud.get("api_key") or "",
        "PREFECT__CLOUD__TENANT_ID": tenant_id or config.cloud.get("tenant_id") or "",
        "PREFECT__CLOUD__AGENT__LABELS": str(sorted(set(labels))),
        "PREFECT__CLOUD__AGENT__AGENT_ADDRESS": f"http://:{_HEALTH_PORT}",
        "PREFECT__CLOUD__AGENT__ENV_VARS": json.dumps(dict(env_vars)),
        "NAMESPACE": namespace,
        "IMAGE_PULL_SECRETS": image_pull_secrets or "",
        "IMAGE_PULL_POLICY": image_pull_policy or "",
        "SERVICE_ACCOUNT_NAME": service_account_name or "",
        "JOB_MEM_REQUEST": mem_request or "",
        "JOB_MEM_LIMIT": mem_limit or "",
        "JOB_CPU_REQUEST": cpu_request or "",
        "JOB_CPU_LIMIT": cpu_limit or "",
    }
    command = "prefect agent kubernetes start"
    if agent_config_id:
        command += f" --agent-config-id {shlex.quote(agent_config_id)}"
    pod: dict[str, Any] = {
        "containers": [_container(f"{_IMAGE}:{'latest' if latest else __version__}", command, environ)]
    }
    if image_pull_secrets:
        pod["imagePullSecrets"] = [{"name": name.strip()} for name in image_pull_secrets.split(",") if name.strip()]
    documents: list[dict[str, Any]] = [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "prefect-agent", "namespace": namespace, "labels": {"app": _APP}},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": {"app": _APP}},
                "template": {"metadata": {"labels": {"app": _APP}}, "spec": pod},
            },
        }
    ]
    if rbac:
        documents += _role(namespace, service_account_name or "default")
    return yaml.safe_dump_all(documents, explicit_start=True, sort_keys=False)


def _container(image: str, command: str, environ: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": "agent",
        "image": image,
        "imagePullPolicy": "Always",
        "command": ["/bin/bash", "-c"],
        "args": [command],
        "env": [{"name": name, "value": value} for name, value in environ.items()],
        "livenessProbe": {
            "httpGet": {"path": "/api/health", "port": _HEALTH_PORT},
            "initialDelaySeconds": 40,
            "periodSeconds": 40,
            "failureThreshold": 2,
        },
    }


def _role(namespace: str, service_account_name: str) -> list[dict[str, Any]]:
    name = "prefect-agent-rbac"
    return [
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": {"name": name, "namespace": namespace},
            "rules": [
                {"apiGroups": ["batch", "extensions"], "resources": ["jobs"], "verbs": ["*"]},
                {"apiGroups": [""], "resources": ["events", "pods"], "verbs": ["*"]},
            ],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": name, "namespace": namespace},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": name,
            },
            "subjects": [{"kind": "ServiceAccount", "name": service_account_name, "namespace": namespace}],
        },
    ]
