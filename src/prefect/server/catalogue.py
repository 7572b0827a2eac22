"""Every table, column and relationship of the backend.

One description feeds three readers: the DDL (a migration is compared with it), the GraphQL types,
and the compiler that turns a GraphQL selection into SQL. It knows neither database nor GraphQL library.

A column is public unless marked ``internal``; a table is public when it is listed in ``PUBLIC``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Interval,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

UUID = Uuid(as_uuid=False)
TIME = DateTime(timezone=True)
JSONB_ = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
        "ck": "%(table_name)s_%(constraint_name)s_check",
    }
)


class current_time(FunctionElement[Any]):
    """The database's clock in the stored form of a time; for defaults only: actions pass ``now``."""

    type = TIME
    inherit_cache = True


@compiles(current_time, "postgresql")
def _current_time_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return "now()"


@compiles(current_time, "sqlite")
def _current_time_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return "strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now')"


#: So much of a run's first label is in the index of the queue.
LEAD_CHARACTERS = 100


class lead_of(FunctionElement[str]):
    """The beginning of the first of a run's labels; empty when it has none."""

    type = Text()
    inherit_cache = True


@compiles(lead_of, "postgresql")
def _lead_of_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    labels = compiler.process(next(iter(element.clauses)), **kw)
    return f"coalesce(substr({labels} ->> 0, 1, {LEAD_CHARACTERS}), '')"


@compiles(lead_of, "sqlite")
def _lead_of_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    labels = compiler.process(next(iter(element.clauses)), **kw)
    # A list that somebody spoiled would end each statement that writes the row with an error.
    first = f"coalesce(substr(json_extract({labels}, '$[0]'), 1, {LEAD_CHARACTERS}), '')"
    return f"CASE WHEN json_valid({labels}) THEN {first} ELSE '' END"


class key_of(FunctionElement[Any]):
    """What stands for a set of labels in the index: the text itself, or, where an index has no room for it, a hash."""

    type = NullType()
    inherit_cache = True


@compiles(key_of, "postgresql")
def _key_of_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"hashtextextended(CAST({compiler.process(next(iter(element.clauses)), **kw)} AS text), 0)"


@compiles(key_of, "sqlite")
def _key_of_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return str(compiler.process(next(iter(element.clauses)), **kw))


def _internal(name: str, *args: Any, **kw: Any) -> Column[Any]:
    return Column(name, *args, info={"internal": True}, **kw)


def _id() -> Column[Any]:
    return Column("id", UUID, primary_key=True)


def _times() -> tuple[Column[Any], Column[Any]]:
    return (
        Column("created", TIME, nullable=False, server_default=current_time()),
        Column("updated", TIME, nullable=False, server_default=current_time(), onupdate=current_time()),
    )


def _tenant(*, nullable: bool = True) -> Column[Any]:
    return Column("tenant_id", UUID, ForeignKey("tenant.id", ondelete="CASCADE"), nullable=nullable)


def _text(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, Text, nullable=nullable)


def _time(name: str, *, nullable: bool = True, now: bool = False) -> Column[Any]:
    return Column(name, TIME, nullable=nullable, server_default=current_time() if now else None)


def _json(name: str, *, nullable: bool = True, default: str | None = None) -> Column[Any]:
    return Column(name, JSONB_, nullable=nullable, server_default=None if default is None else text(f"'{default}'"))


def _int(name: str, *, nullable: bool = True, default: int | None = None) -> Column[Any]:
    return Column(name, Integer, nullable=nullable, server_default=None if default is None else text(str(default)))


def _flag(name: str, default: bool = False) -> Column[Any]:
    return Column(name, Boolean, nullable=False, server_default=text("true" if default else "false"))


def _parent(name: str, target: str, *, nullable: bool = False, on_delete: str = "CASCADE") -> Column[Any]:
    return Column(name, UUID, ForeignKey(target, ondelete=on_delete), nullable=nullable)


def _run_state() -> tuple[Column[Any], ...]:
    """Columns of a run that mirror the latest row of its states."""
    return (
        _time("heartbeat"),
        _time("start_time"),
        _time("end_time"),
        _int("version", nullable=False, default=0),
        _text("state"),
        _time("state_timestamp"),
        _text("state_message"),
        _json("state_result"),
        _time("state_start_time"),
        _json("serialized_state"),
    )


