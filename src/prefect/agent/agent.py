"""What every agent does: register, find due runs, take them before another agent can, start them, tell of failures."""

from __future__ import annotations

import signal
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from os import cpu_count
from typing import TYPE_CHECKING, Any, TypeVar

from prefect._lazy import lazy
from prefect._version import __version__
from prefect.agent.health import HealthServer
from prefect.agent.policy import RunConfigPolicy
from prefect.agent.polling import Clock, PollingLoop
from prefect.client.client import Client
from prefect.contract import errors, limits, operations
from prefect.exceptions import AuthorizationError, ClientError, ServerUnreachable
from prefect.model import codec
from prefect.model.state import Failed, State, Submitted
from prefect.model.state_facts import TAKEABLE, WAITING
from prefect.utilities.collections import DotDict
from prefect.utilities.context import context
from prefect.utilities.graphql import GraphQLResult
from prefect.utilities.logging import create_agent_logger

R = TypeVar("R")

BANNER = """
  Proctor {version}, with the 1.x interface of Prefect

  {kind:<12} {name}
  API          {address}
  Guide        docs/guides/agents.md
  Stop         Ctrl-C
"""
ENDING = {
    "SIGINT": "Keyboard interrupt received! Shutting down...",
    "SIGTERM": "SIGTERM received! Shutting down...",
    "SIGHUP": "SIGHUP received, the terminal was closed! Shutting down...",
}
"""What the agent says when it is told to end, by the signal that tells it."""

PREFETCH_SECONDS = 10.0
"""How far ahead of its start time a run is asked for, when the server cannot hold the question back until then."""

GRACE = timedelta(seconds=3)
"""A task run's retry this long overdue is not being waited for by the process of its flow run any more."""

RETRY_SECONDS = 5.0
HEARTBEAT_SECONDS = 60.0


