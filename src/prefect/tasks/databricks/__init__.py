"""Tasks for Databricks."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "DatabricksGetJobID": "prefect.tasks.databricks.databricks_get_job_id",
        **dict.fromkeys(
            (
                "DatabricksRunNow",
                "DatabricksSubmitMultitaskRun",
                "DatabricksSubmitRun",
            ),
            "prefect.tasks.databricks.databricks_submitjob",
        ),
    },
    rooms=("databricks_get_job_id", "databricks_hook", "databricks_submitjob", "models"),
)
