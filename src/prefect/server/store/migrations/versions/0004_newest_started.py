"""The page of runs that began last is read from an index, however many runs there are.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

from alembic import op

from prefect.server.store.migrations import online

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.create_index("flow_run_start_time_idx", "flow_run", ["start_time"])


def downgrade() -> None:
    op.drop_index("flow_run_start_time_idx", "flow_run")
