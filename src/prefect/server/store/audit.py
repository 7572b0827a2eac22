"""The audit: a row for each change, written in the transaction that makes it.

The edge says with ``recording`` who is about to change what; every write of that task then leaves a row, as long as it
changed something.  Writes that nobody announced, those of the services, leave none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import uuid4

from prefect.server.catalogue import audit
from prefect.server.store.database import Database, Transaction
from prefect.server.store.phrases import inserting

__all__ = ["AuditedDatabase", "Entry", "audited", "recording"]

T = TypeVar("T")

_insert = inserting(audit, "id", "tenant_id", "created", "operation", "key_id", "key_name", "address", "detail")


@dataclass(frozen=True, slots=True)
class Entry:
    """Who is about to change what."""

    now: datetime
    operation: str
    tenant_id: str | None
    key_id: str | None
    key_name: str | None
    address: str | None
    detail: dict[str, Any]

    def write(self, tx: Transaction, result: Any) -> None:
        """Keep it; the id that the change gave is part of it."""
        detail = self.detail
        if isinstance(result, str) and _is_id(result):
            detail = {**detail, "id": result}
        row = {
            "id": str(uuid4()),
            "tenant_id": self.tenant_id,
            "created": self.now,
            "operation": self.operation,
            "key_id": self.key_id,
            "key_name": self.key_name,
            "address": self.address,
            "detail": detail,
        }
        tx.later(_insert, row)


_entry: ContextVar[Entry | None] = ContextVar("audit", default=None)


@contextmanager
def recording(entry: Entry | None) -> Iterator[None]:
    """Let every write inside leave a row that says this."""
    token = _entry.set(entry)
    try:
        yield
    finally:
        _entry.reset(token)


_is_id = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch


class AuditedDatabase:
    """A database whose writes are recorded; in everything else the one that it was made of."""

    def __init__(self, database: Database):
        object.__setattr__(self, "_database", database)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._database, name, value)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run ``work``, and keep who did it when it changed something."""
        entry = _entry.get()
        database: Database = self._database
        if entry is None:
            return await database.write(work)

        def recorded(tx: Transaction) -> T:
            result = work(tx)
            if result is not None and result is not False:
                entry.write(tx, result)
            return result

        return await database.write(recorded)


def audited(database: Database) -> Database:
    """Give the database with its writes recorded."""
    return cast(Database, AuditedDatabase(database))
