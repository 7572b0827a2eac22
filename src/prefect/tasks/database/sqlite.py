"""Queries and scripts for a SQLite database file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from prefect.core.authoring import defaults_from_attrs
from prefect.core.task import Task


class SQLiteQuery(Task):
    """Runs one statement and gives its rows.

    Args:
        db: path of the database file, or ``:memory:``.
        query: the statement, with ``?`` for values.
        data: the values.
    """

    def __init__(self, db: str | None = None, query: str | None = None, data: tuple[Any, ...] = (), **kwargs: Any):
        self.db = db
        self.query = query
        self.data = data
        super().__init__(**kwargs)

    @defaults_from_attrs("db", "query", "data")
    def run(self, db: str = None, query: str = None, data: tuple = ()) -> Any:  # type: ignore[assignment,type-arg]  # noqa: RUF013
        """Run the statement in a transaction of its own and give all rows.

        Raises:
            ValueError: no database or no statement.
        """
        if not db:
            raise ValueError("The db must be specified")
        if not query:
            raise ValueError("The query string must be specified")
        with closing(sqlite3.connect(db)) as connection, connection:
            return connection.execute(query, data).fetchall()


class SQLiteScript(Task):
    """Runs a script of several statements.

    Args:
        db: path of the database file.
        script: the statements.
    """

    def __init__(self, db: str | None = None, script: str | None = None, **kwargs: Any):
        self.db = db
        self.script = script
        super().__init__(**kwargs)

    @defaults_from_attrs("db", "script")
    def run(self, db: str = None, script: str = None) -> None:  # type: ignore[assignment]  # noqa: RUF013
        """Run the script.

        Raises:
            ValueError: no database or no script.
        """
        if not db:
            raise ValueError("The db must be specified")
        if not script:
            raise ValueError("The query script string must be specified")
        with closing(sqlite3.connect(db)) as connection, connection:
            connection.executescript(script)
