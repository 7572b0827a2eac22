"""Automations: when something happens, do something.  Keeping them, and doing what they say inside the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from prefect.server.actions import create_run, events, runs, schedules
from prefect.server.actions.checks import check_labels, check_name, check_object, found, new_id
from prefect.server.actions.hooks import CONFIGS as HOOK_CONFIGS
from prefect.server.actions.hooks import Expected, read_states, wrong_values
from prefect.server.actions.notices import IN_DATABASE, fields_of, message_of, render
from prefect.server.actions.receivers import EXPECTED_MAIL, read_mail_address
from prefect.server.errors import ApiError, BadInput
from prefect.server.settings import Settings
from prefect.server.store import automations, outbox
from prefect.server.store.database import Transaction

__all__ = [
    "AGENT_SLA",
    "FLOW_SLA",
    "IN_DATABASE",
    "TROUBLE",
    "create_action",
    "create_agent_sla_failed_hook",
    "create_flow_group_sla",
    "create_flow_run_state_changed_hook",
    "create_flow_sla_config",
    "create_flow_sla_failed_hook",
    "delete_action",
    "delete_hook",
    "keep_message",
    "keep_trouble",
    "perform",
    "tell_once",
]

FLOW_SLA, AGENT_SLA = "FLOW_SLA_FAILED", "AGENT_SLA_FAILED"
#: The type of messages that tell of what could not be done.
TROUBLE = "DELIVERY_FAILED"
LONGEST_SECONDS = 366 * 86_400
MOST_IDS = 1000
LONGEST_TEMPLATE = 10_000


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= LONGEST_TEMPLATE


def _is_mail_list(value: Any) -> bool:
    try:
        return isinstance(value, list) and bool(value) and all(read_mail_address(item) for item in value)
    except (TypeError, ValueError):
        return False


def _is_uuid(value: Any) -> bool:
    try:
        UUID(value)
    except (ValueError, TypeError, AttributeError):
        return False
    return True


_TEXT = Expected(f"a text of at most {LONGEST_TEMPLATE} characters that is not empty", _is_text)
_UUID = Expected("a uuid", _is_uuid)
_MESSAGE: Mapping[str, Expected] = {"message": _TEXT}
_FLOW_CHOICE: Mapping[str, Expected] = {"flow_id": _UUID, "flow_group_id": _UUID}

#: What the configuration of each kind of action must hold, and what it may hold.
CONFIGS: Mapping[str, tuple[Mapping[str, Expected], Mapping[str, Expected]]] = {
    "WEBHOOK": (HOOK_CONFIGS["WEBHOOK"], _MESSAGE),
    "SLACK": (HOOK_CONFIGS["SLACK_WEBHOOK"], _MESSAGE),
    "TEAMS": (HOOK_CONFIGS["WEBHOOK"], _MESSAGE),
    "PAGERDUTY": (HOOK_CONFIGS["PAGERDUTY"], _MESSAGE),
    "TWILIO": (HOOK_CONFIGS["TWILIO"], _MESSAGE),
    "EMAIL": ({"to": Expected("a list of " + EXPECTED_MAIL, _is_mail_list)}, {"subject": _TEXT, **_MESSAGE}),
    "MESSAGE": ({}, _MESSAGE),
    "CANCEL_RUN": ({}, {}),
    "START_RUN": (
        {},
        {
            **_FLOW_CHOICE,
            "parameters": Expected("an object", lambda value: isinstance(value, dict)),
            "labels": Expected("a list", lambda value: isinstance(value, list)),
            "name": _TEXT,
        },
    ),
    "PAUSE_SCHEDULE": ({}, _FLOW_CHOICE),
}


def create_action(
    tx: Transaction,
    now: datetime,
    *,
    tenant_id: str,
    action_type: str,
    action_config: Any = None,
    name: str | None = None,
) -> str:
    """Keep an action that hooks may call for; gives its id."""
    if name is not None:
        check_name("name", name)
    config = check_object("action_config", action_config)
    required, optional = CONFIGS[action_type]
    known = {**required, **optional}
    wrong = sorted((required.keys() - config.keys()) | (config.keys() - known.keys()))
    if wrong:
        expected = ", ".join([*required, *(f"{key} (optional)" for key in optional)]) or "nothing"
        raise BadInput("action_config", f"for {action_type}: {expected}", f"wrong: {', '.join(wrong)}")
    if bad := wrong_values(config, known):
        raise ApiError(f"Invalid action_config for {action_type}: {', '.join(bad)}.", "BAD_USER_INPUT")
    if "labels" in config:
        check_labels("labels", [str(label) for label in config["labels"]])
    _check_named_flow(tx, tenant_id, config)
    values = {"name": name, "action_type": action_type, "action_config": config, "created": now, "updated": now}
    action_id = new_id()
    tx.run(automations.insert_action, id=action_id, tenant_id=tenant_id, **values)
    return action_id


def _check_named_flow(tx: Transaction, tenant_id: str, config: Mapping[str, Any]) -> None:
    """Refuse an action about a flow of another tenant, of none, or about two different ones."""
    if config.get("flow_id"):
        group_id = _group_of_flow(tx, tenant_id, config["flow_id"])
        if config.get("flow_group_id") not in (None, group_id):
            raise BadInput("action_config", "flow_id and flow_group_id of one flow, or one of them", "two flows")
    elif config.get("flow_group_id"):
        _chosen_group(tx, tenant_id, config, {})


def delete_action(tx: Transaction, now: datetime, *, tenant_id: str, action_id: str) -> bool:
    """Delete an action and the hooks that call for it."""
    return tx.run(automations.delete_action, tenant_id=tenant_id, action_id=action_id) > 0


def create_flow_run_state_changed_hook(
    tx: Transaction,
    now: datetime,
    *,
    tenant_id: str,
    action_id: str,
    states: Sequence[str],
    flow_group_ids: Sequence[str] | None = None,
) -> str:
    """Call for an action when a run, of these flow groups or of any, reaches one of these states; gives the id."""
    wanted = sorted(read_states(states))
    groups = _ids("flow_group_ids", flow_group_ids)
    for group_id in groups:
        found(
            tx.one(automations.group_of_tenant, tenant_id=tenant_id, flow_group_id=group_id), "Invalid flow group ID."
        )
    tags = {"states": wanted, "flow_group_ids": groups}
    return _create_hook(tx, now, tenant_id, events.STATE_CHANGED, tags, action_id)


def create_agent_sla_failed_hook(
    tx: Transaction,
    now: datetime,
    *,
    tenant_id: str,
    action_id: str,
    duration_seconds: int,
    agent_ids: Sequence[str] | None = None,
) -> str:
    """Call for an action when an agent, one of these or any, asks for no work for so long; gives the hook's id."""
    wanted = _ids("agent_ids", agent_ids)
    tags = {"duration_seconds": _seconds(duration_seconds), "agent_ids": wanted}
    for agent_id in wanted:
        found(tx.one(automations.agent_of_tenant, tenant_id=tenant_id, agent_id=agent_id), "Invalid agent ID.")
    return _create_hook(tx, now, tenant_id, AGENT_SLA, tags, action_id)


