"""Tasks for Azure Machine Learning."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "DatasetCreateFromDelimitedFiles",
                "DatasetCreateFromFiles",
                "DatasetCreateFromParquetFiles",
            ),
            "prefect.tasks.azureml.dataset",
        ),
        **dict.fromkeys(
            (
                "DatastoreGet",
                "DatastoreList",
                "DatastoreRegisterBlobContainer",
                "DatastoreUpload",
            ),
            "prefect.tasks.azureml.datastore",
        ),
    },
    rooms=("dataset", "datastore"),
)
