"""Tasks for Amazon Web Services."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "BatchSubmit": "prefect.tasks.aws.batch",
        "AWSClientWait": "prefect.tasks.aws.client_waiter",
        **dict.fromkeys(
            (
                "LambdaCreate",
                "LambdaDelete",
                "LambdaInvoke",
                "LambdaList",
            ),
            "prefect.tasks.aws.lambda_function",
        ),
        "AWSParametersManager": "prefect.tasks.aws.parameter_store_manager",
        **dict.fromkeys(
            (
                "S3Download",
                "S3List",
                "S3Upload",
            ),
            "prefect.tasks.aws.s3",
        ),
        "AWSSecretsManager": "prefect.tasks.aws.secrets_manager",
        "StepActivate": "prefect.tasks.aws.step_function",
    },
    rooms=(
        "batch",
        "client",
        "client_waiter",
        "lambda_function",
        "parameter_store_manager",
        "s3",
        "secrets_manager",
        "step_function",
    ),
)
