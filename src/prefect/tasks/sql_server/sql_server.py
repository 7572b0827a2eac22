"""Statements for Microsoft SQL Server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.database import DatabaseTask


class SqlServerTask(DatabaseTask):
    """A statement for one database; needs the ODBC driver that ``driver`` names."""

    known_as: ClassVar[dict[str, str]] = {"pyodbc": "pyodbc"}
    packages: ClassVar[tuple[str, ...]] = ("pyodbc",)
    db_name: str
    user: str
    host: str
    port: int = 1433
    driver: str = "ODBC Driver 17 for SQL Server"
    password: str | None = None

    def connect(self) -> Any:
        # Values that pyodbc puts into its connection string as they are: one with ";" would set others.
        for name in ("db_name", "user", "host", "driver", "password"):
            if any(sign in str(getattr(self, name) or "") for sign in ";{}"):
                raise ValueError(self.complaint("A value for a connection has none of the signs ; { }", name))
        return self.module("pyodbc").connect(
            driver=self.driver,
            host=self.host,
            database=self.db_name,
            port=self.port,
            user=self.user,
            password=self.password,
        )


class SqlServerExecute(
    SqlServerTask, init="db_name user host port driver query data commit", run="query data commit password"
):
    """Runs a statement.

    Args:
        data: values for the ``?`` in the query.
        commit: keep what the statement did; else it is rolled back.
        password: give it from a secret, when the task is called.
    """

    def work(self) -> Any:
        """Run the statement."""
        with self.cursor(undo=True) as cursor:
            self.execute(cursor)


class SqlServerExecuteMany(
    SqlServerExecute,
    init="db_name user host port driver query data commit",
    run="query data commit password fast_executemany",
):
    """Runs a statement once for each element of ``data``.

    Args:
        data: a list of values for the ``?`` in the query.
        commit: keep what the statements did; else they are rolled back.
        fast_executemany: let the driver send them together.
    """

    needs: ClassVar[dict[str, str]] = {**SqlServerTask.needs, "data": "A data list must be provided"}
    fast_executemany: bool = False

    def work(self) -> Any:
        """Run the statements, in one transaction."""
        with self.cursor(undo=True) as cursor:
            cursor.fast_executemany = self.fast_executemany
            cursor.executemany(self.query, self.data)


class SqlServerFetch(
    SqlServerTask,
    init="db_name user host port driver fetch fetch_count query data commit",
    run="fetch fetch_count query data commit password",
):
    """Runs a query and gives its rows.

    Args:
        fetch: ``one``, ``many`` (``fetch_count`` rows) or ``all``.
        data: values for the ``?`` in the query.
        password: give it from a secret, when the task is called.
    """

    fetch: str = "one"
    fetch_count: int = 10

    def work(self) -> Any:
        """Run the query and give its row or rows."""
        self.check_fetch(self.fetch)
        with self.cursor() as cursor:
            self.execute(cursor)
            return self.fetched(cursor, self.fetch, self.fetch_count)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "pyodbc": "pyodbc:",
        },
    )
