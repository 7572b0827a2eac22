"""Secrets of a HashiCorp Vault, key-value engine version 2."""

from __future__ import annotations

import os
from typing import Any

from prefect.tasks.secrets.base import SecretBase


class VaultSecret(SecretBase):
    """Gives the newest version of a secret of a Vault server.

    Args:
        name: ``<mount point>/<path>``; also the task's name.
        vault_credentials_secret: name of the secret with ``VAULT_TOKEN``, or ``VAULT_ROLE_ID`` and
            ``VAULT_SECRET_ID``; a secret ``VAULT_ADDR`` of its own or the environment variable names the server.
    """

    def __init__(
        self,
        name: str | None = None,
        vault_credentials_secret: str = "VAULT_CREDENTIALS",  # noqa: S107 - the name of a secret
        **kwargs: Any,
    ) -> None:
        self.secret_name = name
        self.vault_credentials_secret = vault_credentials_secret
        super().__init__(name=name, **kwargs)

    def run(self, name: str = None) -> Any:  # type: ignore[assignment]  # noqa: RUF013 - its type travels with the flow
        """Read the secret's mapping.

        Raises:
            ImportError: the package hvac is not installed.
            ValueError: a name that is not ``<mount point>/<path>``, no address, or unusable credentials.
            KeyError: there is no such secret.
        """
        mount_point, _, path = self._name_or_default(name).partition("/")
        if not mount_point or not path:
            raise ValueError(f"Invalid secret name, must be supplied in form: <mount_point>/<path>: {name!r}")
        client = self._client()
        from hvac.exceptions import InvalidPath

        try:
            answer = client.secrets.kv.v2.read_secret_version(path=path, mount_point=mount_point)
        except InvalidPath as error:
            raise KeyError(f"Secret not found: {mount_point}/{path}") from error
        return answer["data"]["data"]

    def _client(self) -> Any:
        from prefect.client.secrets import Secret
        from prefect.utilities.importtools import import_needed

        hvac = import_needed("hvac", by="The task VaultSecret")

        address = os.getenv("VAULT_ADDR") or _optional_secret("VAULT_ADDR")
        if not address:
            raise ValueError("VAULT_ADDR url var not found. Set the environment variable VAULT_ADDR.")
        client = hvac.Client(url=address)
        credentials = Secret(self.vault_credentials_secret).get()
        if "VAULT_TOKEN" in credentials:
            client.token = str(credentials["VAULT_TOKEN"]).strip()
        elif {"VAULT_ROLE_ID", "VAULT_SECRET_ID"} <= set(credentials):
            client.auth.approle.login(credentials["VAULT_ROLE_ID"], credentials["VAULT_SECRET_ID"])
        else:
            raise ValueError(
                "Unable to authenticate with vault service. Supported methods: VAULT_TOKEN, or VAULT_ROLE_ID and "
                "VAULT_SECRET_ID."
            )
        if not client.is_authenticated():
            raise RuntimeError("Unable to authenticate with vault using supplied credentials.")
        return client


def _optional_secret(name: str) -> str | None:
    from prefect.client.secrets import Secret

    secret = Secret(name)
    return secret.get() if secret.exists() else None
