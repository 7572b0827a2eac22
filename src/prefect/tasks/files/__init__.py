"""Tasks for files and folders."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(("Copy", "Glob", "Move", "Remove"), "prefect.tasks.files.operations"),
        **dict.fromkeys(("Unzip", "Zip"), "prefect.tasks.files.compression"),
    },
    rooms=("compression", "operations"),
)
