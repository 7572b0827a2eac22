"""Flows in a Python module that can be imported where they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prefect.model import codec
from prefect.storage.base import Storage

if TYPE_CHECKING:
    from prefect.core.flow import Flow


@codec.register("storage")
class Module(Storage):
    """Flows that are found by importing a module.

    Args:
        module: the module's name, or ``module:attribute`` for one flow or a function that makes it.
    """

    serialized_fields = ("module",)

    def __init__(self, module: str, **kwargs: Any) -> None:
        self.module = module
        super().__init__(**kwargs)

    def add_flow(self, flow: Flow) -> str:
        return self._enter(flow, self.module)

    def get_flow(self, flow_name: str) -> Flow:
        from prefect.storage.loading import extract_flow_from_module

        return extract_flow_from_module(self._place_of(flow_name), flow_name)
