"""Statements about the small documents that people keep."""

from __future__ import annotations

from sqlalchemy import delete, func, or_, select

from prefect.server.catalogue import document
from prefect.server.store.phrases import inserting, value_of

__all__ = ["count_others", "delete_document", "documents", "forget_expired", "put_document"]

_of_owner = (
    document.c.tenant_id == value_of("tenant_id", document.c.tenant_id),
    document.c.owner == value_of("owner", document.c.owner),
)
_of_kind = document.c.kind == value_of("kind", document.c.kind)
_put = inserting(
    document,
    "id",
    "tenant_id",
    "created",
    "updated",
    "owner",
    "key_id",
    "kind",
    "name",
    "value",
    "written_by",
    "expires_at",
)
put_document = _put.on_conflict_do_update(
    index_elements=["tenant_id", "owner", "kind", "name"],
    set_={name: _put.excluded[name] for name in ("value", "written_by", "expires_at", "updated")},
)
delete_document = (
    delete(document).where(*_of_owner).where(_of_kind).where(document.c.name == value_of("name", document.c.name))
)
# One that is replaced takes no other place.
count_others = (
    select(func.count().label("count"))
    .select_from(document)
    .where(*_of_owner)
    .where(
        or_(document.c.kind != value_of("kind", document.c.kind), document.c.name != value_of("name", document.c.name))
    )
)
forget_expired = (
    delete(document).where(*_of_owner).where(document.c.expires_at <= value_of("now", document.c.expires_at))
)
documents = (
    select(document.c.name, document.c.value, document.c.updated, document.c.written_by, document.c.expires_at)
    .where(*_of_owner)
    .where(_of_kind)
    .where(or_(document.c.expires_at.is_(None), document.c.expires_at > value_of("now", document.c.expires_at)))
    .order_by(document.c.created, document.c.name)
)
