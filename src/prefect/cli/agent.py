"""``prefect agent``: start an agent of each kind; print what installs one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

import click

from prefect.cli.failures import TerminalError
from prefect.cli.group import CONTEXT_SETTINGS, Group

Command = Callable[..., None]


@click.group(cls=Group, context_settings=CONTEXT_SETTINGS)
def agent() -> None:
    """Start agents, which run flow runs on your machines.

    \b
    Examples:
      $ prefect agent local start --label gpu
      $ prefect agent docker start --network my-network
    """


@agent.group(context_settings=CONTEXT_SETTINGS)
def local() -> None:
    """Agents that run each flow run as a process of this machine."""


@agent.group(context_settings=CONTEXT_SETTINGS)
def docker() -> None:
    """Agents that run each flow run as a Docker container."""


@agent.group(context_settings=CONTEXT_SETTINGS)
def kubernetes() -> None:
    """Agents that run each flow run as a Kubernetes job."""


@agent.group(context_settings=CONTEXT_SETTINGS)
def ecs() -> None:
    """Agents that run each flow run as an AWS ECS task."""


@agent.group(context_settings=CONTEXT_SETTINGS)
def vertex() -> None:
    """Agents that run each flow run as a Google Vertex AI job."""


# ----- options of several commands

KEY = click.option("--key", "-k", help="API key; absent means the one configured or stored.")
TENANT_ID = click.option("--tenant-id", help="Tenant to work for; absent means that of the key.")
API = click.option("--api", "-a", help="Address of the API; absent means the one configured.")
AGENT_CONFIG_ID = click.option("--agent-config-id", help="Id of an agent configuration at the API.")
LABEL = click.option("--label", "-l", "labels", multiple=True, help="Label of runs that it takes. Repeatable.")
ENV = click.option("--env", "-e", "env", multiple=True, help="KEY=VALUE for every run's environment. Repeatable.")
SHOW_FLOW_LOGS = click.option("--show-flow-logs", "-f", is_flag=True, help="Show the runs' own output here.")

START_OPTIONS = (
    KEY,
    TENANT_ID,
    API,
    AGENT_CONFIG_ID,
    click.option("--name", "-n", help="Name of the agent."),
    LABEL,
    ENV,
    click.option(
        "--allow-run-config",
        type=click.Choice(["all", "env", "none"]),
        help="What counts of a run config that comes with a run; by default all, but nothing from keys below admin.",
    ),
    click.option(
        "--deny-env", "deny_env", multiple=True, help="Variable that no run may set: NAME or A_*. Repeatable."
    ),
    click.option("--max-polls", type=int, help="Ask for runs this many times, then end."),
    click.option("--agent-address", help="Serve health checks at this address: http://host:port."),
    click.option("--no-cloud-logs", is_flag=True, default=None, help="Do not send the runs' logs to the API."),
    click.option(
        "--log-level",
        type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR"], case_sensitive=False),
        help="Level of the agent's own logs.",
    ),
)


def options(*chosen: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Add options to a command, shown in this order."""

    def add(command: Command) -> Command:
        for option in reversed(chosen):
            command = option(command)
        return command

    return add


# ----- start


@local.command("start", context_settings=CONTEXT_SETTINGS)
@options(
    *START_OPTIONS,
    click.option("--import-path", "-p", "import_paths", multiple=True, help="Folder to import from. Repeatable."),
    SHOW_FLOW_LOGS,
    click.option(
        "--hostname-label/--no-hostname-label", default=True, help="Take runs labelled with this host's name."
    ),
    click.option(
        "--max-processes",
        type=click.IntRange(min=1),
        help="Flow runs that have a process at one time; by default 25 for each processor, at least 50.",
    ),
    click.option(
        "--warm", is_flag=True, help="Fork each run's process from one that has loaded what it needs: a quick start."
    ),
)
def start_local(import_paths: tuple[str, ...], **common: Any) -> None:
    """Start a local agent."""
    start_agent("prefect.agent.local", "LocalAgent", import_paths=list(import_paths), **common)


