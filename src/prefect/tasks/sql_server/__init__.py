"""Tasks for Microsoft SQL Server."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "SqlServerExecute",
                "SqlServerExecuteMany",
                "SqlServerFetch",
            ),
            "prefect.tasks.sql_server.sql_server",
        ),
    },
    rooms=("sql_server",),
)
