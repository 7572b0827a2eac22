"""Deployments of Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from prefect._lazy import lazy
from prefect.tasks.kubernetes import client

_ONE = "deployment_name namespace kube_kwargs kubernetes_api_key_secret"
_CHANGED = "deployment_name body namespace kube_kwargs kubernetes_api_key_secret"


class CreateNamespacedDeployment(client.Create):
    """Creates a deployment from ``body``."""

    kind: ClassVar[str] = "deployment"


class DeleteNamespacedDeployment(client.Delete, args=_ONE, run="+ delete_option_kwargs"):
    """Deletes a deployment; ``delete_option_kwargs`` are fields of ``V1DeleteOptions``."""

    kind: ClassVar[str] = "deployment"
    deployment_name: str | None = None


class ListNamespacedDeployment(client.List):
    """Lists the deployments of a namespace, as the package kubernetes gives them."""

    kind: ClassVar[str] = "deployment"


class PatchNamespacedDeployment(client.Patch, args=_CHANGED):
    """Changes the fields of a deployment that are in ``body``."""

    kind: ClassVar[str] = "deployment"
    deployment_name: str | None = None


class ReadNamespacedDeployment(client.Read, args=_ONE):
    """Gives a deployment, as the package kubernetes gives it."""

    kind: ClassVar[str] = "deployment"
    deployment_name: str | None = None


class ReplaceNamespacedDeployment(client.Replace, args=_CHANGED):
    """Puts ``body`` in the place of a deployment."""

    kind: ClassVar[str] = "deployment"
    deployment_name: str | None = None


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "get_kubernetes_client": "prefect.utilities.kubernetes",
        },
    )
