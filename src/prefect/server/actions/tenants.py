"""Tenants and the projects in them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect.server.actions import chores
from prefect.server.actions.checks import check_name, check_object, check_slug, check_text, found, new_id
from prefect.server.actions.clearing import clear_project, clear_tenant
from prefect.server.errors import ApiError
from prefect.server.store import tenants
from prefect.server.store.database import Transaction

__all__ = [
    "create_project",
    "create_tenant",
    "delete_project",
    "delete_tenant",
    "ensure_default_tenant",
    "set_project_description",
    "set_project_name",
    "update_tenant_name",
    "update_tenant_settings",
    "update_tenant_slug",
]

DEFAULT_NAME = "default"


def create_tenant(tx: Transaction, now: datetime, *, name: str, slug: str) -> str:
    """Make a tenant; gives its id."""
    check_name("name", name)
    check_slug(slug)
    tenant_id = new_id()
    tx.run(tenants.insert_tenant, id=tenant_id, name=name, slug=slug, settings={}, created=now, updated=now)
    return tenant_id


def ensure_default_tenant(tx: Transaction, now: datetime) -> str:
    """Give the oldest tenant's id, making a tenant named ``default`` when there is none."""
    first = tx.one(tenants.first_tenant)
    if first is None:
        values = {"name": DEFAULT_NAME, "slug": DEFAULT_NAME, "settings": {}, "created": now, "updated": now}
        tx.run(tenants.insert_first_tenant, id=new_id(), **values)
        first = found(tx.one(tenants.first_tenant), "The default tenant could not be made.")
    tenant_id: str = first["id"]
    return tenant_id


def delete_tenant(tx: Transaction, now: datetime, *, tenant_id: str, confirm: bool) -> bool:
    """Delete a tenant and everything in it."""
    if not confirm:
        raise ApiError("Must pass `confirm=True` to proceed.", "BAD_USER_INPUT")
    if tx.one(tenants.tenant_by_id, tenant_id=tenant_id) is None:
        return False
    if not clear_tenant(tx, tenant_id):
        chores.begin(tx, now, "delete_tenant", tenant_id)
    return True


def update_tenant_name(tx: Transaction, now: datetime, *, tenant_id: str, name: str) -> str:
    """Rename a tenant."""
    check_name("name", name)
    if not tx.run(tenants.set_tenant_name, tenant_id=tenant_id, name=name, now=now):
        raise ApiError("Update failed.", "NOT_FOUND")
    return tenant_id


def update_tenant_slug(tx: Transaction, now: datetime, *, tenant_id: str, slug: str) -> str:
    """Give a tenant another slug."""
    check_slug(slug)
    if not tx.run(tenants.set_tenant_slug, tenant_id=tenant_id, slug=slug, now=now):
        raise ApiError("Update failed.", "NOT_FOUND")
    return tenant_id


def update_tenant_settings(tx: Transaction, now: datetime, *, tenant_id: str, settings: Any = None) -> str:
    """Set keys of a tenant's settings; keys that are not given stay."""
    changes = check_object("settings", settings)
    tenant = found(tx.one(tenants.tenant_by_id, tenant_id=tenant_id), "Invalid tenant id.")
    merged = {**(tenant["settings"] or {}), **changes}
    tx.run(tenants.set_tenant_settings, tenant_id=tenant_id, settings=merged, now=now)
    return tenant_id


def create_project(tx: Transaction, now: datetime, *, tenant_id: str, name: str, description: str | None = None) -> str:
    """Make a project; one of this name in the tenant already is a uniqueness violation."""
    check_name("name", name)
    check_text("description", description)
    project_id = new_id()
    tx.run(
        tenants.insert_project,
        id=project_id,
        tenant_id=tenant_id,
        name=name,
        description=description,
        created=now,
        updated=now,
    )
    return project_id


def delete_project(tx: Transaction, now: datetime, *, project_id: str) -> bool:
    """Delete a project with its flows and their runs; the flows' groups stay."""
    if tx.one(tenants.locked_project, project_id=project_id) is None:
        return False
    if not clear_project(tx, project_id):
        chores.begin(tx, now, "delete_project", project_id)
    return True


def set_project_name(tx: Transaction, now: datetime, *, project_id: str, name: str) -> str:
    """Rename a project."""
    check_name("name", name)
    if not tx.run(tenants.set_project_name, project_id=project_id, name=name, now=now):
        raise ApiError("Update failed", "NOT_FOUND")
    return project_id


def set_project_description(tx: Transaction, now: datetime, *, project_id: str, description: str | None = None) -> str:
    """Replace a project's description; none clears it."""
    check_text("description", description)
    if not tx.run(tenants.set_project_description, project_id=project_id, description=description, now=now):
        raise ApiError("Update failed", "NOT_FOUND")
    return project_id
