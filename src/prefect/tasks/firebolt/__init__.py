"""Tasks for Firebolt."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "FireboltQuery": "prefect.tasks.firebolt.firebolt",
    },
    rooms=("firebolt",),
)
