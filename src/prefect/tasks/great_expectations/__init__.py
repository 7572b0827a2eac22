"""Tasks for Great Expectations."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "RunGreatExpectationsValidation": "prefect.tasks.great_expectations.checkpoints",
    },
    rooms=("checkpoints",),
)
