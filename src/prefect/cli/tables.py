"""What each listing tells of its rows: one declaration for the tables, for programs, and for the reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.cli.output import Column, Table

__all__ = [
    "AGENTS",
    "ARTIFACTS",
    "AUTOMATIONS",
    "FLOWS",
    "FLOW_RUNS",
    "KEYS",
    "KEY_VALUES",
    "LIMITS",
    "LOGS",
    "PROJECTS",
    "SCHEDULES",
    "SECRETS",
    "TABLES",
    "TASKS",
    "TASK_RUNS",
    "TENANTS",
]

_NAME_AT_LEAST = 6


def _project(row: Mapping[str, Any]) -> Any:
    return ((row["flow"] or {}).get("project") or {}).get("name")


def _flow_name(row: Mapping[str, Any]) -> Any:
    return (row["flow"] or {}).get("name")


def _age(row: Mapping[str, Any], key: str = "created") -> str:
    from prefect.cli import render

    return render.age(row[key])


def _heard(row: Mapping[str, Any]) -> str:
    return _age(row, "last_queried")


def _started(row: Mapping[str, Any]) -> str:
    from prefect.cli import render

    return render.plain_time(row["start_time"])


def _when(row: Mapping[str, Any]) -> str:
    """Say when a run started; of one that has not, when it is due."""
    from prefect.cli import render

    if row["start_time"] is not None or row.get("scheduled_start_time") is None:
        return _started(row)
    return f"due {render.plain_time(row['scheduled_start_time'])}"


_CREATED = Column("created", "when it was made, or registered", heading="AGE", text=_age)

FLOWS = Table(
    "get flows",
    (
        Column("name", "its name", heading="NAME", least=_NAME_AT_LEAST),
        Column("version", "its version", heading="VERSION"),
        _CREATED,
        Column("id", "id of this version", heading="ID"),
        Column(
            "project",
            "name of its project",
            of=lambda row: (row["project"] or {}).get("name"),
            heading="PROJECT NAME",
            least=_NAME_AT_LEAST,
        ),
    ),
)

PROJECTS = Table(
    "get projects",
    (
        Column("name", "its name", heading="NAME", least=_NAME_AT_LEAST),
        Column(
            "flow_count",
            "how many flows it has",
            of=lambda row: row["flows_aggregate"]["aggregate"]["count"],
            heading="FLOW COUNT",
        ),
        _CREATED,
        Column("description", "what it is for", heading="DESCRIPTION", least=_NAME_AT_LEAST),
        Column("id", "its id"),
    ),
)

FLOW_RUNS = Table(
    "get flow-runs",
    (
        Column("name", "its name", heading="NAME", least=_NAME_AT_LEAST),
        Column("flow", "name of its flow", of=_flow_name, heading="FLOW NAME", least=_NAME_AT_LEAST),
        Column("state", "name of its state", heading="STATE"),
        Column("created", "when it was made", heading="AGE", text=_age, may_go=True),
        Column(
            "start_time",
            "when it started; a table says when it is due as long as it has not",
            heading="START TIME",
            text=_when,
        ),
        Column("id", "its id", heading="ID", is_id=True),
        Column("scheduled_start_time", "when it is, or was, due"),
        Column("end_time", "when it ended"),
        Column("state_message", "what its state says"),
        Column("labels", "those that its agent must have"),
        Column("auto_scheduled", "whether its flow's schedule made it"),
        Column("project", "name of its flow's project", of=_project),
    ),
)

TASKS = Table(
    "get tasks",
    (
        Column("name", "its name", heading="NAME", least=_NAME_AT_LEAST),
        Column("flow", "name of its flow", of=_flow_name, heading="FLOW NAME", least=_NAME_AT_LEAST),
        Column(
            "flow_version",
            "version of its flow",
            of=lambda row: (row["flow"] or {}).get("version"),
            heading="FLOW VERSION",
        ),
        _CREATED,
        Column("mapped", "whether it is mapped", heading="MAPPED"),
        Column("type", "its class", heading="TYPE", least=_NAME_AT_LEAST),
        Column("slug", "what tells it from the other tasks of its flow"),
        Column("id", "its id"),
    ),
)

TASK_RUNS = Table(
    "get task-runs",
    (
        Column("task", "name of its task", of=lambda row: row["task"]["name"], heading="TASK", least=_NAME_AT_LEAST),
        Column("map_index", "its place in a map; -1: in none", heading="MAP INDEX"),
        Column("state", "name of its state", heading="STATE"),
        Column("start_time", "when it started", heading="START TIME", text=_started),
        Column("state_message", "what its state says", heading="MESSAGE", least=_NAME_AT_LEAST),
        Column("id", "its id", heading="ID", is_id=True),
        Column("end_time", "when it ended"),
        Column("name", "its own name, if it has one"),
        Column("slug", "what tells its task from the others of the flow", of=lambda row: row["task"]["slug"]),
    ),
)

LOGS = Table(
    "logs",
    (
        Column("timestamp", "when it was logged", heading="TIMESTAMP"),
        Column("level", "its level", heading="LEVEL"),
        Column("message", "its text", heading="MESSAGE"),
        Column("name", "name of its logger"),
        Column("task_run_id", "id of the task run that it is of; null: of none"),
        Column("flow_run_id", "id of the flow run"),
    ),
)

TENANTS = Table(
    "auth list-tenants",
    (
        Column("name", "its name", heading="NAME", least=_NAME_AT_LEAST),
        Column("slug", "its name in addresses", heading="SLUG"),
        Column("id", "its id", heading="ID"),
        Column("current", "whether commands are for it", heading="", text=lambda row: "*" if row["current"] else ""),
    ),
)

KEYS = Table(
    "auth list-keys",
    (
        Column("name", "what it is for", heading="NAME", least=_NAME_AT_LEAST),
        Column("id", "its id", heading="ID"),
        Column(
            "expires_at",
            "when it ends; null: never",
            heading="EXPIRES AT",
            text=lambda row: row["expires_at"] or "NEVER",
        ),
    ),
)

AGENTS = Table(
    "get agents",
    (
        Column("name", "its name", heading="NAME", least=_NAME_AT_LEAST),
        Column("type", "its kind", heading="TYPE"),
        Column(
            "labels",
            "which runs it takes",
            heading="LABELS",
            text=lambda row: ", ".join(row["labels"] or ()),
            least=_NAME_AT_LEAST,
        ),
        Column(
            "last_queried",
            "when it last asked for runs",
            heading="LAST HEARD",
            text=_heard,
        ),
        Column("id", "its id", heading="ID", is_id=True),
        Column("core_version", "its version"),
        Column("created", "when it was registered"),
    ),
)

SCHEDULES = Table(
    "schedule list",
    (
        Column("flow", "name of the flow", of=lambda row: row["name"], heading="FLOW", least=_NAME_AT_LEAST),
        Column(
            "project",
            "name of its project",
            of=lambda row: row["project"]["name"],
            heading="PROJECT",
            least=_NAME_AT_LEAST,
        ),
        Column(
            "active",
            "whether it makes runs",
            of=lambda row: row["is_schedule_active"],
            heading="ACTIVE",
            text=lambda row: "yes" if row["is_schedule_active"] else "no",
        ),
        Column(
            "clocks",
            "what it is made of",
            of=lambda row: _clocks(row),
            heading="CLOCKS",
            text=lambda row: _clock_words(row),
        ),
        Column("flow_id", "id of the newest version", of=lambda row: row["id"]),
    ),
)


def _clocks(row: Mapping[str, Any]) -> Any:
    held = (row["flow_group"] or {}).get("schedule") or row["schedule"] or {}
    return held.get("clocks")


def _clock_words(row: Mapping[str, Any]) -> str:
    words = []
    for clock in _clocks(row) or ():
        seconds = clock.get("interval")
        # An interval is written in microseconds.
        every = None if not isinstance(seconds, int | float) else f"every {seconds / 1_000_000:g} s"
        words.append(str(clock.get("cron") or every or clock.get("type")))
    return ", ".join(words)


LIMITS = Table(
    "limit list",
    (
        Column("kind", "`label` of flow runs, or `tag` of tasks", heading="KIND"),
        Column("name", "the label or tag", heading="NAME", least=_NAME_AT_LEAST),
        Column("limit", "how many at one time", heading="LIMIT"),
        Column("in_use", "how many there are now", heading="IN USE"),
    ),
)

SECRETS = Table("secret list", (Column("name", "its name", heading="NAME"),))

AUTOMATIONS = Table(
    "get automations",
    (
        Column("event", "what it waits for", of=lambda row: row["event_type"], heading="EVENT", least=_NAME_AT_LEAST),
        Column(
            "of",
            "of which flows, states or agents",
            of=lambda row: row["event_tags"],
            heading="OF",
            least=_NAME_AT_LEAST,
        ),
        Column("action", "what is done then", of=lambda row: row["action"]["action_type"], heading="ACTION"),
        Column("action_name", "the name of what is done", of=lambda row: row["action"]["name"], heading="NAME"),
        Column("id", "its id", heading="ID"),
        Column("action_config", "how it is done", of=lambda row: row["action"]["action_config"]),
        Column("created", "when it was made"),
    ),
)

ARTIFACTS = Table(
    "get artifacts",
    (
        Column("task", "name of the task that made it", of=lambda row: row["task_run"]["task"]["name"], heading="TASK"),
        Column("kind", "link or markdown", heading="KIND"),
        Column("data", "what it holds", heading="DATA", least=_NAME_AT_LEAST),
        Column("id", "its id", heading="ID", is_id=True),
        Column("map_index", "place of the task run in a map; -1: in none", of=lambda row: row["task_run"]["map_index"]),
        Column("task_run_id", "id of the task run"),
        Column("created", "when it was made"),
    ),
)

KEY_VALUES = Table("kv list", (Column("key", "its name", heading="KEY"),))

TABLES = (
    FLOWS,
    FLOW_RUNS,
    TASK_RUNS,
    TASKS,
    PROJECTS,
    ARTIFACTS,
    AGENTS,
    AUTOMATIONS,
    LOGS,
    SCHEDULES,
    LIMITS,
    SECRETS,
    KEY_VALUES,
    TENANTS,
    KEYS,
)
