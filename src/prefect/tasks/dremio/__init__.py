"""Tasks for Dremio."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "DremioFetch": "prefect.tasks.dremio.dremio",
    },
    rooms=("dremio",),
)