def _state_row() -> tuple[Column[Any], ...]:
    return (
        _time("timestamp", nullable=False, now=True),
        _text("state", nullable=False),
        _text("message"),
        _json("result"),
        _time("start_time"),
        _json("serialized_state", nullable=False),
        *_times(),
        _int("version", default=1),
    )


def _only(kind: str, index: Index) -> Index:
    """Make the index in one of the two databases alone."""
    index.info["only"] = kind
    return index.ddl_if(dialect=kind)


#: JSON that is longer is in no index of SQLite: whether it meets a filter is seen in the row.
LONGEST_THIN = 1_000


def thin(column: str, prefix: str = "") -> str:
    """Write the column's value where it is short, else null: what an index of SQLite over its text holds."""
    return f"CASE WHEN length({prefix}{column}) <= {LONGEST_THIN} THEN {prefix}{column} END"


tenant = Table(
    "tenant",
    metadata,
    _id(),
    *_times(),
    _text("name", nullable=False),
    _text("slug", nullable=False),
    _json("info"),
    _json("settings", nullable=False, default="{}"),
    UniqueConstraint("slug"),
)

project = Table(
    "project",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _text("name", nullable=False),
    _text("description"),
    UniqueConstraint("tenant_id", "name"),
)

flow_group = Table(
    "flow_group",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _text("name"),
    _text("description"),
    _json("labels"),
    _json("schedule"),
    _json("settings", nullable=False, default="{}"),
    _json("default_parameters", nullable=False, default="{}"),
    _json("run_config"),
    # Of runs of the flow that are given none.
    _int("priority"),
    UniqueConstraint("tenant_id", "name"),
)

flow = Table(
    "flow",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _int("version"),
    _text("name", nullable=False),
    _text("description"),
    _json("environment"),
    _json("run_config"),
    _json("parameters", default="{}"),
    _parent("project_id", "project.id"),
    _flag("archived"),
    _text("version_group_id"),
    _json("storage"),
    _text("core_version"),
    _json("settings", nullable=False, default="{}"),
    _json("serialized_flow"),
    _json("schedule"),
    _flag("is_schedule_active"),
    _parent("flow_group_id", "flow_group.id"),
    _internal("idempotency_key", Text),
    Index(None, "flow_group_id", "version"),
    Index(None, "project_id", "name"),
    Index(None, "name"),
    Index(None, "version_group_id", "version"),
    Index(None, "tenant_id"),
)

task = Table(
    "task",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _parent("flow_id", "flow.id"),
    _text("name"),
    _text("slug"),
    _text("description"),
    _text("type"),
    _int("max_retries"),
    Column("retry_delay", Interval),
    _text("trigger"),
    _flag("mapped"),
    _flag("auto_generated"),
    _text("cache_key"),
    _flag("is_root_task"),
    _flag("is_terminal_task"),
    _flag("is_reference_task"),
    _json("tags", nullable=False, default="[]"),
    UniqueConstraint("flow_id", "slug"),
    Index(None, "tenant_id"),
)

edge = Table(
    "edge",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _parent("flow_id", "flow.id"),
    _parent("upstream_task_id", "task.id"),
    _parent("downstream_task_id", "task.id"),
    _text("key"),
    _flag("mapped"),
    UniqueConstraint("flow_id", "downstream_task_id", "upstream_task_id"),
    Index(None, "upstream_task_id"),
    Index(None, "downstream_task_id"),
    Index(None, "tenant_id"),
)

agent_config = Table(
    "agent_config",
    metadata,
    _id(),
    _tenant(nullable=False),
    *_times(),
    _text("name"),
    _json("settings", nullable=False, default="{}"),
    Index(None, "tenant_id"),
)

agent = Table(
    "agent",
    metadata,
    _id(),
    _tenant(nullable=False),
    _parent("agent_config_id", "agent_config.id", nullable=True, on_delete="SET NULL"),
    *_times(),
    _text("name"),
    _text("type"),
    _text("core_version"),
    _json("labels", nullable=False, default="[]"),
    _time("last_queried", now=True),
    Index(None, "tenant_id", "type", "name"),
    Index(None, "agent_config_id"),
)

