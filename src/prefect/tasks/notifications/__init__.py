"""Tasks that tell people something."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "EmailTask": "prefect.tasks.notifications.email_task",
        "SlackTask": "prefect.tasks.notifications.slack_task",
        "PushbulletTask": "prefect.tasks.notifications.pushbullet_task",
    },
    rooms=("email_task", "pushbullet_task", "slack_task"),
)
