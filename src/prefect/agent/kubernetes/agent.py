"""The Kubernetes agent: each flow run is a job."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.agent.containers import ContainerAgent, package, read_yaml
from prefect.agent.kubernetes.jobs import DEFAULT_TEMPLATE, JobDefaults, build_job, first_container
from prefect.agent.kubernetes.manifests import kubernetes_manifests
from prefect.agent.kubernetes.watching import JobWatcher
from prefect.run_configs import KubernetesRun
from prefect.utilities.agent import get_flow_image, get_flow_run_command
from prefect.utilities.context import context
from prefect.utilities.graphql import GraphQLResult

TRIES = 3
TIMEOUT_SECONDS = (10.0, 60.0)
"""How long to wait for a connection to the cluster, and for its answer."""

MOST_SECONDS_BETWEEN_LOOKS = 86_400


class KubernetesAgent(ContainerAgent):
    """Starts each flow run as a job and looks after the jobs once a minute.

    Args:
        namespace: of the jobs; absent means the variable NAMESPACE, else ``default``.
        service_account_name: of the jobs; absent means the variable SERVICE_ACCOUNT_NAME.
        image_pull_secrets: of the jobs; absent means the variable IMAGE_PULL_SECRETS, separated by commas.
        job_template_path: a job in YAML that is filled in, in place of the built-in one.
        volume_mounts: added to the container of each job.
        volumes: added to the pod of each job.
        delete_finished_jobs: delete jobs that have ended; the variable DELETE_FINISHED_JOBS and the setting
            ``cloud.agent.kubernetes_keep_alive`` can forbid it.

    Raises:
        ImportError: the package ``kubernetes`` is not installed.
        RuntimeError: neither the cluster around us nor a kubeconfig says which cluster to use.
    """

    def __init__(
        self,
        agent_config_id: str | None = None,
        namespace: str | None = None,
        service_account_name: str | None = None,
        image_pull_secrets: Iterable[str] | None = None,
        job_template_path: str | None = None,
        name: str | None = None,
        labels: Iterable[str] | None = None,
        env_vars: Mapping[str, str] | None = None,
        max_polls: int | None = None,
        agent_address: str | None = None,
        no_cloud_logs: bool | None = None,
        volume_mounts: Iterable[Mapping[str, Any]] | None = None,
        volumes: Iterable[Mapping[str, Any]] | None = None,
        delete_finished_jobs: bool = True,
    ) -> None:
        self.kubernetes = package("kubernetes", "kubernetes", "Kubernetes agent")
        super().__init__(
            agent_config_id=agent_config_id,
            name=name,
            labels=labels,
            env_vars=env_vars,
            max_polls=max_polls,
            agent_address=agent_address,
            no_cloud_logs=no_cloud_logs,
        )
        around = os.environ
        self.namespace = namespace or around.get("NAMESPACE") or "default"
        self.service_account_name = service_account_name or around.get("SERVICE_ACCOUNT_NAME") or None
        named = around.get("IMAGE_PULL_SECRETS", "").split(",")
        self.image_pull_secrets = list(image_pull_secrets or [secret.strip() for secret in named if secret.strip()])
        self.job_template_path = job_template_path
        self.volume_mounts = list(volume_mounts or [])
        self.volumes = list(volumes or [])
        self.delete_finished_jobs = (
            delete_finished_jobs
            and _is_true(around.get("DELETE_FINISHED_JOBS", "true"))
            and not context.config.cloud.agent.get("kubernetes_keep_alive")
        )
        self.heartbeat_period = _seconds_between_looks()
        self.batch_client, self.core_client = self._connect()
        self._watcher = JobWatcher(
            kubernetes=self.kubernetes,
            batch=self.batch_client,
            core=self.core_client,
            client=self.client,
            namespace=self.namespace,
            deletes=self.delete_finished_jobs,
            logger=self.logger,
            timeout_seconds=TIMEOUT_SECONDS,
        )

    # ----- one flow run

    def deploy_flow(self, flow_run: GraphQLResult) -> str:
        """Create the job of a flow run and give its name."""
        job = self.generate_job_spec(flow_run)
        name = job["metadata"]["name"]
        self.logger.debug("Creating namespaced job %s", name)
        self._create(job)
        return f"Job {name}"

    def generate_job_spec(self, flow_run: GraphQLResult) -> dict[str, Any]:
        """Build the job of a flow run.

        Raises:
            TypeError: the run wants another kind of agent.
            ValueError: its template is no job.
            OSError: its template cannot be read.
        """
        run_config = self._get_run_config(flow_run, KubernetesRun)
        template = self._template(run_config)
        image = get_flow_image(flow_run, default=first_container(template).get("image"))
        return build_job(
            template,
            run_config,
            flow_run_id=flow_run.id,
            flow_id=flow_run.flow.id,
            image=image,
            command=get_flow_run_command(flow_run),
            environ=self.populate_env_vars(flow_run, image, run_config),
            defaults=self._defaults(),
        )

    def heartbeat(self) -> None:
        """Look after the jobs of this agent's namespace."""
        self.manage_jobs()

    def manage_jobs(self) -> None:
        """Tell of pods that cannot start or have failed, and delete jobs that have ended."""
        self._watcher.look(busy=self.submitting_flow_runs)

    def operator_variables(self) -> set[str]:
        """Name the variables of the agent's own, and those of its template."""
        container = first_container(read_yaml(self.job_template_path)) if self.job_template_path else {}
        return super().operator_variables() | {entry.get("name") or "" for entry in container.get("env") or ()}

    generate_deployment_yaml = staticmethod(kubernetes_manifests)

    # ----- the cluster

    def _connect(self) -> tuple[Any, Any]:
        """Make the clients: for the cluster around this process, else for that of the kubeconfig."""
        config, client = self.kubernetes.config, self.kubernetes.client
        settings = client.Configuration()
        try:
            config.load_incluster_config(client_configuration=settings)
        except config.config_exception.ConfigException:
            try:
                config.load_kube_config(client_configuration=settings)
            except (config.config_exception.ConfigException, OSError) as error:
                raise RuntimeError(f"no cluster to work for: {error}") from error
        api = client.ApiClient(settings)
        return client.BatchV1Api(api), client.CoreV1Api(api)

    def _create(self, job: Mapping[str, Any]) -> None:
        import urllib3

        for attempt in range(1, TRIES + 1):
            try:
                self.batch_client.create_namespaced_job(
                    namespace=self.namespace, body=job, _request_timeout=TIMEOUT_SECONDS
                )
            except self.kubernetes.client.rest.ApiException as error:
                # Its name is its own: it was created, and the answer was lost.
                if error.status != 409:
                    raise RuntimeError(f"Kubernetes refused the job: {_reason(error)}") from error
            except urllib3.exceptions.HTTPError as error:
                if attempt == TRIES:
                    raise RuntimeError(f"Kubernetes does not answer: {error}") from error
                self.logger.warning("Kubernetes does not answer, trying again: %s", error)
                continue
            return

    def _template(self, run_config: KubernetesRun) -> Mapping[str, Any]:
        if run_config.job_template is not None:
            template: Mapping[str, Any] = run_config.job_template
            return template
        path = run_config.job_template_path or self.job_template_path
        return read_yaml(path) if path else DEFAULT_TEMPLATE

    def _defaults(self) -> JobDefaults:
        around = os.environ

        def amounts(kind: str) -> dict[str, str]:
            found = {"memory": around.get(f"JOB_MEM_{kind}"), "cpu": around.get(f"JOB_CPU_{kind}")}
            return {name: amount for name, amount in found.items() if amount}

        return JobDefaults(
            service_account_name=self.service_account_name,
            image_pull_secrets=self.image_pull_secrets,
            image_pull_policy=around.get("IMAGE_PULL_POLICY") or None,
            volumes=self.volumes,
            volume_mounts=self.volume_mounts,
            requests=amounts("REQUEST"),
            limits=amounts("LIMIT"),
        )


def _is_true(text: str) -> bool:
    return text.strip().lower() not in ("false", "0", "no", "off")


def _reason(error: Any) -> str:
    """Put a refusal in a line: what its status object says, else its own reason."""
    import json

    try:
        message = json.loads(error.body or "{}").get("message")
    except (ValueError, AttributeError):
        message = None
    return f"{error.status} {message or error.reason}"


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Agent": "prefect.agent.agent",
            "config": "prefect.configuration",
            "prefect": "prefect:",
        },
    )


def _seconds_between_looks() -> float:
    """Give how often jobs are looked after: ``cloud.agent.resource_manager.loop_interval`` seconds, at least one."""
    given = context.config.cloud.agent.resource_manager.loop_interval
    try:
        seconds = float(given)
    except (TypeError, ValueError):
        seconds = math.nan
    if not 1 <= seconds <= MOST_SECONDS_BETWEEN_LOOKS:
        raise ValueError(
            "cloud.agent.resource_manager.loop_interval must be seconds, "
            f"from 1 to {MOST_SECONDS_BETWEEN_LOOKS:,}, not {given!r}"
        )
    return seconds
