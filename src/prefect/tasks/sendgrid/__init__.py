"""Tasks for SendGrid."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "SendEmail": "prefect.tasks.sendgrid.sendgrid",
    },
    rooms=("sendgrid",),
)
