"""Slots under limits, the process that holds a run, automations.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

UUID = sa.Text().with_variant(postgresql.UUID(as_uuid=False), "postgresql")
TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")
JSONB = sa.Text().with_variant(postgresql.JSONB(), "postgresql")


class now(FunctionElement[Any]):  # noqa: N801
    inherit_cache = True


@compiles(now, "postgresql")
def _now_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return "now()"


@compiles(now, "sqlite")
def _now_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return "(strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'))"


def _row(table: str, *columns: Any) -> None:
    """Make a table of a tenant's rows."""
    op.create_table(
        table,
        sa.Column("id", UUID, nullable=False),
        sa.Column(
            "tenant_id",
            UUID,
            sa.ForeignKey("tenant.id", name=f"{table}_tenant_id_fkey", ondelete="CASCADE"),
            nullable=True,
        ),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        *columns,
        sa.PrimaryKeyConstraint("id", name=f"{table}_pkey"),
    )
    op.create_index(f"{table}_tenant_id_idx", table, ["tenant_id"])


def _parent(table: str, name: str, target: str) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{target}.id", name=f"{table}_{name}_fkey", ondelete="CASCADE")
    return sa.Column(name, UUID, key, nullable=False)


def upgrade() -> None:
    op.add_column("flow_run", sa.Column("process_id", sa.Text(), nullable=True))
    op.add_column("flow_run", sa.Column("lost_processes", JSONB, nullable=True))

    op.create_table(
        "slot",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("tenant_id", UUID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("run_id", UUID, nullable=False),
        _parent("slot", "flow_run_id", "flow_run"),
        sa.Column("taken_time", TIME, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "name", name="slot_pkey"),
    )
    op.create_index("slot_tenant_id_kind_name_idx", "slot", ["tenant_id", "kind", "name"])
    op.create_index("slot_flow_run_id_idx", "slot", ["flow_run_id"])
    op.execute(
        "CREATE VIEW task_concurrency_limit AS "
        'SELECT id, tenant_id, created, updated, tag AS name, "limit" FROM task_tag_limit'
    )

    _row(
        "action",
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("action_type", sa.Text(), nullable=False),
        sa.Column("action_config", JSONB, nullable=False, server_default=sa.text("'{}'")),
    )
    _row(
        "hook",
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("event_tags", JSONB, nullable=False, server_default=sa.text("'{}'")),
        _parent("hook", "action_id", "action"),
    )
    op.create_index("hook_action_id_idx", "hook", ["action_id"])
    _row(
        "flow_sla_config",
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("duration_seconds", sa.Integer(), nullable=False),
    )
    _row(
        "flow_group_sla",
        _parent("flow_group_sla", "sla_config_id", "flow_sla_config"),
        _parent("flow_group_sla", "flow_group_id", "flow_group"),
        sa.UniqueConstraint("sla_config_id", "flow_group_id", name="flow_group_sla_sla_config_id_flow_group_id_key"),
    )
    op.create_index("flow_group_sla_flow_group_id_idx", "flow_group_sla", ["flow_group_id"])
    op.create_table(
        "alarm",
        _parent("alarm", "hook_id", "hook"),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.PrimaryKeyConstraint("hook_id", "subject", name="alarm_pkey"),
    )
    op.create_index("alarm_created_idx", "alarm", ["created"])


def downgrade() -> None:
    for table in ("alarm", "flow_group_sla", "flow_sla_config", "hook", "action"):
        op.drop_table(table)
    op.execute("DROP VIEW task_concurrency_limit")
    op.drop_table("slot")
    op.drop_column("flow_run", "lost_processes")
    op.drop_column("flow_run", "process_id")
