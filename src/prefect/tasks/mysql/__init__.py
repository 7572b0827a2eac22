"""Tasks for MySQL and MariaDB."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "MySQLExecute",
                "MySQLFetch",
            ),
            "prefect.tasks.mysql.mysql",
        ),
    },
    rooms=("mysql",),
)
