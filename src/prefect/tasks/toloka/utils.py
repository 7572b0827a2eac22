"""What the tasks for Toloka share: a client, and objects read from mappings."""

from __future__ import annotations

import json
from typing import Any

from prefect.utilities.importtools import import_needed

DEFAULT_TOKEN_SECRET_NAME = "TOLOKA_TOKEN"  # noqa: S105 - the name of a secret
DEFAULT_ENV = "PRODUCTION"


def toloka_client(token: str | None, secret_name: str, env: str) -> Any:
    """Give a client.

    Args:
        token: else the secret of this name.
        env: ``PRODUCTION`` or ``SANDBOX``.
    """
    from prefect.client.secrets import Secret

    client = import_needed("toloka.client", by="A task for Toloka")
    return client.TolokaClient(token or Secret(secret_name).get(), env)


def structure_from_conf(obj: Any, cl: Any) -> Any:
    """Give an object of a class of Toloka: itself, or read from a mapping, or from JSON as text or bytes."""
    if isinstance(obj, cl):
        return obj
    if isinstance(obj, (str, bytes)):
        obj = json.loads(obj)
    return cl.structure(obj)


def extract_id(obj: Any, cl: Any = None) -> str:
    """Give the id of an object, of a mapping, or the id itself."""
    if isinstance(obj, str):
        return obj
    found: str | None = obj.get("id") if isinstance(obj, dict) else getattr(obj, "id", None)
    if not found:
        raise ValueError(f"An object of Toloka, or its id, is needed, not {type(obj).__name__}")
    return found
