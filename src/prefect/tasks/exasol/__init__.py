"""Tasks for Exasol."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "ExasolExecute",
                "ExasolExportToFile",
                "ExasolFetch",
                "ExasolImportFromIterable",
            ),
            "prefect.tasks.exasol.exasol",
        ),
    },
    rooms=("exasol",),
)
