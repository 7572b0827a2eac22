"""Tasks for Snowflake."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "SnowflakeQueriesFromFile",
                "SnowflakeQuery",
            ),
            "prefect.tasks.snowflake.snowflake",
        ),
    },
    rooms=("snowflake",),
)
