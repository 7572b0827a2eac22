"""Syncs of Hightouch."""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.authoring.declared import WebTask
from prefect.tasks.authoring.remote import Progress, RemoteJob, RemoteJobTimedOut


class HightouchRunSync(
    WebTask,
    args="api_key api_key_env_var sync_id wait_for_completion wait_time_between_api_calls max_wait_time",
):
    """Starts a sync, and waits for its end if that is wanted.

    Args:
        api_key: else from the environment variable ``api_key_env_var``.
        wait_time_between_api_calls: seconds between two looks.
        max_wait_time: seconds; absent means as long as it takes.
    """

    address: ClassVar[str] = "https://api.hightouch.io/api/v2/rest"
    api_key: str | None = None
    api_key_env_var: str | None = None
    sync_id: int | None = None
    wait_for_completion: bool = False
    wait_time_between_api_calls: int = 10
    max_wait_time: int | None = None

    def work(self) -> dict[str, Any]:
        """Start the sync; give the answer of Hightouch, or the sync when it has ended.

        Raises:
            ValueError: no key, or no sync.
            FAIL: it could not be started, failed, or took too long.
        """
        from prefect.engine.signals import FAIL
        from prefect.tasks.authoring.web import ServiceFailed

        key = self.given_or_variable("api_key", self._no_key())
        if not self.sync_id:
            raise ValueError(
                self.complaint(
                    "`sync_id` has not been provided. Please provide the ID for the Hightouch sync that you would "
                    "like to trigger.",
                    "sync_id",
                )
            )
        service = self.service(headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"})

        def look(sync: int) -> Progress:
            found = service.ask("GET", "sync/{}", sync, has="sync.sync_status")
            status = found["sync"]["sync_status"]
            if status in ("failed", "cancelled", "aborted"):
                raise FAIL(f"The Hightouch sync {sync} ended as {status}.", result=found)
            return Progress(status == "success", status, found)

        def start(_: str) -> int | None:
            started.update(service.checked(service.ask("POST", "run/{}", self.sync_id) or {}, "{}"))
            return self.sync_id

        started: dict[str, Any] = {}
        try:
            if not self.wait_for_completion:
                start("")
                return started
            done: dict[str, Any] = RemoteJob(
                self,
                start=start,
                look=look,
                poll_seconds=self.wait_time_between_api_calls,
                limit_seconds=self.max_wait_time,
                what="Hightouch sync",
            ).run()
            return done
        except ServiceFailed as error:
            raise FAIL(f"Error while starting sync run. Error is: {error}") from None
        except RemoteJobTimedOut:
            raise FAIL("Sync run exceeded `max_wait_time`") from None

    def _no_key(self) -> str:
        if not self.api_key_env_var:
            return (
                "Neither `api_key` nor `api_key_env_var` have been provided. Please provide either an API key or an "
                "environment variable where the API is stored."
            )
        return (
            f"We were unable to find the environment variable ${self.api_key_env_var}. Please make sure the provided "
            "environment variable has been set with your Hightouch API key."
        )
