"""What is said to whom about an event: the requests, mails and messages of hooks and automations.  Pure."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from prefect.server.actions.delivery import Delivery, Mail, Post, Undeliverable
from prefect.server.settings import Settings

__all__ = [
    "DEFAULT_MESSAGE",
    "FIELDS",
    "INBOX",
    "IN_DATABASE",
    "fields_of",
    "notices_of_action",
    "notices_of_hook",
    "render",
]

DEFAULT_MESSAGE = "Run {flow_run_name} of flow {flow_name} is {state}: {state_message} {flow_run_link}"
DEFAULT_SUBJECT = "{flow_name}: {flow_run_name} is {state}"
LATE_MESSAGE = "Run {flow_run_name} of flow {flow_name} broke its SLA ({kind}, {duration_seconds} s). {flow_run_link}"
AGENT_MESSAGE = "Agent {agent_name} ({agent_id}) has not asked for work for {duration_seconds} s."

#: Kinds of action that change the database and send nothing.
IN_DATABASE = frozenset({"MESSAGE", "CANCEL_RUN", "START_RUN", "PAUSE_SCHEDULE"})
#: The kind of cloud hook whose message stays in the database.
INBOX = "PREFECT_MESSAGE"

#: What a template may name.
FIELDS = (
    "id",
    "timestamp",
    "event_type",
    "flow_run_id",
    "flow_run_name",
    "flow_run_link",
    "flow_id",
    "flow_name",
    "flow_group_id",
    "state",
    "previous_state",
    "state_message",
    "state_timestamp",
    "tenant_id",
    "tenant_slug",
    "agent_id",
    "agent_name",
    "kind",
    "duration_seconds",
)
_FIELD = re.compile(r"\{(\w+)\}")
_JSON = {"Content-Type": "application/json"}


def fields_of(event: Mapping[str, Any], link_base: str) -> dict[str, str]:
    """Give the values that a template may name; what an event does not have is empty."""
    run, flow = event.get("flow_run") or {}, event.get("flow") or {}
    state, tenant = event.get("state") or {}, event.get("tenant") or {}
    agent = event.get("agent") or {}
    link = f"{link_base}/{tenant.get('slug') or 'default'}/flow-run/{run['id']}" if run.get("id") else ""
    found = {
        "id": event.get("id"),
        "timestamp": event.get("timestamp"),
        "event_type": event.get("type"),
        "flow_run_id": run.get("id"),
        "flow_run_name": run.get("name"),
        "flow_run_link": link,
        "flow_id": flow.get("id"),
        "flow_name": flow.get("name"),
        "flow_group_id": flow.get("flow_group_id"),
        "state": state.get("state"),
        "previous_state": run.get("state"),
        "state_message": state.get("message"),
        "state_timestamp": state.get("timestamp"),
        "tenant_id": tenant.get("id"),
        "tenant_slug": tenant.get("slug"),
        "agent_id": agent.get("id"),
        "agent_name": agent.get("name"),
        "kind": event.get("kind"),
        "duration_seconds": event.get("duration_seconds"),
    }
    return {key: "" if value is None else str(value) for key, value in found.items()}


def render(template: str, fields: Mapping[str, str]) -> str:
    """Put values into a template; a name that is not one of ``FIELDS`` stays as it is written."""
    return _FIELD.sub(lambda found: fields.get(found[1], found[0]), template)


# ---------------------------------------------------------------------------------------- cloud hooks


def notices_of_hook(
    kind: str, config: Mapping[str, Any], event: Mapping[str, Any], settings: Settings
) -> list[Delivery]:
    """Give what a cloud hook of this kind sends; none for a message, which stays in the database.

    Raises:
        Undeliverable: nobody knows this kind.
    """
    fields = fields_of(event, settings.link_base())
    if kind == "WEBHOOK":
        return [_webhook(config["url"], {"event": dict(event)}, fields["id"])]
    if kind == "SLACK_WEBHOOK":
        return [_slack_state(config["url"], fields)]
    if kind == "TWILIO":
        return _twilio(config, render(DEFAULT_MESSAGE, fields), settings)
    if kind == "PAGERDUTY":
        return [_pagerduty(config, render(DEFAULT_MESSAGE, fields), fields, settings)]
    return _nothing(kind, kind == INBOX)


def _nothing(kind: str, is_known: bool) -> list[Delivery]:
    if not is_known:
        raise Undeliverable(f"the kind {kind!r} is unknown", again=False)
    return []


def _webhook(url: str, document: Mapping[str, Any], event_id: str) -> Post:
    return Post("Webhook", url, json.dumps(document).encode(), {**_JSON, "X-PREFECT-EVENT-ID": event_id})


def _sections(texts: list[str]) -> list[dict[str, Any]]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in texts]


def _slack_state(url: str, fields: Mapping[str, str]) -> Post:
    blocks = _sections(
        [
            f"*{_slack(fields['flow_run_name'])}* of flow *{_slack(fields['flow_name'])}*",
            f"*State*: {fields['state']}",
            f"*Message*: {_slack(fields['state_message']) or 'none'}",
            f"<{fields['flow_run_link']}|Open the flow run>",
        ]
    )
    return Post("Slack", url, json.dumps({"blocks": blocks}).encode(), _JSON, seconds=1.0)


def _slack(text: str) -> str:
    """Take the meaning from the three signs that Slack reads."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _twilio(config: Mapping[str, Any], text: str, settings: Settings) -> list[Delivery]:
    account = str(config["account_sid"])
    login = base64.b64encode(f"{account}:{config['auth_token']}".encode()).decode()
    url = f"{settings.twilio_url.rstrip('/')}/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {login}"}
    sender = config["messaging_service_sid"]
    return [
        Post(
            "Twilio",
            url,
            urlencode({"To": number, "From": sender, "Body": text}).encode(),
            headers,
            is_of_settings=True,
        )
        for number in config["to"]
    ]