# Runs, states and logs carry the tenant's id without a foreign key of their own: they go with their
# flow, and one key less to check is a measurable part of writing a run.
flow_run = Table(
    "flow_run",
    metadata,
    _id(),
    Column("tenant_id", UUID),
    *_times(),
    _parent("flow_id", "flow.id"),
    _json("parameters", default="{}"),
    _json("labels", nullable=False, default="[]"),
    _json("run_config"),
    _json("context"),
    _text("name"),
    _text("idempotency_key"),
    _time("scheduled_start_time", nullable=False, now=True),
    _flag("auto_scheduled"),
    *_run_state(),
    _int("times_resurrected", default=0),
    _parent("agent_id", "agent.id", nullable=True, on_delete="SET NULL"),
    # The number of its newest event: a state or a log line.
    Column("event_seq", BigInteger, nullable=False, server_default=text("0")),
    # The process that works on the run, by the id it gave itself, and those that the run was taken from.
    _internal("process_id", Text),
    _internal("lost_processes", JSONB_),
    # With which role the run config was given together with the run; null: it is the flow's or its group's.
    _text("run_config_role"),
    # That of its flow, which never changes: the newest runs of a group are found without asking each version for its.
    Column("flow_group_id", UUID),
    # Whose turn it is among those that are due: 1 comes first, -1 last.
    _int("priority", nullable=False, default=0),
    UniqueConstraint("flow_id", "idempotency_key"),
    Index(None, "flow_id", "scheduled_start_time"),
    Index(None, "flow_id", "start_time"),
    Index(None, "flow_id", "created"),
    # The next run of each flow, its last good one.
    Index(None, "flow_id", "state", "scheduled_start_time"),
    Index(None, "flow_group_id", "scheduled_start_time"),
    Index(None, "updated"),
    Index(None, "state", "scheduled_start_time"),
    # With what is asked of rows that a page leaves out, so that none of them is read.
    Index(None, "created", postgresql_include=["id", "tenant_id"]),
    Index(None, "scheduled_start_time", postgresql_include=["id", "tenant_id"]),
    Index(None, "start_time"),
    # The queue: runs that wait for a start time. A run without one is never handed out.  A look goes over the sets of
    # labels that begin with one of the agent's, and in each over the runs in their order.
    Index(
        "flow_run_due_idx",
        "tenant_id",
        lead_of(literal_column("labels")),
        key_of(literal_column("labels")),
        "priority",
        "state_start_time",
        "created",
        sqlite_where=text("state_start_time IS NOT NULL"),
        postgresql_where=text("state_start_time IS NOT NULL"),
    ),
    # In a long row of the queue, the flows that have runs there, and the first of each.
    Index(
        "flow_run_turn_idx",
        "tenant_id",
        lead_of(literal_column("labels")),
        key_of(literal_column("labels")),
        "priority",
        "flow_id",
        "state_start_time",
        sqlite_where=text("state_start_time IS NOT NULL"),
        postgresql_where=text("state_start_time IS NOT NULL"),
    ),
    Index(
        "flow_run_agent_id_state_idx",
        "agent_id",
        "state",
        sqlite_where=text("agent_id IS NOT NULL"),
        postgresql_where=text("agent_id IS NOT NULL"),
    ),
    # What runs are searched by. PostgreSQL finds a part of a JSON value by its index (a part of a name by one that is
    # made where the extension is there); SQLite reads an index of texts from end to end, a twentieth of the rows.
    _only(
        "postgresql",
        Index(
            "flow_run_labels_parameters_idx",
            "labels",
            "parameters",
            postgresql_using="gin",
            postgresql_ops={"labels": "jsonb_path_ops", "parameters": "jsonb_path_ops"},
        ),
    ),
    _only("sqlite", Index("flow_run_name_idx", "name")),
    _only("sqlite", Index("flow_run_labels_idx", text(thin("labels")), sqlite_where=text("labels <> '[]'"))),
    _only(
        "sqlite", Index("flow_run_parameters_idx", text(thin("parameters")), sqlite_where=text("parameters <> '{}'"))
    ),
)

