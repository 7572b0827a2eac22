"""Tickets of Zendesk."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from prefect.tasks.authoring.declared import WebTask

ENTITIES = frozenset({"brands", "groups", "last_audits", "metric_sets", "organizations", "sharing_agreements", "users"})


class ZendeskTicketsIncrementalExportTask(
    WebTask,
    args="subdomain email_address api_token api_token_env_var start_time cursor exclude_deleted include_entities",
):
    """Exports the tickets that have changed since a time, or since another export.

    Args:
        subdomain: of zendesk.com.
        api_token: of the account ``email_address``; else from the environment variable ``api_token_env_var``.
        start_time: a datetime, or seconds since 1970; cursor: where another export ended. One of the two.
        exclude_deleted: leave deleted tickets out.
        include_entities: what belongs to the tickets, such as ``users``.
    """

    subdomain: str | None = None
    email_address: str | None = None
    api_token: str | None = None
    api_token_env_var: str | None = None
    start_time: datetime | int | None = None
    cursor: str | None = None
    exclude_deleted: bool = False
    include_entities: list[str] | None = None

    def work(self) -> dict[str, list[Any]]:
        """Export them: ``tickets``, and a list for each of ``include_entities``.

        Raises:
            ValueError: an argument is missing, or an entity is none.
            FAIL: Zendesk refused.
        """
        from prefect.engine.signals import FAIL
        from prefect.tasks.authoring.web import ServiceFailed

        service, entities = self._service(), sorted(set(self.include_entities or ()))
        unknown = [entity for entity in entities if entity not in ENTITIES]
        if unknown:
            raise ValueError(self.complaint(f"No such entity: {', '.join(unknown)}.", "include_entities"))
        asked = self._first_question(entities)
        found: dict[str, list[Any]] = defaultdict(list)
        try:
            while True:
                lists = ("tickets", *entities)
                has = " ".join(f"{name}?[]" for name in lists)
                page = service.ask("GET", "incremental/tickets/cursor.json", has=has, params=asked)
                for name in lists:
                    found[name] += page.get(name) or []
                if page.get("end_of_stream", True):
                    return dict(found)
                # Of the address of the next page only what it asks for: the credentials go where they always do.
                asked = parse_qs(urlsplit(str(service.checked(page, "after_url")["after_url"])).query)
        except ServiceFailed as error:
            raise FAIL(f"Zendesk API call failed! {error}") from None

    def _service(self) -> Any:
        both = not self.api_token and not self.api_token_env_var
        sentence = (
            "Both `api_token` and `api_token_env_var` are missing."
            if both
            else "`api_token` is missing and `api_token_env_var` not found."
        )
        token = self.given_or_variable("api_token", sentence)
        for name in ("subdomain", "email_address"):
            if not getattr(self, name):
                raise ValueError(self.complaint(f"`{name}` is missing.", name))
        if not str(self.subdomain).replace("-", "").isalnum():
            raise ValueError(self.complaint("A subdomain has letters, digits and hyphens.", "subdomain"))
        address = self.address or f"https://{self.subdomain}.zendesk.com/api/v2"
        return self.service(address, auth=(f"{self.email_address}/token", token))

    def _first_question(self, entities: list[str]) -> dict[str, Any]:
        if not self.start_time and not self.cursor:
            raise ValueError(self.complaint("Both `start_time` and `cursor` are missing.", "start_time"))
        asked: dict[str, Any] = {}
        if self.cursor:
            asked["cursor"] = self.cursor
        else:
            start = self.start_time
            asked["start_time"] = int(start.timestamp()) if isinstance(start, datetime) else start
        if self.exclude_deleted:
            asked["exclude_deleted"] = "true"
        if entities:
            asked["include"] = ",".join(entities)
        return asked
