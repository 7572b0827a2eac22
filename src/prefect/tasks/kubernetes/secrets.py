"""Secrets of Kubernetes."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.kubernetes.client import KubernetesTask
from prefect.tasks.secrets.base import SecretBase


class KubernetesSecret(
    KubernetesTask,
    SecretBase,
    args="secret_name secret_key namespace kube_kwargs kubernetes_api_key_secret",
    init="+ cast raise_if_missing",
):
    """Gives one value of a secret; it is never written as a result.

    Args:
        cast: turns the text into something else.
        raise_if_missing: fail when the secret has no such key; otherwise the value is None then.
    """

    needs: ClassVar[dict[str, str]] = {
        "secret_name": "The name of a Kubernetes secret must be provided.",
        "secret_key": "The key of the secret must be provided.",
    }
    secret_name: str | None = None
    secret_key: str | None = None
    cast: Callable[[Any], Any] | None = None
    raise_if_missing: bool = False

    def work(self) -> Any:
        """Read the value.

        Raises:
            ValueError: there is no such key, when that is an error.
        """
        with self.api("secret") as api:
            secret = api.read_namespaced_secret(name=self.secret_name, namespace=self.namespace, **self.extra)
        values = secret.data or {}
        if self.secret_key not in values:
            if self.raise_if_missing:
                raise ValueError(
                    self.complaint(f"Cannot find the key {self.secret_key} in {self.secret_name}", "secret_key")
                )
            return None
        text = base64.b64decode(values[self.secret_key]).decode("utf-8")
        return self.cast(text) if self.cast else text


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "client": "kubernetes.client:",
            "get_kubernetes_client": "prefect.utilities.kubernetes",
        },
    )
