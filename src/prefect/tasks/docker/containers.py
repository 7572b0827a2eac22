"""Containers."""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.docker.client import ContainerTask, DockerTask

_ONE = "container_id docker_server_url extra_docker_kwargs"


class CreateContainer(
    DockerTask,
    args="image_name container_name command detach entrypoint environment volumes docker_server_url "
    "host_config extra_docker_kwargs",
):
    """Creates a container and gives its id; ``StartContainer`` starts it.

    Args:
        host_config: arguments of ``create_host_config`` of the package docker, such as ``binds``.
    """

    needs: ClassVar[dict[str, str]] = {"image_name": "An image name must be provided."}
    image_name: str | None = None
    container_name: str | None = None
    command: str | list[str] | None = None
    detach: bool = False
    entrypoint: str | list[str] | None = None
    environment: dict[str, str] | list[str] | None = None
    volumes: str | list[str] | None = None
    host_config: dict[str, Any] | None = None

    def work(self) -> str:
        """Create the container and give its id."""
        with self.engine() as engine:
            created = engine.create_container(
                image=self.image_name,
                name=self.container_name,
                command=self.command,
                detach=self.detach,
                entrypoint=self.entrypoint,
                environment=self.environment,
                volumes=self.volumes,
                host_config=engine.create_host_config(**self.host_config) if self.host_config else None,
                **self.extra,
            )
            container_id: str = created.get("Id")
            return container_id


class GetContainerLogs(ContainerTask, args=_ONE):
    """Gives what a container has written."""

    def work(self) -> str:
        """Read the output as one text."""
        with self.engine() as engine:
            output: bytes = engine.logs(container=self.container_id, **self.extra)
            return output.decode("utf-8", "replace")


class ListContainers(
    DockerTask,
    args="all_containers filters docker_server_url extra_docker_kwargs",
):
    """Lists containers.

    Args:
        all_containers: also those that do not run.
        filters: as for ``docker ps --filter``, as a mapping.
    """

    all_containers: bool = False
    filters: dict[str, Any] | None = None

    def work(self) -> list[dict[str, Any]]:
        """List the containers as the engine describes them."""
        with self.engine() as engine:
            found: list[dict[str, Any]] = engine.containers(all=self.all_containers, filters=self.filters, **self.extra)
            return found


class StartContainer(ContainerTask, args=_ONE):
    """Starts a container."""

    def work(self) -> None:
        """Start it."""
        with self.engine() as engine:
            engine.start(container=self.container_id, **self.extra)


class StopContainer(ContainerTask, args=_ONE):
    """Stops a container; the engine ends it by force after its time of grace."""

    def work(self) -> None:
        """Stop it."""
        with self.engine() as engine:
            engine.stop(container=self.container_id, **self.extra)


class RemoveContainer(ContainerTask, args=_ONE):
    """Removes a container."""

    def work(self) -> None:
        """Remove it."""
        with self.engine() as engine:
            engine.remove_container(container=self.container_id, **self.extra)


class WaitOnContainer(
    ContainerTask,
    args="container_id docker_server_url raise_on_exit_code extra_docker_kwargs",
):
    """Waits until a container has ended.

    Args:
        raise_on_exit_code: fail when it ended with another code than 0, or could not be waited for.
    """

    raise_on_exit_code: bool = True

    def work(self) -> dict[str, Any]:
        """Wait, and give ``StatusCode`` and ``Error``.

        Raises:
            FAIL: it ended with another code than 0; the log of the task has its output.
        """
        with self.engine() as engine:
            ended: dict[str, Any] = engine.wait(container=self.container_id, **self.extra)
            code, error = ended.get("StatusCode"), ended.get("Error")
            if self.raise_on_exit_code and (code or error):
                from prefect.engine.signals import FAIL

                self.logger.error(engine.logs(self.container_id).decode("utf-8", "replace"))
                raise FAIL(f"{self.container_id} failed with exit code {code}: {error}")
            return ended
