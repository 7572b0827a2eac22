"""The environment of a flow-run process, built here alone.

Whoever starts such a process (a local agent, ``prefect run --execute``) gets its variables from here, so that
there is one answer to what wins over what: later entries win over earlier ones.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from prefect.utilities.context import context

# What a process calls itself beside its run: the API refuses one that the run was taken from.
RUN_PROCESS = "PREFECT__CONTEXT__RUN_PROCESS"
_OWN_NAME = os.urandom(16).hex()

CLOUD_FLOW_RUNNER = "prefect.engine.cloud.CloudFlowRunner"


def generate_flow_run_environ(
    flow_run_id: str,
    flow_id: str,
    run_config: Any,
    run_api_key: str | None = None,
    include_local_env: bool = False,
) -> dict[str, str]:
    """Build the environment of a process that executes a flow run for whoever started this one.

    Args:
        run_config: its ``env`` is taken; may be None.
        run_api_key: the key that the process uses; absent means the one of this process.
        include_local_env: begin with the variables of this process.
    """
    config = context.config
    key = run_api_key or config.cloud.get("api_key") or ""
    return {
        **(os.environ if include_local_env else {}),
        "PREFECT__CLOUD__SEND_FLOW_RUN_LOGS": str(config.cloud.send_flow_run_logs),
        "PREFECT__LOGGING__LEVEL": str(config.logging.level),
        "PREFECT__LOGGING__FORMAT": str(config.logging.format),
        "PREFECT__LOGGING__DATEFMT": str(config.logging.datefmt),
        **_env_of(run_config),
        "PREFECT__CLOUD__TENANT_ID": str(config.cloud.get("tenant_id") or ""),
        "PREFECT__CLOUD__API_KEY": key,
        "PREFECT__CLOUD__AUTH_TOKEN": key,
        **_forced(flow_run_id, flow_id),
        # One name for all processes that this one starts for the run, one after the other.
        RUN_PROCESS: f"{flow_run_id}/{_OWN_NAME}",
    }


def local_agent_environ(
    flow_run_id: str,
    flow_id: str,
    run_config: Any,
    *,
    agent_env: Mapping[str, str],
    labels: Sequence[str],
    import_paths: Sequence[str],
    api_key: str | None,
    tenant_id: str | None,
    send_logs: bool,
) -> dict[str, str]:
    """Build the environment of a process that executes a flow run for a local agent.

    Args:
        import_paths: directories that modules are imported from after the working directory and ``PYTHONPATH``.
        tenant_id: passed on with a key only.
        send_logs: False forbids the process to send logs; True leaves the choice to the run.
    """
    config = context.config
    working_dir = getattr(run_config, "working_dir", None) or os.getcwd()
    python_path = [working_dir, os.environ.get("PYTHONPATH", ""), *import_paths]
    environ = {
        **os.environ,
        "PREFECT__LOGGING__LEVEL": str(config.logging.level),
        "PYTHONPATH": os.pathsep.join(path for path in python_path if path),
        **without_unset(agent_env),
        **_env_of(run_config),
    }
    name = "PREFECT__CLOUD__SEND_FLOW_RUN_LOGS"
    wanted = environ.get(name, "true").lower() != "false"
    return {
        **environ,
        name: str(send_logs and wanted).lower(),
        **({"PREFECT__CLOUD__API_KEY": api_key} if api_key else {}),
        **({"PREFECT__CLOUD__TENANT_ID": tenant_id} if api_key and tenant_id else {}),
        "PREFECT__CLOUD__AGENT__LABELS": str(list(labels)),
        "PREFECT__CLOUD__USE_LOCAL_SECRETS": "false",
        **_forced(flow_run_id, flow_id),
        RUN_PROCESS: f"{flow_run_id}/{os.urandom(16).hex()}",
    }


def container_environ(
    flow_run_id: str,
    flow_id: str,
    run_config: Any,
    *,
    image: str,
    agent_env: Mapping[str, str],
    labels: Sequence[str],
    api_key: str | None,
    tenant_id: str | None,
    send_logs: bool,
    api: str | None = None,
) -> dict[str, str]:
    """Build what an agent adds to the environment of a container that executes a flow run.

    Args:
        image: told to the flow run, whose tasks may want to start more of the same; may be empty.
        tenant_id: passed on with a key only.
        send_logs: False forbids the container to send logs; True leaves the choice to the run.
        api: the address at which the container reaches the API; absent means the one that this process uses.
    """
    environ = {
        "PREFECT__LOGGING__LEVEL": str(context.config.logging.level),
        **without_unset(agent_env),
        **_env_of(run_config),
    }
    name = "PREFECT__CLOUD__SEND_FLOW_RUN_LOGS"
    sends = str(send_logs and environ.get(name, "true").lower() != "false").lower()
    forced = _forced(flow_run_id, flow_id)
    return {
        **environ,
        name: sends,
        # The same for containers of versions before 0.15.
        "PREFECT__LOGGING__LOG_TO_CLOUD": sends,
        **({"PREFECT__CLOUD__API_KEY": api_key, "PREFECT__CLOUD__AUTH_TOKEN": api_key} if api_key else {}),
        **({"PREFECT__CLOUD__TENANT_ID": tenant_id} if api_key and tenant_id else {}),
        "PREFECT__CLOUD__AGENT__LABELS": str(list(labels)),
        "PREFECT__CLOUD__USE_LOCAL_SECRETS": "false",
        **({"PREFECT__CONTEXT__IMAGE": image} if image else {}),
        **forced,
        RUN_PROCESS: f"{flow_run_id}/{os.urandom(16).hex()}",
        "PREFECT__CLOUD__API": api or forced["PREFECT__CLOUD__API"],
    }


def _env_of(run_config: Any) -> dict[str, str]:
    return without_unset(getattr(run_config, "env", None) or {})


def without_unset(env: Mapping[str, Any]) -> dict[str, str]:
    """Give variables as texts; one whose value is None, as of ``os.environ.get``, is left out."""
    return {str(name): str(value) for name, value in env.items() if value is not None}


def _forced(flow_run_id: str, flow_id: str) -> dict[str, str]:
    """Give what neither an agent nor a run may choose otherwise."""
    return {
        "PREFECT__BACKEND": str(context.config.backend),
        "PREFECT__CLOUD__API": str(context.config.cloud.api),
        "PREFECT__CONTEXT__FLOW_RUN_ID": flow_run_id,
        "PREFECT__CONTEXT__FLOW_ID": flow_id,
        "PREFECT__ENGINE__FLOW_RUNNER__DEFAULT_CLASS": CLOUD_FLOW_RUNNER,
    }
