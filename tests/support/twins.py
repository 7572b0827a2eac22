"""A twin of everything: what belongs to others, and must be neither seen nor changed by what a test does.

A database that holds one of each thing cannot tell a statement from one that forgot its condition. So the databases
of the suite hold whole families besides: one of another tenant, and one of the same tenant in another project. Families
are made once by the server itself, through GraphQL, and are copied with ids of their own.
"""

from __future__ import annotations

import asyncio
import pickle
import re
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Table, select

from prefect.server import catalogue
from prefect.server.store.database import Database, Transaction
from prefect.server.store.opening import open_database
from support.access import Keyed
from support.databases import Databases, kept
from support.world import flow_document

Row = dict[str, Any]
Family = dict[str, list[Row]]

NAMESPACE = UUID("00000000-0000-0000-0000-00000000f00d")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: No service has a word on what happens then, and nothing is older than it.
_LATER, _EARLIER = datetime(8000, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC)
#: Names that are unique within a tenant, or over all.
_UNIQUE = {
    "auth_api_key": ("key_hash",),
    "flow_concurrency_limit": ("label", "name"),
    "document": ("name",),
    "flow": ("version_group_id",),
    "flow_group": ("name",),
    "key_value": ("key",),
    "project": ("name",),
    "run_key": ("scope",),
    "secret": ("name",),
    "task_tag_limit": ("tag",),
    "tenant": ("name", "slug"),
}


def kept_family(url: Callable[[], str], home: Path) -> Family:
    """Give the family that was made for many sessions, or make one."""
    file = kept("family")
    family: Family = make_family(url(), home) if file is None else pickle.loads(file.read_bytes())
    return family


def keep_family(folder: Path) -> None:
    """Make what ``kept_family`` gives."""
    family = make_family(Databases(folder).fresh("sqlite"), folder)
    (folder / "family").write_bytes(pickle.dumps(family))


def make_family(url: str, home: Path) -> Family:
    """Make one of each thing in a tenant of its own, in an empty database; gives the rows of all tables."""
    with asyncio.Runner() as runner:
        database = open_database(url, readers=1)
        keyed = Keyed(database, runner.run, home)
        made = keyed.fill(keyed.other)
        keyed.other.do("create_flow_run", flow_id=made["flow_id"], idempotency_key="key", parameters={"x": 2})
        keyed.other.do("update_flow_concurrency_limit", label="label", limit=5)
        more = {"project_id": made["project_id"], "version_group_id": "group", "idempotency_key": "again"}
        keyed.other.do("create_flow", serialized_flow=flow_document("flow", description="newer"), **more)
        tenant_id = keyed.other_tenant_id
        tables = catalogue.metadata.sorted_tables
        rows = runner.run(
            database.read(lambda tx: {table.name: [dict(row) for row in tx.all(select(table))] for table in tables})
        )
        runner.run(keyed.app.stop())
    return {name: [row for row in found if _is_of(row, rows, name, tenant_id)] for name, found in rows.items()}


def _is_of(row: Row, rows: Family, table: str, tenant_id: str) -> bool:
    if table == "tenant":
        return bool(row["id"] == tenant_id)
    if row.get("tenant_id") is not None:
        return bool(row["tenant_id"] == tenant_id)
    ids = {
        other["id"] for name in rows for other in rows[name] if other.get("tenant_id") == tenant_id and "id" in other
    }
    return any(isinstance(value, str) and any(found in ids for found in _ID.findall(value)) for value in row.values())


class Twins:
    """Families of others in one database."""

    def __init__(self, database: Database, run_async: Callable[[Coroutine[Any, Any, Any]], Any]):
        self._database = database
        self._run_async = run_async
        self._ids: set[str] = set()
        self._rows: Family = {}

    def add(self, family: Family, **tenants: str | None) -> None:
        """Copy a family into the database, once for each name.

        Args:
            tenants: by the name of the copy, the tenant that it shall belong to; None: one of its own.
        """
        for name, tenant_id in tenants.items():
            for table, rows in _copy(family, name, tenant_id).items():
                self._rows.setdefault(table, []).extend(rows)
        self._ids |= {row["id"] for rows in self._rows.values() for row in rows if "id" in row}

        def write(tx: Transaction) -> None:
            for table, statement in _INSERTS.items():
                if self._rows[table]:
                    tx.run_many(statement, self._rows[table])

        self._run_async(self._database.write(write))

    def is_one(self, row: Mapping[str, Any]) -> bool:
        """Tell whether a row belongs to a twin."""
        if "id" in row:
            return row["id"] in self._ids
        texts = (value for value in row.values() if isinstance(value, str))
        return any(found in self._ids for text in texts for found in _ID.findall(text))

    def check(self) -> None:
        """Fail when anything of theirs was changed, is gone or has come."""
        looks = {table: look for table, look in _LOOKS.items() if self._rows.get(table)}
        found = self._run_async(self._database.read(lambda tx: {table: tx.all(look) for table, look in looks.items()}))
        for table, rows in found.items():
            theirs = [dict(row) for row in rows if self.is_one(row)]
            assert _sorted(theirs) == _sorted(self._rows[table]), f"rows of others in {table} were changed"


_INSERTS = {table.name: table.insert() for table in catalogue.metadata.sorted_tables}
_LOOKS = {table.name: select(table) for table in catalogue.metadata.sorted_tables}


def _sorted(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: str(row.get("id") or sorted(row.items(), key=str)))


def _copy(family: Family, name: str, tenant_id: str | None) -> Family:
    ids = {
        row["id"]: str(uuid5(NAMESPACE, name + row["id"])) for rows in family.values() for row in rows if "id" in row
    }
    if tenant_id is not None:
        ids[family["tenant"][0]["id"]] = tenant_id

    def renamed(value: Any) -> Any:
        if isinstance(value, str):
            return _ID.sub(lambda found: ids.get(found[0], found[0]), value)
        if isinstance(value, Mapping):
            return {key: renamed(item) for key, item in value.items()}
        if isinstance(value, list):
            return [renamed(item) for item in value]
        return value

    copied: Family = {}
    for table in catalogue.metadata.sorted_tables:
        if table.name == "tenant" and tenant_id is not None:
            copied["tenant"] = []
            continue
        copied[table.name] = [
            {key: _placed(table, key, renamed(value), name) for key, value in row.items()} for row in family[table.name]
        ]
    # They hear of nothing but their own.
    for row in copied["cloud_hook"]:
        row["version_group_id"] = copied["flow"][0]["version_group_id"]
    for row in copied["hook"]:
        row["event_tags"] = {**row["event_tags"], "flow_group_ids": [copied["flow_group"][0]["id"]]}
    return copied


def _placed(table: Table, column: str, value: Any, name: str) -> Any:
    # Nobody works on their runs, and none is due: no service has anything to do with them.
    if column in ("heartbeat", "state_start_time"):
        return None
    if value == "Running":
        return "Paused"
    if column == "last_queried":
        return _EARLIER
    if isinstance(value, datetime):
        return _EARLIER if column == "created" else _LATER
    if column in _UNIQUE.get(table.name, ()) and value is not None:
        return f"{value} {name}"
    return value
