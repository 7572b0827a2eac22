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
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from prefect._version import __version__
from prefect.model import codec
from prefect.storage import _healthcheck
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
        # What is installed beside users' packages may have to be built.
        self.python_dependencies = [*(python_dependencies or ()), "wheel"]
        self.image_name = image_name
        self.image_tag = image_tag
        self.env_vars = dict(env_vars or {})
        self.env_vars.setdefault("PREFECT__USER_CONFIG_PATH", f"{prefect_directory}/config.toml")
        self.files = dict(files or {})
        self.local_image = local_image
        self.ignore_healthchecks = ignore_healthchecks
        self.base_url = base_url or os.environ.get("DOCKER_HOST") or "unix://var/run/docker.sock"
        self.tls_config = tls_config
        self.build_kwargs = dict(build_kwargs or {})
        self.prefect_directory = prefect_directory
        self.path = path
        self.extra_dockerfile_commands = extra_dockerfile_commands
        super().__init__(stored_as_script=stored_as_script, **kwargs)

    @property
    def name(self) -> str:
        """The image's full name, once it is known."""
        if not self.image_name or not self.image_tag:
            raise ValueError("Docker storage is missing required fields image_name and image_tag")
        image = f"{self.image_name}:{self.image_tag}"
        return f"{self.registry_url.rstrip('/')}/{image}" if self.registry_url else image

    def add_flow(self, flow: Flow) -> str:
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

        Raises:
            ValueError: the flows are stored as scripts, and no ``path`` says where.
        """
        if self.stored_as_script and not self.path:
            raise ValueError("A `path` must be provided to show where flow `.py` file is stored in the image.")
        super().build()
        if len(self._flows) == 1:
            self.image_name = self.image_name or slugify(next(iter(self._flows)))
        self.image_name = self.image_name or str(uuid.uuid4())
        self.image_tag = self.image_tag or slugify(datetime.now(UTC).isoformat())
        self.logger.info("Building the flow's Docker storage...")
        if not self.local_image and self.base_image and "/" in self.base_image:
            self.pull_image()
        client = self._get_client()
        # The context of a Dockerfile of the user's own is the folder at hand, for what it copies from there.
        with tempfile.TemporaryDirectory(dir="." if self.dockerfile else None) as folder:
            dockerfile = self.create_dockerfile_object(folder)
            context = "." if self.dockerfile else folder
            options = {"rm": True, "forcerm": True, **self.build_kwargs}
            said = client.build(path=context, dockerfile=dockerfile, tag=self.name, **options)
            self._tell_build(said)
        if not client.images(name=self.name):
            raise ValueError(_FAILED)
        if push and self.registry_url:
            self.push_image(self.name.rpartition(":")[0], self.image_tag)
            client.remove_image(image=self.name, force=True)
        elif push:
            warnings.warn(
                "This Docker storage object has no `registry_url`, and will not be pushed.", UserWarning, stacklevel=2
            )
        return self

    def pull_image(self) -> None:
        """Have the daemon get the base image.

        Raises:
            InterruptedError: it cannot.
        """
        _tell_transfer(self._get_client().pull(self.base_image, stream=True, decode=True))

    def push_image(self, image_name: str, image_tag: str) -> None:
        """Have the daemon send an image to the registry that its name begins with.

        Raises:
            InterruptedError: it cannot.
        """
        self.logger.info("Pushing image to the registry...")
        _tell_transfer(self._get_client().push(image_name, tag=image_tag, stream=True, decode=True))

    def _get_client(self) -> Any:
        docker = import_needed("docker", by="Docker storage")
        return docker.APIClient(base_url=self.base_url, version="auto", tls=self.tls_config)

    def _tell_build(self, said: Any) -> None:
        """Print what the daemon says while it builds.

        Raises:
            ValueError: it says that the build failed.
        """
        for chunk in said:
            for line in _json_lines(chunk):
                if "error" in line:
                    raise ValueError(f"{_FAILED} The daemon says: {str(line['error']).strip()}")
                text = str(line.get("stream") or "").rstrip()
                if text:
                    print(text)

    @property
    def installation_commands(self) -> list[str]:
        """What puts this package into the image: nothing where it is there."""
        if self.dockerfile or self.base_image == _default_base(self.prefect_version):
            # A Dockerfile of the user's own is theirs, and images of ours have it.
            return []
        return [_install_prefect(self.prefect_version)]

    def create_dockerfile_object(self, directory: str) -> str:
        """Write everything that the image is built of into a folder, and give the path of the Dockerfile."""
        folder = Path(directory)
        copies = self._write_flows(folder)
        shutil.copy2(_healthcheck.__file__, folder / "healthcheck.py")
        checks = f"{self.prefect_directory}/healthcheck.py"
        copies.append(_copy(folder, "healthcheck.py", checks, self.dockerfile))
        copies += [
            _copy(folder, _add_file(folder, Path(source)), target, self.dockerfile)
            for source, target in self.files.items()
        ]
        base = Path(self.dockerfile).read_text() if self.dockerfile else f"FROM {self.base_image}"
        # Nothing of the image itself is run for this much: COPY makes the folders.
        parts = [base, self._environment(), *self._installations(), *copies]
        parts += self.extra_dockerfile_commands or ()
        if not self.ignore_healthchecks:
            places = shlex.quote(json.dumps(list(self.flows.values())))
            parts.append(f"RUN python {checks} {places} '{sys.version_info[:2]}'")
        if self.dockerignore:
            shutil.copy2(self.dockerignore, folder / ".dockerignore")
        dockerfile = folder / "Dockerfile"
        dockerfile.write_text("\n".join(parts) + "\n")
        return str(dockerfile)

    def _write_flows(self, folder: Path) -> list[str]:
        """Pickle the flows into the folder, and give the lines that put them into the image."""
        from prefect.storage.loading import flow_to_bytes_pickle

        if self.stored_as_script:
            return []
        lines = []
        for name, place in self.flows.items():
            file = f"{slugify(name)}.flow"
            (folder / file).write_bytes(flow_to_bytes_pickle(self._flows[name]))
            lines.append(_copy(folder, file, place, self.dockerfile))
        return lines

    def _environment(self) -> str:
        # A variable whose value is None, as of ``os.environ.get``, is left out.
        given = [f"{name}={_quoted(value)}" for name, value in self.env_vars.items() if value is not None]
        return "ENV " + " \\\n    ".join(given)

    def _installations(self) -> list[str]:
        """Give the lines that install packages; none without any, for those who build where there is no index."""
        lines = [f"RUN {command}" for command in self.installation_commands]
        if len(self.python_dependencies) > 1:
            # What the shell would take for a redirection, ``package>=2,<3`` say, is one word.
            packages = " ".join(_word(package) for package in self.python_dependencies)
            lines.append(f"RUN pip install {packages}")
        return lines


_FAILED = (
    "Your docker image failed to build!  Your flow might have failed one of its deployment health checks - please "
    "ensure that all necessary files and dependencies have been included."
)


def _json_lines(chunk: Any) -> Iterator[dict[str, Any]]:
    """Give the messages in a piece of the daemon's answer."""
    if isinstance(chunk, Mapping):
        yield dict(chunk)
        return
    for line in chunk.splitlines():
        if line.strip():
            yield json.loads(line)