def _pagerduty(config: Mapping[str, Any], text: str, fields: Mapping[str, str], settings: Settings) -> Post:
    document = {
        "routing_key": config["routing_key"],
        "event_action": "trigger",
        "payload": {
            "summary": text[:1024],
            "severity": config["severity"],
            "source": "Proctor",
            "component": fields["flow_name"],
            "group": fields["flow_run_name"],
            "class": fields["event_type"],
            "custom_details": {key: fields[key] for key in ("state", "state_message", "flow_run_id", "timestamp")},
        },
        "links": [{"href": fields["flow_run_link"], "text": "Open the flow run"}] if fields["flow_run_link"] else [],
    }
    headers = {**_JSON, "Authorization": f"Token token={config['api_token']}"}
    url = f"{settings.pagerduty_url.rstrip('/')}/v2/enqueue"
    return Post("PagerDuty", url, json.dumps(document).encode(), headers, is_of_settings=True)


# ---------------------------------------------------------------------------------------- automations


def message_of(config: Mapping[str, Any], event: Mapping[str, Any], fields: Mapping[str, str]) -> str:
    """Give the text of an action: its own template, or the one for the event."""
    by_type = {"FlowSLAFailed": LATE_MESSAGE, "AgentSLAFailed": AGENT_MESSAGE}
    return render(config.get("message") or by_type.get(str(event.get("type")), DEFAULT_MESSAGE), fields)


def notices_of_action(
    kind: str, config: Mapping[str, Any], event: Mapping[str, Any], settings: Settings
) -> list[Delivery]:
    """Give what an action of this kind sends; none for one that works inside the database.

    Raises:
        Undeliverable: nobody knows this kind.
    """
    fields = fields_of(event, settings.link_base())
    text = message_of(config, event, fields)
    if kind == "WEBHOOK":
        return [_webhook(config["url"], {"event": dict(event), "message": text}, fields["id"])]
    if kind == "SLACK":
        # The values lose their meaning as signs, the template keeps it: it may hold links.
        shown = message_of(config, event, {name: _slack(value) for name, value in fields.items()})
        body = json.dumps({"blocks": _sections([shown]), "text": shown}).encode()
        return [Post("Slack", config["url"], body, _JSON)]
    if kind == "TEAMS":
        return [Post("Teams", config["url"], json.dumps({"text": text}).encode(), _JSON)]
    if kind == "TWILIO":
        return _twilio(config, text, settings)
    if kind == "PAGERDUTY":
        return [_pagerduty(config, text, fields, settings)]
    if kind == "EMAIL":
        subject = render(config.get("subject") or DEFAULT_SUBJECT, fields)
        return [Mail(tuple(config["to"]), subject, text)]
    return _nothing(kind, kind in IN_DATABASE)
