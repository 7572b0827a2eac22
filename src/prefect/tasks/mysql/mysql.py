"""Statements for MySQL and MariaDB."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.database import DatabaseTask

CONNECT_SECONDS = 10.0
CURSORS = {
    "cursor": "Cursor",
    "dictcursor": "DictCursor",
    "sscursor": "SSCursor",
    "ssdictcursor": "SSDictCursor",
}


class MySQLTask(DatabaseTask):
    """A statement for one database.

    Args:
        ssl: a mapping of certificates, or an SSL context, as for pymysql.
    """

    known_as: ClassVar[dict[str, str]] = {"pymysql": "pymysql"}
    packages: ClassVar[tuple[str, ...]] = ("pymysql",)
    db_name: str | None = None
    user: str | None = None
    password: str | None = None
    host: str | None = None
    port: int = 3306
    charset: str = "utf8mb4"
    ssl: Any = None

    def connect(self, **further: Any) -> Any:
        connection = self.module("pymysql").connect(
            host=self.host,
            user=self.user,
            password=self.password,
            database=self.db_name,
            charset=self.charset,
            port=self.port,
            ssl=self.ssl,
            connect_timeout=CONNECT_SECONDS,
            read_timeout=CONNECT_SECONDS,
            **further,
        )
        # The limit is for the greeting and the log-in, which the package has no other one for; a query may take long.
        if hasattr(connection, "_read_timeout"):
            connection._read_timeout = None
        return connection


class MySQLExecute(
    MySQLTask,
    args="db_name user password host port query commit charset ssl",
):
    """Runs a statement.

    Args:
        commit: keep what the statement did.
    """

    def work(self) -> int:
        """Run the statement and give the number of rows that it touched."""
        with self.cursor() as cursor:
            return int(self.execute(cursor))


class MySQLFetch(
    MySQLTask,
    args="db_name user password host port fetch fetch_count query commit charset cursor_type ssl",
):
    """Runs a query and gives its rows.

    Args:
        fetch: ``one``, ``many`` (``fetch_count`` rows) or ``all``.
        cursor_type: ``cursor``, ``dictcursor``, ``sscursor``, ``ssdictcursor``, or a class of cursors.
    """

    fetch: str = "one"
    fetch_count: int = 10
    cursor_type: Any = "cursor"

    def connect(self, **further: Any) -> Any:
        return super().connect(cursorclass=self._cursor_class(), **further)

    def _cursor_class(self) -> Any:
        cursors = self.module("pymysql").cursors
        if isinstance(self.cursor_type, type) and issubclass(self.cursor_type, cursors.Cursor):
            return self.cursor_type
        if not isinstance(self.cursor_type, str) or self.cursor_type.lower() not in CURSORS:
            raise TypeError(
                self.complaint(
                    f"'cursor_type' should be one of {list(CURSORS)} or a full cursor class, got {self.cursor_type}",
                    "cursor_type",
                )
            )
        return getattr(cursors, CURSORS[self.cursor_type.lower()])

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
            "pymysql": "pymysql:",
        },
    )
