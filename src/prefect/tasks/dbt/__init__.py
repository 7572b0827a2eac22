"""Tasks for dbt."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "DbtCloudRunJob",
                "DbtShellTask",
            ),
            "prefect.tasks.dbt.dbt",
        ),
    },
    rooms=("dbt", "dbt_cloud_utils"),
)
