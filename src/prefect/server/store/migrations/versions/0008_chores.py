"""Large work that is done in several transactions: what is still to be done of it.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

revision = "0008"
down_revision = "0007"
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


def upgrade() -> None:
    op.create_table(
        "chore",
        sa.Column("id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", UUID, nullable=False),
        sa.Column("position", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("due_time", TIME, nullable=False, server_default=now()),
        sa.PrimaryKeyConstraint("id", name="chore_pkey"),
    )
    op.create_index("chore_due_time_idx", "chore", ["due_time"])
    op.create_index("chore_subject_id_idx", "chore", ["subject_id"])


def downgrade() -> None:
    op.drop_table("chore")
