"""Tasks for Google Sheets."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "ReadGsheetRow",
                "WriteGsheetRow",
            ),
            "prefect.tasks.gsheets.gsheets",
        ),
    },
    rooms=("gsheets",),
)
