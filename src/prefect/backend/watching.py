"""Following a flow run to its end: its states and log lines as the server pushes them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from prefect.backend.flow_run_view import FlowRunLog, FlowRunView
from prefect.contract import limits, operations
from prefect.exceptions import ServerUnreachable

if TYPE_CHECKING:
    from prefect.client.client import Client

LONGEST_WATCH = timedelta(hours=12)
POLL_SECONDS = 30.0
"""How long one question waits on the server for something new."""

LOST_SECONDS = 120.0
"""How long a watcher waits for a server that is away."""

FIRST_ADVICE_SECONDS = 15.0
NEXT_ADVICE_SECONDS = 30.0


def watch_flow_run(
    flow_run_id: str,
    stream_states: bool = True,
    stream_logs: bool = True,
    max_duration: timedelta = LONGEST_WATCH,
) -> Iterator[FlowRunLog]:
    """Yield what happens to a flow run, from its beginning until it is finished, as log lines.

    Advice about agents is mixed in while no agent has taken a run that is due.

    Args:
        stream_states: yield a line for each state that the run enters.
        stream_logs: yield the run's own log lines.

    Raises:
        RuntimeError: the run is not finished after ``max_duration``.
    """
    from prefect.client.client import Client

    flow_run = FlowRunView.from_flow_run_id(flow_run_id)
    if flow_run.state.is_finished():
        if stream_states:
            since = datetime.now(UTC) - flow_run.updated_at
            yield _own_line(f"Your flow run finished {_words(since)} ago", logging.INFO)
        return

    deadline = time.monotonic() + max_duration.total_seconds()
    advice = _Advice(flow_run)
    client = Client()
    cursor = 0
    is_finished = is_lost = False
    while True:
        wait = 0.0 if is_finished else max(min(POLL_SECONDS, advice.due_in(), deadline - time.monotonic()), 0.0)
        try:
            events, cursor = _next_events(client, flow_run_id, cursor, wait)
        except ServerUnreachable as error:
            if is_lost:
                raise
            # Told at once; then the run is given the time that it gives its server itself.
            is_lost = True
            yield _own_line(f"{error} Trying again for {LOST_SECONDS:.0f} seconds.", logging.WARNING)
            client.retry_seconds = LOST_SECONDS
            continue
        if is_lost:
            is_lost = False
            client.retry_seconds = None
        for event in sorted(events, key=lambda event: event["timestamp"]):
            if event["kind"] == "state":
                is_finished = _is_finished(event["state"])
                advice.note(event["state"])
            if stream_states if event["kind"] == "state" else stream_logs:
                yield _line(event)
        if is_finished and not events:
            return
        if advice.due_in() <= 0:
            yield advice.give()
        if time.monotonic() >= deadline and not is_finished:
            state = flow_run.get_latest().state
            raise RuntimeError(
                f"`watch_flow_run` timed out after {round(max_duration.total_seconds() / 3600, 1)} hours of waiting "
                f"for completion. Your flow run is still in state: {state}"
            )


def stream_flow_run_logs(flow_run_id: str, max_duration: timedelta = LONGEST_WATCH) -> None:
    """Print what happens to a flow run until it is finished, one line each, in local time."""
    for log in watch_flow_run(flow_run_id, max_duration=max_duration):
        level = logging.getLevelName(log.level)
        print(f"{log.timestamp.astimezone():%H:%M:%S} | {level:<7} | {log.message}", flush=True)


def _next_events(
    client: Client, flow_run_id: str, cursor: int, wait_seconds: float
) -> tuple[list[dict[str, Any]], int]:
    """Ask for the events after ``cursor``; there may be more as long as any come: a server bounds their bytes, too."""
    answer = client.wait_for(
        operations.FLOW_RUN_EVENTS,
        wait_seconds,
        flow_run_id=flow_run_id,
        after=cursor,
        wait_seconds=wait_seconds,
        limit=limits.EVENT_PAGE,
    )["flow_run_events"]
    return answer["events"], answer["cursor"]


def _line(event: Mapping[str, Any]) -> FlowRunLog:
    if event["kind"] == "log":
        return FlowRunLog.from_dict(event)
    entered = {
        "timestamp": event["timestamp"],
        "level": "INFO",
        "message": f"Entered state <{event['state']}>: {event['message']}",
    }
    return FlowRunLog.from_dict(entered)


def _own_line(message: str, level: int) -> FlowRunLog:
    import pendulum

    return FlowRunLog(timestamp=pendulum.now("UTC"), level=level, message=message)


def _is_finished(state_name: str) -> bool:
    from prefect.model import codec
    from prefect.model.state import Finished

    found = codec.find("state", state_name)
    return found is not None and issubclass(found, Finished)


class _Advice:
    """When a run that is due waits for an agent, words about the agents there are; ever again while it waits."""

    def __init__(self, flow_run: FlowRunView) -> None:
        self.labels = flow_run.labels
        self.is_waiting = flow_run.state.is_scheduled()
        # Nobody is late before the run is due.
        starts_in = 0.0
        start_time = getattr(flow_run.state, "due_time", None)
        if start_time is not None:
            starts_in = max((start_time - datetime.now(UTC)).total_seconds(), 0.0)
        self.waiting_since = time.monotonic() + starts_in
        self.next_at = self.waiting_since + FIRST_ADVICE_SECONDS

    def note(self, state_name: str) -> None:
        was_waiting = self.is_waiting
        self.is_waiting = state_name == "Scheduled"
        if self.is_waiting and not was_waiting:
            self.waiting_since = time.monotonic()
            self.next_at = self.waiting_since + FIRST_ADVICE_SECONDS

    def due_in(self) -> float:
        """Seconds until words are due; they may be due already."""
        return self.next_at - time.monotonic() if self.is_waiting else POLL_SECONDS

    def give(self) -> FlowRunLog:
        now = time.monotonic()
        self.next_at = now + NEXT_ADVICE_SECONDS
        return _own_line(
            f"It has been {round(now - self.waiting_since)} seconds and your flow run has not been submitted by an "
            f"agent. {check_for_compatible_agents(self.labels)}",
            logging.WARNING,
        )


# ----- agents


def check_for_compatible_agents(labels: Iterable[str], since_minutes: int = 1) -> str:
    """Say in a sentence or two which agents there are for a run with these labels.

    Args:
        since_minutes: an agent that asked for work within this time counts as healthy.
    """
    from prefect.client.client import Client

    wanted = set(labels)
    named = f"labels {wanted!r}" if wanted else "empty labels"
    agents = [agent for agent in Client().ask(operations.AGENTS)["agent"] if agent["last_queried"]]
    oldest = datetime.now(UTC) - timedelta(minutes=since_minutes)
    healthy = [agent for agent in agents if _last_queried(agent) >= oldest]
    fitting = [agent for agent in agents if _fits(agent, wanted)]
    fitting_healthy = [agent for agent in healthy if _fits(agent, wanted)]
    fitting_lost = [agent for agent in fitting if agent not in fitting_healthy]

    if len(fitting_healthy) == 1:
        agent = fitting_healthy[0]
        return (
            f"Agent {_title(agent)} has matching labels and last queried {_ago(agent)}. It should deploy your flow run."
        )
    if fitting_healthy:
        return (
            f"Found {len(fitting_healthy)} healthy agents with matching labels. One of them should pick up your flow."
        )
    if len(fitting_lost) == 1:
        agent = fitting_lost[0]
        return (
            f"Agent {_title(agent)} has matching labels and last queried {_ago(agent)}. Since it hasn't queried "
            f"recently, it looks unhealthy. Restart it or start a new agent with {named} to deploy your flow run."
        )
    if fitting_lost:
        return (
            f"Found {len(fitting_lost)} agents with matching labels but they have not queried recently and look "
            f"unhealthy. Restart one of them or start a new agent with {named} deploy your flow run."
        )
    if healthy:
        return (
            f"You have {len(healthy)} healthy agents in your tenant but do not have an agent with {named}. Start an "
            "agent with matching labels to deploy your flow run."
        )
    return (
        "There are no healthy agents in your tenant and it does not look like an agent with the required labels has "
        f"been run recently. Start an agent with {named} to run your flow."
    )


def _fits(agent: Mapping[str, Any], labels: set[str]) -> bool:
    offered = set(agent["labels"] or ())
    return labels <= offered and bool(labels) == bool(offered)


def _last_queried(agent: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(agent["last_queried"])


def _title(agent: Mapping[str, Any]) -> str:
    return f"{agent['id']} ({agent['name']})" if agent["name"] else str(agent["id"])


def _ago(agent: Mapping[str, Any]) -> str:
    return f"{_words(datetime.now(UTC) - _last_queried(agent))} ago"


def _words(duration: timedelta) -> str:
    """Say a duration in its largest unit: "a few seconds", "1 minute", "5 minutes", "3 days"."""
    seconds = max(int(duration.total_seconds()), 0)
    for unit, length in (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = seconds // length
        if count:
            return f"{count} {unit}" + ("s" if count > 1 else "")
    return "a few seconds" if seconds < 45 else f"{seconds} seconds"
