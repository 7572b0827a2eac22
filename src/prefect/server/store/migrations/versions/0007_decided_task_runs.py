"""A task run knows whether its state was set by somebody else than the process that works on it.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task_run", sa.Column("is_decided", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("task_run", "is_decided")
