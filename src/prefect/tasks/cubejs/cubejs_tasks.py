"""Queries and pre-aggregations of Cube."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

from prefect.tasks.authoring.declared import WebTask
from prefect.tasks.authoring.remote import pause

if TYPE_CHECKING:
    from prefect.tasks.authoring.web import WebService

_WHO = "subdomain url api_secret api_secret_env_var"


class CubeTask(WebTask):
    """A task for one deployment.

    Args:
        subdomain: of cubecloud.dev; or ``url``, of the API of a deployment elsewhere.
        api_secret: else from the environment variable ``api_secret_env_var``.
        security_context: what Cube knows of whoever asks.
        wait_time_between_api_calls: seconds between two looks.
    """

    subdomain: str | None = None
    url: str | None = None
    api_secret: str | None = None
    api_secret_env_var: str = "CUBEJS_API_SECRET"  # noqa: S105 - the name of a variable
    security_context: str | dict[str, Any] | None = None
    wait_time_between_api_calls: int = 10

    def cube(self, room: str) -> WebService:
        """Give the API.

        Raises:
            ValueError: no place, or no secret.
        """
        if not self.subdomain and not self.url:
            raise ValueError(self.complaint("Missing both `subdomain` and `url`.", "subdomain"))
        secret = self.given_or_variable("api_secret", "Missing `api_secret` and `api_secret_env_var` not found.")
        if self.subdomain:
            if not self.subdomain.replace("-", "").isalnum():
                raise ValueError(self.complaint("A subdomain has letters, digits and hyphens.", "subdomain"))
            address = f"https://{self.subdomain}.cubecloud.dev/{room}/v1"
        else:
            address = f"{str(self.url).rstrip('/')}/v1"
        token = self.security_context
        if not isinstance(token, str):
            token = signed({**token, "expiresIn": "7d"} if token else {}, secret)
        return self.service(
            address, headers={"Authorization": token, "Content-Type": "application/json"}, secrets=[secret]
        )


class CubeJSQueryTask(
    CubeTask,
    args=f"{_WHO} query include_generated_sql security_context wait_time_between_api_calls max_wait_time",
):
    """Runs a query and gives its result.

    Args:
        query: in Cube's form, or a list of such queries.
        include_generated_sql: the result has ``sql`` as well.
        max_wait_time: seconds until Cube has the result; absent means as long as it takes.
    """

    query: dict[str, Any] | list[dict[str, Any]] | None = None
    include_generated_sql: bool = False
    max_wait_time: int | None = None

    def work(self) -> dict[str, Any]:
        """Run the query.

        Raises:
            FAIL: Cube refused it, or took too long.
        """
        from prefect.engine.signals import FAIL
        from prefect.tasks.authoring.web import ServiceFailed

        service = self.cube("cubejs-api")
        if not self.query:
            raise ValueError(self.complaint("Missing `query`.", "query"))
        asked = {"query": json.dumps(self.query)}
        begin = time.monotonic()
        try:
            while (found := service.ask("GET", "load", has="{}", params=asked)).get("error") == "Continue wait":
                if self.max_wait_time is not None and time.monotonic() - begin >= self.max_wait_time:
                    raise FAIL(f"Cube.js load API took longer than {self.max_wait_time} seconds to provide a response.")
                pause(self.wait_time_between_api_calls)
            if self.include_generated_sql:
                found["sql"] = service.ask("GET", "sql", has="{}", params=asked).get("sql")
        except ServiceFailed as error:
            raise FAIL(f"Cube.js load API failed! Error is: {error}") from None
        result: dict[str, Any] = found
        return result


class CubePreAggregationsBuildTask(
    CubeTask,
    args=f"{_WHO} security_context selector wait_for_job_run_completion wait_time_between_api_calls",
):
    """Builds pre-aggregations, and waits for the end of that if it is wanted.

    Args:
        selector: which of them, in Cube's form.
    """

    selector: dict[str, Any] | None = None
    wait_for_job_run_completion: bool = False

    def work(self) -> Any:
        """Build them; give the tokens of the jobs, or True when they were waited for.

        Raises:
            FAIL: Cube refused, or a job failed.
        """
        from prefect.engine.signals import FAIL
        from prefect.tasks.authoring.web import ServiceFailed

        service = self.cube("cubejs-system")
        if not self.selector:
            raise ValueError(self.complaint("Missing `selector`.", "selector"))
        path = "pre-aggregations/jobs"
        try:
            tokens = service.ask("POST", path, json={"action": "post", "selector": self.selector})
            wanted = {"action": "get", "resType": "object", "tokens": tokens}
            while self.wait_for_job_run_completion:
                jobs = service.ask("POST", path, repeats=True, json=wanted)
                found = service.checked([*jobs.values()] if isinstance(jobs, dict) else jobs, "[].status?")
                states = [str(job.get("status") or "") for job in found]
                failed = [state for state in states if "fail" in state or "missing_partition" in state]
                if failed:
                    raise FAIL(f"Cube pre-aggregations build failed: {', '.join(failed)}.", result=jobs)
                if all(state == "done" for state in states):
                    return True
                pause(self.wait_time_between_api_calls)
        except ServiceFailed as error:
            raise FAIL(f"Cube pre-aggregations API failed! Error is: {error}") from None
        return tokens


def signed(content: dict[str, Any], secret: str) -> str:
    """Give a JSON Web Token, signed with HMAC and SHA-256 (RFC 7519)."""

    def part(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    head = {"alg": "HS256", "typ": "JWT"}
    text = ".".join(part(json.dumps(piece, separators=(",", ":")).encode()) for piece in (head, content))
    return f"{text}.{part(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())}"
