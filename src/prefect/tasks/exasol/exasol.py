"""Statements, imports and exports of Exasol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.authoring.declared import DeclaredTask

FETCHES = ("one", "many", "all", "val")
_SECRETS = "dsn dsn_secret user_secret password_secret"
_WHO = "user password dsn"


class ExasolTask(DeclaredTask):
    """A task for one database.

    Args:
        dsn, user, password: or the names of the secrets with them: ``dsn_secret``, ``user_secret``,
            ``password_secret``.
        autocommit: of the connection; commit: at the end.
        **kwargs: further arguments of ``pyexasol.connect``.
    """

    known_as: ClassVar[dict[str, str]] = {"pyexasol": "pyexasol"}
    packages: ClassVar[tuple[str, ...]] = ("pyexasol",)
    keeps_further: ClassVar[bool] = True
    dsn: str = ""
    dsn_secret: str = ""
    user_secret: str = ""
    password_secret: str = ""
    user: str = ""
    password: str = ""
    query_params: dict[str, Any] | None = None
    autocommit: bool = False
    commit: bool = True

    def connect(self, **how: Any) -> Any:
        """Open a connection; closed at the end of a ``with`` block."""
        known = {}
        for name in ("dsn", "user", "password"):
            secret = getattr(self, f"{name}_secret")
            given = getattr(self, name)
            known[name] = given or (str(self.secret_value(secret, f"{name}_secret")) if secret else "")
        if not known["dsn"]:
            raise ValueError(self.complaint("A dsn string must be provided.", "dsn"))
        return self.module("pyexasol").connect(**known, **how, **self.further)


class ExasolFetch(
    ExasolTask,
    init=f"{_SECRETS} fetch fetch_size query query_params",
    run=f"{_WHO} fetch fetch_size query query_params",
):
    """Runs a query and gives its rows.

    Args:
        fetch: ``one``, ``many`` (``fetch_size`` rows), ``all``, or ``val``: the first value of the first row.
        query_params: values for the ``{name}`` in the query.
    """

    needs: ClassVar[dict[str, str]] = {"query": "A query string must be provided."}
    fetch: str = "one"
    fetch_size: int = 10
    query: str | None = None

    def work(self) -> Any:
        """Run the query.

        Raises:
            ValueError: another word for ``fetch``.
        """
        if self.fetch not in FETCHES:
            raise ValueError(
                self.complaint(f"The 'fetch' parameter must be one of the following - {FETCHES}.", "fetch")
            )
        with self.connect() as connection:
            rows = connection.execute(self.query, self.query_params)
            count = (self.fetch_size,) if self.fetch == "many" else ()
            return getattr(rows, f"fetch{self.fetch}")(*count)


class ExasolExecute(
    ExasolTask,
    init=f"{_SECRETS} query query_params autocommit commit",
    run=f"{_WHO} query query_params autocommit commit",
):
    """Runs a statement.

    Args:
        query_params: values for the ``{name}`` in the query.
    """

    needs: ClassVar[dict[str, str]] = {"query": "A query string must be provided."}
    query: str | None = None

    def work(self) -> None:
        """Run the statement."""
        with self.connect(autocommit=self.autocommit) as connection:
            connection.execute(self.query, self.query_params)
            if self.commit:
                connection.commit()


class ExasolImportFromIterable(
    ExasolTask,
    init=f"{_SECRETS} target_schema target_table data import_params autocommit commit",
    run=f"{_WHO} target_schema target_table data import_params autocommit commit",
):
    """Adds rows to a table.

    Args:
        data: rows, as an iterable of sequences.
        import_params: of the package pyexasol.
    """

    needs: ClassVar[dict[str, str]] = {
        "target_table": "Target table must be provided.",
        "data": "Import Data must be provided.",
    }
    target_schema: str | None = None
    target_table: str | None = None
    data: Any = None
    import_params: dict[str, Any] | None = None

    def work(self) -> None:
        """Add the rows."""
        target = (self.target_schema, self.target_table) if self.target_schema else self.target_table
        with self.connect(autocommit=self.autocommit) as connection:
            connection.import_from_iterable(self.data, target, self.import_params)
            if self.commit:
                connection.commit()


class ExasolExportToFile(
    ExasolTask,
    init=f"{_SECRETS} destination query_or_table query_params export_params",
    run=f"{_WHO} destination query_or_table query_params export_params",
):
    """Writes the rows of a query or a table into a file (CSV).

    Args:
        destination: its path, or an open file.
        query_or_table: the query; or the name of the table, or ``(schema, table)``.
        export_params: of the package pyexasol.
    """

    needs: ClassVar[dict[str, str]] = {
        "destination": "A destination must be provided.",
        "query_or_table": "A query or a table must be provided.",
    }
    destination: str | Path | None = None
    query_or_table: str | tuple[str, str] | None = None
    export_params: dict[str, Any] | None = None

    def work(self) -> None:
        """Write the file."""
        with self.connect() as connection:
            connection.export_to_file(self.destination, self.query_or_table, self.query_params, self.export_params)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "pyexasol": "pyexasol:",
        },
    )
