"""Statements for Firebolt."""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask


class FireboltQuery(DeclaredTask, args="database username password engine_name query"):
    """Runs a statement and gives its rows.

    Args:
        username, password: of an account; with the accounts of today id and secret of a service account.
    """

    packages: ClassVar[tuple[str, ...]] = ("firebolt.db",)
    needs: ClassVar[dict[str, str]] = {
        "database": "A database name must be provided",
        "username": "User name must be provided",
        "password": "A password must be provided",
        "engine_name": "An engine name must be provided",
        "query": "A query string must be provided",
    }
    database: str | None = None
    username: str | None = None
    password: str | None = None
    engine_name: str | None = None
    query: str | None = None

    def work(self) -> list[Any]:
        """Run the statement; an empty list when it gives no rows."""
        package = self.module("firebolt.db")
        auth = self.module("firebolt.client.auth")
        kind = auth.UsernamePassword if "@" in str(self.username) else auth.ClientCredentials
        with package.connect(
            auth=kind(self.username, self.password), database=self.database, engine_name=self.engine_name
        ) as connection:
            cursor = connection.cursor()
            try:
                count = cursor.execute(self.query)
                # Of some statements the package does not know the number of rows, and gives no number.
                return [] if isinstance(count, int) and count <= 0 else list(cursor.fetchall())
            finally:
                cursor.close()
