"""Kubernetes clients. Needs the package ``kubernetes``."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from prefect.utilities.context import context
from prefect.utilities.importtools import import_needed

_API_CLASSES = {
    "job": "BatchV1Api",
    "pod": "CoreV1Api",
    "service": "CoreV1Api",
    "deployment": "AppsV1Api",
    "secret": "CoreV1Api",
}


def get_kubernetes_client(
    resource: str,
    kubernetes_api_key_secret: str | None = "KUBERNETES_API_KEY",  # noqa: S107 - the name of a secret
    ssl_ca_cert: str | None = None,
    api_key: str | None = None,
) -> Any:
    """Give the API object for a kind of resource: job, pod, service, deployment or secret.

    Credentials are a local secret with an API key, else those of the cluster around us, else the local kubeconfig.

    Args:
        api_key: in place of the secret.

    Raises:
        KeyError: another kind of resource.
    """
    client = import_needed("kubernetes.client", by="The client of Kubernetes")
    config = import_needed("kubernetes.config", by="The client of Kubernetes")
    make: Callable[..., Any] = getattr(client, _API_CLASSES[resource])
    if not api_key and kubernetes_api_key_secret:
        api_key = (context.get("secrets") or {}).get(kubernetes_api_key_secret)
    if api_key:
        settings = client.Configuration.get_default_copy()
        if os.environ.get("KUBERNETES_SERVICE_HOST") and not settings.host:
            # A key says nothing of the place; inside of a cluster these two do.
            settings.host = (
                f"https://{os.environ['KUBERNETES_SERVICE_HOST']}:{os.environ.get('KUBERNETES_SERVICE_PORT', '443')}"
            )
        settings.api_key["authorization"] = str(api_key).strip()
        settings.api_key_prefix["authorization"] = "Bearer"
        if ssl_ca_cert:
            settings.ssl_ca_cert = ssl_ca_cert
        return make(client.ApiClient(settings))
    try:
        config.load_incluster_config()
    except config.config_exception.ConfigException:
        config.load_kube_config()
    return make()
