"""Tasks of Asana, over its API for the web: no package is needed.

Where the package asana is installed as 1.x had it, before its version 5, it is what asks.
"""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.authoring.declared import WebTask


class OpenAsanaToDo(WebTask, run="name= notes project token"):
    """Opens a task in a project of Asana.

    Args:
        name: of the task in Asana, and of this one.
        project: id of the project.
        token: a personal access token.
    """

    address: ClassVar[str] = "https://app.asana.com/api/1.0"
    needs: ClassVar[dict[str, str]] = {
        "project": "An Asana project must be provided.",
        "token": "An Asana access token must be provided.",
    }
    name: str
    notes: str | None = None
    project: str | None = None
    token: str | None = None

    def __init__(
        self,
        name: str | None = None,
        notes: str | None = None,
        project: str | None = None,
        token: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.notes = notes
        self.project = project
        self.token = token
        super().__init__(name=name, **kwargs)

    def work(self) -> dict[str, Any]:
        """Open the task and give it as Asana describes it."""
        wanted = {"name": self.name, "notes": self.notes, "projects": [self.project]}
        package = self.former_module("asana")
        if package and hasattr(package, "Client"):
            by_package: dict[str, Any] = package.Client.access_token(self.token).tasks.create_task(wanted)
            return by_package
        service = self.service(headers={"Authorization": f"Bearer {self.token}"})
        made: dict[str, Any] = service.ask("POST", "/tasks", has="data{}", json={"data": wanted})["data"]
        return made