def create_flow_sla_failed_hook(
    tx: Transaction, now: datetime, *, tenant_id: str, action_id: str, sla_config_id: str
) -> str:
    """Call for an action when a run breaks this SLA; gives the hook's id."""
    found(
        tx.one(automations.sla_config_by_id, tenant_id=tenant_id, sla_config_id=sla_config_id), "Invalid SLA config ID."
    )
    return _create_hook(tx, now, tenant_id, FLOW_SLA, {"sla_config_id": sla_config_id}, action_id)


def _create_hook(
    tx: Transaction, now: datetime, tenant_id: str, event_type: str, tags: Mapping[str, Any], action_id: str
) -> str:
    action = tx.one(outbox.action_by_id, action_id=action_id)
    if action is None or action["tenant_id"] != tenant_id:
        raise ApiError("Invalid action ID.", "NOT_FOUND")
    hook_id = new_id()
    values = {"event_type": event_type, "event_tags": dict(tags), "action_id": action_id, "created": now}
    tx.run(automations.insert_hook, id=hook_id, tenant_id=tenant_id, updated=now, **values)
    return hook_id


def delete_hook(tx: Transaction, now: datetime, *, tenant_id: str, hook_id: str) -> bool:
    """Delete the hook of an automation; its action stays."""
    return tx.run(automations.delete_hook, tenant_id=tenant_id, hook_id=hook_id) > 0


def create_flow_sla_config(
    tx: Transaction, now: datetime, *, tenant_id: str, kind: str, duration_seconds: int, name: str | None = None
) -> str:
    """Keep an SLA that flow groups may be held to; gives its id."""
    if name is not None:
        check_name("name", name)
    values = {"name": name, "kind": kind, "duration_seconds": _seconds(duration_seconds), "created": now}
    sla_id = new_id()
    tx.run(automations.insert_sla_config, id=sla_id, tenant_id=tenant_id, updated=now, **values)
    return sla_id


def create_flow_group_sla(
    tx: Transaction, now: datetime, *, tenant_id: str, sla_config_id: str, flow_group_id: str
) -> str:
    """Hold a flow group to an SLA; gives the id of the pair."""
    found(
        tx.one(automations.sla_config_by_id, tenant_id=tenant_id, sla_config_id=sla_config_id), "Invalid SLA config ID."
    )
    found(
        tx.one(automations.group_of_tenant, tenant_id=tenant_id, flow_group_id=flow_group_id), "Invalid flow group ID."
    )
    pair = {"sla_config_id": sla_config_id, "flow_group_id": flow_group_id, "created": now, "updated": now}
    row = tx.one(automations.put_group_sla, id=new_id(), tenant_id=tenant_id, **pair)
    return str(found(row, "The SLA could not be kept.")["id"])


def _seconds(value: int) -> int:
    if not 1 <= value <= LONGEST_SECONDS:
        raise BadInput("duration_seconds", f"a whole number from 1 to {LONGEST_SECONDS}", value)
    return value


