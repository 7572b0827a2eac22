"""Images."""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.docker.client import DockerTask, messages


class ListImages(
    DockerTask,
    args="repository_name all_layers filters docker_server_url extra_docker_kwargs",
):
    """Lists images.

    Args:
        repository_name: only those of this name.
        all_layers: also those between.
        filters: as for ``docker images --filter``, as a mapping.
    """

    repository_name: str | None = None
    all_layers: bool = False
    filters: dict[str, Any] | None = None

    def work(self) -> list[dict[str, Any]]:
        """List the images as the engine describes them."""
        with self.engine() as engine:
            found: list[dict[str, Any]] = engine.images(
                name=self.repository_name, all=self.all_layers, filters=self.filters, **self.extra
            )
            return found


class PullImage(
    DockerTask,
    args="repository tag docker_server_url extra_docker_kwargs stream_logs",
):
    """Pulls an image.

    Args:
        tag: absent means what the engine takes then: ``latest``.
        stream_logs: log what the engine says meanwhile.
    """

    needs: ClassVar[dict[str, str]] = {"repository": "A repository to pull the image from must be specified."}
    repository: str | None = None
    tag: str | None = None
    stream_logs: bool = False

    def work(self) -> str:
        """Pull the image and give what the engine said.

        Raises:
            RuntimeError: the engine says that it could not.
        """
        with self.engine() as engine:
            output = engine.pull(
                repository=self.repository, tag=self.tag, stream=self.stream_logs, decode=self.stream_logs, **self.extra
            )
            if not self.stream_logs:
                _refuse_error(self, list(messages(output)))
                return str(output)
            lines = []
            for message in messages(output):
                self.logger.info(str(message))
                lines.append(message)
            _refuse_error(self, lines)
            return "\n".join(map(str, lines))


class PushImage(
    DockerTask,
    args="repository tag docker_server_url extra_docker_kwargs",
):
    """Pushes an image to the registry that its name tells."""

    needs: ClassVar[dict[str, str]] = {"repository": "A repository to push the image to must be specified."}
    repository: str | None = None
    tag: str | None = None

    def work(self) -> str:
        """Push the image and give what the engine said.

        Raises:
            RuntimeError: the engine says that it could not.
        """
        with self.engine() as engine:
            output = engine.push(repository=self.repository, tag=self.tag, **self.extra)
            if isinstance(output, str):
                _refuse_error(self, list(messages(output)))
            return str(output)


class RemoveImage(
    DockerTask,
    args="image force docker_server_url extra_docker_kwargs",
):
    """Removes an image.

    Args:
        force: also when a container has it.
    """

    needs: ClassVar[dict[str, str]] = {"image": "The name of an image to remove must be provided."}
    image: str | None = None
    force: bool = False

    def work(self) -> None:
        """Remove it."""
        with self.engine() as engine:
            engine.remove_image(image=self.image, force=self.force, **self.extra)


class TagImage(
    DockerTask,
    args="image repository tag force docker_server_url extra_docker_kwargs",
):
    """Gives an image one more name."""

    needs: ClassVar[dict[str, str]] = dict.fromkeys(
        ("image", "repository"), "Both image and repository must be provided."
    )
    image: str | None = None
    repository: str | None = None
    tag: str | None = None
    force: bool = False

    def work(self) -> bool:
        """Give the name; tell whether that was done."""
        with self.engine() as engine:
            done: bool = engine.tag(
                image=self.image, repository=self.repository, tag=self.tag, force=self.force, **self.extra
            )
            return done


class BuildImage(
    DockerTask,
    args="path tag nocache rm forcerm docker_server_url extra_docker_kwargs stream_logs",
):
    """Builds an image.

    Args:
        path: the folder with the Dockerfile.
        nocache: build every step anew.
        rm, forcerm: remove the containers between, also after a failure.
        stream_logs: log what the engine says meanwhile.
    """

    needs: ClassVar[dict[str, str]] = {"path": "A path to a directory containing a Dockerfile must be provided."}
    path: str | None = None
    tag: str | None = None
    nocache: bool = False
    rm: bool = True
    forcerm: bool = False
    stream_logs: bool = False

    def work(self) -> list[dict[str, Any]]:
        """Build the image and give the messages of the engine.

        Raises:
            RuntimeError: a step failed.
        """
        with self.engine() as engine:
            output = engine.build(
                path=self.path, tag=self.tag, nocache=self.nocache, rm=self.rm, forcerm=self.forcerm, **self.extra
            )
            said = []
            for message in messages(output):
                said.append(message)
                if self.stream_logs and (text := str(message.get("stream") or message.get("status") or "").strip()):
                    self.logger.info(text)
            _refuse_error(self, said)
            return said


def _refuse_error(task: DockerTask, said: list[dict[str, Any]]) -> None:
    """Raise what the engine reports inside an answer that begins as a success."""
    for message in said:
        if "error" in message:
            raise RuntimeError(f"{type(task).__name__}: {message['error']}")
