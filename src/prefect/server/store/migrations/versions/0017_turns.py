"""The flows that have runs in a row of the queue are found without reading the row.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from prefect.server.store.migrations import online

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

WAITS = sa.text("state_start_time IS NOT NULL")
LEAD = {
    "sqlite": "CASE WHEN json_valid(labels) THEN coalesce(substr(json_extract(labels, '$[0]'), 1, 100), '') ELSE '' END",
    "postgresql": "coalesce(substr(labels ->> 0, 1, 100), '')",
}
KEY = {"sqlite": "labels", "postgresql": "hashtextextended(CAST(labels AS text), 0)"}


def upgrade() -> None:
    kind = op.get_bind().dialect.name
    online.create_index(
        "flow_run_turn_idx",
        "flow_run",
        ["tenant_id", sa.text(LEAD[kind]), sa.text(KEY[kind]), "priority", "flow_id", "state_start_time"],
        sqlite_where=WAITS,
        postgresql_where=WAITS,
    )


def downgrade() -> None:
    op.drop_index("flow_run_turn_idx", "flow_run")
