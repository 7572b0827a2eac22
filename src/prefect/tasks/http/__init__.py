"""Tasks for services on the web that have no collection of their own. Not in 1.x."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    dict.fromkeys(("HttpPages", "HttpRequest"), "prefect.tasks.http.requests"),
    rooms=("requests",),
)
