"""The local agent: each flow run is a process of this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.agent.agent import Agent
from prefect.agent.local.warm import NeedsInterpreter, RunProcess, WarmStarter, is_possible
from prefect.agent.process_ends import MemoryKills, describe_end
from prefect.backend.environ import RUN_PROCESS, local_agent_environ, without_unset
from prefect.backend.forked import COMMAND
from prefect.run_configs import LocalRun
from prefect.utilities.context import context
from prefect.utilities.graphql import GraphQLResult

MOST_PROCESSES = 100_000


class LocalAgent(Agent):
    """Starts each flow run as a process that goes on when the agent ends.

    Args:
        import_paths: directories that the flow runs import modules from.
        show_flow_logs: let the flow runs write to this agent's output.
        hostname_label: add this machine's name to the labels.
        warm: fork the flow runs' processes from one that has loaded what they need, where that is possible.
        max_processes: so many flow runs have a process at one time, the others wait in the queue; absent means
            ``config.cloud.agent.max_processes``, or else as many as :func:`usual_max_processes` says.

    Raises:
        ValueError: ``max_processes`` is no number from 1 to 100,000.
    """

    def __init__(
        self,
        agent_config_id: str | None = None,
        name: str | None = None,
        labels: Iterable[str] | None = None,
        env_vars: Mapping[str, str] | None = None,
        import_paths: Iterable[str] | None = None,
        show_flow_logs: bool = False,
        hostname_label: bool = True,
        max_polls: int | None = None,
        agent_address: str | None = None,
        no_cloud_logs: bool | None = None,
        max_processes: int | None = None,
        warm: bool = False,
    ) -> None:
        self.processes: set[RunProcess] = set()
        self._processes_lock = threading.Lock()
        self.import_paths = list(import_paths or [])
        self.show_flow_logs = show_flow_logs
        super().__init__(
            agent_config_id=agent_config_id,
            name=name,
            labels=labels,
            env_vars=env_vars,
            max_polls=max_polls,
            agent_address=agent_address,
            no_cloud_logs=no_cloud_logs,
        )
        self.max_processes = _read_max_processes(max_processes)
        self._warm = self._warm_starter() if warm else None
        self._is_told_full = False
        hostname = socket.gethostname()
        if hostname_label and hostname not in self.labels:
            # Nobody chose labels for this agent: what any machine may run, it runs too.
            self.takes_unlabelled = not self.labels
            self.labels += _labels_of_host(hostname)

    def deploy_flow(self, flow_run: GraphQLResult) -> str:
        """Start the process of a flow run and give its number."""
        storage = flow_run.flow.storage
        if not storage:
            raise ValueError(f"Flow run {flow_run.id} has no storage to load its flow from.")
        if storage["type"] == "Docker":
            raise TypeError(f"Unsupported Storage type: {storage['type']}")
        run_config = self._get_run_config(flow_run, LocalRun)
        working_dir = run_config.working_dir
        if working_dir and not os.path.isdir(working_dir):
            raise ValueError(f"Flow run {flow_run.id} has a nonexistent `working_dir` configured: {working_dir}")
        kills = MemoryKills()
        process, environ = self._start_run(flow_run, run_config)
        # A thread for each: it is told at once how one has ended.
        threading.Thread(
            target=self._see_end,
            args=(process, flow_run.id, environ, kills),
            name=f"process-{process.pid}",
            daemon=True,
        ).start()
        return f"PID: {process.pid}"

    def room(self) -> int:
        """Say how many more flow runs may have a process."""
        with self._processes_lock:
            left = max(0, self.max_processes - len(self.processes))
        if left == 0 and not self._is_told_full:
            self._is_told_full = True
            self.logger.info(
                "%d flow runs have a process, as many as --max-processes allows; others wait in the queue.",
                self.max_processes,
            )
        return left

    def populate_env_vars(self, flow_run: GraphQLResult, run_config: Any = None) -> dict[str, str]:
        """Build the environment of the process of a flow run."""
        key = self.flow_run_api_key
        return local_agent_environ(
            flow_run.id,
            flow_run.flow.id,
            run_config,
            agent_env=self.env_vars,
            labels=self.labels,
            import_paths=self.import_paths,
            api_key=key,
            tenant_id=self.client.tenant_id if key else None,
            send_logs=self.log_to_cloud,
        )

    def on_startup(self) -> None:
        """Start what the flow runs are forked from, if they are."""
        if self._warm is not None:
            self._warm.prepare()

    def on_shutdown(self) -> None:
        """End it; the flow runs go on."""
        if self._warm is not None:
            self._warm.stop()

    def _warm_starter(self) -> WarmStarter | None:
        if not is_possible():
            self.logger.warning("--warm is not possible on this system: each flow run gets an interpreter of its own.")
            return None
        return WarmStarter(self._output, {**os.environ, **without_unset(self.env_vars)})

    @property
    def _output(self) -> int | None:
        return None if self.show_flow_logs else subprocess.DEVNULL

    def _start_run(self, flow_run: GraphQLResult, run_config: LocalRun) -> tuple[RunProcess, Mapping[str, str]]:
        """Start the process of a flow run; gives its environment, too."""
        environ = self.populate_env_vars(flow_run, run_config)
        process: RunProcess | None = None
        if self._warm is not None:
            try:
                process = self._warm.start(environ, run_config.working_dir)
            except NeedsInterpreter as why:
                self.logger.info("Flow run %s gets an interpreter of its own: %s", flow_run.id, why)
                # Under another name: should a fork be there all the same, the API takes the word of one only.
                environ = self.populate_env_vars(flow_run, run_config)
        if process is None:
            process = self._start(environ, run_config.working_dir)
        with self._processes_lock:
            self.processes.add(process)
        return process, environ

    def _start(self, environ: Mapping[str, str], working_dir: str | None) -> subprocess.Popen[bytes]:
        # A session of its own: neither Ctrl-C at the agent's terminal nor the agent's end reaches the flow run.
        return subprocess.Popen(
            [sys.executable, *COMMAND],
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._output,
            env=dict(environ),
            cwd=working_dir,
            start_new_session=True,
        )

    def _see_end(self, process: RunProcess, run_id: str, environ: Mapping[str, str], kills: MemoryKills) -> None:
        exit_code = process.wait()
        with self._processes_lock:
            was_full = len(self.processes) >= self.max_processes
            self.processes.discard(process)
        if was_full:
            self._poke()
        if exit_code:
            self.logger.info("Process PID %s returned non-zero exit code %s", process.pid, exit_code)
            self._tell_end(run_id, environ[RUN_PROCESS], describe_end(exit_code, kills))

    @staticmethod
    def generate_supervisor_conf(
        token: str | None = None,
        labels: Iterable[str] | None = None,
        env_vars: Mapping[str, str] | None = None,
        import_paths: Iterable[str] | None = None,
        show_flow_logs: bool = False,
        key: str | None = None,
        tenant_id: str | None = None,
        agent_config_id: str | None = None,
    ) -> str:
        """Write the configuration with which supervisord keeps a local agent running.

        Args:
            token: without meaning; an API key is given as ``key``.
        """
        from prefect.agent.local.supervisor import supervisor_conf

        return supervisor_conf(
            key=key,
            tenant_id=tenant_id,
            labels=labels or (),
            env=[f"{name}={value}" for name, value in (env_vars or {}).items()],
            agent_config_id=agent_config_id,
            import_paths=import_paths or (),
            show_flow_logs=show_flow_logs,
        )


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "config": "prefect.configuration",
            "prefect": "prefect:",
        },
    )


def usual_max_processes() -> int:
    """Say how many flow runs have a process at one time unless told: 25 for each processor, 50 at the least."""
    return max(50, 25 * (os.cpu_count() or 1))


def _read_max_processes(given: Any) -> int:
    if given is None:
        given = context.config.cloud.agent.get("max_processes") or usual_max_processes()
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MOST_PROCESSES:
        raise ValueError(f"max_processes must be a whole number from 1 to {MOST_PROCESSES}; got {given!r}")
    return given


def _labels_of_host(name: str) -> list[str]:
    """Give the labels of a machine: its name, and its address where all machines of Docker Desktop have one name."""
    if name != "docker-desktop":
        return [name]
    try:
        # As in 1.x; the name stays, because local storage uses it.
        return [socket.gethostbyname(name), name]
    except OSError:
        return [name]
