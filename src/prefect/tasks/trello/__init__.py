"""Tasks for Trello."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "CreateCard": "prefect.tasks.trello.trello",
    },
    rooms=("trello",),
)