task_run = Table(
    "task_run",
    metadata,
    _id(),
    Column("tenant_id", UUID),
    *_times(),
    _parent("flow_run_id", "flow_run.id"),
    _parent("task_id", "task.id"),
    _int("map_index", nullable=False, default=-1),
    _text("name"),
    *_run_state(),
    _text("cache_key"),
    # Its state was set by somebody else than the process that works on it.
    _internal("is_decided", Boolean),
    UniqueConstraint("flow_run_id", "task_id", "map_index"),
    Index(None, "task_id", "state", "state_timestamp"),
    # Which task runs of a run have changed lately.
    Index(None, "flow_run_id", "state_timestamp"),
    Index(
        "task_run_cache_key_idx",
        "cache_key",
        "state_timestamp",
        sqlite_where=text("cache_key IS NOT NULL"),
        postgresql_where=text("cache_key IS NOT NULL"),
    ),
    # Retries and approvals that come due while their flow run is Running.
    Index(
        "task_run_due_idx",
        "state_start_time",
        "flow_run_id",
        sqlite_where=text("state_start_time IS NOT NULL"),
        postgresql_where=text("state_start_time IS NOT NULL"),
    ),
    Index("task_run_state_idx", "state", "flow_run_id"),
    Index(None, "start_time"),
    # Few have one.
    _only("sqlite", Index("task_run_name_idx", "name", sqlite_where=text("name IS NOT NULL"))),
)

flow_run_state = Table(
    "flow_run_state",
    metadata,
    _id(),
    Column("tenant_id", UUID),
    _parent("flow_run_id", "flow_run.id"),
    *_state_row(),
    _internal("seq", BigInteger, nullable=False, server_default=text("0")),
    # One history for each run: a fork would break this.
    UniqueConstraint("flow_run_id", "version"),
    Index(None, "flow_run_id", "seq"),
    Index(None, "timestamp"),
)

task_run_state = Table(
    "task_run_state",
    metadata,
    _id(),
    Column("tenant_id", UUID),
    _parent("task_run_id", "task_run.id"),
    *_state_row(),
    UniqueConstraint("task_run_id", "version"),
)

log = Table(
    "log",
    metadata,
    _id(),
    Column("tenant_id", UUID),
    _parent("flow_run_id", "flow_run.id", nullable=True),
    _parent("task_run_id", "task_run.id", nullable=True),
    _time("timestamp", nullable=False, now=True),
    _text("name"),
    _text("level"),
    _text("message"),
    _json("info"),
    *_times(),
    Column("is_loaded_from_archive", Boolean),
    Column("seq", BigInteger, nullable=False, server_default=text("0")),
    Index(None, "flow_run_id", "seq"),
    # With the level: lines are counted, by level and time, without reading them.
    Index(None, "flow_run_id", "timestamp", "level"),
    Index(
        "log_task_run_id_timestamp_idx",
        "task_run_id",
        "timestamp",
        sqlite_where=text("task_run_id IS NOT NULL"),
        postgresql_where=text("task_run_id IS NOT NULL"),
    ),
)

cloud_hook = Table(
    "cloud_hook",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _text("name"),
    _json("states"),
    _text("type", nullable=False),
    _json("config", nullable=False, default="{}"),
    _flag("active", default=True),
    _text("version_group_id"),
    Index(None, "tenant_id"),
)

message = Table(
    "message",
    metadata,
    _id(),
    _tenant(nullable=False),
    *_times(),
    _flag("read"),
    _text("type"),
    _text("text"),
    _json("content", nullable=False, default="{}"),
    Index(None, "tenant_id", "created"),
)

task_run_artifact = Table(
    "task_run_artifact",
    metadata,
    _id(),
    _tenant(nullable=False),
    _parent("task_run_id", "task_run.id"),
    *_times(),
    _text("kind", nullable=False),
    _json("data", nullable=False, default="{}"),
    Index(None, "task_run_id"),
    Index(None, "tenant_id"),
)

