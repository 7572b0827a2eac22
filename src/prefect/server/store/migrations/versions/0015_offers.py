"""What an agent was shown is known to all replicas.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

UUID = sa.Text().with_variant(postgresql.UUID(as_uuid=False), "postgresql")
TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "queue_offer",
        sa.Column("run_id", UUID, nullable=False),
        sa.Column("agent_id", sa.Text(), nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="queue_offer_pkey"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE queue_offer SET UNLOGGED")


def downgrade() -> None:
    op.drop_table("queue_offer")
