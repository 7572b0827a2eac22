"""Tasks for SQLite databases."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    dict.fromkeys(("SQLiteQuery", "SQLiteScript"), "prefect.tasks.database.sqlite"),
    rooms=("sqlite",),
)
