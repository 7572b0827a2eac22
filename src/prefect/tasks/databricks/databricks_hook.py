"""What the tasks for Databricks share: the connection, requests, and a run that is watched to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from prefect.exceptions import PrefectException
from prefect.tasks.authoring.declared import WebTask
from prefect.tasks.authoring.remote import Progress, RemoteJob, RemoteJobFailed

NEEDED = "A databricks connection string must be supplied as a dictionary or through Prefect Secrets"
ENDED = ("TERMINATED", "SKIPPED", "INTERNAL_ERROR")


class DatabricksRunFailed(RemoteJobFailed, PrefectException):
    """A run ended otherwise than with success."""


class DatabricksTask(WebTask):
    """A task for one workspace.

    Args:
        databricks_conn_secret: a mapping with ``host`` and ``token``, or ``host``, ``login`` and ``password``: give it
            from a secret, when the task is called.
        polling_period_seconds: between two looks at a run.
        databricks_retry_limit: how often a request is made at most; databricks_retry_delay: seconds between two.
    """

    needs: ClassVar[dict[str, str]] = {"databricks_conn_secret": NEEDED}
    databricks_conn_secret: dict[str, str] | None = None
    polling_period_seconds: int = 30
    databricks_retry_limit: int = 3
    databricks_retry_delay: float = 1

    def ask(self, method: str, path: str, repeats: bool = False, **body: Any) -> Any:
        """Make a request.

        Args:
            repeats: it does the same when it is made twice.

        Raises:
            ValueError: the connection is no mapping with what is needed.
            PrefectException: Databricks did not answer, or refused.
        """
        from prefect._version import __version__
        from prefect.tasks.authoring.web import ServiceFailed

        known = self.databricks_conn_secret
        if not isinstance(known, Mapping) or not known.get("host"):
            raise ValueError(
                self.complaint(
                    "`databricks_conn_secret` must be supplied as a valid dictionary.", "databricks_conn_secret"
                )
            )
        host = str(known["host"])
        how: dict[str, Any] = {"headers": {"User-Agent": f"proctor-{__version__}"}}
        if known.get("token"):
            how["headers"]["Authorization"] = f"Bearer {known['token']}"
        else:
            how["auth"] = (str(known.get("login", "")), str(known.get("password", "")))
        service = self.service(
            host if "://" in host else f"https://{host}",
            tries=max(1, self.databricks_retry_limit),
            pause=self.databricks_retry_delay,
            secrets=[str(value) for name, value in known.items() if name != "host"],
            **how,
        )
        try:
            return service.ask(method, f"/api/{path}", repeats=repeats, **body)
        except ServiceFailed as error:
            raise PrefectException(str(error)) from None

    def run_to_end(self, path: str, body: dict[str, Any]) -> Any:
        """Start a run, wait for its end and give its id.

        Raises:
            DatabricksRunFailed: it ended otherwise than with success.
        """
        return RemoteJob(
            self,
            start=lambda token: self._start(path, body, token),
            look=self._look,
            cancel=lambda run: self.ask("POST", "2.1/jobs/runs/cancel", repeats=True, json={"run_id": run}),
            poll_seconds=self.polling_period_seconds,
            what="Databricks run",
        ).run()

    def _start(self, path: str, body: dict[str, Any], token: str) -> Any:
        from prefect.utilities.context import context

        # With a token Databricks starts one run for it; without a backend nobody would ask for the same one again.
        if context.get("running_with_backend"):
            body = {"idempotency_token": token, **body}
        return self.ask("POST", path, repeats="idempotency_token" in body, has="run_id", json=body)["run_id"]

    def _look(self, run: Any) -> Progress:
        found = self.ask("GET", "2.1/jobs/runs/get", has="state.life_cycle_state", params={"run_id": run})
        state = found["state"]
        if state["life_cycle_state"] not in ENDED:
            return Progress(False, f"{state['life_cycle_state']}, see {found.get('run_page_url')}")
        if state.get("result_state") != "SUCCESS":
            raise DatabricksRunFailed(f"{type(self).__name__} failed with terminal state: {state}")
        return Progress(True, "SUCCESS", run)


def as_texts(content: Any, path: str = "json") -> Any:
    """Give what is told Databricks with its numbers as texts, as 1.x sends them.

    Raises:
        ValueError: something that JSON has no form for; names where it stands.
    """
    if content is None or isinstance(content, str):
        return content
    if isinstance(content, (bool, int, float)):
        return str(content)
    if isinstance(content, Mapping):
        return {key: as_texts(value, f"{path}[{key}]") for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [as_texts(value, f"{path}[{index}]") for index, value in enumerate(content)]
    raise ValueError(f"Type {type(content)} used for parameter {path} is not a number or a string")
