"""Small documents that people keep: which action each operation calls, and for whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.server.actions import documents
from prefect.server.graphql.operations import SUCCESS, Operation, Request, tenant_of
from prefect.server.graphql.writing import write

__all__ = ["DOCUMENT_MUTATIONS", "DOCUMENT_QUERIES"]

Inputs = dict[str, Any]


def _whose(request: Request, inputs: Inputs) -> Inputs:
    return {**inputs, "tenant_id": tenant_of(request, {}), "key_id": request.caller.key_id}


async def _set_document(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    given = {**_whose(request, inputs), "key_name": request.caller.key_name}
    return {"success": await write(request, documents.set_document, **given)}


async def _delete_document(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    return {"success": await write(request, documents.delete_document, **_whose(request, inputs))}


async def _documents(request: Request, inputs: Inputs) -> list[dict[str, Any]]:
    given = _whose(request, inputs)
    return await request.app.database.read(lambda tx: documents.list_documents(tx, request.now, **given))


_PLACE = {"kind": "String!", "name": "String!", "shared": "Boolean = false"}

DOCUMENT_MUTATIONS: tuple[Operation, ...] = (
    Operation("set_document", {**_PLACE, "value": "JSON!", "expires_at": "DateTime"}, SUCCESS, _set_document),
    Operation("delete_document", _PLACE, SUCCESS, _delete_document),
)

DOCUMENT_QUERIES: tuple[Operation, ...] = (
    Operation(
        "documents",
        {"kind": "String!", "shared": "Boolean = false"},
        "[kept_document!]!",
        _documents,
        is_mutation=False,
    ),
)
