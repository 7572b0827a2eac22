"""The Docker agent: each flow run is a container."""

from __future__ import annotations

import itertools
import re
import sys
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from prefect._lazy import lazy
from prefect.agent.containers import ContainerAgent, package
from prefect.agent.docker.ends import ContainerEnds
from prefect.agent.docker.volumes import binds, parse_volumes
from prefect.backend.environ import RUN_PROCESS
from prefect.run_configs import DockerRun
from prefect.utilities.agent import get_flow_image, get_flow_run_command
from prefect.utilities.context import context
from prefect.utilities.graphql import GraphQLResult

MOST_FAILED_PINGS = 6
LONGEST_NAME = 250

_LOCAL_NAMES = ("localhost", "127.0.0.1", "0.0.0.0", "::1")  # noqa: S104 - names that are looked for, nothing binds
_HOST = "host.docker.internal"
_FIRST_ENGINE_WITH_HOST_GATEWAY = (20, 10)
# A container in one of these has no network of its own that could be joined to others.
_MODES_WITHOUT_NETWORKS = ("host", "none", "container:")


class DockerAgent(ContainerAgent):
    """Starts each flow run as a container that goes on when the agent ends.

    Args:
        base_url: address of the engine; absent means as the environment says (``DOCKER_HOST``), else the local one.
        no_pull: use the images that the engine has.
        volumes: ``host:container[:ro|rw]``, ``name:container``, or one path that is the same on both sides.
        show_flow_logs: show the output of the containers as this agent's own.
        networks: networks that the containers join; ``host`` and ``none`` as Docker means them.
        reg_allow_list: registries that images may be pulled from; absent means any.
        docker_client_timeout: seconds to wait for an answer of the engine.

    Raises:
        ImportError: the package ``docker`` is not installed.
        ValueError: a volume that cannot be understood.
        RuntimeError: the engine does not answer.
    """

    def __init__(
        self,
        agent_config_id: str | None = None,
        name: str | None = None,
        labels: Iterable[str] | None = None,
        env_vars: Mapping[str, str] | None = None,
        max_polls: int | None = None,
        agent_address: str | None = None,
        no_cloud_logs: bool | None = None,
        base_url: str | None = None,
        no_pull: bool | None = None,
        volumes: Iterable[str] | None = None,
        show_flow_logs: bool = False,
        networks: Iterable[str] | None = None,
        reg_allow_list: Iterable[str] | None = None,
        docker_client_timeout: int | None = None,
    ) -> None:
        self.docker = package("docker", "docker", "Docker agent")
        super().__init__(
            agent_config_id=agent_config_id,
            name=name,
            labels=labels,
            env_vars=env_vars,
            max_polls=max_polls,
            agent_address=agent_address,
            no_cloud_logs=no_cloud_logs,
        )
        if isinstance(networks, str):
            raise ValueError(f"networks: expected several networks, not one text: {networks!r}")
        self.base_url = base_url
        self.no_pull = bool(no_pull)
        self.volumes = parse_volumes(volumes)
        self.show_flow_logs = show_flow_logs
        self.networks = tuple(networks or ())
        self.reg_allow_list = list(reg_allow_list or [])
        self.docker_client_timeout = docker_client_timeout or 60
        self.failed_connections = 0
        self.docker_client = self._connect()
        self._has_host_gateway = self._engine_version() >= _FIRST_ENGINE_WITH_HOST_GATEWAY
        self._volumes_lock = threading.Lock()
        self._ends = ContainerEnds(
            self.docker_client,
            (self.docker.errors.DockerException, OSError, ValueError),
            lambda key, how: self._tell_end(*key, how),
            self.logger,
        )

    @property
    def named_volumes(self) -> list[str]:
        """The volumes that Docker keeps, by name."""
        return [volume.source for volume in self.volumes if volume.is_named]

    @property
    def container_mount_paths(self) -> list[str]:
        """Where volumes lie in the container."""
        return [volume.target for volume in self.volumes]

    @property
    def host_spec(self) -> dict[str, dict[str, str]]:
        """What is mounted, as docker-py writes it: source -> where (``bind``) and how (``mode``)."""
        return {volume.source: {"bind": volume.target, "mode": volume.mode} for volume in self.volumes}

    # ----- one flow run

    def deploy_flow(self, flow_run: GraphQLResult) -> str:
        """Start the container of a flow run and give its id."""
        run_config = self._get_run_config(flow_run, DockerRun)
        image = get_flow_image(flow_run)
        if not self.no_pull and "/" in image:
            self._pull(image)
        self._make_missing_volumes()
        environ = self.populate_env_vars(flow_run, image, run_config)
        container_id = self._create(flow_run, image, run_config, environ)
        self._ends.expect(container_id, (flow_run.id, environ[RUN_PROCESS]))
        try:
            self._join_further_networks(container_id, run_config)
            self.docker_client.start(container=container_id)
        except self.docker.errors.APIError:
            self._ends.forget(container_id)
            self._discard(container_id)
            raise
        if self.show_flow_logs:
            self._show_output(container_id)
        return f"Container ID: {container_id}"

    def api_address(self, run_config: Any) -> str | None:
        """Give the address of the API inside a container: a loopback address means this machine there too."""
        parts = urlsplit(str(context.config.cloud.api))
        if parts.hostname not in _LOCAL_NAMES or self._network_mode(run_config) == "host":
            return None
        host = "apollo" if "prefect-server" in self.networks else _HOST
        return parts._replace(netloc=f"{host}:{parts.port}" if parts.port else host).geturl()

    def heartbeat(self) -> None:
        """Ask the engine for a sign of life; end the agent when there was none six times."""
        try:
            answers = bool(self.docker_client.ping())
        except (self.docker.errors.DockerException, OSError) as error:
            self.logger.warning("The Docker engine does not answer: %s", error)
            answers = False
        self.failed_connections = 0 if answers else self.failed_connections + 1
        if self.failed_connections >= MOST_FAILED_PINGS:
            self.logger.error(
                "Cannot reach the Docker engine: %d pings in a row failed. Shutting down...", self.failed_connections
            )
            self.stop()

    def on_shutdown(self) -> None:
        """Let go of the engine; containers go on."""
        self._ends.stop()
        self.docker_client.close()

    # ----- the engine

    def _connect(self) -> Any:
        settings = self.docker.utils.kwargs_from_env() if self.base_url is None else {"base_url": self.base_url}
        try:
            return self.docker.APIClient(**settings, version="auto", timeout=self.docker_client_timeout)
        except (self.docker.errors.DockerException, OSError) as error:
            where = settings.get("base_url") or "its default address"
            raise RuntimeError(f"The Docker engine at {where} does not answer: {error}") from error

    def _engine_version(self) -> tuple[int, ...]:
        version = str(self.docker_client.version().get("Version", ""))
        return tuple(int(number) for number in re.findall(r"\d+", version)[:2])

    def _pull(self, image: str) -> None:
        allowed = self.reg_allow_list
        if allowed and not any(_in_full(image).startswith(f"{_in_full(entry)}/") for entry in allowed):
            raise ValueError(f"Image {image} is of none of the registries that this agent may pull from: {allowed}")
        self.logger.info("Pulling image %s...", image)
        for line in self.docker_client.pull(image, stream=True, decode=True):
            if line.get("error"):
                raise RuntimeError(f"Image {image} could not be pulled: {line['error']}")
            self.logger.debug("%s %s", line.get("status", ""), line.get("progress", ""))
        self.logger.info("Successfully pulled image %s", image)

    def _make_missing_volumes(self) -> None:
        for name in set(self.named_volumes):
            # Two runs that are deployed side by side must not both find it missing.
            with self._volumes_lock:
                try:
                    self.docker_client.inspect_volume(name)
                except self.docker.errors.NotFound:
                    self.logger.debug("Creating named volume %s", name)
                    self.docker_client.create_volume(name=name, driver="local", labels={"prefect_created": "true"})

    def _create(self, flow_run: GraphQLResult, image: str, run_config: DockerRun, environ: Mapping[str, str]) -> str:
        wanted = _container_name(flow_run)
        settings: dict[str, Any] = {
            "command": get_flow_run_command(flow_run),
            "environment": environ,
            "host_config": self._host_config(run_config),
            "networking_config": self._networking_config(run_config),
            "ports": run_config.ports,
            "labels": {
                "io.prefect.flow-name": flow_run.flow.name,
                "io.prefect.flow-id": flow_run.flow.id,
                "io.prefect.flow-run-id": flow_run.id,
            },
        }
        for number in itertools.count():
            name = f"{wanted}-{number}" if number else wanted
            try:
                return str(self.docker_client.create_container(image, name=name, **settings)["Id"])
            except self.docker.errors.ImageNotFound as error:
                raise RuntimeError(
                    f"The Docker engine has no image {image}, and it was not pulled: build or pull it there, or name "
                    f"another one (`DockerRun(image=...)`, the setting `cloud.agent.image`)"
                ) from error
            except self.docker.errors.APIError as error:
                if error.status_code != 409 or "already in use" not in str(error.explanation):
                    raise
        raise AssertionError("numbers do not end")

    def _discard(self, container_id: str) -> None:
        """Remove a container that never ran; some engines have done so already when its start failed."""
        try:
            self.docker_client.remove_container(container_id, force=True)
        except self.docker.errors.APIError as error:
            if error.status_code not in (404, 409):
                self.logger.warning("Container %s could not be removed: %s", container_id, error)

    def _host_config(self, run_config: DockerRun) -> Any:
        mode = self._network_mode(run_config)
        settings: dict[str, Any] = {"auto_remove": True}
        if self._has_host_gateway and not _is_without_networks(mode):
            settings["extra_hosts"] = {_HOST: "host-gateway"}
        if self.volumes:
            settings["binds"] = binds(self.volumes)
        if mode:
            settings["network_mode"] = mode
        return self.docker_client.create_host_config(**{**settings, **(run_config.host_config or {})})

    def _network_mode(self, run_config: Any) -> str | None:
        """Give the network that a container is created in: the run's own word, else the agent's first network."""
        chosen = (getattr(run_config, "host_config", None) or {}).get("network_mode")
        return chosen or next(iter(self.networks), None)

    def _networking_config(self, run_config: DockerRun) -> Any:
        mode = self._network_mode(run_config)
        if mode is None or mode not in self.networks or _is_without_networks(mode):
            return None
        return self.docker_client.create_networking_config({mode: self.docker_client.create_endpoint_config()})

    def _join_further_networks(self, container_id: str, run_config: DockerRun) -> None:
        mode = self._network_mode(run_config)
        if _is_without_networks(mode):
            return
        for network in self.networks:
            if network != mode:
                self.docker_client.connect_container_to_network(container=container_id, net_id=network)

    def _show_output(self, container_id: str) -> None:
        name = f"output-{container_id[:12]}"
        threading.Thread(target=self.stream_flow_logs, args=(container_id,), name=name, daemon=True).start()

    def stream_flow_logs(self, container_id: str) -> None:
        """Pass on what a container prints, until it ends."""
        try:
            for piece in self.docker_client.logs(container_id, stream=True, follow=True):
                sys.stdout.write(piece.decode(errors="replace"))
                sys.stdout.flush()
        except (self.docker.errors.DockerException, OSError) as error:
            self.logger.warning("The output of container %s is not shown any more: %s", container_id, error)


def _container_name(flow_run: GraphQLResult) -> str:
    name = re.sub(r"[^a-zA-Z0-9_.-]+", "-", flow_run.name or "").strip("-_.")[:LONGEST_NAME]
    # Docker wants at least two characters.
    return name if len(name) > 1 else str(flow_run.id)


def _is_without_networks(mode: str | None) -> bool:
    return mode is not None and mode.startswith(_MODES_WITHOUT_NETWORKS)


def _in_full(name: str) -> str:
    """Give the name of an image, or its beginning, with the registry that it leaves out."""
    name = name.removeprefix("https://").removeprefix("http://").rstrip("/")
    first = name.partition("/")[0]
    names_registry = "." in first or ":" in first or first == "localhost"
    return name if names_registry else f"docker.io/{name}"


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Agent": "prefect.agent.agent",
            "config": "prefect.configuration",
            "prefect": "prefect:",
        },
    )
