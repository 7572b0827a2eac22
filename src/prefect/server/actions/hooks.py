"""Hooks that tell others of states, and the messages in a tenant's inbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prefect.model.state_facts import STATE_CLASSES
from prefect.server.actions.checks import check_key, check_name, check_object, new_id
from prefect.server.actions.receivers import EXPECTED, read_receiver
from prefect.server.errors import LONGEST_ECHO, ApiError, shorten
from prefect.server.store import hooks
from prefect.server.store.database import Transaction

__all__ = ["create_hook", "delete_hook", "delete_message", "read_states", "set_hook_active", "set_message_read"]

SEVERITIES = ("info", "warning", "error", "critical")
MOST_NAMED = 10
STATE_NAMES = {name.upper() for name in STATE_CLASSES}


@dataclass(frozen=True)
class Expected:
    """What a value of a configuration must be: asked, it tells whether one is."""

    what: str
    accepts: Callable[[Any], bool]

    def __call__(self, value: Any) -> bool:
        return self.accepts(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_url(value: Any) -> bool:
    try:
        read_receiver(value)
    except ValueError:
        return False
    return True


TEXT = Expected("a text that is not empty", _is_text)
#: What goes into a header, or next to others into one line.
WORD = Expected("one line without strange signs", lambda v: _is_text(v) and v.isascii() and v.strip().isprintable())
URL = Expected(EXPECTED, _is_url)
NUMBERS = Expected("a list of numbers", lambda v: isinstance(v, list) and bool(v) and all(map(WORD, v)))

#: What the configuration of each kind of hook must hold, no more and no less.
CONFIGS: Mapping[str, Mapping[str, Expected]] = {
    "WEBHOOK": {"url": URL},
    "SLACK_WEBHOOK": {"url": URL},
    "TWILIO": {"account_sid": WORD, "auth_token": WORD, "messaging_service_sid": WORD, "to": NUMBERS},
    "PAGERDUTY": {
        "api_token": WORD,
        "routing_key": TEXT,
        "severity": Expected("one of " + ", ".join(SEVERITIES), SEVERITIES.__contains__),
    },
    "PREFECT_MESSAGE": {},
}


def wrong_values(config: Mapping[str, Any], expected: Mapping[str, Expected]) -> list[str]:
    """Give the fields whose values cannot be used, with what was expected; a value, maybe a secret, is not told."""
    return sorted(f"{key} (expected {expected[key].what})" for key, value in config.items() if not expected[key](value))


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
    wrong = sorted(given.keys() ^ expected.keys()) or wrong_values(given, expected)
    if wrong:
        raise ApiError(
            f"Invalid config for a {type} hook: expected exactly {', '.join(expected) or 'nothing'}; "
            f"wrong: {', '.join(wrong)}",
            "BAD_USER_INPUT",
        )
    if name is not None:
        check_name("name", name)
    if version_group_id is not None:
        version_group_id = check_key("version_group_id", version_group_id)
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
