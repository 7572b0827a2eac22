"""Secrets in the parameter store of AWS Systems Manager."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from prefect._lazy import lazy
from prefect.tasks.aws.client import AwsTask
from prefect.tasks.secrets.base import SecretBase


class AWSParametersManager(
    AwsTask, SecretBase, init="parameter_name boto_kwargs", run="parameter_name credentials boto_kwargs"
):
    """Gives the value of a parameter; it is never written as a result."""

    needs: ClassVar[dict[str, str]] = {"parameter_name": "A parameter name must be provided."}
    parameter_name: str | None = None

    def work(self) -> str:
        """Read the parameter; one that is encrypted is decrypted."""
        answer = self.aws("ssm").get_parameter(Name=self.parameter_name, WithDecryption=True)
        return str(answer["Parameter"]["Value"])


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "get_boto_client": "prefect.utilities.aws",
        },
    )
