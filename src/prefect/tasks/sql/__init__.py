"""Tasks for any database that SQLAlchemy speaks to. Not in 1.x."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    dict.fromkeys(("SqlLoad", "SqlQuery", "SqlScript"), "prefect.tasks.sql.statements"),
    rooms=("statements",),
)
