"""Cards of Trello."""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.authoring.declared import WebTask


class CreateCard(WebTask, args="list_id card_name card_info", run="+ trello_api_key trello_server_token"):
    """Adds a card to a list.

    Args:
        card_info: the text of the card.
        trello_api_key, trello_server_token: the values; or the names of the secrets that hold them.
    """

    address: ClassVar[str] = "https://api.trello.com/1"
    needs: ClassVar[dict[str, str]] = {
        "list_id": "A list ID must be provided. See "
        "https://developer.atlassian.com/cloud/trello/rest/api-group-boards/#api-boards-id-lists-get for details."
    }
    list_id: str | None = None
    card_name: str | None = None
    card_info: str | None = None
    trello_api_key: str = "TRELLO_API_KEY"
    trello_server_token: str = "TRELLO_SERVER_TOKEN"  # noqa: S105 - the name of a secret

    def work(self) -> dict[str, Any]:
        """Add the card and give it as Trello describes it."""
        key, token = (
            str(self.optional_secret(given) or given) for given in (self.trello_api_key, self.trello_server_token)
        )
        card = {"idList": self.list_id, "name": self.card_name, "desc": self.card_info}
        service = self.service(secrets=[key, token])
        made: dict[str, Any] = service.ask("POST", "/cards", data={"key": key, "token": token, **card})
        return made
