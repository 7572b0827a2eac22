"""Tasks for PostgreSQL."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "PostgresExecute",
                "PostgresExecuteMany",
                "PostgresFetch",
            ),
            "prefect.tasks.postgres.postgres",
        ),
    },
    rooms=("postgres",),
)