# What two functions return; it has rows only inside a query that calls one of them.
utility_traversal = Table(
    "utility_traversal",
    MetaData(),
    Column("tenant_id", UUID),
    Column("task_id", UUID),
    Column("depth", Integer),
)

# Tables of the hosted product that its client asks for.

key_value = Table(
    "key_value",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _text("key", nullable=False),
    _json("value", nullable=False, default="null"),
    UniqueConstraint("tenant_id", "key"),
)

task_tag_limit = Table(
    "task_tag_limit",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _text("tag", nullable=False),
    _int("limit", nullable=False),
    UniqueConstraint("tenant_id", "tag"),
    CheckConstraint('"limit" >= 0', name="limit"),
)

flow_concurrency_limit = Table(
    "flow_concurrency_limit",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _text("name", nullable=False),
    _int("limit", nullable=False),
    UniqueConstraint("tenant_id", "name"),
    CheckConstraint('"limit" >= 0', name="limit"),
)

auth_api_key = Table(
    "auth_api_key",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _text("name", nullable=False),
    _time("expires_at"),
    _time("last_used"),
    Column("default_tenant_id", UUID, ForeignKey("tenant.id", ondelete="SET NULL")),
    Column("user_id", UUID),
    _text("role"),
    _internal("key_hash", Text, nullable=False),
    UniqueConstraint("key_hash"),
    Index(None, "tenant_id"),
    Index(None, "default_tenant_id"),
)

# Who changed what. No foreign keys: what was done to a tenant is still told when the tenant is gone.
audit = Table(
    "audit",
    metadata,
    _id(),
    Column("tenant_id", UUID),
    _time("created", nullable=False, now=True),
    _text("operation", nullable=False),
    Column("key_id", UUID),
    _text("key_name"),
    _text("address"),
    _json("detail", nullable=False, default="{}"),
    Index(None, "tenant_id", "created"),
    Index(None, "created"),
)

# The hosted product's second name for the limits on task tags: a view.
task_concurrency_limit = Table(
    "task_concurrency_limit",
    MetaData(),
    _id(),
    Column("tenant_id", UUID),
    Column("created", TIME, nullable=False),
    Column("updated", TIME, nullable=False),
    _text("name", nullable=False),
    _int("limit", nullable=False),
)

# Automations: when an event of a hook happens, its action is done.

action = Table(
    "action",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _text("name"),
    _text("action_type", nullable=False),
    _json("action_config", nullable=False, default="{}"),
    Index(None, "tenant_id"),
)

hook = Table(
    "hook",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _text("event_type", nullable=False),
    _json("event_tags", nullable=False, default="{}"),
    _parent("action_id", "action.id"),
    Index(None, "tenant_id"),
    Index(None, "action_id"),
)

flow_sla_config = Table(
    "flow_sla_config",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _text("name"),
    _text("kind", nullable=False),
    _int("duration_seconds", nullable=False),
    Index(None, "tenant_id"),
)

flow_group_sla = Table(
    "flow_group_sla",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _parent("sla_config_id", "flow_sla_config.id"),
    _parent("flow_group_id", "flow_group.id"),
    UniqueConstraint("sla_config_id", "flow_group_id"),
    Index(None, "tenant_id"),
    Index(None, "flow_group_id"),
)

# Tables that GraphQL never shows.

# A place under a limit that a run has taken: ``kind`` is flow (by label) or task (by tag).
slot = Table(
    "slot",
    metadata,
    _text("kind", nullable=False),
    Column("tenant_id", UUID, nullable=False),
    _text("name", nullable=False),
    Column("run_id", UUID, nullable=False),
    _parent("flow_run_id", "flow_run.id"),
    _time("taken_time", nullable=False),
    PrimaryKeyConstraint("run_id", "name"),
    Index(None, "tenant_id", "kind", "name"),
    Index(None, "flow_run_id"),
)

# What a hook has told already, so that it is told once, whichever replica sees it first.
alarm = Table(
    "alarm",
    metadata,
    _parent("hook_id", "hook.id"),
    _text("subject", nullable=False),
    _time("created", nullable=False, now=True),
    PrimaryKeyConstraint("hook_id", "subject"),
    Index(None, "created"),
)

