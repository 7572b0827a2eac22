"""Cancelling a flow run from a flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.core.authoring import defaults_from_attrs
from prefect.core.task import Task
from prefect.utilities.context import context


class CancelFlowRun(Task):
    """Cancels a flow run; without an id, the one that the task is part of."""

    def __init__(self, flow_run_id: str | None = None, **kwargs: Any) -> None:
        self.flow_run_id = flow_run_id
        super().__init__(**kwargs)

    @defaults_from_attrs("flow_run_id")
    def run(self, flow_run_id: str = None) -> Any:  # type: ignore[assignment]  # noqa: RUF013 - its type travels
        """Cancel it and give the name of the state that it is in now.

        Raises:
            ValueError: no id, and the task runs outside a flow run.
        """
        from prefect.client.client import Client

        chosen = flow_run_id or context.get("flow_run_id")
        if not chosen:
            raise ValueError("Can't cancel a flow run without flow run ID.")
        return Client().cancel_flow_run(chosen)


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "prefect": "prefect:",
        },
    )
