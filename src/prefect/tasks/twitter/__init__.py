"""Tasks for Twitter."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "LoadTweetReplies": "prefect.tasks.twitter.twitter",
    },
    rooms=("twitter",),
)
