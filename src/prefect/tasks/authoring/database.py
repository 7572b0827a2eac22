"""Tasks that send SQL through a driver of Python's DB-API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask

FETCHES = ("one", "many", "all")


class DatabaseTask(DeclaredTask):
    """One statement in a transaction of its own.

    The text is the user's own SQL: values from elsewhere belong into ``data``, never into the text.

    Attributes:
        needs: of each statement, the query.
    """

    query: str | None = None
    data: Any = None
    commit: bool = False
    needs: ClassVar[dict[str, str]] = {"query": "A query string must be provided"}

    def connect(self) -> Any:
        """Open a connection of the driver."""
        raise NotImplementedError

    @contextmanager
    def cursor(self, undo: bool = False) -> Iterator[Any]:
        """Give a cursor; afterwards commit, if that is asked for.

        Args:
            undo: roll back when it is not.
        """
        with closing(self.connect()) as connection, closing(connection.cursor()) as cursor:
            yield cursor
            if self.commit:
                connection.commit()
            elif undo:
                connection.rollback()

    def execute(self, cursor: Any) -> Any:
        """Send the query with its values, and give what the driver gives."""
        return cursor.execute(self.query, self.data) if self.data is not None else cursor.execute(self.query)

    def fetched(self, cursor: Any, fetch: str, count: int) -> Any:
        """Give one row, so many rows, or all of them."""
        how: dict[str, Callable[[], Any]] = {
            "one": cursor.fetchone,
            "many": lambda: cursor.fetchmany(count),
            "all": cursor.fetchall,
        }
        return how[fetch]()

    def check_fetch(self, fetch: str) -> None:
        """Refuse a word that is none of ``one``, ``many`` and ``all`` (ValueError)."""
        if fetch not in FETCHES:
            raise ValueError(self.complaint(f"The 'fetch' parameter must be one of the following - {FETCHES}", "fetch"))