@docker.command("start", context_settings=CONTEXT_SETTINGS)
@options(
    *START_OPTIONS,
    click.option("--base-url", "-b", help="Address of the Docker engine."),
    click.option("--no-pull", is_flag=True, default=None, help="Do not pull images."),
    SHOW_FLOW_LOGS,
    click.option("--volume", "volumes", multiple=True, help="host:container[:ro|rw], or one path. Repeatable."),
    click.option("--network", "networks", multiple=True, help="Docker network of the containers. Repeatable."),
    click.option("--docker-client-timeout", type=int, help="Seconds to wait for the engine; 60 by default."),
)
def start_docker(volumes: tuple[str, ...], networks: tuple[str, ...], **common: Any) -> None:
    """Start a Docker agent."""
    start_agent("prefect.agent.docker", "DockerAgent", volumes=list(volumes), networks=tuple(networks), **common)


@kubernetes.command("start", context_settings=CONTEXT_SETTINGS)
@options(
    *START_OPTIONS,
    click.option("--namespace", help="Namespace of the jobs; `default` by default."),
    click.option("--job-template", "job_template_path", help="Path of a job template in place of the built-in one."),
    click.option("--service-account-name", help="Service account of the jobs."),
    click.option("--image-pull-secrets", help="Pull secrets of the jobs: a,b."),
    click.option("--disable-job-deletion", is_flag=True, help="Keep finished jobs."),
)
def start_kubernetes(image_pull_secrets: str | None, disable_job_deletion: bool, **common: Any) -> None:
    """Start a Kubernetes agent."""
    start_agent(
        "prefect.agent.kubernetes",
        "KubernetesAgent",
        image_pull_secrets=_listed(image_pull_secrets),
        delete_finished_jobs=not disable_job_deletion,
        **common,
    )


@ecs.command("start", context_settings=CONTEXT_SETTINGS)
@options(
    *START_OPTIONS,
    click.option("--cluster", help="Cluster to run in; absent means the default one."),
    click.option("--launch-type", type=click.Choice(["FARGATE", "EC2"], case_sensitive=False), help="Launch type."),
    click.option("--task-role-arn", help="Role of the tasks."),
    click.option("--execution-role-arn", help="Role that starts the tasks."),
    click.option("--task-definition", "task_definition_path", help="Path of a task definition, as YAML."),
    click.option("--run-task-kwargs", "run_task_kwargs_path", help="Path of further arguments, as YAML."),
)
def start_ecs(**common: Any) -> None:
    """Start an ECS agent."""
    start_agent("prefect.agent.ecs", "ECSAgent", **common)


@vertex.command("start", context_settings=CONTEXT_SETTINGS)
@options(
    *START_OPTIONS,
    click.option("--project", help="Google Cloud project of the jobs."),
    click.option("--region-name", help="Region of the jobs."),
    click.option("--service-account", help="Service account of the jobs."),
)
def start_vertex(**common: Any) -> None:
    """Start a Vertex agent."""
    start_agent("prefect.agent.vertex", "VertexAgent", **common)


