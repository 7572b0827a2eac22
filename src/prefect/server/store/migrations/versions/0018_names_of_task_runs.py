"""A part of the name of a task run is looked for among those that have one.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from prefect.server.store.migrations import online

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

NAMED = sa.text("name IS NOT NULL")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("task_run_name_idx", "task_run", ["name"], sqlite_where=NAMED)
    elif online.has_extension("pg_trgm"):
        online.create_index(
            "task_run_name_trgm_idx",
            "task_run",
            ["name"],
            postgresql_using="gin",
            postgresql_ops={"name": "gin_trgm_ops"},
            postgresql_where=NAMED,
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("task_run_name_idx", "task_run")
    else:
        op.drop_index("task_run_name_trgm_idx", "task_run", if_exists=True)
