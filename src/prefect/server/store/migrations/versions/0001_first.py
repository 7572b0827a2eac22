"""Everything the first version keeps.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

UUID = sa.Text().with_variant(postgresql.UUID(as_uuid=False), "postgresql")
TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")
JSONB = sa.Text().with_variant(postgresql.JSONB(), "postgresql")
INTERVAL = sa.Integer().with_variant(postgresql.INTERVAL(), "postgresql")
BIGINT = sa.BigInteger()


class now(FunctionElement[Any]):  # noqa: N801
    inherit_cache = True


@compiles(now, "postgresql")
def _now_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return "now()"


@compiles(now, "sqlite")
def _now_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return "(strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'))"


def upgrade() -> None:
    op.create_table(
        "tenant",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("info", JSONB, nullable=True),
        sa.Column("settings", JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.PrimaryKeyConstraint("id", name="tenant_pkey"),
        sa.UniqueConstraint("slug", name="tenant_slug_key"),
    )

    op.create_table(
        "agent_config",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="agent_config_tenant_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("settings", JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.PrimaryKeyConstraint("id", name="agent_config_pkey"),
    )
    op.create_index("agent_config_tenant_id_idx", "agent_config", ["tenant_id"])

    op.create_table(
        "auth_api_key",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="auth_api_key_tenant_id_fkey", ondelete="CASCADE"), nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("last_used", TIME, nullable=True),
        sa.Column("default_tenant_id", UUID, sa.ForeignKey("tenant.id", name="auth_api_key_default_tenant_id_fkey", ondelete="SET NULL"), nullable=True),
        sa.Column("user_id", UUID, nullable=True),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("key_hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="auth_api_key_pkey"),
        sa.UniqueConstraint("key_hash", name="auth_api_key_key_hash_key"),
    )
    op.create_index("auth_api_key_default_tenant_id_idx", "auth_api_key", ["default_tenant_id"])
    op.create_index("auth_api_key_tenant_id_idx", "auth_api_key", ["tenant_id"])

    op.create_table(
        "cloud_hook",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="cloud_hook_tenant_id_fkey", ondelete="CASCADE"), nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("states", JSONB, nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("config", JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.text('true')),
        sa.Column("version_group_id", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="cloud_hook_pkey"),
    )
    op.create_index("cloud_hook_tenant_id_idx", "cloud_hook", ["tenant_id"])

    op.create_table(
        "flow_concurrency_limit",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="flow_concurrency_limit_tenant_id_fkey", ondelete="CASCADE"), nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="flow_concurrency_limit_pkey"),
        sa.UniqueConstraint("tenant_id", "name", name="flow_concurrency_limit_tenant_id_name_key"),
        sa.CheckConstraint('"limit" >= 0', name="flow_concurrency_limit_limit_check"),
    )

    op.create_table(
        "flow_group",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="flow_group_tenant_id_fkey", ondelete="CASCADE"), nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("labels", JSONB, nullable=True),
        sa.Column("schedule", JSONB, nullable=True),
        sa.Column("settings", JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("default_parameters", JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("run_config", JSONB, nullable=True),
        sa.PrimaryKeyConstraint("id", name="flow_group_pkey"),
        sa.UniqueConstraint("tenant_id", "name", name="flow_group_tenant_id_name_key"),
    )

    op.create_table(
        "key_value",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="key_value_tenant_id_fkey", ondelete="CASCADE"), nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", JSONB, nullable=False, server_default=sa.text("'null'")),
        sa.PrimaryKeyConstraint("id", name="key_value_pkey"),
        sa.UniqueConstraint("tenant_id", "key", name="key_value_tenant_id_key_key"),
    )

    op.create_table(
        "message",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="message_tenant_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("read", sa.Boolean(), nullable=False, server_default=sa.text('false')),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("content", JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.PrimaryKeyConstraint("id", name="message_pkey"),
    )
    op.create_index("message_tenant_id_created_idx", "message", ["tenant_id", "created"])

    op.create_table(
        "outbox",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="outbox_tenant_id_fkey", ondelete="CASCADE"), nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text('0')),
        sa.Column("due_time", TIME, nullable=False, server_default=now()),
        sa.PrimaryKeyConstraint("id", name="outbox_pkey"),
    )
    op.create_index("outbox_due_time_idx", "outbox", ["due_time"])
    op.create_index("outbox_tenant_id_idx", "outbox", ["tenant_id"])

    op.create_table(
        "project",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="project_tenant_id_fkey", ondelete="CASCADE"), nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="project_pkey"),
        sa.UniqueConstraint("tenant_id", "name", name="project_tenant_id_name_key"),
    )

    op.create_table(
        "secret",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="secret_tenant_id_fkey", ondelete="CASCADE"), nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", JSONB, nullable=False, server_default=sa.text("'null'")),
        sa.PrimaryKeyConstraint("id", name="secret_pkey"),
        sa.UniqueConstraint("tenant_id", "name", name="secret_tenant_id_name_key"),
    )

    op.create_table(
        "task_tag_limit",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="task_tag_limit_tenant_id_fkey", ondelete="CASCADE"), nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("limit", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="task_tag_limit_pkey"),
        sa.UniqueConstraint("tenant_id", "tag", name="task_tag_limit_tenant_id_tag_key"),
        sa.CheckConstraint('"limit" >= 0', name="task_tag_limit_limit_check"),
    )

    op.create_table(
        "agent",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="agent_tenant_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("agent_config_id", UUID, sa.ForeignKey("agent_config.id", name="agent_agent_config_id_fkey", ondelete="SET NULL"), nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("core_version", sa.Text(), nullable=True),
        sa.Column("labels", JSONB, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("last_queried", TIME, nullable=True, server_default=now()),
        sa.PrimaryKeyConstraint("id", name="agent_pkey"),
    )
    op.create_index("agent_agent_config_id_idx", "agent", ["agent_config_id"])
    op.create_index("agent_tenant_id_type_name_idx", "agent", ["tenant_id", "type", "name"])

    op.create_table(
        "flow",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="flow_tenant_id_fkey", ondelete="CASCADE"), nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("environment", JSONB, nullable=True),
        sa.Column("run_config", JSONB, nullable=True),
        sa.Column("parameters", JSONB, nullable=True, server_default=sa.text("'{}'")),
        sa.Column("project_id", UUID, sa.ForeignKey("project.id", name="flow_project_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False, server_default=sa.text('false')),
        sa.Column("version_group_id", sa.Text(), nullable=True),
        sa.Column("storage", JSONB, nullable=True),
        sa.Column("core_version", sa.Text(), nullable=True),
        sa.Column("settings", JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("serialized_flow", JSONB, nullable=True),
        sa.Column("schedule", JSONB, nullable=True),
        sa.Column("is_schedule_active", sa.Boolean(), nullable=False, server_default=sa.text('false')),
        sa.Column("flow_group_id", UUID, sa.ForeignKey("flow_group.id", name="flow_flow_group_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="flow_pkey"),
    )
    op.create_index("flow_flow_group_id_version_idx", "flow", ["flow_group_id", "version"])
    op.create_index("flow_name_idx", "flow", ["name"])
    op.create_index("flow_project_id_name_idx", "flow", ["project_id", "name"])
    op.create_index("flow_tenant_id_idx", "flow", ["tenant_id"])
    op.create_index("flow_version_group_id_version_idx", "flow", ["version_group_id", "version"])

    op.create_table(
        "flow_run",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("flow_id", UUID, sa.ForeignKey("flow.id", name="flow_run_flow_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("parameters", JSONB, nullable=True, server_default=sa.text("'{}'")),
        sa.Column("labels", JSONB, nullable=False, server_default=sa.text("'[]'")),
        sa.Column("run_config", JSONB, nullable=True),
        sa.Column("context", JSONB, nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("idempotency_key", sa.Text(), nullable=True),
        sa.Column("scheduled_start_time", TIME, nullable=False, server_default=now()),
        sa.Column("auto_scheduled", sa.Boolean(), nullable=False, server_default=sa.text('false')),
        sa.Column("heartbeat", TIME, nullable=True),
        sa.Column("start_time", TIME, nullable=True),
        sa.Column("end_time", TIME, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text('0')),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("state_timestamp", TIME, nullable=True),
        sa.Column("state_message", sa.Text(), nullable=True),
        sa.Column("state_result", JSONB, nullable=True),
        sa.Column("state_start_time", TIME, nullable=True),
        sa.Column("serialized_state", JSONB, nullable=True),
        sa.Column("times_resurrected", sa.Integer(), nullable=True, server_default=sa.text('0')),
        sa.Column("agent_id", UUID, sa.ForeignKey("agent.id", name="flow_run_agent_id_fkey", ondelete="SET NULL"), nullable=True),
        sa.Column("event_seq", BIGINT, nullable=False, server_default=sa.text('0')),
        sa.PrimaryKeyConstraint("id", name="flow_run_pkey"),
        sa.UniqueConstraint("flow_id", "idempotency_key", name="flow_run_flow_id_idempotency_key_key"),
    )
    op.create_index("flow_run_agent_id_idx", "flow_run", ["agent_id"], sqlite_where=sa.text("agent_id IS NOT NULL"), postgresql_where=sa.text("agent_id IS NOT NULL"))
    op.create_index("flow_run_created_idx", "flow_run", ["created"])
    op.create_index("flow_run_flow_id_scheduled_start_time_idx", "flow_run", ["flow_id", "scheduled_start_time"])
    op.create_index("flow_run_scheduled_start_time_idx", "flow_run", ["scheduled_start_time"])
    op.create_index("flow_run_state_scheduled_start_time_idx", "flow_run", ["state", "scheduled_start_time"])
    op.create_index("flow_run_due_idx", "flow_run", ["tenant_id", "state_start_time"], sqlite_where=sa.text("state_start_time IS NOT NULL"), postgresql_where=sa.text("state_start_time IS NOT NULL"))

    op.create_table(
        "task",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="task_tenant_id_fkey", ondelete="CASCADE"), nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("flow_id", UUID, sa.ForeignKey("flow.id", name="task_flow_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("slug", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=True),
        sa.Column("max_retries", sa.Integer(), nullable=True),
        sa.Column("retry_delay", INTERVAL, nullable=True),
        sa.Column("trigger", sa.Text(), nullable=True),
        sa.Column("mapped", sa.Boolean(), nullable=False, server_default=sa.text('false')),
        sa.Column("auto_generated", sa.Boolean(), nullable=False, server_default=sa.text('false')),
        sa.Column("cache_key", sa.Text(), nullable=True),
        sa.Column("is_root_task", sa.Boolean(), nullable=False, server_default=sa.text('false')),
        sa.Column("is_terminal_task", sa.Boolean(), nullable=False, server_default=sa.text('false')),
        sa.Column("is_reference_task", sa.Boolean(), nullable=False, server_default=sa.text('false')),
        sa.Column("tags", JSONB, nullable=False, server_default=sa.text("'[]'")),
        sa.PrimaryKeyConstraint("id", name="task_pkey"),
        sa.UniqueConstraint("flow_id", "slug", name="task_flow_id_slug_key"),
    )
    op.create_index("task_tenant_id_idx", "task", ["tenant_id"])

    op.create_table(
        "edge",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="edge_tenant_id_fkey", ondelete="CASCADE"), nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("flow_id", UUID, sa.ForeignKey("flow.id", name="edge_flow_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("upstream_task_id", UUID, sa.ForeignKey("task.id", name="edge_upstream_task_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("downstream_task_id", UUID, sa.ForeignKey("task.id", name="edge_downstream_task_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("mapped", sa.Boolean(), nullable=False, server_default=sa.text('false')),
        sa.PrimaryKeyConstraint("id", name="edge_pkey"),
        sa.UniqueConstraint("flow_id", "downstream_task_id", "upstream_task_id", name="edge_flow_id_downstream_task_id_upstream_task_id_key"),
    )
    op.create_index("edge_downstream_task_id_idx", "edge", ["downstream_task_id"])
    op.create_index("edge_tenant_id_idx", "edge", ["tenant_id"])
    op.create_index("edge_upstream_task_id_idx", "edge", ["upstream_task_id"])

    op.create_table(
        "flow_run_state",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, nullable=True),
        sa.Column("flow_run_id", UUID, sa.ForeignKey("flow_run.id", name="flow_run_state_flow_run_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("timestamp", TIME, nullable=False, server_default=now()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("result", JSONB, nullable=True),
        sa.Column("start_time", TIME, nullable=True),
        sa.Column("serialized_state", JSONB, nullable=False),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("version", sa.Integer(), nullable=True, server_default=sa.text('1')),
        sa.Column("seq", BIGINT, nullable=False, server_default=sa.text('0')),
        sa.PrimaryKeyConstraint("id", name="flow_run_state_pkey"),
        sa.UniqueConstraint("flow_run_id", "version", name="flow_run_state_flow_run_id_version_key"),
    )
    op.create_index("flow_run_state_flow_run_id_seq_idx", "flow_run_state", ["flow_run_id", "seq"])

    op.create_table(
        "run_key",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("flow_run_id", UUID, sa.ForeignKey("flow_run.id", name="run_key_flow_run_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name="run_key_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_index("run_key_flow_run_id_idx", "run_key", ["flow_run_id"])

    op.create_table(
        "task_run",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("flow_run_id", UUID, sa.ForeignKey("flow_run.id", name="task_run_flow_run_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("task_id", UUID, sa.ForeignKey("task.id", name="task_run_task_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("map_index", sa.Integer(), nullable=False, server_default=sa.text('-1')),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("heartbeat", TIME, nullable=True),
        sa.Column("start_time", TIME, nullable=True),
        sa.Column("end_time", TIME, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False, server_default=sa.text('0')),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("state_timestamp", TIME, nullable=True),
        sa.Column("state_message", sa.Text(), nullable=True),
        sa.Column("state_result", JSONB, nullable=True),
        sa.Column("state_start_time", TIME, nullable=True),
        sa.Column("serialized_state", JSONB, nullable=True),
        sa.Column("cache_key", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="task_run_pkey"),
        sa.UniqueConstraint("flow_run_id", "task_id", "map_index", name="task_run_flow_run_id_task_id_map_index_key"),
    )
    op.create_index("task_run_cache_key_idx", "task_run", ["cache_key", "state_timestamp"], sqlite_where=sa.text("cache_key IS NOT NULL"), postgresql_where=sa.text("cache_key IS NOT NULL"))
    op.create_index("task_run_state_idx", "task_run", ["state", "flow_run_id"])
    op.create_index("task_run_due_idx", "task_run", ["state_start_time", "flow_run_id"], sqlite_where=sa.text("state_start_time IS NOT NULL"), postgresql_where=sa.text("state_start_time IS NOT NULL"))
    op.create_index("task_run_task_id_state_state_timestamp_idx", "task_run", ["task_id", "state", "state_timestamp"])

    op.create_table(
        "log",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, nullable=True),
        sa.Column("flow_run_id", UUID, sa.ForeignKey("flow_run.id", name="log_flow_run_id_fkey", ondelete="CASCADE"), nullable=True),
        sa.Column("task_run_id", UUID, sa.ForeignKey("task_run.id", name="log_task_run_id_fkey", ondelete="CASCADE"), nullable=True),
        sa.Column("timestamp", TIME, nullable=False, server_default=now()),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("info", JSONB, nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("is_loaded_from_archive", sa.Boolean(), nullable=True),
        sa.Column("seq", BIGINT, nullable=False, server_default=sa.text('0')),
        sa.PrimaryKeyConstraint("id", name="log_pkey"),
    )
    op.create_index("log_flow_run_id_seq_idx", "log", ["flow_run_id", "seq"])
    op.create_index("log_flow_run_id_timestamp_idx", "log", ["flow_run_id", "timestamp"])
    op.create_index("log_task_run_id_timestamp_idx", "log", ["task_run_id", "timestamp"], sqlite_where=sa.text("task_run_id IS NOT NULL"), postgresql_where=sa.text("task_run_id IS NOT NULL"))

    op.create_table(
        "task_run_artifact",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, sa.ForeignKey("tenant.id", name="task_run_artifact_tenant_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("task_run_id", UUID, sa.ForeignKey("task_run.id", name="task_run_artifact_task_run_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.PrimaryKeyConstraint("id", name="task_run_artifact_pkey"),
    )
    op.create_index("task_run_artifact_task_run_id_idx", "task_run_artifact", ["task_run_id"])
    op.create_index("task_run_artifact_tenant_id_idx", "task_run_artifact", ["tenant_id"])

    op.create_table(
        "task_run_state",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, nullable=True),
        sa.Column("task_run_id", UUID, sa.ForeignKey("task_run.id", name="task_run_state_task_run_id_fkey", ondelete="CASCADE"), nullable=False),
        sa.Column("timestamp", TIME, nullable=False, server_default=now()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("result", JSONB, nullable=True),
        sa.Column("start_time", TIME, nullable=True),
        sa.Column("serialized_state", JSONB, nullable=False),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("version", sa.Integer(), nullable=True, server_default=sa.text('1')),
        sa.PrimaryKeyConstraint("id", name="task_run_state_pkey"),
        sa.UniqueConstraint("task_run_id", "version", name="task_run_state_task_run_id_version_key"),
    )


def downgrade() -> None:
    op.drop_table("task_run_state")
    op.drop_table("task_run_artifact")
    op.drop_table("log")
    op.drop_table("task_run")
    op.drop_table("run_key")
    op.drop_table("flow_run_state")
    op.drop_table("edge")
    op.drop_table("task")
    op.drop_table("flow_run")
    op.drop_table("flow")
    op.drop_table("agent")
    op.drop_table("task_tag_limit")
    op.drop_table("secret")
    op.drop_table("project")
    op.drop_table("outbox")
    op.drop_table("message")
    op.drop_table("key_value")
    op.drop_table("flow_group")
    op.drop_table("flow_concurrency_limit")
    op.drop_table("cloud_hook")
    op.drop_table("auth_api_key")
    op.drop_table("agent_config")
    op.drop_table("tenant")
