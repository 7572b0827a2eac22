"""Tasks for Airtable."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "ReadAirtableRow",
                "WriteAirtableRow",
            ),
            "prefect.tasks.airtable.airtable",
        ),
    },
    rooms=("airtable",),
)
