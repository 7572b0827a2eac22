"""The state handler that opens issues in Jira, under the module of 1.x that defined it."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__, dict.fromkeys(("jira_message_formatter", "jira_notifier"), "prefect.backend.notifications")
)
