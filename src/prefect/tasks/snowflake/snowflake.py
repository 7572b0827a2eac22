"""Statements for Snowflake."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.declared import DeclaredTask

CREDENTIALS = ("password", "private_key", "authenticator", "token")


class SnowflakeTask(DeclaredTask):
    """Statements in one session.

    Args:
        account: as in the address of the account.
        private_key: bytes in DER form, in place of the password.
        authenticator: ``oauth`` with a ``token``, ``externalbrowser``, or the address of an identity provider.
        cursor_type: a class of cursors of the connector; absent means its plain one, which gives tuples.
    """

    known_as: ClassVar[dict[str, str]] = {"snowflake.connector": "sf"}
    packages: ClassVar[tuple[str, ...]] = ("snowflake.connector",)
    account: str | None = None
    user: str | None = None
    password: str | None = None
    private_key: bytes | None = None
    database: str | None = None
    schema: str | None = None
    role: str | None = None
    warehouse: str | None = None
    autocommit: bool | None = None
    cursor_type: Any = None
    authenticator: str | None = None
    token: str | None = None

    def connect(self) -> Any:
        """Open a session; closed at the end of a ``with`` block."""
        if not any(getattr(self, name) for name in CREDENTIALS):
            raise ValueError(
                self.complaint(
                    f"An authentication keyword must be provided: one of {', '.join(CREDENTIALS)}", "password"
                )
            )
        names = ("account", "user", "password", "private_key", "database", "schema", "role", "warehouse")
        given = {name: getattr(self, name) for name in (*names, "autocommit", "authenticator", "token")}
        return self.module("snowflake.connector").connect(
            **{name: value for name, value in given.items() if value is not None},
            application=f"Proctor_{type(self).__name__}",
        )

    def cursor_class(self) -> Any:
        return self.cursor_type or self.module("snowflake.connector.cursor").SnowflakeCursor


class SnowflakeQuery(
    SnowflakeTask,
    args="account user password private_key database schema role warehouse query data autocommit "
    "cursor_type authenticator token",
):
    """Runs a statement and gives its rows.

    Args:
        data: values for the ``%s`` in the query.
    """

    needs: ClassVar[dict[str, str]] = {
        "account": "An account must be provided",
        "user": "A user must be provided",
        "query": "A query string must be provided",
    }
    query: str | None = None
    data: Any = None

    def work(self) -> list[Any]:
        """Run the statement and give all its rows."""
        with self.connect() as session, session.cursor(self.cursor_class()) as cursor:
            rows: list[Any] = cursor.execute(self.query, params=self.data).fetchall()
            return rows


class SnowflakeQueriesFromFile(
    SnowflakeTask,
    args="account user password private_key database schema role warehouse file_path autocommit "
    "cursor_type authenticator token",
):
    """Runs the statements of a file and gives the rows of each."""

    needs: ClassVar[dict[str, str]] = {
        "account": "An account must be provided",
        "user": "A user must be provided",
        "file_path": "A file path must be provided",
    }
    file_path: str | None = None

    def work(self) -> list[list[Any]]:
        """Run the statements in their order; give a list of rows for each.

        Raises:
            FileNotFoundError: there is no such file.
        """
        text = Path(str(self.file_path)).read_text(encoding="utf-8")
        with self.connect() as session:
            return [cursor.fetchall() for cursor in session.execute_string(text, cursor_class=self.cursor_class())]


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "sf": "snowflake.connector:",
        },
    )
