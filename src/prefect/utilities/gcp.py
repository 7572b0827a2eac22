"""Google clients, with credentials from where 1.x looks for them. Needs ``google-cloud-storage`` or ``-bigquery``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect.utilities.context import context
from prefect.utilities.importtools import import_needed
from prefect.utilities.shared_clients import SharedClients

_clients = SharedClients("GOOGLE_", "STORAGE_EMULATOR_HOST", "BIGQUERY_")


def get_google_client(submodule: str, credentials: Mapping[str, Any] | None = None, project: str | None = None) -> Any:
    """Give the ``Client`` of a module of ``google.cloud``; the same one for equal arguments.

    Args:
        submodule: ``storage``, ``bigquery`` and so on.
        credentials: a service account's fields; else the local secret GCP_CREDENTIALS; else Google's own search.
        project: the project; else that of the credentials.
    """
    known = credentials or (context.get("secrets") or {}).get("GCP_CREDENTIALS")

    def make() -> Any:
        client_class = import_needed(f"google.cloud.{submodule}", by=f"The client of Google's {submodule}").Client
        if not known:
            return client_class(project=project)
        from google.oauth2.service_account import Credentials

        account = Credentials.from_service_account_info(dict(known))
        return client_class(project=project or account.project_id, credentials=account)

    return _clients.get((submodule, project, repr(sorted(known.items())) if known else None), make)


def get_storage_client(credentials: Mapping[str, Any] | None = None, project: str | None = None) -> Any:
    """Give a client of Google Cloud Storage."""
    return get_google_client("storage", credentials, project)


def get_bigquery_client(credentials: Mapping[str, Any] | None = None, project: str | None = None) -> Any:
    """Give a client of BigQuery."""
    return get_google_client("bigquery", credentials, project)
