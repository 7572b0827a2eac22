"""Runs have a priority, flows give it to theirs, and the queue is in its order.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from prefect.server.store.migrations import online

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WAITS = sa.text("state_start_time IS NOT NULL")


def upgrade() -> None:
    online.add_column("flow_run", sa.Column("priority", sa.Integer(), server_default=sa.text("0"), nullable=False))
    online.add_column("flow_group", sa.Column("priority", sa.Integer(), nullable=True))
    online.replace_index(
        "flow_run_due_idx",
        "flow_run",
        ["tenant_id", "priority", "state_start_time"],
        sqlite_where=WAITS,
        postgresql_where=WAITS,
    )


def downgrade() -> None:
    op.drop_index("flow_run_due_idx", "flow_run")
    op.create_index(
        "flow_run_due_idx", "flow_run", ["tenant_id", "state_start_time"], sqlite_where=WAITS, postgresql_where=WAITS
    )
    op.drop_column("flow_group", "priority")
    op.drop_column("flow_run", "priority")