def _tell_transfer(said: Any) -> None:
    """Print how a pull or push goes on.

    Raises:
        InterruptedError: it failed.
    """
    is_within_line = False
    for line in said:
        if line.get("error"):
            raise InterruptedError(line["error"])
        if line.get("progress"):
            print(line.get("status"), line["progress"], end="\r")
            is_within_line = True
    if is_within_line:
        print()


def _add_file(folder: Path, source: Path) -> str:
    """Copy a file or folder of the user's to the others, and give its name there."""
    name = source.name
    if (folder / name).exists():
        name = f"{len(list(folder.iterdir()))}-{name}"
    (shutil.copytree if source.is_dir() else shutil.copy2)(source, folder / name)
    return name


def _copy(folder: Path, name: str, target: str, has_own_context: str | None) -> str:
    """Give the line that puts something of the folder into the image; with a user's Dockerfile, seen from here."""
    source = (Path(os.path.relpath(folder)) / name).as_posix() if has_own_context else name
    if any(character.isspace() for character in source + target):
        return f"COPY {json.dumps([source, target])}"
    return f"COPY {source} {target}"


def _word(package: str) -> str:
    quoted = shlex.quote(package)
    return quoted if quoted.startswith("'") else f"'{quoted}'"


def _quoted(value: Any) -> str:
    """Give a value for ENV, in which nothing is replaced."""
    if not isinstance(value, str):
        return str(value)
    if "'" not in value and "\\" not in value:
        return f"'{value}'"
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
