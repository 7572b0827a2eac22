"""Flows inside a container image that is built for them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import sys
import tempfile
import uuid
import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from prefect._version import __version__
from prefect.model import codec
from prefect.storage.base import Storage
from prefect.utilities.agent import image_of_version
from prefect.utilities.importtools import import_needed
from prefect.utilities.slugs import slugify

if TYPE_CHECKING:
    from prefect.core.flow import Flow


@codec.register("storage")
class Docker(Storage):
    """Flows in an image; needs ``docker`` and a daemon to build it.

    Args:
        registry_url: where the image is pushed to.
        base_image: the image that it is built on; absent means that of the version, or ``dockerfile``.
        dockerfile: path of a Dockerfile of your own that the flows are added to.
        python_dependencies: packages installed with pip.
        image_name: absent means the flow's name, or a random one for several flows.
        image_tag: absent means the instant of building.
        env_vars: variables in the image.
        files: absolute source path -> path in the image.
        local_image: the base image is on this machine alone: it is not pulled, like any without a ``/`` in its name.
        prefect_version: absent means this one.
        ignore_healthchecks: do not try to load the flows while the image is built.
        base_url: address of the daemon.
        build_kwargs: further arguments of the build.
        prefect_directory: where the flows lie in the image.
        path: the script in the image that holds the flows, with ``stored_as_script``.
        extra_dockerfile_commands: lines added to the Dockerfile.
    """

    serialized_fields = ("registry_url", "image_name", "image_tag", "path", "stored_as_script", "prefect_version")

    def __init__(
        self,
        registry_url: str | None = None,
        base_image: str | None = None,
        dockerfile: str | None = None,
        dockerignore: str | None = None,
        python_dependencies: Sequence[str] | None = None,
        image_name: str | None = None,
        image_tag: str | None = None,
        env_vars: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
        prefect_version: str | None = None,
        local_image: bool = False,
        ignore_healthchecks: bool = False,
        base_url: str | None = None,
        tls_config: Any = False,
        build_kwargs: Mapping[str, Any] | None = None,
        prefect_directory: str = "/opt/prefect",
        path: str | None = None,
        stored_as_script: bool = False,
        extra_dockerfile_commands: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        if base_image and dockerfile:
            raise ValueError("Only one of `base_image` and `dockerfile` can be provided.")
        relative = [source for source in files or () if not Path(source).is_absolute()]
        if relative:
            raise ValueError(
                f"Provided paths {', '.join(relative)} are not absolute file paths, please provide absolute paths only."
            )
        self.registry_url = registry_url
        self.prefect_version = prefect_version or __version__
        self.dockerfile = dockerfile
        self.base_image = base_image or (None if dockerfile else _default_base(self.prefect_version))
        self.dockerignore = dockerignore
        self.python_dependencies = list(python_dependencies or [])
        self.image_name = image_name
        self.image_tag = image_tag
        self.env_vars = {"PREFECT__USER_CONFIG_PATH": f"{prefect_directory}/config.toml", **(env_vars or {})}
        self.files = dict(files or {})
        self.local_image = local_image
        self.ignore_healthchecks = ignore_healthchecks
        self.base_url = base_url
        self.tls_config = tls_config
        self.build_kwargs = dict(build_kwargs or {})
        self.prefect_directory = prefect_directory
        self.path = path
        self.extra_dockerfile_commands = list(extra_dockerfile_commands or [])
        super().__init__(stored_as_script=stored_as_script, **kwargs)

    @property
    def name(self) -> str:
        """The image's full name, once it is known."""
        if not self.image_name or not self.image_tag:
            raise ValueError("Docker storage is missing required fields image_name and image_tag")
        image = f"{self.image_name}:{self.image_tag}"
        return f"{self.registry_url.rstrip('/')}/{image}" if self.registry_url else image

    def add_flow(self, flow: Flow) -> str:
        if self.stored_as_script and not self.path:
            raise ValueError("A `path` must be provided to show where flow `.py` file is stored in the image.")
        place = PurePosixPath(self.prefect_directory) / "flows" / f"{slugify(flow.name)}.prefect"
        return self._enter(flow, self.path or str(place))

    def get_flow(self, flow_name: str) -> Flow:
        from prefect.storage import loading

        place = self._place_of(flow_name)
        if self.stored_as_script:
            return loading.extract_flow_from_file(file_path=place, flow_name=flow_name)
        return loading.flow_from_bytes_pickle(Path(place).read_bytes())

    def build(self, push: bool = True) -> Storage:
        """Build the image and push it to the registry, if there is one.

        Args:
            push: False keeps the image on this machine.
        """
        super().build()
        if len(self._flows) == 1:
            self.image_name = self.image_name or slugify(next(iter(self._flows)))
        self.image_name = self.image_name or str(uuid.uuid4())
        self.image_tag = self.image_tag or slugify(datetime.now(UTC).isoformat())
        client = self._client()
        if not self.local_image and self.base_image and "/" in self.base_image:
            self.pull_image()
        with tempfile.TemporaryDirectory() as folder:
            self.create_dockerfile_object(folder)
            self._follow(client.build(path=folder, tag=self.name, forcerm=True, decode=True, **self.build_kwargs))
        if push and self.registry_url:
            self.push_image(self.name.rpartition(":")[0], self.image_tag)
            client.remove_image(image=self.name, force=True)
        elif push:
            warnings.warn(
                "This Docker storage object has no `registry_url`, and will not be pushed.", UserWarning, stacklevel=2
            )
        return self

    def pull_image(self) -> None:
        """Have the daemon get the base image."""
        self._follow(self._client().pull(self.base_image, stream=True, decode=True))

    def push_image(self, image_name: str, image_tag: str) -> None:
        """Have the daemon send an image to the registry that its name begins with."""
        self._follow(self._client().push(image_name, tag=image_tag, stream=True, decode=True))

    def _client(self) -> Any:
        docker = import_needed("docker", install="'proctor[docker]'", by="Docker storage")
        base_url = self.base_url or os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
        return docker.APIClient(base_url=base_url, version="auto", tls=self.tls_config)

    def _follow(self, lines: Any) -> None:
        """Pass on what the daemon says, and raise what it fails with."""
        for line in lines:
            if "error" in line:
                raise ValueError(f"The Docker daemon failed: {line['error']}")
            text = str(line.get("stream") or "").rstrip()
            if text:
                self.logger.info(text)

    @property
    def installation_commands(self) -> list[str]:
        """What puts this package into the image: nothing where it is there."""
        if self.dockerfile or self.base_image == _default_base(self.prefect_version):
            # A Dockerfile of the user's own is theirs, and images of ours have it.
            return []
        return [_install_prefect(self.prefect_version)]

    def create_dockerfile_object(self, directory: str) -> str:
        """Write everything that the image is built of into a folder, and give the path of the Dockerfile."""
        from prefect.storage.loading import flow_to_bytes_pickle

        folder = Path(directory)
        base = Path(self.dockerfile).read_text() if self.dockerfile else f"FROM {self.base_image}"
        # A variable whose value is None, as of ``os.environ.get``, is left out.
        given = {name: value for name, value in self.env_vars.items() if value is not None}
        lines = [base, *(f"ENV {name}={_quoted(str(value))}" for name, value in given.items())]
        # What the shell would take for a redirection, ``package>=2,<3`` say, is one word.
        lines += [f"RUN pip install {shlex.quote(package)}" for package in self.python_dependencies]
        lines += [f"RUN {command}" for command in self.installation_commands]
        for number, (source, target) in enumerate(self.files.items()):
            name = f"file-{number}-{Path(source).name}"
            copy = shutil.copytree if Path(source).is_dir() else shutil.copy2
            copy(source, folder / name)
            lines.append(f"COPY {json.dumps([name, target])}")
        if not self.stored_as_script:
            for name, place in self.flows.items():
                file = PurePosixPath(place).name
                (folder / file).write_bytes(flow_to_bytes_pickle(self._flows[name]))
                lines.append(f"COPY {json.dumps([file, place])}")
        lines += self.extra_dockerfile_commands
        if not self.ignore_healthchecks and not self.stored_as_script:
            load = "from prefect.utilities.storage import flow_from_bytes_pickle as load"
            places = list(self.flows.values())
            lines.append(f"RUN python -c \"{load}; [load(open(place, 'rb').read()) for place in {places!r}]\"")
        if self.dockerignore:
            shutil.copy2(self.dockerignore, folder / ".dockerignore")
        dockerfile = folder / "Dockerfile"
        dockerfile.write_text("\n".join(lines) + "\n")
        return str(dockerfile)


def _quoted(value: str) -> str:
    """Give a value for ENV, in which nothing is replaced."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def _install_prefect(version: str) -> str:
    """Give the command that puts this package into an image that has none; where there is one, it stays."""
    number = version.removeprefix("v")
    # The distribution of versions before 1.5 has another name.
    name = "prefect" if re.match(r"(0|1\.[0-4])(\.|$)", number) else "proctor"
    wanted = f"{name}=={number}" if number[:1].isdigit() else name
    return f"python -c 'import prefect' || pip install {shlex.quote(wanted)}"


def _default_base(version: str) -> str:
    """Give the image of a version, for this version of Python where there is one for each.

    Source: docs/decisions/0018-default-image.md
    """
    image = image_of_version(version)
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return f"{image}-python{python}" if image == f"prefecthq/prefect:{version}" else image
