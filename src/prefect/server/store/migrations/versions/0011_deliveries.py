"""What became of the newest deliveries of hooks and actions.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

UUID = sa.Text().with_variant(postgresql.UUID(as_uuid=False), "postgresql")
TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")


class now(FunctionElement[Any]):  # noqa: N801
    inherit_cache = True


@compiles(now, "postgresql")
def _now_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return "now()"


@compiles(now, "sqlite")
def _now_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    return "(strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now'))"


def _parent(name: str, table: str) -> tuple[sa.Column[Any], sa.ForeignKeyConstraint]:
    key = sa.ForeignKeyConstraint([name], [f"{table}.id"], name=f"delivery_{name}_fkey", ondelete="CASCADE")
    return sa.Column(name, UUID, nullable=True), key


def upgrade() -> None:
    tenant, tenant_key = _parent("tenant_id", "tenant")
    cloud_hook, cloud_hook_key = _parent("cloud_hook_id", "cloud_hook")
    action, action_key = _parent("action_id", "action")
    op.create_table(
        "delivery",
        sa.Column("id", UUID, nullable=False),
        tenant,
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        cloud_hook,
        action,
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("next_time", TIME, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("event_type", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("flow_run_id", UUID, nullable=True),
        sa.PrimaryKeyConstraint("id", name="delivery_pkey"),
        tenant_key,
        cloud_hook_key,
        action_key,
    )
    op.create_index("delivery_cloud_hook_id_updated_idx", "delivery", ["cloud_hook_id", "updated"])
    op.create_index("delivery_action_id_updated_idx", "delivery", ["action_id", "updated"])
    op.create_index("delivery_tenant_id_idx", "delivery", ["tenant_id"])


def downgrade() -> None:
    op.drop_table("delivery")
