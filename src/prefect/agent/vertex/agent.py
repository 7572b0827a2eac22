"""The Vertex agent: each flow run is a custom job of Google Vertex AI.

The jobs are created through the service's REST interface, so that nothing but Google's authentication is needed.
"""

from __future__ import annotations

import copy
import json
import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.agent.containers import ContainerAgent, package
from prefect.run_configs import VertexRun
from prefect.utilities.agent import get_flow_image, get_flow_run_command
from prefect.utilities.graphql import GraphQLResult
from prefect.utilities.slugs import slugify

DEFAULT_REGION = "us-central1"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TIMEOUT_SECONDS = 60.0
_LONGEST_NAME = 128


class VertexAgent(ContainerAgent):
    """Starts each flow run as a custom job.

    Args:
        project: absent means that of the credentials which Google's own search finds.
        region_name: absent means ``us-central1``.
        service_account: of jobs that name none.
        api_endpoint: address of the service; absent means the public one of the region.

    Raises:
        ImportError: the package ``google-auth`` is not installed.
        RuntimeError: no credentials are found.
        ValueError: no project is given and none found.
    """

    def __init__(
        self,
        project: str | None = None,
        region_name: str | None = None,
        service_account: str | None = None,
        agent_config_id: str | None = None,
        name: str | None = None,
        labels: Iterable[str] | None = None,
        env_vars: Mapping[str, str] | None = None,
        max_polls: int | None = None,
        agent_address: str | None = None,
        no_cloud_logs: bool | None = None,
        api_endpoint: str | None = None,
    ) -> None:
        auth = package("google.auth", "gcp", "Vertex agent")
        requests = package("google.auth.transport.requests", "gcp", "Vertex agent")
        super().__init__(
            agent_config_id=agent_config_id,
            name=name,
            labels=labels,
            env_vars=env_vars,
            max_polls=max_polls,
            agent_address=agent_address,
            no_cloud_logs=no_cloud_logs,
        )
        try:
            credentials, found = auth.default(scopes=[SCOPE])
        except auth.exceptions.DefaultCredentialsError as error:
            raise RuntimeError(f"no credentials of Google Cloud: {error}") from error
        self.project = project or found
        if not self.project:
            raise ValueError("project: neither given nor named by the credentials of Google Cloud")
        self.region_name = region_name or DEFAULT_REGION
        self.service_account = service_account
        endpoint = api_endpoint or f"https://{self.region_name}-aiplatform.googleapis.com"
        self._jobs_url = f"{endpoint}/v1/projects/{self.project}/locations/{self.region_name}/customJobs"
        self._session_class, self._credentials = requests.AuthorizedSession, credentials

    def deploy_flow(self, flow_run: GraphQLResult) -> str:
        """Create the custom job of a flow run and give its name."""
        job = self.generate_task_definition(flow_run)
        # A session each: one must not be shared by the threads that deploy.
        with self._session_class(self._credentials) as session:
            answer = session.post(self._jobs_url, json=job, timeout=TIMEOUT_SECONDS)
        if answer.status_code != 200:
            raise RuntimeError(f"Vertex AI refused the job: {answer.status_code} {_reason(answer.text)}")
        return f"Custom Job {answer.json()['name']}"

    def generate_task_definition(self, flow_run: GraphQLResult) -> dict[str, Any]:
        """Build the custom job of a flow run.

        Raises:
            TypeError: the run wants another kind of agent.
        """
        run_config = self._get_run_config(flow_run, VertexRun)
        pools = self._worker_pools(flow_run, run_config)
        spec: dict[str, Any] = {"worker_pool_specs": pools}
        account = run_config.service_account or self.service_account
        if account:
            spec["service_account"] = account
        if run_config.network:
            spec["network"] = run_config.network
        if run_config.scheduling:
            spec["scheduling"] = _scheduling(run_config.scheduling)
        name = slugify(f"{flow_run.flow.name} {flow_run.name or flow_run.id}")
        return {"display_name": name[:_LONGEST_NAME], "job_spec": spec}

    def _worker_pools(self, flow_run: GraphQLResult, run_config: VertexRun) -> list[dict[str, Any]]:
        """Give the run's worker pools, or one; the flow runs in the first."""
        pools: list[dict[str, Any]] = copy.deepcopy(run_config.worker_pool_specs or [])
        if not pools:
            pools = [{"machine_spec": {"machine_type": run_config.machine_type}, "replica_count": 1}]
        container = dict(pools[0].get("container_spec") or {})
        image = get_flow_image(flow_run, default=container.get("image_uri"))
        environ = self.populate_env_vars(flow_run, image, run_config)
        kept = [entry for entry in container.get("env") or [] if entry.get("name") not in environ]
        pools[0]["container_spec"] = {
            **container,
            "image_uri": image,
            "command": shlex.split(get_flow_run_command(flow_run)),
            "args": [],
            "env": kept + [{"name": name, "value": value} for name, value in environ.items()],
        }
        return pools


def _scheduling(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Put the timeout in the form that JSON wants: ``"3600s"`` for 3600, "3600" and ``{"seconds": 3600}``."""
    timeout = settings.get("timeout")
    if isinstance(timeout, Mapping):
        timeout = timeout.get("seconds")
    if timeout is None:
        return dict(settings)
    text = str(timeout)
    return {**settings, "timeout": text if text.endswith("s") else f"{text}s"}


def _reason(body: str) -> str:
    try:
        return str(json.loads(body)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return body[:500]


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Agent": "prefect.agent.agent",
            "config": "prefect.configuration",
            "prefect": "prefect:",
        },
    )
