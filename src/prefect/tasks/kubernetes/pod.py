"""Pods of Kubernetes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.kubernetes import client

_ONE = "pod_name namespace kube_kwargs kubernetes_api_key_secret"
_CHANGED = "pod_name body namespace kube_kwargs kubernetes_api_key_secret"


class CreateNamespacedPod(client.Create):
    """Creates a pod from ``body``."""

    kind: ClassVar[str] = "pod"


class DeleteNamespacedPod(client.Delete, args=_ONE, run="+ delete_option_kwargs"):
    """Deletes a pod; ``delete_option_kwargs`` are fields of ``V1DeleteOptions``."""

    kind: ClassVar[str] = "pod"
    pod_name: str | None = None


class ListNamespacedPod(client.List):
    """Lists the pods of a namespace, as the package kubernetes gives them."""

    kind: ClassVar[str] = "pod"


class PatchNamespacedPod(client.Patch, args=_CHANGED):
    """Changes the fields of a pod that are in ``body``."""

    kind: ClassVar[str] = "pod"
    pod_name: str | None = None


class ReadNamespacedPod(client.Read, args=_ONE):
    """Gives a pod, as the package kubernetes gives it."""

    kind: ClassVar[str] = "pod"
    pod_name: str | None = None


class ReplaceNamespacedPod(client.Replace, args=_CHANGED):
    """Puts ``body`` in the place of a pod."""

    kind: ClassVar[str] = "pod"
    pod_name: str | None = None


class ReadNamespacedPodLogs(
    client.KubernetesTask, args="pod_name namespace on_log_entry kubernetes_api_key_secret container"
):
    """Gives what a pod has written, or hands each line on as it comes.

    Args:
        on_log_entry: called with each line until the pod ends.
        container: which one of the pod; absent means its only one.
    """

    pod_name: str | None = None
    on_log_entry: Callable[[str], Any] | None = None
    container: str | None = None

    def work(self) -> str | None:
        """Read the log; give it as one text unless it was handed on."""
        named: dict[str, Any] = {"name": self.object_name, "namespace": self.namespace}
        if self.container:
            named["container"] = self.container
        with self.api() as api:
            if self.on_log_entry is None:
                text: str = api.read_namespaced_pod_log(**named)
                return text
            for line in self.module("kubernetes.watch").Watch().stream(api.read_namespaced_pod_log, **named):
                self.on_log_entry(line)
            return None


class ConnectGetNamespacedPodExec(
    client.KubernetesTask,
    args="pod_name container_name exec_command namespace kube_kwargs kubernetes_api_key_secret",
):
    """Runs a command in a container of a pod.

    Args:
        exec_command: the program and its arguments, one by one: no shell reads them.
    """

    needs: ClassVar[dict[str, str]] = dict.fromkeys(
        ("pod_name", "container_name"), "The name of a Kubernetes pod and container must be provided."
    )
    pod_name: str | None = None
    container_name: str | None = None
    exec_command: list[str] | None = None

    def work(self) -> str:
        """Run the command and give its output, standard error mixed in.

        Raises:
            TypeError: the command is no list.
        """
        if not isinstance(self.exec_command, list):
            raise TypeError(self.complaint("The command to exec must be provided as a list", "exec_command"))
        with self.api() as api:
            output: str = self.module("kubernetes.stream").stream(
                api.connect_get_namespaced_pod_exec,
                name=self.pod_name,
                namespace=self.namespace,
                container=self.container_name,
                command=self.exec_command,
                stderr=True,
                stdin=True,
                stdout=True,
                tty=False,
                **self.extra,
            )
            return output


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "get_kubernetes_client": "prefect.utilities.kubernetes",
        },
    )
