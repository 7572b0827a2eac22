"""Issues of Jira, over its API for the web: no package is needed.

Where the package jira is installed, which 1.x had for this, it is what asks.
"""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.authoring.declared import WebTask


class JiraBase(WebTask):
    """A task for one server.

    Args:
        server_url: of the server.
        username, access_token: of the account. What is not given of the three is taken from the secret
            ``JIRASECRETS``: ``JIRASERVER``, ``JIRAUSER``, ``JIRATOKEN``.
    """

    server_url: str | None = None
    username: str | None = None
    access_token: str | None = None

    def ask(self, path: str, **body: Any) -> Any:
        """Write something, and give the answer of Jira."""
        known = self.credentials()
        service = self.service(known["server_url"], auth=(known["username"], known["access_token"]))
        return service.ask("POST", path, has="{}", **body)

    def client(self) -> Any:
        """Give the client of the package; None without the package."""
        package = self.former_module("jira")
        if package is None:
            return None
        known = self.credentials()
        auth = (known["username"], known["access_token"])
        return package.JIRA(basic_auth=auth, options={"server": known["server_url"]})

    def credentials(self) -> dict[str, Any]:
        """Give server, name and token.

        Raises:
            ValueError: one of them is missing.
        """
        wanted = {"server_url": "JIRASERVER", "username": "JIRAUSER", "access_token": "JIRATOKEN"}
        known = {name: getattr(self, name) for name in wanted}
        if not all(known.values()):
            secret = self.secret_value("JIRASECRETS", next(name for name, value in known.items() if not value))
            for name, field in wanted.items():
                known[name] = known[name] or (secret.get(field) if isinstance(secret, dict) else None)
                if not known[name]:
                    raise ValueError(self.complaint(f"The secret JIRASECRETS has no {field}.", name))
        return known


class JiraTask(
    JiraBase,
    init="server_url project_name assignee issue_type summary description",
    run="username access_token server_url project_name assignee issue_type summary description",
):
    """Creates an issue.

    Args:
        project_name: key of the project.
        assignee: id of an account; ``-1``: whoever Jira chooses.
        issue_type: such as ``Task``.
    """

    needs: ClassVar[dict[str, str]] = {
        "project_name": "A project name must be provided",
        "issue_type": "An issue_type must be provided",
        "summary": "A summary must be provided",
    }
    project_name: str | None = None
    assignee: str = "-1"
    issue_type: str | None = None
    summary: str | None = None
    description: str | None = None

    def work(self) -> None:
        """Create the issue; the log has its key."""
        issue = {
            "project": {"key": self.project_name},
            "assignee": {"accountId": self.assignee},
            "issuetype": {"name": self.issue_type},
            "summary": self.summary,
            "description": self.description,
        }
        client = self.client()
        if client is not None:
            made = client.create_issue({**issue, "project": self.project_name})
            self.logger.info("Created the issue %s.", made)
            return
        answer = self.ask("rest/api/2/issue", json={"fields": issue})
        self.logger.info("Created the issue %s.", answer.get("key"))
