"""Renaming a flow run from a flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.core.authoring import defaults_from_attrs
from prefect.core.task import Task
from prefect.utilities.context import context


class RenameFlowRun(Task):
    """Renames a flow run; without an id, the one that the task is part of."""

    def __init__(self, flow_run_id: str | None = None, flow_run_name: str | None = None, **kwargs: Any) -> None:
        self.flow_run_id = flow_run_id
        self.flow_run_name = flow_run_name
        super().__init__(**kwargs)

    # The types travel with the flow.
    @defaults_from_attrs("flow_run_id", "flow_run_name")
    def run(self, flow_run_id: str = None, flow_run_name: str = None) -> bool:  # type: ignore[assignment]  # noqa: RUF013
        """Rename it; true when that was done.

        Raises:
            ValueError: no name; or no id, and the task runs outside a flow run.
        """
        from prefect.client.client import Client

        chosen = flow_run_id or context.get("flow_run_id")
        if not chosen:
            raise ValueError("`flow_run_id` must be explicitly provided or available in the context")
        if not flow_run_name:
            raise ValueError("Must provide a flow name.")
        return Client().set_flow_run_name(chosen, flow_run_name)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "prefect": "prefect:",
        },
    )
