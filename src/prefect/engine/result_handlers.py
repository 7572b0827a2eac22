"""Not there since 1.0: importing it says what took its place."""

from __future__ import annotations

raise ModuleNotFoundError(
    "prefect.engine.result_handlers was removed in Prefect 1.0: use the results of prefect.engine.results, such as "
    "LocalResult in place of LocalResultHandler, as `result=` of the task or the flow.",
    name=__name__,
)
