"""What agents have in common whose flow runs are containers: image, environment, packages that may be missing."""

from __future__ import annotations

from typing import Any

from prefect.agent.agent import Agent
from prefect.backend.environ import container_environ
from prefect.client.embedded import refuse_elsewhere
from prefect.utilities.graphql import GraphQLResult
from prefect.utilities.importtools import import_needed


class ContainerAgent(Agent):
    """The base of agents that start each flow run as a container somewhere.

    Raises:
        EmbeddedUnusable: the API is inside this process, where no container reaches it.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        refuse_elsewhere(type(self).__name__)
        super().__init__(*args, **settings)

    def api_address(self, run_config: Any) -> str | None:
        """Give the address at which a container reaches the API; None means the one that this agent uses."""
        return None

    def populate_env_vars(self, flow_run: GraphQLResult, image: str, run_config: Any = None) -> dict[str, str]:
        """Build what this agent adds to the environment of a flow run's container."""
        key = self.flow_run_api_key
        return container_environ(
            flow_run.id,
            flow_run.flow.id,
            run_config,
            image=image,
            agent_env=self.env_vars,
            labels=self.labels,
            api_key=key,
            tenant_id=self.client.tenant_id if key else None,
            send_logs=self.log_to_cloud,
            api=self.api_address(run_config),
        )


def package(name: str, extra: str, agent: str) -> Any:
    """Import a vendor's package.

    Raises:
        ImportError: it is not installed; names the extra that brings it.
    """
    return import_needed(name, install=f"'proctor[{extra}]'", by=f"a {agent}")


def read_yaml(path: str) -> dict[str, Any]:
    """Read a YAML file: of this machine, or of a place that its scheme names.

    Raises:
        ValueError: another scheme, or no YAML object; names the path.
        OSError: it cannot be read.
    """
    import yaml

    from prefect.utilities.filesystems import read_bytes_from_path

    try:
        content = yaml.safe_load(read_bytes_from_path(path))
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML: {error}") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path}: expected a YAML object, got {type(content).__name__}")
    return content
