"""State handlers that tell people: in Slack, by mail, in Jira, in a Snowflake table.

Each notifier can be given its options first and be used as a handler then: ``slack_notifier(only_states=[Failed])``.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import wraps
from html import escape
from typing import Any, TypeVar, cast

from prefect.client.client import Client
from prefect.client.secrets import Secret
from prefect.model.state import State
from prefect.utilities.context import context
from prefect.utilities.hosts import check_web_address
from prefect.utilities.raised import text_of

Notifier = TypeVar("Notifier", bound=Callable[..., State])

# A name, or three of them with dots between: each plain or in double quotes.
_NAME = r'(?:[A-Za-z_][\w$]{0,254}|"[^"]{1,255}")'
_TABLE = re.compile(rf"{_NAME}(?:\.{_NAME}){{0,2}}").fullmatch
DELIVERY_SECONDS = 30


def callback_factory(fn: Callable[[Any, State], Any], check: Callable[[State], bool]) -> Callable[..., State]:
    """Make a state handler that calls ``fn(obj, new_state)`` whenever ``check(new_state)`` holds."""

    def handler(obj: Any, old_state: State, new_state: State) -> State:
        if check(new_state):
            fn(obj, new_state)
        return new_state

    return handler


def _as_handler(notify: Notifier) -> Notifier:
    """Let a notifier be called with options alone, which gives a handler that has them."""

    @wraps(notify)
    def notifier(*args: Any, **options: Any) -> Any:
        if len(args) >= 3 or {"tracked_obj", "old_state", "new_state"} <= set(options):
            return notify(*args, **options)

        def with_options(*more: Any, **further: Any) -> Any:
            return notifier(*args, *more, **{**options, **further})

        return with_options

    return cast(Notifier, notifier)


def _is_wanted(
    state: State, ignore_states: Sequence[type[State]] | None, only_states: Sequence[type[State]] | None
) -> bool:
    if ignore_states and isinstance(state, tuple(ignore_states)):
        return False
    return only_states is None or isinstance(state, tuple(only_states))


# ----- Slack


def slack_message_formatter(tracked_obj: Any, state: State, backend_info: bool = True) -> dict[str, Any]:
    """Put a change of state into the form of a Slack message.

    Args:
        backend_info: add a link to the run in the web UI, when a backend takes part.
    """
    fields = []
    said = f"```{state.result!r}```" if isinstance(state.result, Exception) else state.message
    if said:
        fields.append({"title": "Message", "value": said, "short": False})
    attachment: dict[str, Any] = {
        "fallback": "State change notification",
        "color": state.color,
        "author_name": "Prefect",
        "title": type(state).__name__,
        "fields": fields,
        "text": f"{tracked_obj.name} is now in a {type(state).__name__} state",
        "footer": "Prefect notification",
    }
    link = _link_to_run(tracked_obj) if backend_info else None
    if link:
        attachment["title_link"] = link
        fields.append({"title": "Link", "value": link, "short": False})
    return {"attachments": [attachment]}


def _link_to_run(tracked_obj: Any) -> str | None:
    from prefect.core.flow import Flow

    kind, key = ("flow-run", "flow_run_id") if isinstance(tracked_obj, Flow) else ("task-run", "task_run_id")
    run_id = context.get(key)
    return Client().get_cloud_url(kind, run_id) if run_id else None


@_as_handler
def slack_notifier(
    tracked_obj: Any,
    old_state: State,
    new_state: State,
    ignore_states: Sequence[type[State]] | None = None,
    only_states: Sequence[type[State]] | None = None,
    webhook_secret: str | None = None,
    backend_info: bool = True,
    proxies: dict[str, str] | None = None,
) -> State:
    """Tell a Slack channel of a change of state, through an incoming webhook.

    Args:
        ignore_states: classes of states that are not told.
        only_states: the only classes of states that are told.
        webhook_secret: secret with the webhook's address; absent means ``SLACK_WEBHOOK_URL``.
        proxies: address of the proxy by scheme.

    Raises:
        ValueError: Slack did not take the message.
    """
    if not _is_wanted(new_state, ignore_states, only_states):
        return new_state
    import requests

    name = webhook_secret or "SLACK_WEBHOOK_URL"
    url = str(Secret(name).get()).strip()
    check_web_address(url, f"the secret {name}")
    message = slack_message_formatter(tracked_obj, new_state, backend_info)
    try:
        answer = requests.post(url, json=message, proxies=proxies, timeout=DELIVERY_SECONDS)
    except requests.RequestException as error:
        # What went wrong in detail names the address, which is the secret.
        raise ValueError(f"Slack notification for {tracked_obj} failed: {type(error).__name__}") from None
    if not answer.ok:
        raise ValueError(f"Slack notification for {tracked_obj} failed with status {answer.status_code}")
    return new_state


# ----- mail


@_as_handler
def gmail_notifier(
    tracked_obj: Any,
    old_state: State,
    new_state: State,
    ignore_states: Sequence[type[State]] | None = None,
    only_states: Sequence[type[State]] | None = None,
) -> State:
    """Tell oneself by Gmail of a change of state; the secrets ``EMAIL_USERNAME`` and ``EMAIL_PASSWORD`` are used."""
    if not _is_wanted(new_state, ignore_states, only_states):
        return new_state
    address, password = str(Secret("EMAIL_USERNAME").get()), str(Secret("EMAIL_PASSWORD").get())
    trust = ssl.create_default_context()  # without one, smtplib takes any certificate
    with smtplib.SMTP_SSL("smtp.gmail.com", 465, timeout=DELIVERY_SECONDS, context=trust) as server:
        server.login(address, password)
        server.sendmail(address, address, email_message_formatter(tracked_obj, new_state, address))
    return new_state


def email_message_formatter(tracked_obj: Any, state: State, email_to: str) -> str:
    """Put a change of state into the form of a mail to, and from, this address."""
    mail = EmailMessage()
    # A header is one line, whatever a task is called.
    mail["Subject"] = f"Prefect state change notification for {' '.join(str(tracked_obj.name).split())}"
    mail["From"], mail["To"] = f"Prefect <{email_to}>", email_to
    kind, message = type(state).__name__, str(state.message or "")
    mail.set_content(f"{tracked_obj.name} is now in a {kind} state.\n\n{message}")
    page = (
        f'<div style="border-left: 3px solid {state.color}; padding-left: 8px">'
        f'<p><b>{escape(str(tracked_obj.name))}</b> is now in a <b style="color: {state.color}">{kind}</b> state.</p>'
        f'<p style="white-space: pre-wrap">{escape(message)}</p></div>'
    )
    mail.add_alternative(f"<!doctype html><html><body>{page}</body></html>", subtype="html")
    return mail.as_string()


# ----- Jira


def jira_message_formatter(tracked_obj: Any, state: State) -> str:
    """Put a change of state into one line, for the summary of an issue."""
    return f"{tracked_obj.name} entered a {type(state).__name__} state at {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"


def jira_notification(
    tracked_obj: Any,
    state: State,
    server_URL: str | None = None,  # noqa: N803,RUF100 - the public name
    options: Mapping[str, Any] | None = None,
    assignee: str = "-1",
) -> None:
    """Open a Jira issue about a state; the secret ``JIRASECRETS`` holds user name, token and address.

    Args:
        server_URL: absent means the secret's ``JIRASERVER``.
        options: fields of the issue, ``project`` and ``issuetype`` among them.
        assignee: absent means whoever Jira chooses.
    """
    from jira import JIRA

    secret = Secret("JIRASECRETS").get()
    client = JIRA(
        basic_auth=(secret["JIRAUSER"], secret["JIRATOKEN"]),
        options={"server": server_URL or secret["JIRASERVER"]},
    )
    fields = {
        "summary": jira_message_formatter(tracked_obj, state),
        "description": f"{tracked_obj.name} is now in a {type(state).__name__} state. {state.message or ''}",
        **(options or {}),
    }
    issue = client.create_issue(fields)
    if not issue:
        raise ValueError(f"Creating Jira issue for {tracked_obj} failed")
    client.assign_issue(issue, assignee)


@_as_handler
def jira_notifier(
    tracked_obj: Any,
    old_state: State,
    new_state: State,
    ignore_states: Sequence[type[State]] | None = None,
    only_states: Sequence[type[State]] | None = None,
    server_URL: str | None = None,  # noqa: N803,RUF100 - the public name
    options: Mapping[str, Any] | None = None,
    assignee: str = "-1",
) -> State:
    """Open a Jira issue about a change of state; see :func:`jira_notification`."""
    if _is_wanted(new_state, ignore_states, only_states):
        jira_notification(tracked_obj, new_state, server_URL=server_URL, options=options, assignee=assignee)
    return new_state


# ----- Snowflake


def snowflake_message_formatter(tracked_obj: Any, state: State) -> dict[str, Any]:
    """Put a change of state into what the columns of the log table hold."""
    said = text_of(state.result) if isinstance(state.result, Exception) else state.message
    return {
        "flow_id": context.get("flow_run_id"),
        "flow_name": context.get("flow_name"),
        "task_name": tracked_obj.name,
        "state": type(state).__name__,
        "message": [{"value": said}] if said else [],
    }


@_as_handler
def snowflake_logger(
    tracked_obj: Any,
    old_state: State,
    new_state: State,
    ignore_states: Sequence[type[State]] | None = None,
    only_states: Sequence[type[State]] | None = None,
    snowflake_secret: str | None = None,
    snowflake_log_table_name: str | None = None,
    test_env: bool = False,
) -> State:
    """Write a change of state into a Snowflake table.

    Its columns are FLOW_ID, FLOW_NAME, TASK_NAME, STATE, MESSAGE and INGESTED_AT.

    Args:
        snowflake_secret: secret with ``account``, ``user``, ``password``, ``role`` and ``warehouse``; absent means
            ``SNOWFLAKE_CREDS``.
        snowflake_log_table_name: secret with the table's full name; absent means ``LOG_TABLE_NAME_FULL``.
        test_env: print the statement instead.
    """
    if not _is_wanted(new_state, ignore_states, only_states):
        return new_state
    known = Secret(snowflake_secret or "SNOWFLAKE_CREDS").get()
    table = str(Secret(snowflake_log_table_name or "LOG_TABLE_NAME_FULL").get())
    if not _TABLE(table):
        raise ValueError("The secret with the name of the Snowflake table holds no name, or too long a one.")
    row = {name: str(value) for name, value in snowflake_message_formatter(tracked_obj, new_state).items()}
    columns = ", ".join(name.upper() for name in row)
    places = ", ".join(f"%({name})s" for name in row)
    statement = f"INSERT INTO {table} ({columns}, INGESTED_AT) VALUES ({places}, CURRENT_TIMESTAMP())"  # noqa: S608 - checked
    if test_env:
        print(statement, row)
        return new_state
    from prefect.utilities.importtools import import_needed

    connector = import_needed("snowflake.connector", by="The notifier of Snowflake")
    given = {name: known[name] for name in ("account", "user", "password", "role", "warehouse") if name in known}
    with connector.connect(**given, application="Prefect_SnowflakeQuery") as connection:
        connection.cursor().execute(statement, row)
    return new_state
