"""Secrets in AWS Secrets Manager."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from prefect._lazy import lazy
from prefect.tasks.aws.client import AwsTask
from prefect.tasks.secrets.base import SecretBase


class AWSSecretsManager(AwsTask, SecretBase, init="secret boto_kwargs", run="secret credentials"):
    """Gives the value of a secret, decoded when it is JSON; it is never written as a result."""

    needs: ClassVar[dict[str, str]] = {"secret": "A secret name must be provided."}
    secret: str | None = None

    def work(self) -> Any:
        """Read the newest version of the secret."""
        answer = self.aws("secretsmanager").get_secret_value(SecretId=self.secret)
        text = answer["SecretString"]
        try:
            return json.loads(text)
        except ValueError:
            return text


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "get_boto_client": "prefect.utilities.aws",
        },
    )
