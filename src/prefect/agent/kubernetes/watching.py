"""Looking after the jobs of flow runs: pods that cannot start, pods that failed, jobs that have ended."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from typing import Any

from prefect.agent.kubernetes.jobs import FLOW_RUN_ID, IDENTIFIER
from prefect.client.client import Client
from prefect.exceptions import ClientError, ObjectNotFoundError
from prefect.model.state import Failed

AT_ONCE = 20
LOGGER_NAME = "k8s-infra"
IMAGE_REASONS = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName"})

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class JobWatcher:
    """What an agent remembers of its jobs between two looks.

    Args:
        kubernetes: the vendor's package.
        batch: its API of jobs.
        core: its API of pods and events.
        client: the client of our own API.
        deletes: whether jobs that have ended are deleted.
        timeout_seconds: how long to wait for the cluster.
    """

    def __init__(
        self,
        *,
        kubernetes: Any,
        batch: Any,
        core: Any,
        client: Client,
        namespace: str,
        deletes: bool,
        logger: logging.Logger,
        timeout_seconds: tuple[float, float],
    ) -> None:
        self._kubernetes = kubernetes
        self._batch = batch
        self._core = core
        self._client = client
        self._namespace = namespace
        self._deletes = deletes
        self._logger = logger
        self._timeout_seconds = timeout_seconds
        self._told_until: dict[str, datetime] = {}
        """The latest event told, by job."""
        self._settled: set[str] = set()
        """Jobs whose failure has been told."""

    def look(self, busy: Collection[str]) -> None:
        """Look at every job once.

        Args:
            busy: runs that the agent is starting now; their jobs of before say nothing about them.
        """
        jobs = list(self._jobs())
        newest: dict[str, Any] = {}
        for job in sorted(jobs, key=lambda job: job.metadata.creation_timestamp or _LONG_AGO):
            newest[job.metadata.labels.get(FLOW_RUN_ID, "")] = job
        for job in jobs:
            run_id = job.metadata.labels.get(FLOW_RUN_ID)
            speaks = run_id is not None and run_id not in busy and newest[run_id] is job
            try:
                self._look_at(job, run_id if speaks else None)
            except (ClientError, self._kubernetes.client.rest.ApiException) as error:
                # One job must not keep the others from being looked at; the next look tries again.
                self._logger.error("Job %s could not be looked after: %s", job.metadata.name, error)
        names = {job.metadata.name for job in jobs}
        self._settled &= names
        self._told_until = {name: time for name, time in self._told_until.items() if name in names}

    def _jobs(self) -> Iterator[Any]:
        return self._listed(self._batch.list_namespaced_job, label_selector=IDENTIFIER)

    def _listed(self, ask: Callable[..., Any], **which: str) -> Iterator[Any]:
        """Give all objects of a list, of which the API is asked for a part at a time."""
        more: dict[str, str] = {}
        while True:
            page = ask(
                namespace=self._namespace, limit=AT_ONCE, _request_timeout=self._timeout_seconds, **which, **more
            )
            yield from page.items
            if not page.metadata._continue:
                return
            more = {"_continue": page.metadata._continue}

    def _look_at(self, job: Any, run_id: str | None) -> None:
        """Look at a job; ``run_id`` is absent when the job has nothing to say about its run any more."""
        succeeded = bool(job.status.succeeded)
        # A job may be allowed further pods after one that failed.
        failed = bool(job.status.failed) and not job.status.active and not succeeded
        ended = failed or succeeded
        if run_id is not None and not succeeded and job.metadata.name not in self._settled:
            pods = self._pods(job)
            if failed:
                self._tell_failure(job, run_id, pods)
                self._settled.add(job.metadata.name)
            else:
                ended = self._look_at_waiting_pods(job, run_id, pods)
        if ended and self._deletes:
            self._delete(job)

    def _look_at_waiting_pods(self, job: Any, run_id: str, pods: list[Any]) -> bool:
        """Tell of pods that wait; gives whether the job is to be given up."""
        for pod in pods:
            if pod.status.phase != "Pending":
                continue
            self._tell_events(job, run_id, pod)
            for status in pod.status.container_statuses or []:
                waiting = status.state.waiting if status.state else None
                if waiting is not None and waiting.reason in IMAGE_REASONS:
                    reason = f"Kubernetes Error: {waiting.message or waiting.reason}"
                    if self._fail(run_id, reason):
                        self._logger.error("Job %s: %s", job.metadata.name, reason)
                    self._settled.add(job.metadata.name)
                    return True
        return False

    def _tell_failure(self, job: Any, run_id: str, pods: list[Any]) -> None:
        failed = sorted((pod for pod in pods if pod.status.phase == "Failed"), key=lambda pod: pod.metadata.name)
        names = [pod.metadata.name for pod in failed]
        if not self._fail(run_id, f"Kubernetes Error: pods {names} failed for this job"):
            return
        for pod in failed:
            lines = [f"Pod {pod.metadata.name} failed.", *_container_lines(pod)]
            self._write_log(run_id, "\n\t".join(lines), "ERROR")
        self._logger.error("Job %s failed: pods %s", job.metadata.name, names)

    def _fail(self, run_id: str, message: str) -> bool:
        """Make the run Failed, unless it has ended or waits to be started anew; gives whether it did."""
        try:
            state = self._client.get_flow_run_state(run_id)
        except ObjectNotFoundError:
            return False
        if state.is_finished() or state.is_scheduled():
            return False
        self._client.set_flow_run_state(flow_run_id=run_id, state=Failed(message))
        return True

    def _tell_events(self, job: Any, run_id: str, pod: Any) -> None:
        """Write those events of a pod into its run's log that were not told before, oldest first."""
        events = self._listed(
            self._core.list_namespaced_event, field_selector=f"involvedObject.name={pod.metadata.name}"
        )
        told_until = self._told_until.get(job.metadata.name, _LONG_AGO)
        for event in sorted(events, key=_event_time):
            time = _event_time(event)
            if time <= told_until:
                continue
            message = f"Event: {event.reason!r} on pod {pod.metadata.name!r}\n\tMessage: {event.message}"
            self._write_log(run_id, message, "DEBUG", time)
            self._told_until[job.metadata.name] = time

    def _write_log(self, run_id: str, message: str, level: str, time: datetime | None = None) -> None:
        record = {"flow_run_id": run_id, "name": LOGGER_NAME, "message": message, "level": level}
        if time is not None:
            record["timestamp"] = time.astimezone(UTC).isoformat()
        try:
            self._client.write_run_logs([record])
        except ValueError as error:
            raise ClientError(str(error)) from error

    def _pods(self, job: Any) -> list[Any]:
        answer = self._core.list_namespaced_pod(
            namespace=self._namespace,
            label_selector=f"{IDENTIFIER}={job.metadata.labels[IDENTIFIER]}",
            _request_timeout=self._timeout_seconds,
        )
        return list(answer.items)

    def _delete(self, job: Any) -> None:
        self._logger.debug("Deleting job %s", job.metadata.name)
        try:
            self._batch.delete_namespaced_job(
                name=job.metadata.name,
                namespace=self._namespace,
                body=self._kubernetes.client.V1DeleteOptions(propagation_policy="Foreground"),
                _request_timeout=self._timeout_seconds,
            )
        except self._kubernetes.client.rest.ApiException as error:
            if error.status != 404:
                raise


def _container_lines(pod: Any) -> Iterator[str]:
    for status in pod.status.container_statuses or []:
        ended = status.state.terminated if status.state else None
        if ended is not None:
            told = [f"exit code {ended.exit_code}", ended.reason, ended.message]
            yield f"Container '{status.name}' state: terminated, " + ", ".join(str(part) for part in told if part)
        elif status.state and status.state.waiting:
            yield f"Container '{status.name}' state: waiting, {status.state.waiting.reason}"


def _event_time(event: Any) -> datetime:
    # Which of them is set depends on who wrote the event.
    found = event.last_timestamp or event.event_time or event.first_timestamp or event.metadata.creation_timestamp
    return found or _LONG_AGO
