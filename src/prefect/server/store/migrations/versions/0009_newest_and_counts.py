"""Runs know the group of their flow, and more questions about runs, task runs and logs are answered from an index.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from prefect.server.store.migrations import online

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

UUID = sa.Text().with_variant(postgresql.UUID(as_uuid=False), "postgresql")


def upgrade() -> None:
    online.add_column("flow_run", sa.Column("flow_group_id", UUID, nullable=True))
    online.fill("flow_run", "flow_group_id", "(SELECT f.flow_group_id FROM flow AS f WHERE f.id = flow_run.flow_id)")
    online.create_index(
        "flow_run_flow_group_id_scheduled_start_time_idx", "flow_run", ["flow_group_id", "scheduled_start_time"]
    )
    online.create_index("flow_run_updated_idx", "flow_run", ["updated"])
    online.create_index("task_run_flow_run_id_state_timestamp_idx", "task_run", ["flow_run_id", "state_timestamp"])
    online.create_index("log_flow_run_id_timestamp_level_idx", "log", ["flow_run_id", "timestamp", "level"])
    online.drop_index("log_flow_run_id_timestamp_idx", "log")


def downgrade() -> None:
    op.create_index("log_flow_run_id_timestamp_idx", "log", ["flow_run_id", "timestamp"])
    op.drop_index("log_flow_run_id_timestamp_level_idx", "log")
    op.drop_index("task_run_flow_run_id_state_timestamp_idx", "task_run")
    op.drop_index("flow_run_updated_idx", "flow_run")
    op.drop_index("flow_run_flow_group_id_scheduled_start_time_idx", "flow_run")
    op.drop_column("flow_run", "flow_group_id")
