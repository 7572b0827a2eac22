"""Which flow runs a command is about: those that are named, or all that its conditions find.

A run is named by its id, the beginning of its id, its name, ``@last`` or ``@last:FLOW``. Conditions are ``--where
state=Failed`` and the short options for what is asked most; all of them hold at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

import click

from prefect.cli.failures import Failure
from prefect.cli.suggestions import did_you_mean
from prefect.cli.times import moment

__all__ = [
    "Conditions",
    "brief",
    "conditions",
    "id_of",
    "ids_of",
    "known_states",
    "last_questions",
    "listing_questions",
    "task_runs_where",
    "upcoming_at",
    "where_of",
]

_CONDITION = r"(?s)\s*([a-z_]+(?:\.[^=!<>~]+)?)\s*(!=|>=|<=|=|>|<|~)\s*(.*)"
#: Shorter beginnings of an id are taken for names alone.
_LEAST_OF_AN_ID = 4
_ID_CHARACTERS = 32
_SAME = {"=": "_in", "!=": "_nin"}
_LATER = {"=": "_eq", ">": "_gt", ">=": "_gte", "<": "_lt", "<=": "_lte"}
_TIMES = ("created", "updated", "start_time", "end_time", "scheduled_start_time")
_TEXTS: dict[str, tuple[str, ...]] = {
    "name": ("name",),
    "state": ("state",),
    "message": ("state_message",),
    "flow": ("flow", "name"),
    "project": ("flow", "project", "name"),
}
_KEYS = (*_TEXTS, "label", "id", "scheduled", *_TIMES, "parameter.NAME")


class Conditions(NamedTuple):
    """What a command was told of the runs it is about."""

    where: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    flow: str | None = None
    project: str | None = None
    since: str | None = None

    def __bool__(self) -> bool:
        return bool(self.where or self.states or self.flow or self.project or self.since)


def conditions(command: Callable[..., Any], project: tuple[str, ...] = ("--project",)) -> Callable[..., Any]:
    """Add the options from which :class:`Conditions` are made: ``where``, ``states``, ``flow``, ``project``, ``since``.

    Args:
        project: how the option of the project is called.
    """
    keys = f"{', '.join(_KEYS[:-1])} and {_KEYS[-1]}"
    for option in (
        click.option("--since", help="Only runs that were due since: 30m, 2h, 7d, or a time (UTC unless it says)."),
        click.option(*project, help="Only runs of flows of this project."),
        click.option("--flow", "-f", help="Only runs of the flow of this name."),
        click.option("--state", "states", multiple=True, help="Only runs in this state; of several, in any of them."),
        click.option(
            "--where",
            multiple=True,
            help="Only runs of which this is true: KEY=VALUE, KEY!=VALUE, KEY~PART of a text, KEY<VALUE of a time. "
            f"Keys are {keys}. VALUE may be several, with commas between. All conditions hold at once.",
        ),
    ):
        command = option(command)
    return command


def where_of(given: Conditions, now: datetime | None = None) -> dict[str, Any]:
    """Put conditions as a filter (``flow_run_bool_exp``).

    Raises:
        click.BadParameter: one of them cannot be meant; says what was expected.
    """
    now = now or datetime.now(UTC)
    texts = [("state", "=", ",".join(given.states))] if given.states else []
    texts += [(key, "=", value) for key, value in (("flow", given.flow), ("project", given.project)) if value]
    parts = [_part(key, sign, value, now, split=key == "state") for key, sign, value in texts]
    for text in given.where:
        read = re.fullmatch(_CONDITION, text)
        if read is None:
            raise click.BadParameter(f"expected KEY=VALUE, got {text!r}", param_hint="--where")
        parts.append(_part(read[1], read[2], read[3], now))
    if given.since:
        # Runs of a schedule that are not due yet are not "since" anything.
        due = {"_gte": moment(given.since, now, "--since"), "_lte": now.isoformat()}
        parts.append({"scheduled_start_time": due})
    return parts[0] if len(parts) == 1 else {"_and": parts}


def _part(key: str, sign: str, value: str, now: datetime, split: bool = True) -> dict[str, Any]:
    name, _, inner = key.partition(".")
    if name == "parameter" and inner and sign == "=":
        from prefect.cli import key_values

        return {"parameters": {"_contains": key_values.parse([f"{inner}={value}"], "parameter")}}
    if key in _TEXTS and sign in (*_SAME, "~"):
        return _nested(_TEXTS[key], _text(key, sign, value.split(",") if split else [value]))
    if key == "label" and sign in _SAME:
        holds = {"_or": [{"labels": {"_contains": [label]}} for label in value.split(",")]}
        return holds if sign == "=" else {"_not": holds}
    if key == "id" and sign in _SAME:
        return {"id": {_SAME[sign]: value.split(",")}}
    if key == "scheduled" and sign == "=" and value in ("true", "false"):
        return {"auto_scheduled": {"_eq": value == "true"}}
    if key in _TIMES and sign in _LATER:
        return {key: {_LATER[sign]: moment(value, now, "--where")}}
    raise click.BadParameter(
        f"{key}{sign}{value}: expected KEY=VALUE, KEY!=VALUE or KEY~PART with one of {', '.join(_TEXTS)}, "
        "label=, id=, scheduled=true|false, parameter.NAME=, or KEY<TIME, KEY>TIME (<=, >=) with one of "
        f"{', '.join(_TIMES)}",
        param_hint="--where",
    )


def known_states(names: Iterable[str], hint: str = "--state") -> list[str]:
    """Give names of states back, if there are such states; whether letters are large or small does not matter.

    Raises:
        click.BadParameter: there is none of a name.
    """
    from prefect.model.state_facts import STORABLE

    by_name = {name.lower(): name for name in STORABLE}
    found = []
    for name in names:
        if name.strip().lower() not in by_name:
            known = ", ".join(STORABLE)
            raise click.BadParameter(
                f"there is no state {name!r}{did_you_mean(name, STORABLE)}; the states are {known}", param_hint=hint
            )
        found.append(by_name[name.strip().lower()])
    return found


def upcoming_at(now: datetime) -> dict[str, Any]:
    """Give the filter of runs that are yet to come: Scheduled, and not due."""
    return {"state": {"_eq": "Scheduled"}, "scheduled_start_time": {"_gt": now.isoformat()}}


def listing_questions(
    where: dict[str, Any], limit: int, now: datetime, *, is_started: bool, is_upcoming: bool
) -> dict[str, Any]:
    """Give the variables of ``operations.LIST_FLOW_RUNS_AND_UPCOMING``: runs that are or were, and those to come.

    Args:
        where: what holds for all of them.
    """
    to_come = upcoming_at(now)
    nothing: dict[str, Any] = {"id": {"_in": []}}
    real, order = {"_and": [where, {"_not": to_come}]}, {"scheduled_start_time": "desc"}
    if is_started:
        real, order = {"_and": [where, {"start_time": {"_is_null": False}}]}, {"start_time": "desc"}
    return {
        "where": nothing if is_upcoming else real,
        "order_by": [order],
        "upcoming": nothing if is_started else {"_and": [where, to_come]},
        "limit": limit,
    }


def task_runs_where(flow_run_ids: Iterable[str], task: str | None, states: Iterable[str] = ()) -> dict[str, Any]:
    """Give the filter of the task runs of flow runs (``task_run_bool_exp``).

    Args:
        task: id of a task run, or name or slug of its task; with a place in a map behind it, ``NAME[3]``, one child.
        states: some of them; none means any.
    """
    ids = list(flow_run_ids)
    # A database finds its way through one run better than through a list of one.
    parts: list[dict[str, Any]] = [{"flow_run_id": {"_eq": ids[0]} if len(ids) == 1 else {"_in": ids}}]
    if task is not None:
        parts.append(_of_task(task))
    if states := list(states):
        parts.append({"state": {"_in": states}})
    return {"_and": parts}


def _of_task(name: str) -> dict[str, Any]:
    from uuid import UUID

    with suppress(ValueError):
        return {"id": {"_eq": str(UUID(name))}}
    meant = [_named_task(name)]
    if child := re.fullmatch(r"(.+)\[(\d{1,9})\]", name, re.DOTALL):
        meant.append({**_named_task(child[1]), "map_index": {"_eq": int(child[2])}})
    return {"_or": meant}


def _named_task(name: str) -> dict[str, Any]:
    return {"task": {"_or": [{"name": {"_eq": name}}, {"slug": {"_eq": name}}]}}


def _text(key: str, sign: str, values: list[str]) -> dict[str, Any]:
    if key == "state" and sign != "~":
        values = known_states(values)
    if sign == "~":
        plain = re.sub(r"([\\%_])", r"\\\1", ",".join(values))
        return {"_ilike": f"%{plain}%"}
    return {_SAME[sign]: values}


def _nested(path: Iterable[str], test: dict[str, Any]) -> dict[str, Any]:
    for name in reversed(list(path)):
        test = {name: test}
    return test


# ---------------------------------------------------------------------------------------- runs by their names


def ids_of(names: Iterable[str]) -> list[str]:
    """Give the id of each named run, each once; a whole id is taken as it is, whether there is such a run or not.

    Raises:
        click.ClickException: a name fits no run, or more than one.
    """
    return list(dict.fromkeys(id_of(name) for name in names))


def id_of(name: str) -> str:
    """Give the id of a named run.

    Raises:
        click.ClickException: the name fits no run, or more than one.
    """
    from uuid import UUID

    from prefect.client.client import Client
    from prefect.contract import operations

    try:
        return str(UUID(name))
    except ValueError:
        pass
    if name.startswith("@"):
        return _last(name)
    runs = Client().ask(
        operations.LIST_FLOW_RUNS, where={"_or": _meant(name)}, order_by=[{"created": "desc"}], limit=3
    )["flow_run"]
    if not runs:
        raise Failure(f"There is no flow run {name!r}.", "NOT_FOUND")
    if len(runs) > 1:
        listed = ", ".join(f"{run['id']} ({run['name']})" for run in runs[:2])
        raise click.ClickException(f"{name!r} may be {listed}{' and others' if len(runs) > 2 else ''}: give the id.")
    return str(runs[0]["id"])


def _last(name: str) -> str:
    """Give the run that came last: when it was due, or, of one that is yet to come, when somebody made it."""
    from prefect.client.client import Client
    from prefect.contract import operations

    word, colon, flow = name.partition(":")
    if word != "@last" or (colon and not flow):
        raise click.BadParameter(f"expected @last or @last:FLOW, got {name!r}", param_hint="RUN")
    now = datetime.now(UTC)
    found = Client().ask(operations.LAST_FLOW_RUN, **last_questions(flow, now))

    def came(run: dict[str, Any]) -> datetime:
        due = datetime.fromisoformat(run["scheduled_start_time"])
        return due if due <= now else datetime.fromisoformat(run["created"])

    runs = [*found["made"], *found["due"]]
    if not runs:
        raise Failure(f"There is no flow run{f' of a flow {flow!r}' if flow else ''} yet.", "NOT_FOUND")
    return str(max(runs, key=came)["id"])


def last_questions(flow: str, now: datetime) -> dict[str, Any]:
    """Give the filters of ``operations.LAST_FLOW_RUN``; an empty ``flow`` means any."""
    of_flow: dict[str, Any] = {"flow": {"name": {"_eq": flow}}} if flow else {}
    # A schedule makes its runs long before: the newest of them is not the last that was.
    not_to_come = {"_not": {**upcoming_at(now), "auto_scheduled": {"_eq": True}}}
    due = {"scheduled_start_time": {"_lte": now.isoformat()}}
    return {"due": {**of_flow, **due}, "made": {**of_flow, **not_to_come}}


def _meant(name: str) -> list[dict[str, Any]]:
    """Say what may be meant: a run of this name, or one whose id begins so."""
    meant: list[dict[str, Any]] = [{"name": {"_eq": name}}]
    digits = name.replace("-", "").lower()
    if _LEAST_OF_AN_ID <= len(digits) <= _ID_CHARACTERS and re.fullmatch(r"[0-9a-f]+", digits):
        first, last = (_id(digits.ljust(_ID_CHARACTERS, end)) for end in "0f")
        meant.append({"id": {"_gte": first, "_lte": last}})
    return meant


def _id(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def brief(run: dict[str, Any]) -> str:
    """Put a run as one line."""
    return f"{run['id']}  {run['state'] or '':<12}  {json.dumps(run['name'])[1:-1]}"
