"""Tasks for Jira."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        "JiraServiceDeskTask": "prefect.tasks.jira.jira_service_desk",
        "JiraTask": "prefect.tasks.jira.jira_task",
    },
    rooms=("jira_service_desk", "jira_task"),
)
