"""A run remembers with which role its own run config was given, so that agents know whose word it is.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("flow_run", sa.Column("run_config_role", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("flow_run", "run_config_role")
