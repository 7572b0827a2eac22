"""Who changed what: the audit.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UUID = sa.Text().with_variant(postgresql.UUID(as_uuid=False), "postgresql")
TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")
JSONB = sa.Text().with_variant(postgresql.JSONB(), "postgresql")


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
        "audit",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, nullable=True),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("key_id", UUID, nullable=True),
        sa.Column("key_name", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("detail", JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.PrimaryKeyConstraint("id", name="audit_pkey"),
    )
    op.create_index("audit_tenant_id_created_idx", "audit", ["tenant_id", "created"])
    op.create_index("audit_created_idx", "audit", ["created"])


def downgrade() -> None:
    op.drop_table("audit")