secret = Table(
    "secret",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _text("name", nullable=False),
    _json("value", nullable=False, default="null"),
    UniqueConstraint("tenant_id", "name"),
)

# Which run a key stands for, for ever, within a scope: ``flow:<id>``, ``version_group:<tenant>:<id>``
# or ``flow_group:<id>``.
run_key = Table(
    "run_key",
    metadata,
    _text("scope", nullable=False),
    _text("key", nullable=False),
    _parent("flow_run_id", "flow_run.id"),
    PrimaryKeyConstraint("scope", "key"),
    Index(None, "flow_run_id"),
    sqlite_with_rowid=False,
)

# Which agent was shown which run a moment ago: where several servers work on one database.
queue_offer = Table(
    "queue_offer",
    metadata,
    Column("run_id", UUID, nullable=False),
    _text("agent_id", nullable=False),
    _time("until", nullable=False),
    PrimaryKeyConstraint("run_id"),
)

# What must leave the process after a commit (hooks, mails): written with the change that caused it.
outbox = Table(
    "outbox",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _text("kind", nullable=False),
    _json("payload", nullable=False, default="{}"),
    _int("attempts", nullable=False, default=0),
    _time("due_time", nullable=False, now=True),
    Index(None, "due_time"),
    Index(None, "tenant_id"),
)

# Work on many rows, more than one transaction does: what is left of it, written with the transaction that began it.
chore = Table(
    "chore",
    metadata,
    _id(),
    *_times(),
    _text("kind", nullable=False),
    Column("subject_id", UUID, nullable=False),
    Column("position", Text, nullable=False, server_default=text("''")),
    _int("attempts", nullable=False, default=0),
    _time("due_time", nullable=False, now=True),
    Index(None, "due_time"),
    Index(None, "subject_id"),
)


# Small things that people keep: how they look at screens (theirs, by key), and what all of a tenant should see.
document = Table(
    "document",
    metadata,
    _id(),
    _tenant(nullable=False),
    *_times(),
    # A key's id, or a word for who has none, and for all.
    _text("owner", nullable=False),
    # It goes with the key.
    _parent("key_id", "auth_api_key.id", nullable=True),
    _text("kind", nullable=False),
    _text("name", nullable=False),
    _json("value", nullable=False),
    _text("written_by"),
    _time("expires_at"),
    UniqueConstraint("tenant_id", "owner", "kind", "name"),
    Index(None, "key_id"),
)

# What became of the newest of what was sent by a cloud hook or an action: a few rows for each.
delivery = Table(
    "delivery",
    metadata,
    _id(),
    _tenant(),
    *_times(),
    _parent("cloud_hook_id", "cloud_hook.id", nullable=True),
    _parent("action_id", "action.id", nullable=True),
    _text("outcome", nullable=False),
    _int("attempts", nullable=False, default=0),
    _time("next_time"),
    _text("reason"),
    _text("event_type"),
    _text("subject"),
    _text("state"),
    # Of a run that may be gone: what was told of it was told.
    Column("flow_run_id", UUID),
    Index(None, "cloud_hook_id", "updated"),
    Index(None, "action_id", "updated"),
    Index(None, "tenant_id"),
)


@dataclass(frozen=True)
class Relation:
    """A way from a row to related rows: ``target.<remote>`` equals the row's ``local``."""

    name: str
    target: str
    local: str
    remote: str
    is_array: bool


@dataclass(frozen=True)
class PublicTable:
    """A table as GraphQL shows it."""

    name: str
    table: Table
    columns: Mapping[str, Column[Any]]
    relations: Mapping[str, Relation]
    #: Arguments of the function that makes the rows, for a table that is not stored.
    function_arguments: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_key(self) -> bool:
        return "id" in self.columns


def _to_one(**targets: str) -> dict[str, Relation]:
    """Object relations, ``name="table via column"``."""
    found = {}
    for name, written in targets.items():
        target, via = written.split(" via ")
        found[name] = Relation(name, target, local=via, remote="id", is_array=False)
    return found


def _to_many(**targets: str) -> dict[str, Relation]:
    """Array relations, ``name="table via column"``, the column being the other table's."""
    found = {}
    for name, written in targets.items():
        target, via = written.split(" via ")
        found[name] = Relation(name, target, local="id", remote=via, is_array=True)
    return found