def _ids(field: str, given: Sequence[str] | None) -> list[str]:
    if given is not None and len(given) > MOST_IDS:
        raise BadInput(field, f"at most {MOST_IDS} ids", f"{len(given)} ids")
    return sorted(set(given or ()))


# ------------------------------------------------------------------------------------------- doing it


def tell_once(tx: Transaction, now: datetime, hook: Mapping[str, Any], subject: str, event: Mapping[str, Any]) -> bool:
    """Call for a hook's action because of this subject, unless that was done before."""
    if not tx.run(outbox.raise_alarm, hook_id=hook["id"], subject=subject, created=now):
        return False
    payload = {"hook_id": hook["id"], "action_id": hook["action_id"], "event": event}
    events.enter(tx, now, tenant_id=hook["tenant_id"], kind=events.DO_ACTION, payload=payload)
    return True


def perform(
    tx: Transaction,
    now: datetime,
    *,
    tenant_id: str,
    outbox_id: str,
    action: Mapping[str, Any],
    event: Mapping[str, Any],
    settings: Settings,
) -> None:
    """Do an action that works inside the database.

    Raises:
        ApiError: it cannot be done, now or ever.
    """
    config, kind = action["action_config"] or {}, action["action_type"]
    fields = fields_of(event, settings.link_base())
    if kind == "MESSAGE":
        text = message_of(config, event, fields)
        keep_message(tx, now, tenant_id=tenant_id, text=text, content={"event": event, "type": "AUTOMATION"})
    elif kind == "CANCEL_RUN":
        if not fields["flow_run_id"]:
            raise ApiError("The event is about no flow run.")
        named = {"tenant_id": tenant_id, "flow_run_id": fields["flow_run_id"]}
        found(tx.one(automations.run_of_tenant, **named), "Invalid flow run ID.")
        runs.cancel_flow_run(tx, now, flow_run_id=fields["flow_run_id"])
    elif kind == "START_RUN":
        chosen: dict[str, Any] = _chosen(tx, tenant_id, config, fields)
        extra: dict[str, Any] = {key: config[key] for key in ("parameters", "labels") if key in config}
        if "name" in config:
            extra["flow_run_name"] = render(config["name"], fields)
        # However often this row is worked on, one run comes of it.
        create_run.create_flow_run(tx, now, idempotency_key=f"automation:{outbox_id}", **chosen, **extra)
    elif kind == "PAUSE_SCHEDULE":
        group_id = _chosen_group(tx, tenant_id, config, fields)
        for flow in tx.all(automations.scheduled_flows_of_group, tenant_id=tenant_id, flow_group_id=group_id):
            schedules.set_schedule_inactive(tx, now, flow_id=flow["id"])


def _chosen(tx: Transaction, tenant_id: str, config: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """Name the flow that is to run: the configured one, or the event's group's newest."""
    if config.get("flow_id"):
        _group_of_flow(tx, tenant_id, config["flow_id"])
        return {"flow_id": config["flow_id"]}
    return {"flow_group_id": _chosen_group(tx, tenant_id, config, fields)}


def _chosen_group(tx: Transaction, tenant_id: str, config: Mapping[str, Any], fields: Mapping[str, str]) -> str:
    if config.get("flow_id"):
        return _group_of_flow(tx, tenant_id, config["flow_id"])
    group_id = config.get("flow_group_id") or fields["flow_group_id"]
    if not group_id:
        raise ApiError("The event is about no flow, and the action names none.")
    found(tx.one(automations.group_of_tenant, tenant_id=tenant_id, flow_group_id=group_id), "Invalid flow group ID.")
    return str(group_id)


def _group_of_flow(tx: Transaction, tenant_id: str, flow_id: str) -> str:
    row = tx.one(automations.group_of_flow, flow_id=flow_id)
    if row is None or row["tenant_id"] != tenant_id:
        raise ApiError("Invalid flow ID.", "NOT_FOUND")
    return str(row["flow_group_id"])


def keep_message(
    tx: Transaction, now: datetime, *, tenant_id: str, text: str, content: Mapping[str, Any], type: str = "CLOUD_HOOK"
) -> None:
    """Put a message into a tenant's inbox."""
    values = {"type": type, "text": text, "content": dict(content), "created": now, "updated": now}
    tx.run(automations.insert_message, id=new_id(), tenant_id=tenant_id, **values)


def keep_trouble(
    tx: Transaction, now: datetime, *, tenant_id: str, subject_id: str, text: str, content: Mapping[str, Any]
) -> None:
    """Tell a tenant's inbox that a hook or an action could not be done: one message for each and day, of the newest.

    However often it happens, nobody's inbox is filled with it.
    """
    message_id = str(uuid5(UUID(subject_id), f"trouble {now.date()}"))
    values = {"type": TROUBLE, "text": text, "content": dict(content), "created": now, "updated": now}
    tx.run(automations.put_message, id=message_id, tenant_id=tenant_id, **values)
