"""Tasks for Azure."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "BlobStorageDownload",
                "BlobStorageUpload",
            ),
            "prefect.tasks.azure.blobstorage",
        ),
        **dict.fromkeys(
            (
                "CosmosDBCreateItem",
                "CosmosDBQueryItems",
                "CosmosDBReadItems",
            ),
            "prefect.tasks.azure.cosmosdb",
        ),
        **dict.fromkeys(
            (
                "DatafactoryCreate",
                "PipelineCreate",
                "PipelineRun",
            ),
            "prefect.tasks.azure.datafactory",
        ),
    },
    rooms=("blobstorage", "cosmosdb", "datafactory"),
)
