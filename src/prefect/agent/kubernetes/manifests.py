"""The Kubernetes manifests of an agent, as ``prefect agent kubernetes install`` prints them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from prefect._version import __version__
from prefect.client.auth import clean_key
from prefect.utilities.agent import image_of_version
from prefect.utilities.context import context

_HEALTH_PORT = 8080
_APP = "prefect-agent"
_SECRET, _SECRET_KEY = "prefect-agent-key", "api-key"


def kubernetes_manifests(
    api: str | None = None,
    namespace: str | None = None,
    image_pull_secrets: str | None = None,
    rbac: bool = False,
    latest: bool = False,
    mem_request: str | None = None,
    mem_limit: str | None = None,
    cpu_request: str | None = None,
    cpu_limit: str | None = None,
    image_pull_policy: str | None = None,
    service_account_name: str | None = None,
    labels: Iterable[str] | None = None,
    env_vars: Mapping[str, str] | None = None,
    backend: str | None = None,
    key: str | None = None,
    tenant_id: str | None = None,
    agent_config_id: str | None = None,
) -> str:
    """Write the deployment of an agent, and its role when asked, as YAML documents."""
    import yaml

    config = context.config
    key = clean_key(key or config.cloud.get("api_key"))
    environ = {
        "PREFECT__BACKEND": backend or config.backend,
        "PREFECT__CLOUD__API": api or config.cloud.api,
        "PREFECT__CLOUD__TENANT_ID": tenant_id or config.cloud.get("tenant_id") or "",
        "PREFECT__CLOUD__AGENT__LABELS": str(sorted(set(labels or ()))),
        "PREFECT__CLOUD__AGENT__AGENT_ADDRESS": f"http://:{_HEALTH_PORT}",
        "PREFECT__CLOUD__AGENT__ENV_VARS": json.dumps(dict(env_vars or {})),
        "NAMESPACE": namespace or "default",
        "IMAGE_PULL_SECRETS": image_pull_secrets or "",
        "IMAGE_PULL_POLICY": image_pull_policy or "",
        "SERVICE_ACCOUNT_NAME": service_account_name or "",
        "JOB_MEM_REQUEST": mem_request or "",
        "JOB_MEM_LIMIT": mem_limit or "",
        "JOB_CPU_REQUEST": cpu_request or "",
        "JOB_CPU_LIMIT": cpu_limit or "",
    }
    if config.cloud.agent.get("image"):
        environ["PREFECT__CLOUD__AGENT__IMAGE"] = config.cloud.agent.image
    image = image_of_version(__version__, tag="latest" if latest else None)
    command = "prefect agent kubernetes start"
    if agent_config_id:
        command += f" --agent-config-id {shlex.quote(agent_config_id)}"
    pod: dict[str, Any] = {"containers": [_container(image, command, environ, key is not None)]}
    if image_pull_secrets:
        pod["imagePullSecrets"] = [{"name": name.strip()} for name in image_pull_secrets.split(",") if name.strip()]
    documents: list[dict[str, Any]] = [_secret(namespace, key)] if key is not None else []
    documents += [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": _metadata("prefect-agent", namespace, labels={"app": _APP}),
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": {"app": _APP}},
                "template": {"metadata": {"labels": {"app": _APP}}, "spec": pod},
            },
        }
    ]
    if rbac:
        documents += _role(namespace)
    return yaml.safe_dump_all(documents, explicit_start=True, sort_keys=False)


def _metadata(name: str, namespace: str | None, **more: Any) -> dict[str, Any]:
    """Name a namespace only where one was given: ``kubectl apply -n`` refuses another one than its own."""
    return {"name": name, **({"namespace": namespace} if namespace else {}), **more}


def _secret(namespace: str | None, key: str) -> dict[str, Any]:
    """Keep the key where only those look who may: whoever may read deployments sees their environment."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": _metadata(_SECRET, namespace, labels={"app": _APP}),
        "type": "Opaque",
        "stringData": {_SECRET_KEY: key},
    }


def _container(image: str, command: str, environ: Mapping[str, str], has_key: bool) -> dict[str, Any]:
    env: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in environ.items()]
    if has_key:
        source = {"secretKeyRef": {"name": _SECRET, "key": _SECRET_KEY}}
        env.append({"name": "PREFECT__CLOUD__API_KEY", "valueFrom": source})
    return {
        "name": "agent",
        "image": image,
        # An image without a path is of no registry: it was put on the cluster's nodes.
        "imagePullPolicy": "Always" if "/" in image else "IfNotPresent",
        "command": ["/bin/bash", "-c"],
        "args": [command],
        "env": env,
        "livenessProbe": {
            "httpGet": {"path": "/api/health", "port": _HEALTH_PORT},
            "initialDelaySeconds": 40,
            "periodSeconds": 40,
            "failureThreshold": 2,
        },
    }


def _role(namespace: str | None) -> list[dict[str, Any]]:
    """Let the agent's own pod, which runs as the namespace's default account, work with jobs."""
    name = "prefect-agent-rbac"
    return [
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "Role",
            "metadata": _metadata(name, namespace),
            "rules": [
                {"apiGroups": ["batch", "extensions"], "resources": ["jobs"], "verbs": ["*"]},
                {"apiGroups": [""], "resources": ["events", "pods"], "verbs": ["*"]},
            ],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": _metadata(name, namespace),
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "Role",
                "name": name,
            },
            # Kubernetes wants to be told the namespace of an account.
            "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": namespace or "default"}],
        },
    ]
