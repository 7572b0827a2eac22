"""API keys and secrets: their mutations and queries, each calling one action."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.server.actions import keys, secrets
from prefect.server.auth import ROLES
from prefect.server.graphql.operations import SUCCESS, Operation, Request, tenant_of

__all__ = ["ACCESS_MUTATIONS", "ACCESS_QUERIES"]

Inputs = dict[str, Any]

#: Who holds the keys that are made while keys are off: somebody, because clients of 1.x ask for an id.
NOBODY = "00000000-0000-0000-0000-000000000000"


async def _create_api_key(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    caller = request.caller
    tenant_id = inputs.get("tenant_id") or inputs.get("default_tenant_id") or request.tenant_id
    values = {
        "name": inputs["name"],
        "role": inputs.get("role") or caller.role,
        "tenant_id": tenant_id,
        "default_tenant_id": tenant_id,
        "user_id": inputs.get("user_id") or caller.user_id,
        "expires_at": inputs.get("expires_at"),
    }
    made: list[str] = []

    def work(tx: Any) -> str:
        key_id, key = keys.create_key(tx, request.now, **values)
        made[:] = [key]
        return key_id

    key_id = await request.app.database.write(work)
    return {"id": key_id, "key": made[0]}


async def _delete_api_key(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    now, key_id = request.now, inputs["key_id"]
    return {"success": await request.app.database.write(lambda tx: keys.delete_key(tx, now, key_id=key_id))}


async def _auth_info(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    caller = request.caller
    return {
        "tenant_id": request.tenant_id,
        "user_id": caller.user_id or NOBODY,
        "api_token_scope": None,
        "key_id": caller.key_id,
        "role": caller.role,
        "role_id": None,
        "permissions": list(ROLES[: ROLES.index(caller.role) + 1]) if caller.role in ROLES else [],
        "license": None,
    }


async def _set_secret(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    tenant_id, name = tenant_of(request, {}), inputs["name"]
    secrets.check_secret(name, inputs["value"])
    stored = request.app.secrets.close(tenant_id, name, inputs["value"])

    def work(tx: Any) -> bool:
        return secrets.set_secret(tx, request.now, tenant_id=tenant_id, name=name, stored=stored)

    return {"success": await request.app.database.write(work)}


async def _delete_secret(request: Request, inputs: Inputs) -> Mapping[str, Any]:
    tenant_id, name = tenant_of(request, {}), inputs["name"]

    def work(tx: Any) -> bool:
        return secrets.delete_secret(tx, request.now, tenant_id=tenant_id, name=name)

    return {"success": await request.app.database.write(work)}


async def _secret_names(request: Request, inputs: Inputs) -> list[str]:
    tenant_id = tenant_of(request, {})
    return await request.app.database.read(lambda tx: secrets.secret_names(tx, tenant_id=tenant_id))


async def _secret_value(request: Request, inputs: Inputs) -> Any:
    tenant_id, name = tenant_of(request, {}), inputs["name"]
    stored = await request.app.database.read(lambda tx: secrets.stored_secret(tx, tenant_id=tenant_id, name=name))
    return request.app.secrets.open(tenant_id, name, stored)


ACCESS_MUTATIONS: tuple[Operation, ...] = (
    Operation(
        "create_api_key",
        {
            "name": "String!",
            "user_id": "UUID",
            "expires_at": "DateTime",
            "default_tenant_id": "UUID",
            "tenant_id": "UUID",
            "role": "String",
        },
        {"id": "UUID", "key": "String"},
        _create_api_key,
    ),
    Operation("delete_api_key", {"key_id": "UUID!"}, SUCCESS, _delete_api_key),
    Operation("set_secret", {"name": "String!", "value": "JSON!"}, SUCCESS, _set_secret),
    Operation("delete_secret", {"name": "String!"}, SUCCESS, _delete_secret),
)

ACCESS_QUERIES: tuple[Operation, ...] = (
    Operation("auth_info", {}, "auth_info", _auth_info, is_mutation=False),
    Operation("secret_names", {}, "[String!]", _secret_names, is_mutation=False),
    Operation("secret_value", {"name": "String!"}, "JSON", _secret_value, is_mutation=False),
)
