"""Secrets in the parameter store of AWS Systems Manager."""

from __future__ import annotations

from typing import ClassVar

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
