"""Small documents that people keep: views, settings, and what was seen.

Static text on purpose: what a released revision makes must not change when the catalogue does.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

UUID = sa.Text().with_variant(postgresql.UUID(as_uuid=False), "postgresql")
TIME = sa.Text().with_variant(sa.DateTime(timezone=True), "postgresql")
JSON = sa.Text().with_variant(postgresql.JSONB(), "postgresql")


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
        "document",
        sa.Column("id", UUID, nullable=False),
        sa.Column("tenant_id", UUID, nullable=False),
        sa.Column("created", TIME, nullable=False, server_default=now()),
        sa.Column("updated", TIME, nullable=False, server_default=now()),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key_id", UUID, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("written_by", sa.Text(), nullable=True),
        sa.Column("expires_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="document_pkey"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name="document_tenant_id_fkey", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["key_id"], ["auth_api_key.id"], name="document_key_id_fkey", ondelete="CASCADE"),
        sa.UniqueConstraint("tenant_id", "owner", "kind", "name", name="document_tenant_id_owner_kind_name_key"),
    )
    op.create_index("document_key_id_idx", "document", ["key_id"])


def downgrade() -> None:
    op.drop_table("document")
