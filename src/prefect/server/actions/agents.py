"""Agents and their configurations."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from prefect.server.actions.checks import check_labels, check_name, check_object, new_id
from prefect.server.errors import ApiError
from prefect.server.store import agents
from prefect.server.store.database import Transaction

__all__ = [
    "create_agent_config",
    "delete_agent",
    "delete_agent_config",
    "is_of_1_x",
    "register_agent",
    "update_agent_config",
]


_LEADING_NUMBERS = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\D|$)", re.ASCII)
_FIRST_OWN_VERSION = (1, 5)


@lru_cache(maxsize=32)
def is_of_1_x(version: str | None) -> bool:
    """Tell whether this is the version of a released 1.x, and not of this package."""
    told = _LEADING_NUMBERS.match(version or "")
    return told is not None and (int(told[1]), int(told[2])) < _FIRST_OWN_VERSION


def register_agent(
    tx: Transaction,
    now: datetime,
    *,
    type: str,
    tenant_id: str | None = None,
    name: str | None = None,
    labels: Sequence[str] | None = None,
    agent_config_id: str | None = None,
    core_version: str | None = None,
) -> str:
    """Give the id of the agent with this type, name, version and labels, making it when it is not there."""
    if tenant_id is None:
        raise ApiError("No tenant found.", "NOT_FOUND")
    check_name("type", type)
    if name is not None:
        check_name("name", name)
    wanted = check_labels("labels", labels or ())
    for known in tx.all(agents.agents_of_kind, tenant_id=tenant_id, type=type):
        same_name = name is None or known["name"] == name
        if same_name and known["core_version"] == core_version and sorted(known["labels"] or ()) == wanted:
            agent_id: str = known["id"]
            return agent_id
    agent_id = new_id()
    tx.run(
        agents.insert_agent,
        id=agent_id,
        tenant_id=tenant_id,
        agent_config_id=agent_config_id,
        type=type,
        name=name,
        labels=wanted,
        core_version=core_version,
        last_queried=now,
        created=now,
        updated=now,
    )
    return agent_id


def delete_agent(tx: Transaction, now: datetime, *, agent_id: str) -> bool:
    """Forget an agent."""
    return tx.run(agents.delete_agent, agent_id=agent_id) > 0


def create_agent_config(
    tx: Transaction, now: datetime, *, tenant_id: str, name: str | None = None, settings: Any = None
) -> str:
    """Keep a configuration that agents may ask for; gives its id."""
    if name is not None:
        check_name("name", name)
    config_id = new_id()
    tx.run(
        agents.insert_agent_config,
        id=config_id,
        tenant_id=tenant_id,
        name=name,
        settings=check_object("settings", settings),
        created=now,
        updated=now,
    )
    return config_id


def update_agent_config(
    tx: Transaction, now: datetime, *, agent_config_id: str, name: str | None = None, settings: Any = None
) -> bool:
    """Change what is given of a configuration."""
    changes: dict[str, Any] = {}
    if name is not None:
        changes["name"] = check_name("name", name)
    if settings is not None:
        changes["settings"] = check_object("settings", settings)
    changed = [
        tx.run(agents.set_agent_config[column], agent_config_id=agent_config_id, now=now, **{column: value})
        for column, value in changes.items()
    ]
    return any(changed)


def delete_agent_config(tx: Transaction, now: datetime, *, agent_config_id: str) -> bool:
    """Forget a configuration; agents that used it go on with what they have."""
    return tx.run(agents.delete_agent_config, agent_config_id=agent_config_id) > 0
