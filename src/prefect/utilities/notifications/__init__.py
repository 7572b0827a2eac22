"""The public place of the state handlers that tell people."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    dict.fromkeys(
        (
            "callback_factory",
            "email_message_formatter",
            "gmail_notifier",
            "jira_notifier",
            "slack_message_formatter",
            "slack_notifier",
            "snowflake_logger",
            "snowflake_message_formatter",
        ),
        "prefect.backend.notifications",
    ),
)
