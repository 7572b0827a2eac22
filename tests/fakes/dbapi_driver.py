"""A fake of a database's driver: DB-API over SQLite, which remembers how it was connected to.

It holds what our tasks ask of a driver; whether the database itself would do it, only the database can tell.
"""

from __future__ import annotations

import sqlite3
from types import ModuleType
from typing import Any


class FakeCursor:
    def __init__(self, inner: sqlite3.Cursor) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def __enter__(self) -> FakeCursor:
        return self

    def __exit__(self, *_: object) -> None:
        self.inner.close()

    def execute(self, query: str, params: Any = None) -> Any:
        self.inner.execute(query.replace("%s", "?"), params or ())
        return self

    def executemany(self, query: str, params: Any) -> None:
        self.inner.executemany(query.replace("%s", "?"), params)

    def __int__(self) -> int:  # what some drivers give for a statement: the number of rows
        return self.inner.rowcount


class FakeConnection:
    def __init__(self, path: str) -> None:
        self.inner = sqlite3.connect(path)

    def __enter__(self) -> FakeConnection:
        return self

    def __exit__(self, *_: object) -> None:
        self.inner.commit()
        self.close()

    def cursor(self, _class: Any = None) -> FakeCursor:
        return FakeCursor(self.inner.cursor())

    def execute_string(self, text: str, cursor_class: Any = None) -> list[FakeCursor]:
        return [self.cursor().execute(part) for part in text.split(";") if part.strip()]

    def commit(self) -> None:
        self.inner.commit()

    def rollback(self) -> None:
        self.inner.rollback()

    def close(self) -> None:
        self.inner.close()


class FakeDriver(ModuleType):
    """The module of a driver, with the database file that each connection leads to."""

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name)
        self.__path__ = []  # it is a package
        self.path = path
        self.connected: list[dict[str, Any]] = []

    def connect(self, **arguments: Any) -> FakeConnection:
        self.connected.append(arguments)
        return FakeConnection(self.path)
