"""Places where the values of tasks are written."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "AzureResult": "prefect.engine.results.azure_result",
        "ConstantResult": "prefect.model.result",
        "GCSResult": "prefect.engine.results.gcs_result",
        "LocalResult": "prefect.engine.results.local_result",
        "PrefectResult": "prefect.model.result",
        "S3Result": "prefect.engine.results.s3_result",
        "SecretResult": "prefect.engine.results.secret_result",
    },
    rooms=(
        "azure_result",
        "constant_result",
        "gcs_result",
        "local_result",
        "prefect_result",
        "s3_result",
        "secret_result",
    ),
)
