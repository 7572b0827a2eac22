"""The last runs of one flow are read from an index, however many it has had.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

from alembic import op

from prefect.server.store.migrations import online

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    online.create_index("flow_run_flow_id_start_time_idx", "flow_run", ["flow_id", "start_time"])


def downgrade() -> None:
    op.drop_index("flow_run_flow_id_start_time_idx", "flow_run")
