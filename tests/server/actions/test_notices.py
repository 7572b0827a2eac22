"""What each kind of hook and action says, letter by letter: other services read it."""

from __future__ import annotations

import base64
import dataclasses
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from prefect.server.actions import notices
from prefect.server.actions.delivery import Mail, Post, Undeliverable
from prefect.server.settings import load_settings

SETTINGS = load_settings({}, environment={})
EVENT: dict[str, Any] = {
    "id": "event-1",
    "timestamp": "2030-01-01T00:00:00+00:00",
    "type": "FlowRunStateChange",
    "flow_run": {"id": "run-1", "name": "a <b> & c", "state": "Running"},
    "state": {"state": "Failed", "message": "5 > 4", "timestamp": "2030-01-01T00:00:01+00:00"},
    "flow": {"id": "flow-1", "name": "etl & co", "flow_group_id": "group-1"},
    "tenant": {"id": "tenant-1", "slug": "acme"},
}
LINK = f"{SETTINGS.link_base()}/acme/flow-run/run-1"
SENTENCE = f"Run a <b> & c of flow etl & co is Failed: 5 > 4 {LINK}"
TWILIO = {"account_sid": "AC/1", "auth_token": "secret", "messaging_service_sid": "MG1", "to": ["+1", "+2"]}
PAGERDUTY = {"api_token": "token", "routing_key": "route", "severity": "warning"}
JSON_TYPE = {"Content-Type": "application/json"}


def of_hook(kind: str, config: dict[str, Any], event: dict[str, Any] = EVENT) -> list[Any]:
    return list(notices.notices_of_hook(kind, config, event, SETTINGS))


def of_action(kind: str, config: dict[str, Any], event: dict[str, Any] = EVENT) -> list[Any]:
    return list(notices.notices_of_action(kind, config, event, SETTINGS))


def test_a_template_may_name_everything_that_an_event_has() -> None:
    late = {**EVENT, "kind": "STARTED_NOT_FINISHED", "duration_seconds": 60, "agent": {"id": "agent-1", "name": "al"}}
    assert notices.fields_of(late, "http://here") == {
        "id": "event-1",
        "timestamp": "2030-01-01T00:00:00+00:00",
        "event_type": "FlowRunStateChange",
        "flow_run_id": "run-1",
        "flow_run_name": "a <b> & c",
        "flow_run_link": "http://here/acme/flow-run/run-1",
        "flow_id": "flow-1",
        "flow_name": "etl & co",
        "flow_group_id": "group-1",
        "state": "Failed",
        "previous_state": "Running",
        "state_message": "5 > 4",
        "state_timestamp": "2030-01-01T00:00:01+00:00",
        "tenant_id": "tenant-1",
        "tenant_slug": "acme",
        "agent_id": "agent-1",
        "agent_name": "al",
        "kind": "STARTED_NOT_FINISHED",
        "duration_seconds": "60",
    }


@pytest.mark.parametrize(
    ("event", "link"),
    [
        ({"flow_run": {"id": "r"}, "tenant": {"slug": "t"}}, "http://x/t/flow-run/r"),
        ({"flow_run": {"id": "r"}, "tenant": {"slug": None}}, "http://x/default/flow-run/r"),
        ({"flow_run": {"id": "r"}, "tenant": None}, "http://x/default/flow-run/r"),
        ({"flow_run": {"id": "r"}}, "http://x/default/flow-run/r"),
        ({"flow_run": {}}, ""),
        ({"flow_run": None, "flow": None, "state": None, "agent": None}, ""),
        ({}, ""),
    ],
    ids=str,
)
def test_there_is_a_link_where_there_is_a_run(event: dict[str, Any], link: str) -> None:
    assert notices.fields_of(event, "http://x")["flow_run_link"] == link


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{state}", "Failed"),
        ("{{state}}", "{Failed}"),
        ("{unknown} {state}", "{unknown} Failed"),
        ("{state.x} {} {state", "{state.x} {} {state"),
        ("", ""),
    ],
)
def test_only_known_names_are_filled_in(template: str, said: str) -> None:
    assert notices.render(template, notices.fields_of(EVENT, "")) == said


def test_a_webhook_gets_the_event_and_its_id() -> None:
    (post,) = of_hook("WEBHOOK", {"url": "https://x/y"})
    assert (post.service, post.url, post.seconds) == ("Webhook", "https://x/y", 2.0)
    assert json.loads(post.body) == {"event": EVENT}
    assert post.headers == {**JSON_TYPE, "X-PREFECT-EVENT-ID": "event-1"}
    assert not post.is_of_settings

    (post,) = of_action("WEBHOOK", {"url": "https://x/y", "message": "now {state}"})
    assert json.loads(post.body) == {"event": EVENT, "message": "now Failed"}
    assert post.headers == {**JSON_TYPE, "X-PREFECT-EVENT-ID": "event-1"}


def test_slack_gets_sections_whose_values_have_no_meaning_as_signs() -> None:
    (post,) = of_hook("SLACK_WEBHOOK", {"url": "https://s"})
    assert (post.service, post.url, post.headers) == ("Slack", "https://s", JSON_TYPE)
    assert post.seconds <= 1  # a person waits for no chat
    assert json.loads(post.body) == {
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": text}}
            for text in (
                "*a &lt;b&gt; &amp; c* of flow *etl &amp; co*",
                "*State*: Failed",
                "*Message*: 5 &gt; 4",
                f"<{LINK}|Open the flow run>",
            )
        ]
    }
    (silent,) = of_hook("SLACK_WEBHOOK", {"url": "https://s"}, {**EVENT, "state": {"state": "Failed"}})
    assert "*Message*: none" in silent.body.decode()


