"""Statements for PostgreSQL."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.database import DatabaseTask

CONNECT_SECONDS = 30


class PostgresTask(DatabaseTask):
    """A statement for one database.

    The driver is psycopg2 where it is installed, which statements of 1.x were written for; else psycopg, with values
    put into the text by the client as psycopg2 does.
    """

    packages: ClassVar[tuple[str, ...]] = ("psycopg",)
    db_name: str | None = None
    user: str | None = None
    host: str | None = None
    port: int = 5432
    password: str | None = None

    def connect(self) -> Any:
        # The library of PostgreSQL waits for ever otherwise.
        further: dict[str, Any] = {"connect_timeout": CONNECT_SECONDS}
        try:
            driver = self.carried("pg") or import_module("psycopg2")
        except ImportError:
            driver = self.module("psycopg")
            further["cursor_factory"] = driver.ClientCursor
        return driver.connect(
            dbname=self.db_name, user=self.user, password=self.password, host=self.host, port=self.port, **further
        )


class PostgresExecute(
    PostgresTask,
    args="db_name user host port query data commit",
    run="+ password",
):
    """Runs a statement.

    Args:
        data: values for the ``%s`` or ``%(name)s`` in the query.
        commit: keep what the statement did; else it is rolled back.
        password: give it from a secret, when the task is called.
    """

    def work(self) -> None:
        """Run the statement."""
        with self.cursor(undo=True) as cursor:
            self.execute(cursor)


class PostgresExecuteMany(PostgresExecute):
    """Runs a statement once for each element of ``data``.

    Args:
        data: a list of values for the ``%s`` or ``%(name)s`` in the query.
        commit: keep what the statements did; else they are rolled back.
        password: give it from a secret, when the task is called.
    """

    needs: ClassVar[dict[str, str]] = {**PostgresTask.needs, "data": "A data list must be provided"}

    def work(self) -> None:
        """Run the statements, in one transaction."""
        with self.cursor(undo=True) as cursor:
            cursor.executemany(self.query, self.data)


class PostgresFetch(
    PostgresTask,
    args="db_name user host port fetch fetch_count query data commit",
    run="+ password col_names",
):
    """Runs a query and gives its rows.

    Args:
        fetch: ``one``, ``many`` (``fetch_count`` rows) or ``all``.
        data: values for the ``%s`` or ``%(name)s`` in the query.
        commit: keep what the statement did besides.
        password: give it from a secret, when the task is called.
        col_names: give the names of the columns as well.
    """

    fetch: str = "one"
    fetch_count: int = 10
    col_names: bool = False

    def work(self) -> Any:
        """Run the query.

        Returns:
            One row as a tuple, or a list of them; with ``col_names`` a pair: rows, names.
        """
        self.check_fetch(self.fetch)
        with self.cursor() as cursor:
            self.execute(cursor)
            rows = self.fetched(cursor, self.fetch, self.fetch_count)
            return (rows, [column[0] for column in cursor.description]) if self.col_names else rows


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "pg": "psycopg2:",
        },
    )
