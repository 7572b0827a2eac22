"""Runs of dbt Cloud: starting, watching, and the artifacts that they leave."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from prefect.tasks.authoring.remote import Progress, RemoteJobFailed

if TYPE_CHECKING:
    from prefect.tasks.authoring.web import WebService

DOMAIN = "cloud.getdbt.com"
#: What stands between the domain and the paths; a test puts a fake here.
ADDRESS = "https://{}"
SUCCESS, ERROR, CANCELLED = 10, 20, 30
POLL_SECONDS = 10


class DbtCloudBaseException(Exception):
    """The root of what goes wrong with dbt Cloud."""


class TriggerDbtCloudRunFailed(DbtCloudBaseException):
    """A run could not be started."""


class GetDbtCloudRunFailed(DbtCloudBaseException):
    """A run could not be asked about."""


class DbtCloudListArtifactsFailed(DbtCloudBaseException):
    """The artifacts of a run could not be listed."""


class DbtCloudRunFailed(DbtCloudBaseException, RemoteJobFailed):
    """A run failed."""


class DbtCloudRunCanceled(DbtCloudBaseException, RemoteJobFailed):
    """A run was cancelled."""


class DbtCloudRunTimedOut(DbtCloudBaseException, RemoteJobFailed):
    """A run took too long."""


def service(token: str, domain: str | None, by: str = "DbtCloudRunJob") -> WebService:
    """Give the API of dbt Cloud at a domain.

    Raises:
        ValueError: the domain is none.
    """
    from prefect._version import __version__
    from prefect.tasks.authoring.web import WebService

    name = domain or DOMAIN
    if not re.fullmatch(r"[A-Za-z0-9.-]+(:[0-9]+)?", name):
        raise ValueError(f"{name!r} is no domain of dbt Cloud. (`domain` of {by})")
    headers = {"Authorization": f"Bearer {token}", "User-Agent": f"proctor-{__version__}"}
    return WebService(f"{ADDRESS.format(name)}/api/v2", by=by, headers=headers)


def trigger_job_run(
    account_id: int, job_id: int, token: str, cause: str, domain: str, additional_args: dict[str, Any] | None
) -> Any:
    """Start a run of a job and give what dbt Cloud says of it.

    Raises:
        TriggerDbtCloudRunFailed: it was not started.
    """
    from prefect.tasks.authoring.web import ServiceFailed

    wanted = {**(additional_args or {}), "cause": cause}
    try:
        path = "accounts/{}/jobs/{}/run/"
        return service(token, domain).ask("POST", path, account_id, job_id, has="data.id", json=wanted)["data"]
    except ServiceFailed as error:
        raise TriggerDbtCloudRunFailed(str(error)) from None


def look_at_run(account_id: int, token: str, run_id: int, domain: str | None = None) -> Progress:
    """Give the progress of a run; its result is what dbt Cloud says of it.

    Raises:
        GetDbtCloudRunFailed: there was no answer about it.
        DbtCloudRunFailed, DbtCloudRunCanceled: that is how it ended.
    """
    from prefect.tasks.authoring.web import ServiceFailed

    try:
        path = "accounts/{}/runs/{}/"
        run = service(token, domain).ask("GET", path, account_id, run_id, has="data.id data.status")["data"]
    except ServiceFailed as error:
        raise GetDbtCloudRunFailed(str(error)) from None
    status = run.get("status")
    if status == ERROR:
        raise DbtCloudRunFailed(f"Job run with ID: {run_id} failed.")
    if status == CANCELLED:
        raise DbtCloudRunCanceled(f"Job run with ID: {run_id} cancelled.")
    return Progress(status == SUCCESS, str(run.get("status_humanized") or status), run)


def cancel_run(account_id: int, token: str, run_id: int, domain: str | None = None) -> None:
    """Cancel a run."""
    service(token, domain).ask("POST", "accounts/{}/runs/{}/cancel/", account_id, run_id, repeats=True)


def wait_for_job_run(
    account_id: int, token: str, run_id: int, max_wait_time: int | None = None, domain: str | None = None
) -> Any:
    """Wait until a run has ended well, and give what dbt Cloud says of it.

    Args:
        max_wait_time: seconds; absent means as long as it takes.

    Raises:
        DbtCloudRunFailed, DbtCloudRunCanceled: that is how it ended.
        DbtCloudRunTimedOut: it has not ended in time.
    """
    import time

    from prefect.tasks.authoring.remote import pause

    deadline = None if max_wait_time is None else time.monotonic() + max_wait_time
    while not (progress := look_at_run(account_id, token, run_id, domain)).done:
        if deadline is not None and time.monotonic() >= deadline:
            raise DbtCloudRunTimedOut(f"Max attempts reached while checking status of job run with ID: {run_id}")
        pause(POLL_SECONDS)
    return progress.result


def list_run_artifact_links(
    account_id: int, run_id: int, token: str, domain: str | None = None
) -> list[tuple[str, str]]:
    """Give the artifacts of a run: URL and name of each.

    Raises:
        DbtCloudListArtifactsFailed: dbt Cloud did not tell.
    """
    from prefect.tasks.authoring.web import ServiceFailed

    path = "accounts/{}/runs/{}/artifacts/"
    try:
        names = service(token, domain).ask("GET", path, account_id, run_id, has="data?[]").get("data") or []
    except ServiceFailed as error:
        raise DbtCloudListArtifactsFailed(str(error)) from None
    base = f"{ADDRESS.format(domain or DOMAIN)}/api/v2/{path.format(account_id, run_id)}"
    return [(f"{base}{name}", name) for name in names]
