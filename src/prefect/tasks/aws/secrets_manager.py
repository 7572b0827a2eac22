"""Secrets in AWS Secrets Manager."""

from __future__ import annotations

import json
from typing import Any, ClassVar

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
