"""Events of Mixpanel."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from prefect.tasks.authoring.declared import WebTask


class MixpanelExportTask(
    WebTask,
    args="api_secret api_secret_env_var from_date to_date limit event where parse_response use_eu_server group_events",
):
    """Exports raw events.

    Args:
        api_secret: else from the environment variable ``api_secret_env_var``.
        from_date, to_date: ``YYYY-MM-DD``, both included; absent means today (UTC).
        limit: of events.
        event: names of events; absent means all.
        where: an expression of Mixpanel.
        parse_response: give a list of events; else the text.
        use_eu_server: the project is in the EU.
        group_events: give name -> list of properties; only with ``parse_response``.
    """

    api_secret: str | None = None
    api_secret_env_var: str | None = None
    from_date: str = "2011-07-10"
    to_date: str | None = None
    limit: int | None = None
    event: str | list[str] | None = None
    where: str | None = None
    parse_response: bool = False
    use_eu_server: bool = False
    group_events: bool = False

    def work(self) -> Any:
        """Export the events.

        Raises:
            FAIL: Mixpanel refused.
        """
        from prefect.engine.signals import FAIL
        from prefect.tasks.authoring.web import ServiceFailed

        sentence = "Missing `api_secret` and `api_secret_env_var` not found."
        if not self.api_secret and not self.api_secret_env_var:
            sentence = "Missing both `api_secret` and `api_secret_env_var`."
        secret = self.given_or_variable("api_secret", sentence)
        events = [self.event] if isinstance(self.event, str) else self.event
        asked = {
            "from_date": self.from_date,
            "to_date": self.to_date or datetime.now(UTC).strftime("%Y-%m-%d"),
            "limit": self.limit,
            "event": json.dumps(events) if events else None,
            "where": self.where,
        }
        address = self.address or f"https://data{'-eu' if self.use_eu_server else ''}.mixpanel.com/api/2.0"
        service = self.service(address, auth=(secret, ""), headers={"Accept": "application/json"})
        try:
            text = service.request("GET", "export", params=asked).text
        except ServiceFailed as error:
            raise FAIL(f"Mixpanel export API error. {error}") from None
        if not self.parse_response:
            return text
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
        if not self.group_events:
            return found
        grouped: dict[str, list[Any]] = defaultdict(list)
        for one in found:
            grouped[one["event"]].append(one["properties"])
        return dict(grouped)
