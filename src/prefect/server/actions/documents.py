"""Small documents that people keep on the server: how they look at screens, and what all of a tenant should know of.

A document is somebody's (of an API key; without keys there is one person), or shared by the tenant.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect.contract import limits
from prefect.server.actions.checks import check_name, check_size, new_id
from prefect.server.errors import ApiError, BadInput
from prefect.server.store import documents
from prefect.server.store.database import Transaction

__all__ = ["MOST", "MOST_BYTES", "MOST_SHARED", "delete_document", "list_documents", "set_document"]

#: Of one person, and of what a tenant shares.
MOST, MOST_SHARED = limits.KEPT_DOCUMENTS, limits.KEPT_DOCUMENTS_SHARED
MOST_BYTES = limits.KEPT_DOCUMENT_BYTES
LONGEST = 200
SHARED, ANYONE = "shared", "anyone"


def set_document(
    tx: Transaction,
    now: datetime,
    *,
    tenant_id: str,
    kind: str,
    name: str,
    value: Any,
    key_id: str | None = None,
    key_name: str | None = None,
    shared: bool = False,
    expires_at: datetime | None = None,
) -> bool:
    """Keep a value under a name of its kind, in place of what was there.

    Args:
        key_id: whose it is; None without keys.
        shared: for everybody of the tenant.
        expires_at: from then on it is there no more.

    Raises:
        ApiError: there are too many, or something cannot be kept.
    """
    place = {"tenant_id": tenant_id, "owner": _owner(key_id, shared), **_checked(kind, name)}
    if value is None:
        raise BadInput("value", "a JSON value other than null", None)
    check_size("value", value, MOST_BYTES)
    owner = {"tenant_id": tenant_id, "owner": place["owner"]}
    tx.run(documents.forget_expired, now=now, **owner)
    most = MOST_SHARED if shared else MOST
    others = tx.one(documents.count_others, **place)
    if others is not None and others["count"] >= most:
        raise ApiError(f"There are {most} documents already: delete one first.", "BAD_USER_INPUT")
    row = {"value": value, "written_by": key_name, "expires_at": expires_at, "created": now, "updated": now}
    tx.run(documents.put_document, id=new_id(), key_id=None if shared else key_id, **place, **row)
    return True


def delete_document(
    tx: Transaction,
    now: datetime,
    *,
    tenant_id: str,
    kind: str,
    name: str,
    key_id: str | None = None,
    shared: bool = False,
) -> bool:
    """Forget a document; gives whether there was one."""
    place = {"tenant_id": tenant_id, "owner": _owner(key_id, shared), **_checked(kind, name)}
    return tx.run(documents.delete_document, **place) > 0


def list_documents(
    tx: Transaction, now: datetime, *, tenant_id: str, kind: str, key_id: str | None = None, shared: bool = False
) -> list[dict[str, Any]]:
    """Give all documents of a kind, the oldest first."""
    rows = tx.all(documents.documents, tenant_id=tenant_id, owner=_owner(key_id, shared), kind=kind, now=now)
    return [dict(row) for row in rows]


def _owner(key_id: str | None, shared: bool) -> str:
    return SHARED if shared else key_id or ANYONE


def _checked(kind: str, name: str) -> dict[str, str]:
    for field, value in (("kind", kind), ("name", name)):
        check_name(field, value)
        if len(value) > LONGEST:
            raise BadInput(field, f"at most {LONGEST} characters", value)
    return {"kind": kind, "name": name}
