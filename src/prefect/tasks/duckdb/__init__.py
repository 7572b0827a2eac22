"""Tasks for DuckDB. Not in 1.x."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {"DuckDBQuery": "prefect.tasks.duckdb.query"},
    rooms=("query",),
)
