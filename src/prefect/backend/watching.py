"""Following a flow run to its end: its states and log lines as the server pushes them."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
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
    *,
    after: int = 0,
) -> Iterator[FlowRunLog]:
    """Yield what happens to a flow run, from its beginning until it is finished, as log lines.

    Advice about agents is mixed in while no agent has taken a run that is due.

    Args:
        stream_states: yield a line for each state that the run enters.
        stream_logs: yield the run's own log lines.
        after: the number of an event: yield what comes behind it.

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
    events_of_run = RunEvents(Client(), flow_run_id, after)
    while True:
        is_finished = events_of_run.is_finished
        wait = 0.0 if is_finished else max(min(POLL_SECONDS, advice.due_in(), deadline - time.monotonic()), 0.0)
        try:
            events = events_of_run.read(wait)
        except ServerUnreachable as error:
            yield _own_line(events_of_run.patience(error), logging.WARNING)
            continue
        for event in events:
            if event["kind"] == "state":
                advice.note(event["state"])
            if stream_states if event["kind"] == "state" else stream_logs:
                yield _line(event)
        if is_finished and not events:
            return
        if advice.due_in() <= 0:
            yield advice.give()
        if time.monotonic() >= deadline and not events_of_run.is_finished:
            state = flow_run.get_latest().state
            raise RuntimeError(
                f"`watch_flow_run` timed out after {round(max_duration.total_seconds() / 3600, 1)} hours of waiting "
                f"for completion. Your flow run is still in state: {state}"
            )


class NotTaken(Exception):
    """No agent has taken a flow run in time."""


def until_taken(client: Client, flow_run_id: str, longest_seconds: float) -> Iterator[FlowRunLog]:
    """Yield advice about agents until one has taken a flow run, or it has ended.

    Args:
        longest_seconds: so long at most, from when the run is due.

    Raises:
        NotTaken: none has; says which agents there are.
    """
    from prefect.model.state_facts import WAITING

    flow_run = FlowRunView.from_flow_run_id(flow_run_id)
    advice = _Advice(flow_run)
    deadline = advice.waiting_since + longest_seconds
    events_of_run = RunEvents(client, flow_run_id)
    while True:
        left = deadline - time.monotonic()
        try:
            events = events_of_run.read(max(min(POLL_SECONDS, advice.due_in(), left), 0.0))
        except ServerUnreachable as error:
            yield _own_line(events_of_run.patience(error), logging.WARNING)
            continue
        if any(event["kind"] == "state" and event["state"] not in WAITING for event in events):
            return
        if left <= 0 and not events:
            raise NotTaken(
                f"No agent has taken the run within {_words(timedelta(seconds=longest_seconds))}. "
                f"{check_for_compatible_agents(flow_run.labels)}"
            )
        if left > 0 and advice.due_in() <= 0:
            yield advice.give()


def stream_flow_run_logs(flow_run_id: str, max_duration: timedelta = LONGEST_WATCH) -> None:
    """Print what happens to a flow run until it is finished, one line each, in local time."""
    for log in watch_flow_run(flow_run_id, max_duration=max_duration):
        level = logging.getLevelName(log.level)
        print(f"{log.timestamp.astimezone():%H:%M:%S} | {level:<7} | {log.message}", flush=True)


class RunEvents:
    """Reads what happens in a flow run, page by page: its states and log lines, in the order of their commits.

    Args:
        after: the number of the event behind which it begins; 0: from the first.
        levels: only log lines of these; None means all.

    Attributes:
        cursor: the number of the last event that was looked at.
        is_finished: the last state that was read is one in which a run has ended; lines may come behind it.
    """

    def __init__(
        self, client: Client, flow_run_id: str, after: int = 0, *, levels: Collection[str] | None = None
    ) -> None:
        self.cursor = after
        self.is_finished = False
        self._client = client
        self._flow_run_id = flow_run_id
        self._levels = levels
        self._is_lost = False

    def read(self, wait_seconds: float) -> list[dict[str, Any]]:
        """Give the next events, sorted by time; wait for them so long when there are none.

        As long as any come there may be more: a server bounds their bytes, too.

        Raises:
            ServerUnreachable: ask :meth:`patience` whether to go on.
        """
        which: dict[str, Any] = {"wait_seconds": wait_seconds, "limit": limits.EVENT_PAGE}
        document = operations.FLOW_RUN_EVENTS
        if self._levels is not None:
            # Not named otherwise: a server of an earlier version does not know it.
            document, which = operations.FLOW_RUN_EVENTS_OF_LEVELS, which | {"levels": list(self._levels)}
        asked = {"flow_run_id": self._flow_run_id, "after": self.cursor, **which}
        answer = self._client.wait_for(document, wait_seconds, **asked)["flow_run_events"]
        if self._is_lost:
            self._is_lost = False
            self._client.retry_seconds = None
        self.cursor = answer["cursor"]
        events = sorted(answer["events"], key=lambda event: event["timestamp"])
        for event in events:
            if event["kind"] == "state":
                self.is_finished = _is_finished(event["state"])
        return events

    def skip(self) -> int:
        """Pass over all that has happened until now, and give the number of the last of it."""
        self.cursor = -1
        self.read(0.0)
        return self.cursor

    def patience(self, error: ServerUnreachable) -> str:
        """Give a run the time without its server that it gives it itself, and say so; raises the second time."""
        if self._is_lost:
            raise error
        self._is_lost = True
        self._client.retry_seconds = LOST_SECONDS
        return f"{error} Trying again for {LOST_SECONDS:.0f} seconds."


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
