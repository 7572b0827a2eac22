"""Rows of Airtable, over its API for the web: no package is needed.

Where airtable-python-wrapper is installed, which 1.x had for this, it is what asks.
"""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.authoring.declared import WebTask


class AirtableTask(WebTask):
    """A task for one table.

    Args:
        base_key: id of the base, such as ``appXXXXXXXXXXXXXX``.
        api_key: a personal access token; else the secret ``AIRTABLE_API_KEY``.
    """

    address: ClassVar[str] = "https://api.airtable.com/v0"
    needs: ClassVar[dict[str, str]] = {
        "base_key": "A base key must be provided.",
        "table_name": "A table name must be provided.",
    }
    base_key: str | None = None
    table_name: str | None = None
    api_key: str | None = None

    def table(self) -> Any:
        """Give the table as the package has it; None without the package."""
        package = self.former_module("airtable")
        return package and package.Airtable(self.base_key, self.table_name, self.key())

    def key(self) -> str:
        return str(self.given_or_secret("api_key", "AIRTABLE_API_KEY"))

    def ask(self, method: str, path: str, *parts: object, **body: Any) -> Any:
        service = self.service(headers={"Authorization": f"Bearer {self.key()}"})
        return service.ask(method, "{}/{}" + path, self.base_key, self.table_name, *parts, **body)


class WriteAirtableRow(AirtableTask, init="base_key table_name", run="data base_key table_name api_key"):
    """Adds a row and gives it as it was stored.

    Args:
        data: name of each column -> value.
    """

    data: dict[str, Any]

    def work(self) -> dict[str, Any]:
        """Add the row."""
        table = self.table()
        row: dict[str, Any] = table.insert(self.data) if table else self.ask("POST", "", json={"fields": self.data})
        return row


class ReadAirtableRow(AirtableTask, init="base_key table_name", run="id base_key table_name api_key"):
    """Gives a row.

    Args:
        id: of the row, such as ``recXXXXXXXXXXXXXX``.
    """

    id: str

    def work(self) -> dict[str, Any]:
        """Read the row: its ``id``, ``createdTime`` and ``fields``."""
        table = self.table()
        row: dict[str, Any] = table.get(self.id) if table else self.ask("GET", "/{}", self.id)
        return row
