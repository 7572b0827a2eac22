"""Services of Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from prefect._lazy import lazy
from prefect.tasks.kubernetes import client

_ONE = "service_name namespace kube_kwargs kubernetes_api_key_secret"
_CHANGED = "service_name body namespace kube_kwargs kubernetes_api_key_secret"


class CreateNamespacedService(client.Create):
    """Creates a service from ``body``."""

    kind: ClassVar[str] = "service"


class DeleteNamespacedService(client.Delete, args=_ONE, run="+ delete_option_kwargs"):
    """Deletes a service; ``delete_option_kwargs`` are fields of ``V1DeleteOptions``."""

    kind: ClassVar[str] = "service"
    service_name: str | None = None


class ListNamespacedService(client.List):
    """Lists the services of a namespace, as the package kubernetes gives them."""

    kind: ClassVar[str] = "service"


class PatchNamespacedService(client.Patch, args=_CHANGED):
    """Changes the fields of a service that are in ``body``."""

    kind: ClassVar[str] = "service"
    service_name: str | None = None


class ReadNamespacedService(client.Read, args=_ONE):
    """Gives a service, as the package kubernetes gives it."""

    kind: ClassVar[str] = "service"
    service_name: str | None = None


class ReplaceNamespacedService(client.Replace, args=_CHANGED):
    """Puts ``body`` in the place of a service."""

    kind: ClassVar[str] = "service"
    service_name: str | None = None


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "get_kubernetes_client": "prefect.utilities.kubernetes",
        },
    )