_TENANT = _to_one(tenant="tenant via tenant_id")

_RELATIONS: dict[str, dict[str, Relation]] = {
    "tenant": _to_many(
        flow_groups="flow_group via tenant_id", flows="flow via tenant_id", projects="project via tenant_id"
    ),
    "project": _TENANT | _to_many(flows="flow via project_id"),
    "flow_group": _TENANT | _to_many(flows="flow via flow_group_id", flow_runs="flow_run via flow_group_id"),
    "flow": _TENANT
    | _to_one(flow_group="flow_group via flow_group_id", project="project via project_id")
    | _to_many(edges="edge via flow_id", flow_runs="flow_run via flow_id", tasks="task via flow_id"),
    "task": _to_one(flow="flow via flow_id")
    | _to_many(
        task_runs="task_run via task_id",
        upstream_edges="edge via downstream_task_id",
        downstream_edges="edge via upstream_task_id",
    ),
    "edge": _to_one(
        flow="flow via flow_id",
        upstream_task="task via upstream_task_id",
        downstream_task="task via downstream_task_id",
    ),
    "flow_run": _TENANT
    | _to_one(agent="agent via agent_id", flow="flow via flow_id")
    | _to_many(
        logs="log via flow_run_id", states="flow_run_state via flow_run_id", task_runs="task_run via flow_run_id"
    ),
    "task_run": _TENANT
    | _to_one(flow_run="flow_run via flow_run_id", task="task via task_id")
    | _to_many(logs="log via task_run_id", states="task_run_state via task_run_id"),
    "flow_run_state": _to_one(flow_run="flow_run via flow_run_id"),
    "task_run_state": _to_one(task_run="task_run via task_run_id"),
    "log": {},
    "agent": _to_one(agent_config="agent_config via agent_config_id") | _to_many(flow_runs="flow_run via agent_id"),
    "agent_config": _to_many(agents="agent via agent_config_id"),
    "cloud_hook": _to_many(deliveries="delivery via cloud_hook_id"),
    "delivery": _to_one(
        cloud_hook="cloud_hook via cloud_hook_id", action="action via action_id", flow_run="flow_run via flow_run_id"
    ),
    "message": {},
    "task_run_artifact": _to_one(task_run="task_run via task_run_id"),
    "utility_traversal": _to_one(task="task via task_id"),
    "key_value": {},
    "task_tag_limit": {},
    "task_concurrency_limit": {},
    "flow_concurrency_limit": {},
    "action": _to_many(deliveries="delivery via action_id", hooks="hook via action_id"),
    "hook": _to_one(action="action via action_id"),
    "flow_sla_config": _to_many(flow_groups="flow_group_sla via sla_config_id"),
    "flow_group_sla": _to_one(
        sla_config="flow_sla_config via sla_config_id", flow_group="flow_group via flow_group_id"
    ),
    "auth_api_key": {},
    "audit": {},
}


_NOT_STORED = {"utility_traversal": utility_traversal, "task_concurrency_limit": task_concurrency_limit}


def _public(name: str) -> PublicTable:
    table = _NOT_STORED[name] if name in _NOT_STORED else metadata.tables[name]
    columns = {column.name: column for column in table.columns if not column.info.get("internal")}
    return PublicTable(name, table, columns, _RELATIONS[name])


PUBLIC: dict[str, PublicTable] = {name: _public(name) for name in _RELATIONS}

#: Functions that return rows of ``utility_traversal``, with the type and default of their arguments.
FUNCTIONS: dict[str, str] = {
    "utility_downstream_tasks": "utility_traversal",
    "utility_upstream_tasks": "utility_traversal",
}


def graphql_type(column: Column[Any]) -> str:
    """Give the name of the GraphQL scalar of a column."""
    kind = column.type
    for sql_type, name in (
        (Uuid, "uuid"),
        (DateTime, "timestamptz"),
        (JSON, "jsonb"),
        (Interval, "interval"),
        (Boolean, "Boolean"),
        (Integer, "Int"),
    ):
        if isinstance(kind, sql_type):
            return name
    return "String"
