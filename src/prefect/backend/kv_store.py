"""The key-value store of the tenant: JSON values by name, kept by the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.contract import limits, operations
from prefect.exceptions import ClientError

NON_CLOUD_BACKEND_ERROR_MESSAGE = "KV Store operations are only supported while using Prefect Cloud as a backend."


def set_key_value(key: str, value: Any) -> str:
    """Set the value of a key, new or not, and give its id.

    Raises:
        ValueError: the value's JSON text is too long.
    """
    try:
        text = json.dumps(value)
    except RecursionError:
        raise ValueError("The value is nested too deeply to be stored as JSON.") from None
    if len(text) > limits.KEY_VALUE_CHARACTERS:
        raise ValueError("Value payload exceedes 10 KB limit.")
    return _ask(operations.SET_KEY_VALUE, input={"key": key, "value": value})["set_key_value"]["id"]


def get_key_value(key: str) -> Any:
    """Give the value of a key.

    Raises:
        ValueError: there is no such key.
    """
    found = _ask(operations.KEY_VALUE, key=key)["key_value"]
    if not found:
        raise ValueError(f"No value found for key: {key}")
    return found[0]["value"]


def delete_key(key: str) -> bool:
    """Delete a key with its value.

    Raises:
        ValueError: there is no such key.
    """
    found = _ask(operations.KEY_VALUE, key=key)["key_value"]
    if not found:
        raise ValueError(f"No key {key} found to delete")
    answer = _ask(operations.DELETE_KEY_VALUE, input={"key_value_id": found[0]["id"]})
    return answer["delete_key_value"]["success"]


def list_keys() -> list[str]:
    """List all keys, sorted."""
    return sorted(row["key"] for row in _ask(operations.KEYS)["key_value"])


def _ask(document: str, **variables: Any) -> dict[str, Any]:
    from prefect.client.client import Client

    try:
        return Client().ask(document, **variables)
    except ClientError as error:
        # A server of another make, without a store, does not know these names at all.
        if "Cannot query field" in str(error) or "field 'key_value' not found" in str(error):
            raise ClientError(NON_CLOUD_BACKEND_ERROR_MESSAGE) from error
        raise


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "prefect": "prefect:",
        },
    )
