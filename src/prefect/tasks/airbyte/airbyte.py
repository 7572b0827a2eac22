"""Connections and the configuration of an Airbyte server."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from prefect.tasks.authoring.declared import WebTask
from prefect.tasks.authoring.remote import Progress, RemoteJob, RemoteJobFailed

_SERVER = "airbyte_server_host airbyte_server_port airbyte_api_version"


class ConnectionNotFoundException(Exception):
    """The server has no such connection."""


class AirbyteServerNotHealthyException(Exception):
    """The server does not answer, or says that it is not well."""


class JobNotFoundException(Exception):
    """The server does not know the job."""


class AirbyteSyncJobFailed(RemoteJobFailed):
    """A sync ended otherwise than with success."""


class AirbyteExportConfigurationFailed(Exception):
    """The server did not give its configuration."""


class AirbyteTask(WebTask):
    """A task for one server.

    Args:
        airbyte_server_host, airbyte_server_port: where its API is.
        airbyte_api_version: such as ``v1``.
    """

    airbyte_server_host: str = "localhost"
    airbyte_server_port: int | str = 8000
    airbyte_api_version: str = "v1"

    def ask(self, method: str, path: str, failure: type[Exception], **body: Any) -> Any:
        """Make a request; ``failure`` is raised when the server does not know what it is about."""
        from prefect.tasks.authoring.web import ServiceFailed

        where = f"http://{self.airbyte_server_host}:{self.airbyte_server_port}/api/{self.airbyte_api_version}"
        try:
            service = self.service(where)
            return service.request(method, path, **body) if path == EXPORT else service.ask(method, path, **body)
        except ServiceFailed as error:
            kind = failure if error.status is not None else AirbyteServerNotHealthyException
            raise kind(str(error)) from None

    def check_health(self) -> None:
        """Refuse to work while the server is not well (AirbyteServerNotHealthyException)."""
        said = self.ask("GET", "/health/", AirbyteServerNotHealthyException, has="{}")
        # Newer servers say ``available``, older ones ``db``.
        if not said.get("available", said.get("db", False)):
            raise AirbyteServerNotHealthyException(f"{type(self).__name__}: Airbyte Server health status: {said}")


EXPORT = "/deployment/export/"


class AirbyteConnectionTask(
    AirbyteTask,
    init=f"{_SERVER} connection_id stream_output",
    run=f"{_SERVER} connection_id poll_interval_s",
):
    """Syncs a connection and waits for the end of that.

    Args:
        connection_id: a UUID: it stands in the address of the connection in the web interface.
        stream_output: has no effect, as in 1.x.
        poll_interval_s: seconds between two looks.
    """

    needs: ClassVar[dict[str, str]] = {"connection_id": "Value for parameter `connection_id` *must* be provided."}
    connection_id: str | None = None
    stream_output: bool = False
    poll_interval_s: int = 15

    def work(self) -> dict[str, Any]:
        """Sync it, and tell of the connection and the job.

        Raises:
            ValueError: the id is no UUID.
            AirbyteServerNotHealthyException, ConnectionNotFoundException, AirbyteSyncJobFailed: as they say.
            FAIL: the connection is switched off, or deprecated.
        """
        try:
            UUID(str(self.connection_id))
        except ValueError:
            raise ValueError(
                self.complaint(
                    "Parameter `connection_id` *must* be a valid UUID i.e. 32 hex characters, including hyphens.",
                    "connection_id",
                )
            ) from None
        self.check_health()
        status = self._status()
        job = RemoteJob(
            self,
            start=lambda _: self._ask_about_connection("/connections/sync/", "job.id")["job"]["id"],
            look=self._look,
            cancel=lambda job: self.ask("POST", "/jobs/cancel/", JobNotFoundException, json={"id": job}),
            poll_seconds=self.poll_interval_s,
            what="Airbyte job",
        ).run()
        return {
            "connection_id": self.connection_id,
            "status": status,
            "job_status": job["status"],
            "job_created_at": job["createdAt"],
            "job_updated_at": job["updatedAt"],
        }

    def _ask_about_connection(self, path: str, has: str) -> Any:
        wanted = {"connectionId": self.connection_id}
        return self.ask("POST", path, ConnectionNotFoundException, has=has, json=wanted)

    def _status(self) -> str:
        from prefect.engine.signals import FAIL

        status: str = self._ask_about_connection("/connections/get/", "status")["status"]
        if status == "inactive":
            raise FAIL(f"Please enable the Connection {self.connection_id} in Airbyte Server.")
        if status == "deprecated":
            raise FAIL(f"Connection {self.connection_id} is deprecated.")
        return status

    def _look(self, job: int) -> Progress:
        has = "job.status job.createdAt job.updatedAt"
        found = self.ask("POST", "/jobs/get/", JobNotFoundException, repeats=True, has=has, json={"id": job})["job"]
        if found["status"] in ("failed", "cancelled"):
            raise AirbyteSyncJobFailed(f"Job {job} {found['status']}.")
        return Progress(found["status"] == "succeeded", found["status"], found)


class AirbyteConfigurationExport(AirbyteTask, args=_SERVER):
    """Gives the configuration of a server as the bytes of an archive (``.tar.gz``)."""

    def work(self) -> bytes:
        """Export the configuration.

        Raises:
            AirbyteServerNotHealthyException, AirbyteExportConfigurationFailed: as they say.
        """
        self.check_health()
        answer = self.ask("POST", EXPORT, AirbyteExportConfigurationFailed)
        content: bytes = answer.content
        return content