def start_agent(
    module: str,
    class_name: str,
    *,
    key: str | None,
    tenant_id: str | None,
    api: str | None,
    labels: Iterable[str],
    env: Iterable[str],
    log_level: str | None,
    allow_run_config: str | None,
    deny_env: Iterable[str],
    **settings: Any,
) -> None:
    """Make an agent and let it work until it ends; options win over the configuration of this process."""
    from prefect.agent.health import HealthAddressError
    from prefect.utilities.configuration import set_temporary_config

    env_vars = environment(env)
    chosen = {
        "cloud.api_key": key,
        "cloud.tenant_id": tenant_id,
        "cloud.agent.level": log_level and log_level.upper(),
        "cloud.api": api,
        "cloud.agent.allow_run_config": allow_run_config,
        "cloud.agent.deny_env": list(deny_env) or None,
    }
    agent_class = load_agent_class(module, class_name)
    given = {name: value for name, value in settings.items() if value is not None}
    with set_temporary_config({name: value for name, value in chosen.items() if value}):
        try:
            started = agent_class(labels=sorted(set(labels)) or None, env_vars=env_vars, **given)
        except ImportError as error:
            raise _not_available(class_name, error) from error
        except (ValueError, RuntimeError) as error:
            raise TerminalError(f"{class_name} cannot be started: {error}", code="START_REFUSED") from error
        try:
            started.start()
        except HealthAddressError as error:
            raise TerminalError(f"{class_name} cannot be started: {error}", code="START_REFUSED") from error


def load_agent_class(module: str, class_name: str) -> Any:
    """Import an agent's class.

    Raises:
        TerminalError: this version has no such agent, or a package that it needs is not installed.
    """
    try:
        return getattr(import_module(module), class_name)
    except (ImportError, AttributeError) as error:
        raise _not_available(class_name, error) from error


def _not_available(class_name: str, error: Exception) -> TerminalError:
    missing = getattr(error, "name", None) or ""
    if isinstance(error, AttributeError) or missing.startswith("prefect"):
        from prefect._version import __version__

        return TerminalError(f"{class_name} is not available in version {__version__} yet.")
    return TerminalError(f"{class_name} needs a package that is not installed: {error}", code="MISSING_PACKAGE")


def environment(items: Iterable[str]) -> dict[str, str]:
    """Read KEY=VALUE items.

    Raises:
        click.BadParameter: an item has no ``=``, or nothing before it.
    """
    values = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"expected KEY=VALUE, got {item!r}", param_hint="'--env' / '-e'")
        values[name] = value
    return values


def _listed(text: str | None) -> list[str] | None:
    return [part.strip() for part in text.split(",") if part.strip()] if text else None


# ----- install

INSTALL_OPTIONS = (KEY, TENANT_ID, LABEL, ENV, AGENT_CONFIG_ID)


@local.command("install", context_settings=CONTEXT_SETTINGS)
@options(
    *INSTALL_OPTIONS,
    click.option("--import-path", "-p", "import_paths", multiple=True, help="Folder to import from. Repeatable."),
    SHOW_FLOW_LOGS,
)
def install_local(**settings: Any) -> None:
    """Print a configuration of supervisord that keeps a local agent running."""
    from prefect.agent.local.supervisor import supervisor_conf

    environment(settings["env"])
    click.echo(supervisor_conf(**settings))


@kubernetes.command("install", context_settings=CONTEXT_SETTINGS)
@options(
    *INSTALL_OPTIONS,
    API,
    click.option("--namespace", "-n", help="Namespace of the agent and its jobs."),
    click.option("--image-pull-secrets", "-i", help="Pull secrets of the agent and its jobs: a,b."),
    click.option("--rbac", is_flag=True, help="Add the role that the agent needs."),
    click.option("--latest", is_flag=True, help="The newest image in place of this version's."),
    click.option("--mem-request", help="Memory that a job asks for."),
    click.option("--mem-limit", help="Memory that a job may use."),
    click.option("--cpu-request", help="CPU that a job asks for."),
    click.option("--cpu-limit", help="CPU that a job may use."),
    click.option("--image-pull-policy", help="When the jobs' image is pulled."),
    click.option("--service-account-name", help="Service account of the jobs."),
    click.option("--backend", "-b", help="Backend of the agent: server or cloud."),
)
def install_kubernetes(env: tuple[str, ...], **settings: Any) -> None:
    """Print the Kubernetes manifests of an agent."""
    from prefect.agent.kubernetes.manifests import kubernetes_manifests

    click.echo(kubernetes_manifests(env_vars=environment(env), **settings))
