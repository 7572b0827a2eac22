"""Secrets by name: from the local context, else from the API."""

from __future__ import annotations

import json
from typing import Any

from prefect.contract import errors, operations
from prefect.exceptions import ClientError
from prefect.utilities.context import context


class Secret:
    """A secret, known by its name; its value is looked up when asked for and never kept."""

    def __init__(self, name: str) -> None:
        self.name = name

    def exists(self) -> bool:
        """Whether a value can be found."""
        if self.name in _local_secrets():
            return True
        if _only_local():
            return False
        from prefect.client.client import Client

        return self.name in (Client().ask(operations.SECRET_NAMES)["secret_names"] or [])

    def get(self) -> Any:
        """Give the value; a text that holds JSON is decoded.

        Raises:
            ValueError: a flow is being built, or no local secret of this name exists.
            KeyError: the API has no secret of this name.
        """
        if _is_building_flow():
            raise ValueError("Secrets should only be retrieved during a Flow run, not while building a Flow.")
        local = _local_secrets()
        if self.name in local:
            return _decode(local[self.name])
        if _only_local():
            raise ValueError(f'Local Secret "{self.name}" was not found.')
        return _decode(self._ask())

    def _ask(self) -> Any:
        from prefect.client.client import Client

        try:
            return Client().ask(operations.SECRET_VALUE, name=self.name)["secret_value"]
        except ClientError as error:
            if context.config.backend == "server" and not isinstance(error, ConnectionError):
                # A server that keeps no secrets, or not this one: code for it expects what a local lookup raises.
                raise ValueError(f'Local Secret "{self.name}" was not found.') from error
            if errors.NO_VALUE_FOR_KEY in str(error):
                raise KeyError(f"The secret {self.name} was not found. Please ensure that it was set.") from error
            raise


def _decode(value: Any) -> Any:
    if isinstance(value, (str, bytes)):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _local_secrets() -> dict[str, Any]:
    return context.get("secrets") or {}


def _only_local() -> bool:
    return context.config.cloud.use_local_secrets is True


def _is_building_flow() -> bool:
    flow = context.get("flow")
    if flow is None:
        return False
    from prefect.core.flow import Flow

    return isinstance(flow, Flow)
