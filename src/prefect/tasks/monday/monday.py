"""Items of monday.com."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import WebTask

CREATE = """\
mutation ($board: ID!, $group: String!, $name: String!, $values: JSON) {
  create_item(board_id: $board, group_id: $group, item_name: $name, column_values: $values) { id }
}"""


class CreateItem(
    WebTask,
    args="board_id group_id item_name column_values",
    run="+ monday_api_token",
):
    """Adds an item to a board.

    Args:
        column_values: id of each column -> value.
        monday_api_token: the token; or the name of the secret that holds it.
    """

    address: ClassVar[str] = "https://api.monday.com/v2"
    needs: ClassVar[dict[str, str]] = {
        "board_id": "A board id must be provided.",
        "group_id": "A group id must be provided",
        "item_name": "An item name must be provided",
    }
    board_id: int | None = None
    group_id: str | None = None
    item_name: str | None = None
    column_values: dict[str, Any] | None = None
    monday_api_token: str = "MONDAY_API_TOKEN"  # noqa: S105 - the name of a secret

    def work(self) -> str:
        """Add the item and give its id.

        Raises:
            ServiceFailed: monday.com refused.
        """
        from prefect.tasks.authoring.web import ServiceFailed

        token = self.optional_secret(self.monday_api_token) or self.monday_api_token
        values = json.dumps(self.column_values) if self.column_values is not None else None
        variables = {
            "board": str(self.board_id),
            "group": self.group_id,
            "name": self.item_name,
            "values": values,
        }
        service = self.service(headers={"Authorization": str(token)})
        answer = service.ask("POST", "", has="{}", json={"query": CREATE, "variables": variables})
        data = answer.get("data")
        if not isinstance(data, dict) or not data.get("create_item"):
            said = answer.get("errors") or answer.get("error_message")
            raise ServiceFailed(f"{type(self).__name__}: monday.com refused: {said}")
        made: str = service.checked(data, "create_item.id")["create_item"]["id"]
        return made
