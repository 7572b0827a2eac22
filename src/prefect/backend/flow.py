"""Registered flows as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from prefect._lazy import lazy
from prefect.contract import operations
from prefect.model import codec
from prefect.utilities.graphql import GraphQLResult

if TYPE_CHECKING:
    from prefect.core.flow import Flow
    from prefect.run_configs.base import RunConfig
    from prefect.storage.base import Storage

_NEWEST_FIRST = {"created": "desc"}


@dataclass(frozen=True)
class FlowView:
    """A version of a flow as the API knew it when it was asked.

    Attributes:
        settings: can be read as keys and as attributes, like ``serialized_flow``.
        flow_group_labels: labels set on the whole group; None when there are none.
    """

    flow_id: str
    settings: dict[str, Any]
    run_config: RunConfig | None
    serialized_flow: dict[str, Any]
    archived: bool
    project_name: str | None
    core_version: str
    storage: Storage | None
    name: str
    flow_group_labels: list[str] | None

    @cached_property
    def flow(self) -> Flow:
        """The flow made from its serialized form: its graph without the code of its tasks."""
        from prefect.core.serialize import load_flow

        return load_flow(self.serialized_flow)

    @classmethod
    def from_id(cls, flow_id: str) -> FlowView:
        """Read a flow by its id or, then the newest version, by its group's id.

        Raises:
            ValueError: it is neither.
        """
        _require_text("flow_id", flow_id)
        for read in (cls.from_flow_id, cls.from_flow_group_id):
            try:
                return read(flow_id)
            except ValueError:
                continue
        raise ValueError(f"Given id {flow_id!r} is not an existing flow or flow group id.")

    @classmethod
    def from_flow_id(cls, flow_id: str) -> FlowView:
        """Read a version of a flow by its id."""
        _require_text("flow_id", flow_id)
        return cls._from_row(_query({"id": {"_eq": flow_id}})[0])

    @classmethod
    def from_flow_group_id(cls, flow_group_id: str) -> FlowView:
        """Read the newest version of a flow group."""
        _require_text("flow_group_id", flow_group_id)
        return cls._from_row(_query({"flow_group_id": {"_eq": flow_group_id}}, order_by=_NEWEST_FIRST)[0])

    @classmethod
    def from_version_group_id(cls, version_group_id: str) -> FlowView:
        """Read the newest version, that is not archived, of a version group."""
        _require_text("version_group_id", version_group_id)
        where = {"version_group_id": {"_eq": version_group_id}, "archived": {"_eq": False}}
        return cls._from_row(_query(where, order_by=_NEWEST_FIRST)[0])

    @classmethod
    def from_flow_name(cls, flow_name: str, project_name: str = "", last_updated: bool = False) -> FlowView:
        """Read the newest version of a flow by its name.

        Args:
            project_name: empty means any project.
            last_updated: take the newest when flows of several projects have the name.

        Raises:
            ValueError: there is none, or there are several.
        """
        where: dict[str, Any] = {"name": {"_eq": flow_name}, "archived": {"_eq": False}}
        if project_name:
            where["project"] = {"name": {"_eq": project_name}}
        rows = _query(where, order_by=_NEWEST_FIRST)
        if len(rows) > 1 and not last_updated:
            raise ValueError(
                f"Found multiple flows matching {where!r}. Provide a `project_name` as well or toggle `last_updated` "
                "to use the flow that was most recently updated"
            )
        return cls._from_row(rows[0])

    def __repr__(self) -> str:
        storage = type(self.storage).__name__
        return (
            f"{type(self).__name__}(flow_id={self.flow_id!r}, name={self.name!r}, "
            f"project_name={self.project_name!r}, storage_type={storage})"
        )

    @classmethod
    def _from_row(cls, row: Mapping[str, Any]) -> FlowView:
        group = row["flow_group"] or {}
        return cls(
            flow_id=row["id"],
            settings=GraphQLResult(row["settings"] or {}),
            run_config=row["run_config"] and codec.load("run_config", row["run_config"]),
            serialized_flow=GraphQLResult(row["serialized_flow"]),
            archived=row["archived"],
            project_name=(row["project"] or {}).get("name"),
            core_version=row["core_version"],
            storage=row["storage"] and codec.load("storage", row["storage"]),
            name=row["name"],
            flow_group_labels=group.get("labels"),
        )


def _query(where: dict[str, Any], order_by: dict[str, str] | None = None) -> list[dict[str, Any]]:
    from prefect.client.client import Client

    rows = Client().ask(operations.FLOWS, where=where, order_by=order_by)["flow"]
    if not rows:
        raise ValueError(f"No results found while querying for flows where {where!r}")
    return rows


def _require_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"Unexpected type {type(value)!r} for `{name}`, expected 'str'.")


if not TYPE_CHECKING:  # names that are looked for here, because this module of 1.x had them too
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "Client": "prefect.client.client",
            "EnumValue": "prefect.utilities.graphql",
            "RunConfig": "prefect.run_configs.base",
            "prefect": "prefect:",
            "with_args": "prefect.utilities.graphql",
        },
    )
