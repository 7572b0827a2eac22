"""What the tasks for AWS share: a client with the credentials that the task was given."""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask


class AwsTask(DeclaredTask):
    """A task for one service of AWS.

    Args:
        boto_kwargs: handed to the client of boto3, such as ``region_name``.
        credentials: ``ACCESS_KEY``, ``SECRET_ACCESS_KEY`` and optionally ``SESSION_TOKEN``; else the local secret
            ``AWS_CREDENTIALS``; else boto3 looks for its own.
    """

    empties: ClassVar[dict[str, type]] = {"boto_kwargs": dict}
    packages: ClassVar[tuple[str, ...]] = ("boto3",)
    credentials: dict[str, str] | None = None
    boto_kwargs: dict[str, Any] | None = None

    def aws(self, service: str) -> Any:
        """Give the client of a service."""
        from prefect.utilities.aws import get_boto_client

        self.module("boto3")
        make = self.carried("get_boto_client") or get_boto_client
        return make(service, credentials=self.credentials, **(self.boto_kwargs or {}))