class Agent:
    """The base of all agents; a subclass says in :meth:`deploy_flow` how a flow run is started.

    Args:
        agent_config_id: settings kept by the server, found in ``agent_config`` after the start.
        name: absent means ``config.cloud.agent.name``.
        labels: the labels whose runs it takes; absent means ``config.cloud.agent.labels``.
        env_vars: variables for every flow run that it starts.
        max_polls: how often to look for runs; absent means for ever.
        agent_address: URL of an HTTP server to start, for health checks.
        no_cloud_logs: forbid the flow runs to send logs; absent means as configured.
    """

    wait_seconds = 30.0
    clock: Clock | None = None
    _server_knows_givers = True
    takes_unlabelled = False
    """Whether it also takes runs without labels, although it has some itself."""
    show_banner = True
    """Whether it says at its start, on the terminal, what it is and where."""

    def __init__(
        self,
        agent_config_id: str | None = None,
        name: str | None = None,
        labels: Iterable[str] | None = None,
        env_vars: Mapping[str, str] | None = None,
        max_polls: int | None = None,
        agent_address: str | None = None,
        no_cloud_logs: bool | None = None,
    ) -> None:
        settings = context.config.cloud
        self.agent_config_id = agent_config_id
        self.agent_config: dict[str, Any] | None = None
        self.name = name or settings.agent.get("name", "agent")
        self.labels = _several(labels or settings.agent.get("labels") or ())
        self.env_vars = dict(env_vars or settings.agent.get("env_vars") or {})
        self.max_polls = max_polls
        self.agent_address = agent_address or settings.agent.get("agent_address") or ""
        # From the settings alone: a subclass with arguments of its own keeps to it as well.
        self.policy = RunConfigPolicy(settings.agent.get("allow_run_config"), settings.agent.get("deny_env") or ())
        self.log_to_cloud = bool(settings.send_flow_run_logs) if no_cloud_logs is None else not no_cloud_logs
        self.logger = create_agent_logger(self.name, settings.agent.get("level", "INFO"))
        self.submitting_flow_runs: set[str] = set()
        self.heartbeat_period: float = HEARTBEAT_SECONDS
        self.client = Client()
        self._loop: PollingLoop | None = None
        self._finished = threading.Event()

    # ----- what a kind of agent may say

    def deploy_flow(self, flow_run: GraphQLResult) -> str:
        """Start a flow run, without waiting for it, and say in a few words where it was started."""
        raise NotImplementedError

    def heartbeat(self) -> None:
        """Look after what was started; called every ``heartbeat_period`` seconds, once a minute."""

    def on_startup(self) -> None:
        """Prepare; called before the first look for runs."""

    def on_shutdown(self) -> None:
        """Clean up; called after the last look for runs."""

    def room(self) -> int | None:
        """Say how many more runs may be started now, not counting those that are being started; absent: any number."""
        return None

    @property
    def flow_run_api_key(self) -> str | None:
        """The key that flow runs are given."""
        return self.client.api_key

    # ----- the life of an agent

    def start(self) -> None:
        """Register, then look for due runs and start them, until interrupted.

        Raises:
            ClientError: the server does not answer, or refuses this agent.
            HealthAddressError: the agent's own address has no port, or cannot be listened on.
        """
        with HealthServer(self.agent_address, self._poke):
            self._live()

    def _live(self) -> None:
        self.logger.info("Registering agent...")
        self._register()
        if self.agent_config_id:
            self.agent_config = self.client.get_agent_config(self.agent_config_id)
        self.logger.info("Registration successful!")
        self.client.ask(operations.HELLO)
        # From now on a server that is away for a moment is waited for.
        self.client.retry_seconds = RETRY_SECONDS
        self.on_startup()
        kind = type(self).__name__
        if self.show_banner:
            told = {"version": __version__, "kind": kind, "name": self.name, "address": self.client.api_server}
            print(BANNER.format(**told), flush=True)
        self.logger.info("Starting %s with labels %s", type(self).__name__, self.labels)
        heartbeat = threading.Thread(target=self._beat, name="agent-heartbeat", daemon=True)
        heartbeat.start()
        self.logger.info("Waiting for flow runs...")
        try:
            with _signals_interrupt():
                self._work()
        except KeyboardInterrupt as interrupt:
            by = str(interrupt.args[0]) if interrupt.args else "SIGINT"
            self.logger.info(ENDING.get(by, ENDING["SIGINT"]))
        finally:
            self._finished.set()
            self.on_shutdown()

    def stop(self) -> None:
        """End the agent after its present look for runs; what it started goes on."""
        if self._loop is not None:
            self._loop.stop()

    def _poke(self) -> None:
        if self._loop is not None:
            self._loop.poke()

    def _set_aside(self, run_id: str) -> None:
        if self._loop is not None:
            self._loop.set_aside(run_id)

    def _register(self) -> None:
        agent_id = self.client.register_agent(
            agent_type=type(self).__name__,
            name=self.name,
            labels=self.labels,
            agent_config_id=self.agent_config_id,
        )
        self.client.attach_headers({"X-PREFECT-AGENT-ID": agent_id})

    def _beat(self) -> None:
        while not self._finished.wait(self.heartbeat_period):
            try:
                self.heartbeat()
            except Exception:
                self.logger.exception("The agent's heartbeat failed")

    def _work(self) -> None:
        workers = min(32, (cpu_count() or 1) + 4)
        # Interrupted, the agent lets deployments that have begun come to their end: the pool is left by waiting.
        with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="deploy") as pool:

            def take(run_ids: Collection[str]) -> Collection[str]:
                runs = self._runs_to_start(run_ids)
                # The others stay in the queue, for this agent or another one.
                for run in runs[: self._free()]:
                    self.submitting_flow_runs.add(run["id"])
                    pool.submit(self._deploy_flow_run, run)
                return [run["id"] for run in runs]

            self._loop = PollingLoop(
                find=self._find,
                take=take,
                busy=lambda: list(self.submitting_flow_runs),
                can_wait=lambda: self.client.knows_extras,
                on_lost=self._warn_of_loss,
                on_found_again=self._return,
                max_polls=self.max_polls,
                wait_seconds=self.wait_seconds,
                clock=self.clock,
                room=self._free,
                # Also an answer that nobody foresaw, of a gateway for instance: what has ended starts no run any more.
                passes=lambda error: not isinstance(error, AuthorizationError),
            )
            self._loop.run()

    def _free(self) -> int | None:
        room = self.room()
        return None if room is None else max(0, room - len(self.submitting_flow_runs))

    # ----- finding runs

    def _find(self, excluded: Collection[str], wait_seconds: float) -> list[str]:
        """Ask for due runs; a server that knows how holds the answer back until there is one."""
        plain = {
            "tenant_id": self.client.tenant_id,
            "labels": self.labels,
            "before": (self.client.server_time() + timedelta(seconds=PREFETCH_SECONDS)).isoformat(),
        }
        waiting = {
            "tenant_id": plain["tenant_id"],
            "labels": self.labels,
            "unlabelled": self.takes_unlabelled,
            "wait_seconds": wait_seconds,
            "exclude": list(excluded)[: limits.QUEUE_EXCLUDES],
        }
        free = self._free()
        if free is not None:
            waiting["limit"] = min(free, limits.QUEUE_EXCLUDES)
        answer = self.client.change_with_extras(
            operations.GET_RUNS_IN_QUEUE,
            waiting,
            plain=plain,
            timeout_seconds=wait_seconds + self.client.timeout_seconds,
        )
        left_out = set(excluded)
        return [run_id for run_id in answer["flow_run_ids"] if run_id not in left_out]

    def _runs_to_start(self, run_ids: Collection[str]) -> list[dict[str, Any]]:
        """Read those of the runs that a process has to be started for, the earliest first."""
        before = (self.client.server_time() - GRACE).isoformat()
        runs = self._read_runs(ids=list(run_ids), before=before, states=list(TAKEABLE))
        return sorted(runs, key=lambda run: _start_time(run).timestamp())

    def _read_runs(self, **which: Any) -> list[dict[str, Any]]:
        """Read runs, and who gave them their run config where the server knows that."""
        document = operations.AGENT_FLOW_RUNS
        if self._server_knows_givers and self.client.knows_extras:
            document = operations.AGENT_FLOW_RUNS_AND_GIVERS
        try:
            answer = self.client.ask(document, **which)
        except ClientError as error:
            if "run_config_role" not in str(error):
                raise
            self._server_knows_givers = False
            answer = self.client.ask(operations.AGENT_FLOW_RUNS, **which)
        found: list[dict[str, Any]] = answer["flow_run"]
        return found

    def _warn_of_loss(self, error: Exception) -> None:
        self.logger.warning("%s Trying again until it answers.", error)

    def _return(self) -> None:
        self.logger.info("The API answers again. Waiting for flow runs...")
        # Another database may be behind the address now; the same one gives the agent its former id.
        self._register()

    # ----- starting a run

    def _deploy_flow_run(self, run: dict[str, Any]) -> None:
        run_id = run["id"]
        try:
            self._wait_until(_start_time(run))
            self.logger.info("Deploying flow run %s to execution environment...", run_id)
            self._mark_flow_as_submitted(run)
            run["run_config"] = self._admitted(run)
            where = self.deploy_flow(GraphQLResult(run))
            self._write_log(run_id, f"Submitted for execution: {where}", "INFO")
            self.logger.info("Completed deployment of flow run %s", run_id)
        except Exception as error:
            self._set_aside(run_id)
            if isinstance(error, ServerUnreachable) or getattr(error, "code", "") in errors.NOT_NOW:
                # Whoever has the run by now, this agent or nobody, the server finds it when it is back.
                self.logger.warning("Flow run %s could not be taken: %s", run_id, error)
            elif errors.STATE_UPDATE_FAILED in str(error):
                self.logger.debug("Flow run %s was taken by another agent.", run_id)
            else:
                self._tell_failure(run, error)
        finally:
            was_full = self._free() == 0
            self.submitting_flow_runs.discard(run_id)
            if was_full:
                self._poke()

    def _admitted(self, run: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Give the run config that counts.

        Raises:
            RunConfigRefused: it says what its giver may not say here.
        """
        given, own = run["run_config"], _own_run_config(run)
        # A server without roles does not say who gave it: one that is not the flow's own came with the run.
        role = run.get("run_config_role", None if given == own else "any")
        return self.policy.admit(given, own=own, role=role, locked=self.operator_variables())

    def operator_variables(self) -> set[str]:
        """Name the variables that this agent's operator sets for every flow run."""
        return set(self.env_vars)

    def _wait_until(self, start_time: datetime) -> None:
        seconds = (start_time - self.client.server_time()).total_seconds()
        # A server that holds questions back gives out runs that are due by its own clock: that one counts.
        if seconds > 0 and not self.client.knows_extras:
            self._finished.wait(seconds)

    def _mark_flow_as_submitted(self, run: Mapping[str, Any]) -> None:
        """Take the run, and its task runs that wait, for this agent; refused when another one has it."""
        if run["state"] in WAITING:
            state = _submitted(run["serialized_state"], "Submitted for execution")
            self.client.set_flow_run_state(flow_run_id=run["id"], version=run["version"], state=state)
        for task_run in run["task_runs"]:
            state = _submitted(task_run["serialized_state"], "Submitted for execution.")
            if state.state is not None and state.state.is_scheduled():
                self.client.set_task_run_state(task_run_id=task_run["id"], version=task_run["version"], state=state)

    def _tell_failure(self, run: Mapping[str, Any], error: Exception) -> None:
        message = str(error) or repr(error)
        self.logger.error("Exception encountered while deploying flow run %s", run["id"], exc_info=error)
        self._write_log(run["id"], message, "ERROR")
        self.logger.error("Updating flow run %s state to Failed...", run["id"])
        try:
            self.client.set_flow_run_state(flow_run_id=run["id"], version=run["version"], state=Failed(message))
        except ClientError:
            self.logger.exception("Flow run %s could not be made Failed", run["id"])
        self.logger.error("Deployment of %s aborted!", run["id"])

    def _write_log(self, run_id: str, message: str, level: str) -> None:
        """Write a line into the log of a run; a line that cannot be written is told here instead."""
        try:
            self.client.write_run_logs([{"flow_run_id": run_id, "name": self.name, "message": message, "level": level}])
        except (ClientError, ValueError):
            self.logger.exception("Failed to write a log of flow run %s: %s", run_id, message)

    def _tell_end(self, run_id: str, run_process: str, how: str) -> None:
        """Tell the API that the process of a run has ended before its work was done, and how.

        Args:
            run_process: its name, as its environment has it.
        """
        self.logger.info("Flow run %s: %s", run_id, how)
        try:
            self.client.report_process_end(run_id, run_process.partition("/")[2], how)
        except ClientError as error:
            if "report_process_end" in str(error):  # a server of 1.x
                self._write_log(run_id, f"{how}.", "ERROR")
            else:
                # Then its silence tells.
                self.logger.warning("The end of the process of flow run %s could not be told: %s", run_id, error)

    def _get_run_config(self, flow_run: GraphQLResult, kind: type[R]) -> R:
        """Give the run's config as this agent's kind.

        Raises:
            TypeError: the run wants another kind of agent.
        """
        data = flow_run.run_config
        if data is None:
            return kind()
        config = codec.load("run_config", _plain(data))
        if type(config).__name__ == "UniversalRun":
            return kind(env=config.env, labels=config.labels)  # type: ignore[call-arg]
        if not isinstance(config, kind):
            raise TypeError(
                f"Flow run {flow_run.id} has a `run_config` of type `{type(config).__name__}`, only "
                f"`{kind.__name__}` is supported"
            )
        return config


def _submitted(serialized: Any, message: str) -> Submitted:
    return Submitted(message=message, state=State.deserialize(serialized))


def _own_run_config(run: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give the run config of a run's flow group, else of its flow."""
    flow = run["flow"]
    own: Mapping[str, Any] | None = (flow.get("flow_group") or {}).get("run_config") or flow.get("run_config")
    return own


def _start_time(run: Mapping[str, Any]) -> datetime:
    text = (run["serialized_state"] or {}).get("start_time") or run["scheduled_start_time"]
    found: datetime | None = codec.load_time(text)
    return found or datetime.now(UTC)


def _several(labels: Iterable[str]) -> list[str]:
    """Give labels as a list; a text, as a variable of the environment may be, is one of them or several with commas."""
    if isinstance(labels, str):
        labels = [label.strip() for label in labels.split(",")]
    return [label for label in labels if label]


def _plain(value: Any) -> Any:
    """Undo what the attribute access of answers wrapped."""
    if isinstance(value, DotDict):
        return value.to_dict()
    return value


@contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let SIGTERM, SIGHUP and SIGINT end the agent as Ctrl-C does, where signals can be handled at all.

    A SIGHUP that is ignored (``nohup``) stays so. SIGINT does not:
    a shell that starts the agent in the background of a script has it ignored, and nothing would stop it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt(signal.Signals(number).name)

    numbers = [signal.SIGTERM, signal.SIGINT]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    former = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


@contextmanager
def exit_handler(agent: Agent) -> Iterator[threading.Event]:
    """Give an event that Ctrl-C sets, for the length of a ``with`` block: for agents with a loop of their own.

    ``Agent.start`` needs it no more.
    """
    ended = threading.Event()

    def end(number: int, frame: object) -> None:
        agent.logger.info(ENDING["SIGINT"])
        ended.set()

    former = signal.signal(signal.SIGINT, end)
    try:
        yield ended
    finally:
        signal.signal(signal.SIGINT, former)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "RunConfig": "prefect.run_configs.base",
            "UniversalRun": "prefect.run_configs.base",
            "config": "prefect.configuration",
            "prefect": "prefect:",
            "with_args": "prefect.utilities.graphql",
        },
    )
