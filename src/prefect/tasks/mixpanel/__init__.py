"""Tasks for Mixpanel."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "MixpanelExportTask": "prefect.tasks.mixpanel.mixpanel_tasks",
    },
    rooms=("mixpanel_tasks",),
)
