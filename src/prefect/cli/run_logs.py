"""The lines of a flow run's log: those that there are, and those that come; filtered where that costs least."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import click

__all__ = ["LEVELS", "LogFilter", "following", "last_lines", "lines_of"]

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")

_PAGE = 1000
#: A filter names so many task runs; of more, their lines are told apart here.
_MOST_NAMED = 500
_PLAIN = r"[\w \-:/,;=@#%&'\"<>!~]+"

Line = Mapping[str, Any]


class LogFilter(NamedTuple):
    """Which lines are wanted; what is absent does not matter.

    Attributes:
        levels: only lines of these.
        of_tasks: only lines of these task runs, by a filter of them (``task_run_bool_exp``).
        task_run_ids: the same, known by their ids.
        text: only lines whose message has this in it, in any case.
        pattern: only lines in whose message this is found.
        since: only lines from this time on; ISO 8601.
    """

    levels: tuple[str, ...] | None = None
    of_tasks: Mapping[str, Any] | None = None
    task_run_ids: tuple[str, ...] | None = None
    text: str | None = None
    pattern: re.Pattern[str] | None = None
    since: str | None = None

    @classmethod
    def of(
        cls,
        *,
        level: str | None = None,
        of_tasks: Mapping[str, Any] | None = None,
        task_run_ids: Iterable[str] | None = None,
        text: str | None = None,
        grep: str | None = None,
        since: str | None = None,
    ) -> LogFilter:
        """Make one of what options say: ``level`` is the lowest, ``grep`` a regular expression.

        Raises:
            click.BadParameter: ``grep`` is none.
        """
        try:
            pattern = None if grep is None else re.compile(grep)
        except re.error as error:
            raise click.BadParameter(f"{grep!r} is no regular expression: {error}", param_hint="--grep") from None
        return cls(
            levels=LEVELS[LEVELS.index(level.upper()) :] if level else None,
            of_tasks=of_tasks,
            task_run_ids=None if task_run_ids is None else tuple(task_run_ids),
            text=text or None,
            pattern=pattern,
            since=since,
        )

    def where(self, flow_run_id: str) -> dict[str, Any]:
        """Give the filter of lines (``log_bool_exp``), as far as the server can tell them apart."""
        parts: list[dict[str, Any]] = [{"flow_run_id": {"_eq": flow_run_id}}]
        if self.levels is not None:
            parts.append({"level": {"_in": list(self.levels)}})
        if self.task_run_ids is not None and len(self.task_run_ids) <= _MOST_NAMED:
            parts.append({"task_run_id": {"_in": list(self.task_run_ids)}})
        if self.text is not None:
            parts.append({"message": {"_ilike": f"%{_escaped(self.text)}%"}})
        if self.pattern is not None and re.fullmatch(_PLAIN, self.pattern.pattern):
            parts.append({"message": {"_like": f"%{_escaped(self.pattern.pattern)}%"}})
        if self.since is not None:
            parts.append({"timestamp": {"_gte": self.since}})
        return {"_and": parts}


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)


class _Choice:
    """Tells the wanted lines of a page from the others; asks which task runs they are of, where it must."""

    def __init__(self, wanted: LogFilter) -> None:
        from datetime import datetime

        self._wanted = wanted
        self._text = None if wanted.text is None else wanted.text.casefold()
        self._since = None if wanted.since is None else datetime.fromisoformat(wanted.since)
        self._is_of_task: dict[str | None, bool] = dict.fromkeys(wanted.task_run_ids or (), True) | {None: False}

    def of(self, lines: Iterable[Line]) -> list[Line]:
        found = [line for line in lines if self._takes(line)]
        if self._wanted.of_tasks is None and self._wanted.task_run_ids is None:
            return found
        self._learn({line["task_run_id"] for line in found} - self._is_of_task.keys())
        return [line for line in found if self._is_of_task[line["task_run_id"]]]

    def _takes(self, line: Line) -> bool:
        from datetime import datetime

        wanted, message = self._wanted, line["message"] or ""
        return (
            (wanted.levels is None or line["level"] in wanted.levels)
            and (self._text is None or self._text in message.casefold())
            and (wanted.pattern is None or wanted.pattern.search(message) is not None)
            and (self._since is None or datetime.fromisoformat(line["timestamp"]) >= self._since)
        )

    def _learn(self, task_run_ids: Collection[str]) -> None:
        from prefect.client.client import Client
        from prefect.contract import operations

        self._is_of_task |= dict.fromkeys(task_run_ids, False)
        if self._wanted.of_tasks is None:
            return
        unknown = sorted(task_run_ids)
        for first in range(0, len(unknown), _MOST_NAMED):
            where = {"_and": [{"id": {"_in": unknown[first : first + _MOST_NAMED]}}, self._wanted.of_tasks]}
            found = Client().ask(operations.LIST_TASK_RUNS, where=where, limit=_MOST_NAMED)["task_run"]
            self._is_of_task |= {row["id"]: True for row in found}


def lines_of(flow_run_id: str, wanted: LogFilter) -> Iterator[Line]:
    """Give the lines that there are, the first that was written first, however many there are."""
    from prefect.client.client import Client
    from prefect.contract import operations

    client, choice, after = Client(), _Choice(wanted), -1
    while True:
        where = {"_and": [wanted.where(flow_run_id), {"seq": {"_gt": after}}]}
        page = client.ask(operations.LOG_PAGE, where=where, limit=_PAGE)["log"]
        yield from choice.of(sorted(page, key=_time))
        if len(page) < _PAGE:
            return
        after = max(line["seq"] for line in page)


def last_lines(flow_run_id: str, wanted: LogFilter, count: int) -> tuple[list[Line], int]:
    """Give the last lines, the oldest of them first; and the number of the newest line that was looked at, or 0."""
    from prefect.client.client import Client
    from prefect.contract import operations

    client, choice = Client(), _Choice(wanted)
    found: list[Line] = []
    newest, before = 0, None
    while len(found) < count:
        parts = [wanted.where(flow_run_id), *([] if before is None else [{"seq": {"_lt": before}}])]
        # Whoever wants few lines of many reads few, as long as the server knows which.
        most = min(max(count - len(found), 50), _PAGE)
        page = client.ask(operations.LAST_LOGS, where={"_and": parts}, limit=most)["log"]
        if page:
            newest, before = max(newest, page[0]["seq"]), page[-1]["seq"]
        found += choice.of(page)
        if len(page) < most:
            break
    return sorted(found[:count], key=lambda line: (line["timestamp"], line["seq"])), newest


def following(flow_run_id: str, wanted: LogFilter, after: int = 0) -> Iterator[Line]:
    """Give the lines behind a number as they come, until the run has ended and none is left.

    What else there is to say (a server that is away, a run that waits) goes to standard error.
    """
    from prefect.backend.watching import POLL_SECONDS, RunEvents
    from prefect.client.client import Client
    from prefect.exceptions import ServerUnreachable

    choice = _Choice(wanted)
    events_of_run = RunEvents(Client(), flow_run_id, after, levels=wanted.levels)
    has_told = False
    while True:
        was_finished = events_of_run.is_finished
        try:
            events = events_of_run.read(0.0 if was_finished else POLL_SECONDS)
        except ServerUnreachable as error:
            click.secho(events_of_run.patience(error), fg="yellow", err=True)
            continue
        lines = choice.of(event for event in events if event["kind"] == "log")
        yield from ({**line, "flow_run_id": flow_run_id} for line in lines)
        if was_finished and not events:
            return
        states = [event["state"] for event in events if event["kind"] == "state"]
        if states and states[-1] == "Scheduled" and not has_told:
            has_told = True
            click.secho(f"It is Scheduled; what it waits for tells: prefect why {flow_run_id}", fg="yellow", err=True)


def _time(line: Line) -> Any:
    return line["timestamp"]
