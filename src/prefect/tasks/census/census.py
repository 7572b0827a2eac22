"""Syncs of Census."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from prefect.tasks.authoring.declared import WebTask
from prefect.tasks.authoring.remote import Progress, RemoteJob

DEFAULT_WAIT_TIME = 60
_TRIGGER = re.compile(r"https://bearer:secret-token:([^@/:]+)@app\.getcensus\.com/api/v1/syncs/([0-9]+)/trigger/?")
_SHAPE = (
    "Invalid parameter for `api_trigger` please paste directly from the Census sync configuration page. This is CaSe "
    "SenSITiVe."
)


class CensusSyncTask(WebTask, init="api_trigger", run="api_trigger poll_status_every_n_seconds"):
    """Starts a sync and waits for its end.

    Args:
        api_trigger: the URL on the page of the sync's configuration. It holds a secret: give it from one.
        poll_status_every_n_seconds: between two looks, at least 5.
    """

    address: ClassVar[str] = "https://app.getcensus.com/api/v1"
    needs: ClassVar[dict[str, str]] = {
        "api_trigger": "Value for parameter `api_trigger` must be provided. See Census sync configuration page."
    }
    api_trigger: str | None = None
    poll_status_every_n_seconds: int = DEFAULT_WAIT_TIME

    def work(self) -> dict[str, Any]:
        """Run the sync, and give what Census says of it; look at its ``status``.

        Raises:
            ValueError: this is no such URL. Does not show it.
        """
        found = _TRIGGER.fullmatch(str(self.api_trigger).strip())
        if found is None:
            raise ValueError(self.complaint(_SHAPE, "api_trigger"))
        token, sync = found.groups()
        service = self.service(auth=("bearer", f"secret-token:{token}"), secrets=[token])

        def start(_: str) -> Any:
            return service.ask("POST", "syncs/{}/trigger", sync, has="data.sync_run_id")["data"]["sync_run_id"]

        def look(run: int) -> Progress:
            said = service.ask("GET", "sync_runs/{}", run, has="data.status")["data"]
            return Progress(said["status"] != "working", said["status"], said)

        done: dict[str, Any] = RemoteJob(
            self,
            start=start,
            look=look,
            cancel=lambda run: service.ask("POST", "sync_runs/{}/cancel", run, repeats=True),
            poll_seconds=max(5, self.poll_status_every_n_seconds),
            what="Census sync",
        ).run()
        self.logger.info("View sync details here: https://app.getcensus.com/syncs/%s/sync-history.", sync)
        return done
