"""Queries, scripts, and rows into a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask

CONNECT_SECONDS = 30


class SqlTask(DeclaredTask):
    """A task for one database.

    Args:
        url: of SQLAlchemy, such as ``postgresql+psycopg://me@db/shop``; or ``url_secret``: the name of the secret that
            holds it.
    """

    url: str | None = None
    url_secret: str | None = None

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Give a connection in a transaction, which is committed unless there is an error.

        Raises:
            ValueError: there is no URL, or it is none. Does not show it: it may hold a password.
        """
        from sqlalchemy import create_engine
        from sqlalchemy.exc import ArgumentError
        from sqlalchemy.pool import NullPool

        url = self.url or (str(self.secret_value(self.url_secret, "url_secret")) if self.url_secret else None)
        if not url:
            raise ValueError(self.complaint("The URL of a database must be provided.", "url"))
        try:
            engine = create_engine(url, poolclass=NullPool, connect_args=_limited(url))
        except ArgumentError:
            raise ValueError(self.complaint("This is no URL of a database.", "url")) from None
        with engine.begin() as connection:
            yield connection


class SqlQuery(SqlTask, args="query parameters url url_secret as_dicts"):
    """Runs a statement and gives its rows.

    Args:
        query: with ``:name`` for values.
        parameters: name -> value; or a list of such mappings, for each of which it is run.
        as_dicts: give mappings; else tuples.
    """

    needs: ClassVar[dict[str, str]] = {"query": "A query string must be provided."}
    query: str | None = None
    parameters: dict[str, Any] | list[dict[str, Any]] | None = None
    as_dicts: bool = False

    def work(self) -> list[Any]:
        """Run the statement, in a transaction of its own; an empty list when it gives no rows."""
        from sqlalchemy import text

        with self.transaction() as connection:
            result = connection.execute(text(str(self.query)), self.parameters)
            if not result.returns_rows:
                return []
            return [dict(row) for row in result.mappings()] if self.as_dicts else [tuple(row) for row in result]


class SqlScript(SqlTask, args="script url url_secret"):
    """Runs several statements, in one transaction.

    Args:
        script: the statements, with ``;`` between them, or a list of them: needed where a ``;`` stands inside of one.
    """

    needs: ClassVar[dict[str, str]] = {"script": "A script must be provided."}
    script: str | list[str] | None = None

    def work(self) -> None:
        """Run the statements in their order."""
        parts = self.script.split(";") if isinstance(self.script, str) else self.script or ()
        with self.transaction() as connection:
            for part in parts:
                if part.strip():
                    connection.exec_driver_sql(part)


class SqlLoad(SqlTask, args="rows table schema url url_secret chunk_rows replace"):
    """Adds rows to a table that is there, in chunks.

    Args:
        rows: mappings of column -> value, any iterable of them, or a frame of pandas.
        table: its name; names are quoted, and never part of a statement's text.
        chunk_rows: rows in one statement.
        replace: delete what is there before, in the same transaction.
    """

    needs: ClassVar[dict[str, str]] = {"table": "A table must be provided.", "rows": "Rows must be provided."}
    rows: Any = None
    table: str | None = None
    schema: str | None = None
    chunk_rows: int = 1000
    replace: bool = False

    def work(self) -> int:
        """Add the rows, all or none, and give their number.

        Raises:
            ValueError: the table has no such column, or the size of a chunk is none.
            sqlalchemy.exc.NoSuchTableError: there is no such table.
        """
        from sqlalchemy import MetaData, Table, insert

        if not isinstance(self.chunk_rows, int) or self.chunk_rows < 1:
            raise ValueError(self.complaint("A chunk has one row or more.", "chunk_rows"))
        count = 0
        with self.transaction() as connection:
            table = Table(str(self.table), MetaData(), schema=self.schema, autoload_with=connection)
            if self.replace:
                connection.execute(table.delete())
            rows = iter(_mappings(self.rows))
            while chunk := list(islice(rows, self.chunk_rows)):
                unknown = {str(name) for row in chunk for name in row} - set(table.columns.keys())
                if unknown:
                    raise ValueError(
                        self.complaint(f"The table {self.table} has no column {', '.join(sorted(unknown))}.", "rows")
                    )
                connection.execute(insert(table), chunk)
                count += len(chunk)
        return count


def _limited(url: str) -> dict[str, Any]:
    """Give the time for connecting to the database that would wait for ever otherwise, unless the URL says one."""
    from sqlalchemy import make_url

    found = make_url(url)
    if found.drivername not in ("postgresql", "postgresql+psycopg", "postgresql+psycopg2"):
        return {}
    return {} if "connect_timeout" in found.query else {"connect_timeout": CONNECT_SECONDS}


def _mappings(rows: Any) -> Iterable[Mapping[str, Any]]:
    if hasattr(rows, "to_dict") and hasattr(rows, "columns"):
        # None in the place of what pandas puts where nothing is: databases know no NaN.
        return rows.astype(object).where(rows.notna(), None).to_dict("records")  # type: ignore[no-any-return]
    found: Iterable[Mapping[str, Any]] = rows
    return found
