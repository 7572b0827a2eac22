"""What the tasks for Docker share: a client of one engine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask

#: For connecting, and for each pause within an answer.
TIMEOUT_SECONDS = 60


class DockerTask(DeclaredTask):
    """A task for one engine.

    Args:
        docker_server_url: a socket (``unix://...``), or an address (``tcp://...``).
        extra_docker_kwargs: handed to the call of the engine.
    """

    packages: ClassVar[tuple[str, ...]] = ("docker",)
    pieces: ClassVar[tuple[str, ...]] = ("container_id", "image", "repository")
    docker_server_url: str = "unix:///var/run/docker.sock"
    extra_docker_kwargs: dict[str, Any] | None = None

    @contextmanager
    def engine(self) -> Iterator[Any]:
        """Give a client of the engine, closed afterwards; the engine is asked for its version at once."""
        package = self.module("docker")
        with closing(
            package.APIClient(base_url=self.docker_server_url, version="auto", timeout=TIMEOUT_SECONDS)
        ) as client:
            yield client

    @property
    def extra(self) -> dict[str, Any]:
        return self.extra_docker_kwargs or {}


class ContainerTask(DockerTask):
    """A task for one container."""

    needs: ClassVar[dict[str, str]] = {"container_id": "A container id must be provided."}
    container_id: str | None = None


def messages(output: Iterable[Any] | str) -> Iterator[dict[str, Any]]:
    """Give the messages of an engine's answer, which are lines of JSON in parts of any size."""
    rest = ""
    for part in [output] if isinstance(output, str) else output:
        if isinstance(part, dict):
            yield part
            continue
        rest += part.decode("utf-8", "replace") if isinstance(part, bytes) else part
        *lines, rest = rest.split("\n")
        yield from (json.loads(line) for line in lines if line.strip())
    if rest.strip():
        yield json.loads(rest)
