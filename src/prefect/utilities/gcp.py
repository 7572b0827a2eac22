"""Google clients, with credentials from where 1.x looks for them. Needs ``google-cloud-storage`` or ``-bigquery``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from prefect.utilities.context import context


def get_google_client(submodule: str, credentials: Mapping[str, Any] | None = None, project: str | None = None) -> Any:
    """Give the ``Client`` of a module of ``google.cloud``.

    Args:
        submodule: ``storage``, ``bigquery`` and so on.
        credentials: a service account's fields; else the local secret GCP_CREDENTIALS; else Google's own search.
        project: the project; else that of the credentials.
    """
    client_class = import_module(f"google.cloud.{submodule}").Client
    known = credentials or (context.get("secrets") or {}).get("GCP_CREDENTIALS")
    if not known:
        return client_class(project=project)
    from google.oauth2.service_account import Credentials

    account = Credentials.from_service_account_info(dict(known))
    return client_class(project=project or account.project_id, credentials=account)


def get_storage_client(credentials: Mapping[str, Any] | None = None, project: str | None = None) -> Any:
    """Give a client of Google Cloud Storage."""
    return get_google_client("storage", credentials, project)


def get_bigquery_client(credentials: Mapping[str, Any] | None = None, project: str | None = None) -> Any:
    """Give a client of BigQuery."""
    return get_google_client("bigquery", credentials, project)
