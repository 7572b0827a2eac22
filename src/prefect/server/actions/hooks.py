"""Hooks that tell others of states, and the messages in a tenant's inbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from prefect.model.state_facts import STATE_CLASSES
from prefect.server.actions.checks import check_key, check_name, check_object, new_id, object_in
from prefect.server.actions.receivers import EXPECTED, read_receiver
from prefect.server.errors import LONGEST_ECHO, ApiError, BadInput, shorten
from prefect.server.store import hooks
from prefect.server.store.database import Transaction

__all__ = [
    "create_hook",
    "delete_hook",
    "delete_message",
    "read_states",
    "set_hook_active",
    "set_message_read",
    "update_hook",
]

SEVERITIES = ("info", "warning", "error", "critical")
MOST_NAMED = 10
#: The code of an answer to who changes what another has changed since it was looked at.
CHANGED_MEANWHILE = "CHANGED_MEANWHILE"
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
    values = _checked(type, {"name": name, "states": states, "config": config, "version_group_id": version_group_id})
    hook_id = new_id()
    tx.run(
        hooks.insert_hook,
        id=hook_id,
        tenant_id=tenant_id,
        type=type,
        created=now,
        updated=now,
        **values,
    )
    return hook_id


def update_hook(
    tx: Transaction,
    now: datetime,
    *,
    cloud_hook_id: str,
    changes: Mapping[str, Any],
    seen_updated: datetime | None = None,
) -> bool:
    """Change a hook; its kind stays, and what waits in the outbox is sent as it is then.

    Args:
        changes: new values of ``name``, ``version_group_id``, ``states`` and ``config``; what is absent stays.  None
            takes the name or the flow away, and stands for nothing given elsewhere.  Fields of ``config`` that are
            left out keep their values, so that nobody must know a secret to change what stands beside it.
        seen_updated: the hook's ``updated`` as the caller saw it; a change since then is refused.

    Returns:
        Whether there is such a hook.

    Raises:
        ApiError: something cannot be used, or somebody changed the hook meanwhile.
    """
    hook = tx.one(hooks.whole_hook, cloud_hook_id=cloud_hook_id)
    if hook is None:
        return False
    given = {key: value for key, value in changes.items() if value is not None or key not in ("states", "config")}
    if "config" in given:
        given["config"] = {**object_in(hook["config"]), **check_object("config", given["config"])}
    if not given:
        raise BadInput("input", "one of name, version_group_id, states and config", "none")
    changed = _checked(hook["type"], given)
    kept = {key: hook[key] for key in ("name", "version_group_id", "states", "config")}
    seen = {"seen_updated": hook["updated"] if seen_updated is None else seen_updated}
    if not tx.run(hooks.update_hook, cloud_hook_id=cloud_hook_id, now=now, **{**kept, **changed}, **seen):
        raise ApiError(
            "Somebody changed this hook meanwhile, and nothing was written over: look at it again.", CHANGED_MEANWHILE
        )
    return True


def _checked(type: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Read the values of a hook of this kind that are given, and refuse what cannot be used."""
    values = dict(given)
    if "states" in values:
        values["states"] = read_states(values["states"])
    if "config" in values:
        values["config"] = _checked_config(type, values["config"])
    if values.get("name") is not None:
        check_name("name", values["name"])
    if values.get("version_group_id") is not None:
        values["version_group_id"] = check_key("version_group_id", values["version_group_id"])
    return values


def _checked_config(type: str, config: Any) -> dict[str, Any]:
    given = check_object("config", config)
    expected = CONFIGS[type]
    wrong = sorted(given.keys() ^ expected.keys()) or wrong_values(given, expected)
    if wrong:
        raise ApiError(
            f"Invalid config for a {type} hook: expected exactly {', '.join(expected) or 'nothing'}; "
            f"wrong: {', '.join(wrong)}",
            "BAD_USER_INPUT",
        )
    return given


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
