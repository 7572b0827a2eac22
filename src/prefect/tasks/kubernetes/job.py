"""Jobs of Kubernetes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.kubernetes import client

_ONE = "job_name namespace kube_kwargs kubernetes_api_key_secret"
_CHANGED = "job_name body namespace kube_kwargs kubernetes_api_key_secret"


class CreateNamespacedJob(client.Create):
    """Creates a job from ``body``."""

    kind: ClassVar[str] = "job"


class DeleteNamespacedJob(client.Delete, args=_ONE, run="+ delete_option_kwargs"):
    """Deletes a job; ``delete_option_kwargs`` are fields of ``V1DeleteOptions``."""

    kind: ClassVar[str] = "job"
    job_name: str | None = None


class ListNamespacedJob(client.List):
    """Lists the jobs of a namespace, as the package kubernetes gives them."""

    kind: ClassVar[str] = "job"


class PatchNamespacedJob(client.Patch, args=_CHANGED):
    """Changes the fields of a job that are in ``body``."""

    kind: ClassVar[str] = "job"
    job_name: str | None = None


class ReadNamespacedJob(client.Read, args=_ONE):
    """Gives a job, as the package kubernetes gives it."""

    kind: ClassVar[str] = "job"
    job_name: str | None = None


class ReplaceNamespacedJob(client.Replace, args=_CHANGED):
    """Puts ``body`` in the place of a job."""

    kind: ClassVar[str] = "job"
    job_name: str | None = None


class RunNamespacedJob(
    client.Create,
    args="body namespace kube_kwargs kubernetes_api_key_secret job_status_poll_interval log_level "
    "delete_job_after_completion",
):
    """Creates a job, waits for its end, logs what its pods write, and deletes it.

    A run that is cancelled meanwhile deletes the job; one that is started again after its process was lost waits for
    the same job.

    Args:
        body: the job, with a name under ``metadata``.
        job_status_poll_interval: seconds between two looks.
        log_level: ``debug``, ``info``, ...: log the output of the pods at this level; absent: do not.
        delete_job_after_completion: delete it when it has succeeded.
    """

    kind: ClassVar[str] = "job"
    job_status_poll_interval: int = 5
    log_level: str | None = None
    delete_job_after_completion: bool = True

    def work(self) -> None:
        """Run the job.

        Raises:
            ValueError: no job, no name in it, or no such level.
            FAIL: the job failed; it is left for a look at it.
        """
        metadata = self.body.get("metadata") if isinstance(self.body, dict) else None
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if not name:
            raise ValueError(self.complaint("The job name must be defined in the body under the metadata key.", "body"))
        self.check_piece(name, "body")
        if self.log_level is not None and str(self.log_level).upper() not in logging.getLevelNamesMapping():
            raise ValueError(self.complaint("A valid log_level must be provided.", "log_level"))
        from prefect.tasks.authoring.remote import RemoteJob

        self._told: dict[str, int] = {}
        RemoteJob(
            self,
            start=lambda _: self._begin(name),
            look=self._look,
            cancel=self._delete,
            poll_seconds=self.job_status_poll_interval,
            what="job",
        ).run()
        if self.delete_job_after_completion:
            self._delete(name)
            self.logger.info("Job %s has been deleted.", name)

    def _begin(self, name: str) -> str:
        self.call("create", body=self.body)
        self.logger.info("Job %s has been created.", name)
        return name

    def _look(self, name: str) -> Any:
        from prefect.engine.signals import FAIL
        from prefect.tasks.authoring.remote import Progress

        with self.api() as api:
            status = api.read_namespaced_job_status(name=name, namespace=self.namespace).status
        if self.log_level is not None:
            self._log_pods(name)
        if status.failed and not status.active:
            raise FAIL(f"Job {name} failed, check Kubernetes pod logs for more information.")
        done = bool(status.succeeded) and not status.active
        return Progress(done, "completed" if done else "running")

    def _log_pods(self, name: str) -> None:
        """Log what the pods have written since the last look."""
        level = logging.getLevelNamesMapping()[str(self.log_level).upper()]
        with self.api("pod") as api:
            for pod in api.list_namespaced_pod(namespace=self.namespace, label_selector=f"job-name={name}").items:
                if pod.status.phase == "Pending":
                    continue
                lines = api.read_namespaced_pod_log(name=pod.metadata.name, namespace=self.namespace).splitlines()
                for line in lines[self._told.get(pod.metadata.name, 0) :]:
                    self.logger.log(level, "%s: %s", pod.metadata.name, line)
                self._told[pod.metadata.name] = len(lines)

    def _delete(self, name: str) -> None:
        options = self.module("kubernetes.client").V1DeleteOptions(propagation_policy="Foreground")
        with self.api() as api:
            api.delete_namespaced_job(name=name, namespace=self.namespace, body=options)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "get_kubernetes_client": "prefect.utilities.kubernetes",
        },
    )
