"""Tasks for Zendesk."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "ZendeskTicketsIncrementalExportTask": "prefect.tasks.zendesk.zendesk_tasks",
    },
    rooms=("zendesk_tasks",),
)