def test_slack_keeps_the_signs_of_the_template_itself() -> None:
    (post,) = of_action("SLACK", {"url": "https://s", "message": "<https://wiki|why> {flow_name}"})
    said = "<https://wiki|why> etl &amp; co"
    assert json.loads(post.body) == {
        "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": said}}],
        "text": said,
    }
    assert (post.service, post.url, post.headers) == ("Slack", "https://s", JSON_TYPE)


def test_teams_gets_a_text() -> None:
    (post,) = of_action("TEAMS", {"url": "https://t"})
    assert (post.service, post.url, post.headers) == ("Teams", "https://t", JSON_TYPE)
    assert json.loads(post.body) == {"text": SENTENCE}


@pytest.mark.parametrize("make", [of_hook, of_action])
def test_twilio_gets_a_form_for_each_number(make: Any) -> None:
    posts = make("TWILIO", TWILIO)

    assert [parse_qs(post.body.decode()) for post in posts] == [
        {"To": [number], "From": ["MG1"], "Body": [SENTENCE]} for number in ("+1", "+2")
    ]
    for post in posts:
        assert post.service == "Twilio"
        assert post.url == f"{SETTINGS.twilio_url.rstrip('/')}/2010-04-01/Accounts/AC%2F1/Messages.json"
        login = base64.b64encode(b"AC/1:secret").decode()
        assert post.headers == {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {login}"}
        assert post.is_of_settings


@pytest.mark.parametrize("make", [of_hook, of_action])
def test_pagerduty_gets_an_incident_with_its_details(make: Any) -> None:
    (post,) = make("PAGERDUTY", PAGERDUTY)

    assert (post.service, post.url) == ("PagerDuty", f"{SETTINGS.pagerduty_url.rstrip('/')}/v2/enqueue")
    assert post.headers == {**JSON_TYPE, "Authorization": "Token token=token"}
    assert post.is_of_settings
    assert json.loads(post.body) == {
        "routing_key": "route",
        "event_action": "trigger",
        "payload": {
            "summary": SENTENCE,
            "severity": "warning",
            "source": "Proctor",
            "component": "etl & co",
            "group": "a <b> & c",
            "class": "FlowRunStateChange",
            "custom_details": {
                "state": "Failed",
                "state_message": "5 > 4",
                "flow_run_id": "run-1",
                "timestamp": "2030-01-01T00:00:00+00:00",
            },
        },
        "links": [{"href": LINK, "text": "Open the flow run"}],
    }


def test_an_incident_without_a_run_has_no_link_and_a_long_summary_is_cut() -> None:
    """PagerDuty refuses a summary of more than 1,024 characters."""
    config = {**PAGERDUTY, "message": "x" * 1025}
    (post,) = of_action("PAGERDUTY", config, {"type": "AgentSLAFailed"})
    document = json.loads(post.body)
    assert document["links"] == []
    assert document["payload"]["summary"] == "x" * 1024


@pytest.mark.parametrize("slash", ["", "/", "//"])
def test_addresses_of_the_settings_may_end_in_a_slash(slash: str) -> None:
    settings = dataclasses.replace(SETTINGS, twilio_url=f"http://tw{slash}", pagerduty_url=f"http://pd{slash}")
    (twilio, _) = notices.notices_of_hook("TWILIO", TWILIO, EVENT, settings)
    (pagerduty,) = notices.notices_of_hook("PAGERDUTY", PAGERDUTY, EVENT, settings)
    assert isinstance(twilio, Post)
    assert isinstance(pagerduty, Post)
    assert twilio.url == "http://tw/2010-04-01/Accounts/AC%2F1/Messages.json"
    assert pagerduty.url == "http://pd/v2/enqueue"


def test_a_mail_has_the_wanted_subject_or_one_that_says_it_all() -> None:
    assert of_action("EMAIL", {"to": ["a@x", "b@x"]}) == [
        Mail(("a@x", "b@x"), "etl & co: a <b> & c is Failed", SENTENCE)
    ]
    assert of_action("EMAIL", {"to": ["a@x"], "subject": "{state}!", "message": "{flow_name}"}) == [
        Mail(("a@x",), "Failed!", "etl & co")
    ]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (EVENT, SENTENCE),
        (
            {**EVENT, "type": "FlowSLAFailed", "kind": "STARTED_NOT_FINISHED", "duration_seconds": 60},
            f"Run a <b> & c of flow etl & co broke its SLA (STARTED_NOT_FINISHED, 60 s). {LINK}",
        ),
        (
            {"type": "AgentSLAFailed", "agent": {"id": "a-1", "name": "al"}, "duration_seconds": 30},
            "Agent al (a-1) has not asked for work for 30 s.",
        ),
    ],
    ids=["state", "flow", "agent"],
)
def test_each_kind_of_event_has_its_sentence_unless_a_template_is_given(event: dict[str, Any], said: str) -> None:
    for config in ({}, {"message": ""}, {"message": None}):
        (post,) = of_action("TEAMS", {"url": "https://t", **config}, event)
        assert json.loads(post.body) == {"text": said}
    (post,) = of_action("TEAMS", {"url": "https://t", "message": "mine"}, event)
    assert json.loads(post.body) == {"text": "mine"}


def test_what_works_inside_the_database_sends_nothing() -> None:
    assert of_hook("PREFECT_MESSAGE", {}) == []
    for kind in notices.IN_DATABASE:
        assert of_action(kind, {}) == []


@pytest.mark.parametrize("make", [of_hook, of_action])
@pytest.mark.parametrize("kind", ["", "CANCEL", "webhook", "\x01 ?"])
def test_a_kind_that_nobody_knows_is_told_and_not_tried_again(make: Any, kind: str) -> None:
    with pytest.raises(Undeliverable, match=r"the kind .* is unknown") as refused:
        make(kind, {})
    assert not refused.value.again
