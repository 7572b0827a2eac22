"""Tasks for Google Cloud."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "BigQueryLoadFile",
                "BigQueryLoadGoogleCloudStorage",
                "BigQueryStreamingInsert",
                "BigQueryTask",
                "CreateBigQueryTable",
            ),
            "prefect.tasks.gcp.bigquery",
        ),
        "GCPSecret": "prefect.tasks.gcp.secretmanager",
        **dict.fromkeys(
            (
                "GCSBlobExists",
                "GCSCopy",
                "GCSDownload",
                "GCSUpload",
            ),
            "prefect.tasks.gcp.storage",
        ),
    },
    rooms=("bigquery", "secretmanager", "storage"),
)
