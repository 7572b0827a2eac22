"""Waiting for what AWS works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.aws.client import AwsTask


class AWSClientWait(
    AwsTask,
    init="client waiter_name waiter_definition boto_kwargs",
    run="client waiter_name waiter_definition waiter_kwargs credentials",
):
    """Waits with a waiter of boto3, with one that is defined here, or for jobs of Batch.

    For Batch there are ``JobExists``, ``JobRunning`` and ``JobComplete``, with ``{"jobs": [...]}``.

    Args:
        client: the service, such as ``batch``.
        waiter_definition: a waiter model in the form of botocore, when boto3 has none of this name.
        waiter_kwargs: arguments of the waiter.
    """

    needs: ClassVar[dict[str, str]] = {
        "client": "An AWS client string must be provided.",
        "waiter_name": "A waiter name must be provided.",
    }
    client: str | None = None
    waiter_name: str | None = None
    waiter_definition: dict[str, Any] | None = None
    waiter_kwargs: dict[str, Any] | None = None

    def work(self) -> None:
        """Wait.

        Raises:
            ValueError: there is no such waiter.
            botocore.exceptions.WaiterError: it came to what can no longer become what was waited for.
        """
        client = self.aws(str(self.client))
        self._waiter(client).wait(**(self.waiter_kwargs or {}))

    def _waiter(self, client: Any) -> Any:
        definition = self.waiter_definition
        if not definition and self.waiter_name in client.waiter_names:
            return client.get_waiter(self.waiter_name)
        if not definition and self.client == "batch" and self.waiter_name in BATCH_WAITERS:
            definition = {"version": 2, "waiters": BATCH_WAITERS}
        try:
            waiters = self.module("botocore.waiter")
            return waiters.create_waiter_with_client(self.waiter_name, waiters.WaiterModel(definition), client)
        except (TypeError, ValueError, KeyError, AttributeError):
            pass
        raise ValueError(
            self.complaint(f"Unable to load waiter '{self.waiter_name}' for AWS client '{self.client}'.", "waiter_name")
        )


def _jobs(delay: int, most: int, succeed: tuple[str, ...], fail: tuple[str, ...] = ()) -> dict[str, Any]:
    def accept(status: str, matcher: str, state: str) -> dict[str, str]:
        return {"argument": "jobs[].status", "expected": status, "matcher": matcher, "state": state}

    acceptors = [accept(status, "pathAll", "success") for status in succeed]
    acceptors += [accept(status, "pathAny", "failure") for status in fail]
    return {"delay": delay, "operation": "DescribeJobs", "maxAttempts": most, "acceptors": acceptors}


#: Delay in seconds and number of looks as in 1.x; a job that takes up to a day is waited for.
BATCH_WAITERS = {
    "JobExists": _jobs(2, 100, ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "FAILED", "SUCCEEDED")),
    "JobRunning": _jobs(5, 100, ("RUNNING", "FAILED", "SUCCEEDED")),
    "JobComplete": _jobs(300, 288, ("SUCCEEDED",), fail=("FAILED",)),
}


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "get_boto_client": "prefect.utilities.aws",
        },
    )
