"""Statements about tenants and projects."""

from __future__ import annotations

from sqlalchemy import delete, select

from prefect.server.catalogue import project, tenant
from prefect.server.store.phrases import inserting, updating, value_of

__all__ = [
    "delete_project",
    "delete_tenant",
    "first_tenant",
    "insert_first_tenant",
    "insert_project",
    "insert_tenant",
    "locked_project",
    "project_by_id",
    "set_project_description",
    "set_project_name",
    "set_tenant_name",
    "set_tenant_settings",
    "set_tenant_slug",
    "tenant_by_id",
    "tenant_by_slug",
]

insert_tenant = inserting(tenant, "id", "name", "slug", "settings", "created", "updated")
insert_first_tenant = insert_tenant.on_conflict_do_nothing(index_elements=["slug"])

tenant_by_id = (
    select(tenant.c.id, tenant.c.name, tenant.c.slug, tenant.c.settings)
    .where(tenant.c.id == value_of("tenant_id", tenant.c.id))
    .with_for_update()
)
tenant_by_slug = select(tenant.c.id).where(tenant.c.slug == value_of("slug", tenant.c.slug))

# Clients of 1.x take the first tenant of the list, so the oldest one stays first.
first_tenant = select(tenant.c.id, tenant.c.slug).order_by(tenant.c.created, tenant.c.id).limit(1)

set_tenant_name = updating(tenant, "name", row="tenant_id")
set_tenant_slug = updating(tenant, "slug", row="tenant_id")
set_tenant_settings = updating(tenant, "settings", row="tenant_id")
delete_tenant = delete(tenant).where(tenant.c.id == value_of("tenant_id", tenant.c.id))

insert_project = inserting(project, "id", "tenant_id", "name", "description", "created", "updated")
project_by_id = select(project.c.id, project.c.tenant_id, project.c.name).where(
    project.c.id == value_of("project_id", project.c.id)
)
# Who registers a flow of a new name waits for others who do so in the project: the name must lead all to one group.
locked_project = project_by_id.with_for_update(key_share=True)
set_project_name = updating(project, "name", row="project_id")
set_project_description = updating(project, "description", row="project_id")
delete_project = delete(project).where(project.c.id == value_of("project_id", project.c.id))
