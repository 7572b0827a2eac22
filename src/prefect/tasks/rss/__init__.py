"""Tasks for RSS."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "ParseRSSFeed": "prefect.tasks.rss.feed",
    },
    rooms=("feed",),
)
