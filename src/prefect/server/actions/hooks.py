"""Hooks that tell others of states, and the messages in a tenant's inbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from prefect.model.state_facts import STATE_CLASSES
from prefect.server.actions.checks import check_key, check_name, check_object, new_id
from prefect.server.errors import LONGEST_ECHO, ApiError, shorten
from prefect.server.store import hooks
from prefect.server.store.database import Transaction

__all__ = ["create_hook", "delete_hook", "delete_message", "read_states", "set_hook_active", "set_message_read"]

SEVERITIES = ("info", "warning", "error", "critical")
MOST_NAMED = 10
STATE_NAMES = {name.upper() for name in STATE_CLASSES}


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_address_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_text(item) for item in value)


#: What the configuration of each kind of hook must hold, no more and no less.
CONFIGS: Mapping[str, Mapping[str, Callable[[Any], bool]]] = {
    "WEBHOOK": {"url": _is_text},
    "SLACK_WEBHOOK": {"url": _is_text},
    "TWILIO": {
        "account_sid": _is_text,
        "auth_token": _is_text,
        "messaging_service_sid": _is_text,
        "to": _is_address_list,
    },
    "PAGERDUTY": {"api_token": _is_text, "routing_key": _is_text, "severity": SEVERITIES.__contains__},
    "PREFECT_MESSAGE": {},
}


def read_states(states: Sequence[str]) -> list[str]:
    """Give the names of states as hooks keep them: in capitals, each once, in the caller's order."""
    wanted = list(dict.fromkeys(state.upper() for state in states))
    unknown = [state for state in wanted if state not in STATE_NAMES]
    if unknown or not wanted:
        named = ", ".join(state if len(state) <= LONGEST_ECHO else shorten(state) for state in unknown[:MOST_NAMED])
        raise ApiError(f"Invalid states: {named or 'none given'}", "BAD_USER_INPUT")
    return wanted


def create_hook(
    tx: Transaction,
    now: datetime,
    *,
    tenant_id: str,
    type: str,
    states: Sequence[str],
    name: str | None = None,
    version_group_id: str | None = None,
    config: Any = None,
) -> str:
    """Make a hook for these states, of one flow's versions or of all flows; gives its id."""
    wanted = read_states(states)
    given = check_object("config", config)
    expected = CONFIGS[type]
    wrong = sorted(given.keys() ^ expected.keys()) or sorted(
        key for key, is_valid in expected.items() if not is_valid(given[key])
    )
    if wrong:
        raise ApiError(
            f"Invalid config for a {type} hook: expected exactly {', '.join(expected) or 'nothing'}; "
            f"wrong: {', '.join(wrong)}",
            "BAD_USER_INPUT",
        )
    if name is not None:
        check_name("name", name)
    if version_group_id is not None:
        check_key("version_group_id", version_group_id)
    hook_id = new_id()
    tx.run(
        hooks.insert_hook,
        id=hook_id,
        tenant_id=tenant_id,
        name=name,
        type=type,
        states=wanted,
        config=given,
        version_group_id=version_group_id,
        created=now,
        updated=now,
    )
    return hook_id


def set_hook_active(tx: Transaction, now: datetime, *, cloud_hook_id: str, active: bool) -> bool:
    """Switch a hook on or off."""
    return tx.run(hooks.set_hook_active, cloud_hook_id=cloud_hook_id, active=active, now=now) > 0


def delete_hook(tx: Transaction, now: datetime, *, cloud_hook_id: str) -> bool:
    """Delete a hook."""
    return tx.run(hooks.delete_hook, cloud_hook_id=cloud_hook_id) > 0


def set_message_read(tx: Transaction, now: datetime, *, message_id: str, read: bool) -> bool:
    """Mark a message as read or unread."""
    return tx.run(hooks.set_message_read, message_id=message_id, read=read, now=now) > 0


def delete_message(tx: Transaction, now: datetime, *, message_id: str) -> bool:
    """Delete a message."""
    return tx.run(hooks.delete_message, message_id=message_id) > 0
