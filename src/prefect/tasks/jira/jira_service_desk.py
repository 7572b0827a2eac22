"""Requests of a service desk of Jira."""

from __future__ import annotations

from typing import ClassVar

from prefect.tasks.jira.jira_task import JiraBase


class JiraServiceDeskTask(
    JiraBase,
    init="server_url service_desk_id issue_type summary description",
    run="username access_token server_url service_desk_id issue_type summary description",
):
    """Creates a request at a service desk.

    Args:
        issue_type: id of the kind of request.
    """

    needs: ClassVar[dict[str, str]] = {
        "service_desk_id": "A service desk id must be provided",
        "issue_type": "An issue_type must be provided",
        "summary": "A summary must be provided",
    }
    service_desk_id: str | None = None
    issue_type: int | None = None
    summary: str | None = None
    description: str | None = None

    def work(self) -> None:
        """Create the request; the log has its key."""
        request = {
            "serviceDeskId": str(self.service_desk_id),
            "requestTypeId": str(self.issue_type),
            "requestFieldValues": {"summary": self.summary, "description": self.description},
        }
        client = self.client()
        if client is not None:
            made = client.create_customer_request({**request, "requestTypeId": self.issue_type})
            self.logger.info("Created the request %s.", made)
            return
        answer = self.ask("rest/servicedeskapi/request", json=request)
        self.logger.info("Created the request %s.", answer.get("issueKey"))
