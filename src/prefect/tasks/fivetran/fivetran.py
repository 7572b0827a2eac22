"""Connectors of Fivetran."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import WebTask
from prefect.tasks.authoring.remote import Progress, RemoteJob, RemoteJobFailed


class FivetranSyncFailed(RemoteJobFailed, ValueError):
    """A sync failed."""


class FivetranSyncTask(
    WebTask, init="connector_id", run="api_key api_secret connector_id poll_status_every_n_seconds manual"
):
    """Syncs a connector and waits for the end of that.

    Args:
        api_key, api_secret: give them from secrets.
        poll_status_every_n_seconds: between two looks.
        manual: switch the connector's own schedule off; else on.
    """

    address: ClassVar[str] = "https://api.fivetran.com/v1"
    needs: ClassVar[dict[str, str]] = {
        "connector_id": "Value for parameter `connector_id` must be provided.",
        "api_key": "Value for parameter `api_key` must be provided.",
        "api_secret": "Value for parameter `api_secret` must be provided.",
    }
    api_key: str
    api_secret: str
    connector_id: str | None = None
    poll_status_every_n_seconds: int = 15
    manual: bool = True

    def work(self) -> dict[str, Any]:
        """Sync it; give ``succeeded_at`` and ``connector_id``.

        Raises:
            ValueError: the connector is not set up, or the sync failed.
        """
        service = self.service(auth=(self.api_key, self.api_secret))

        def state() -> dict[str, Any]:
            has = "data.service data.schema data.status.setup_state data.status.sync_state?"
            found: dict[str, Any] = service.ask("GET", "connectors/{}", self.connector_id, has=has)["data"]
            return found

        before = state()
        page = f"https://fivetran.com/dashboard/connectors/{before['service']}/{before['schema']}"
        setup = before["status"]["setup_state"]
        if setup != "connected":
            raise ValueError(
                self.complaint(
                    f'Fivetran connector "{self.connector_id}" not correctly configured, status: {setup}; please '
                    f"complete setup at {page}/setup",
                    "connector_id",
                )
            )
        self.logger.info("Connectors logs at %s/logs", page)
        wanted = "manual" if self.manual else "auto"
        if before.get("schedule_type") != wanted:
            service.ask("PATCH", "connectors/{}", self.connector_id, repeats=True, json={"schedule_type": wanted})

        def start(_: str) -> str:
            last = max(
                filter(None, (_instant(before.get(name)) for name in ("succeeded_at", "failed_at"))), default=None
            )
            service.ask("POST", "connectors/{}/force", self.connector_id)
            return last.isoformat() if last else ""

        def look(last: str) -> Progress:
            now = state()
            since = _instant(last) or datetime.min.replace(tzinfo=UTC)
            succeeded, failed = _instant(now.get("succeeded_at")), _instant(now.get("failed_at"))
            if failed and failed > since and not (succeeded and succeeded > failed):
                raise FivetranSyncFailed(
                    f'Fivetran sync for connector "{self.connector_id}" failed; please see logs at {page}/logs'
                )
            return Progress(bool(succeeded and succeeded > since), str(now["status"].get("sync_state")), now)

        done = RemoteJob(
            self, start=start, look=look, poll_seconds=self.poll_status_every_n_seconds, what="Fivetran sync since"
        ).run()
        return {"succeeded_at": done["succeeded_at"], "connector_id": self.connector_id}


def _instant(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except (TypeError, ValueError):
        raise ValueError(f"FivetranSyncTask: the answer of Fivetran has no time in {text!r}.") from None
    # Some times are compared, which works between those with a zone only.
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
