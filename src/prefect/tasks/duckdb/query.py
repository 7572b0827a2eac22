"""Queries of DuckDB, over its own files, Parquet, CSV, and frames of pandas."""

from __future__ import annotations

from contextlib import closing
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask


class DuckDBQuery(DeclaredTask, args="query parameters database frames to_dataframe read_only settings"):
    """Runs a statement and gives its rows.

    Args:
        query: with ``?`` or ``$name`` for values.
        parameters: a list, or a mapping.
        database: path of a file; absent means one in memory.
        frames: name -> frame of pandas: tables of these names for the query.
        to_dataframe: give a frame of pandas; else a list of tuples.
        read_only: others may read the file at the same time.
        settings: of the database, such as ``{"threads": 2}``.
    """

    packages: ClassVar[tuple[str, ...]] = ("duckdb",)
    needs: ClassVar[dict[str, str]] = {"query": "A query string must be provided."}
    query: str | None = None
    parameters: list[Any] | dict[str, Any] | None = None
    database: str = ":memory:"
    frames: dict[str, Any] | None = None
    to_dataframe: bool = False
    read_only: bool = False
    settings: dict[str, Any] | None = None

    def work(self) -> Any:
        """Run the statement."""
        package = self.module("duckdb")
        with closing(
            package.connect(str(self.database), read_only=self.read_only, config=self.settings or {})
        ) as connection:
            for name, frame in (self.frames or {}).items():
                connection.register(name, frame)
            result = connection.execute(self.query, self.parameters)
            return result.df() if self.to_dataframe else result.fetchall()
