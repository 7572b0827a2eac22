"""What every storage does: hold the places of flows by name, and travel as JSON.

A storage that is loaded from JSON knows only the places; the flow objects are with the storage that they were added to.
"""

from __future__ import annotations

import socket
from abc import ABCMeta, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Self

from prefect.model import codec
from prefect.storage._healthcheck import result_check
from prefect.utilities.context import context
from prefect.utilities.slugs import slugify

if TYPE_CHECKING:
    import logging

    from prefect.core.flow import Flow
    from prefect.model.result import Result


class Storage(metaclass=ABCMeta):
    """A place that flows are stored in.

    Args:
        result: the result that flows of this storage get when they have none.
        secrets: names of secrets that must be in the context when a flow is loaded.
        labels: labels that a run of a flow stored here needs.
        add_default_labels: whether :attr:`default_labels` belong to the labels; absent means the configured choice.
        stored_as_script: whether the flow's source text is stored instead of its pickled form.
    """

    serialized_fields: ClassVar[tuple[str, ...]] = ()
    """Attributes that travel, besides ``flows`` and ``secrets``."""

    def __init__(
        self,
        result: Result | None = None,
        secrets: Sequence[str] | None = None,
        labels: Iterable[str] | None = None,
        add_default_labels: bool | None = None,
        stored_as_script: bool = False,
    ) -> None:
        self.result = result
        self.secrets: list[str] = list(secrets or [])
        self.stored_as_script = stored_as_script
        self.flows: dict[str, str] = {}
        self._flows: dict[str, Flow] = {}
        self._labels = list(labels or [])
        if add_default_labels is None:
            add_default_labels = bool(context.config.flows.defaults.storage.add_default_labels)
        self.add_default_labels = add_default_labels

    @property
    def logger(self) -> logging.Logger:
        from prefect.utilities.logging import get_logger

        return get_logger(type(self).__name__)

    @property
    def default_labels(self) -> list[str]:
        """Labels that come with this kind of storage."""
        return []

    @property
    def labels(self) -> list[str]:
        """Labels that a run of a flow stored here needs, sorted."""
        return sorted({*self._labels, *(self.default_labels if self.add_default_labels else ())})

    @property
    def name(self) -> str:
        return type(self).__name__

    @abstractmethod
    def add_flow(self, flow: Flow) -> str:
        """Add a flow and give its place.

        Raises:
            ValueError: a flow of this name is here already.
        """

    def get_flow(self, flow_name: str) -> Flow:
        """Load a flow from its place.

        Raises:
            ValueError: no flow of this name is here.
        """
        raise ValueError("Flow is not contained in this Storage")

    def build(self) -> Storage:
        """Store what was added, and warn of flows whose tasks need a result that they do not have."""
        self.run_basic_healthchecks()
        return self

    def run_basic_healthchecks(self) -> None:
        """Warn of flows that were added and whose tasks need a result that they do not have."""
        result_check(self._flows.values(), quiet=True)

    def serialize(self) -> dict[str, Any]:
        """Give the JSON form."""
        return codec.dump(self)

    def __contains__(self, flow: object) -> bool:
        """Tell whether a flow, or the flow of a name, is here."""
        name = flow if isinstance(flow, str) else getattr(flow, "name", None)
        return name in self.flows

    def __repr__(self) -> str:
        return f"<Storage: {type(self).__name__}>"

    def _place_of(self, flow_name: str) -> str:
        if flow_name not in self.flows:
            raise ValueError("Flow is not contained in this Storage")
        return self.flows[flow_name]

    def _enter(self, flow: Flow, place: str) -> str:
        """Note the place of a flow that is new here."""
        self._refuse_known(flow)
        self.flows[flow.name] = place
        self._flows[flow.name] = flow
        return place

    def _refuse_known(self, flow: Flow) -> None:
        if flow.name in self:
            raise ValueError(f'Name conflict: Flow with the name "{flow.name}" is already present in this storage.')

    def _to_fields(self) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in self.serialized_fields}
        return {**fields, "flows": dict(self.flows), "secrets": list(self.secrets)}

    @classmethod
    def _from_fields(cls, data: Mapping[str, Any]) -> Self:
        given = {name: data[name] for name in cls.serialized_fields if name in data}
        try:
            storage = cls._from_travelled(given)
        except (TypeError, AttributeError) as error:
            raise ValueError(f"storage: the fields do not make a {cls.__name__}: {error}") from error
        flows, secrets = data.get("flows") or {}, data.get("secrets") or []
        if not isinstance(flows, Mapping):
            raise ValueError(f"storage.flows: expected an object, not {flows!r}")
        if not isinstance(secrets, list | tuple):
            raise ValueError(f"storage.secrets: expected a list, not {secrets!r}")
        storage.secrets = list(secrets)
        storage.flows = dict(flows)
        return storage

    @classmethod
    def _from_travelled(cls, fields: dict[str, Any]) -> Self:
        """Make the storage out of the attributes that travelled."""
        return cls(**fields)


def dated_name(flow: Flow) -> str:
    """Make the usual place of a flow: its name, then the present instant."""
    return f"{slugify(flow.name)}/{slugify(datetime.now(UTC).isoformat())}"


def host_label() -> str:
    return socket.gethostname()
