"""Tasks for services on the web, each against a fake that answers in the service's published form."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prefect import Flow, context
from prefect.engine.signals import FAIL
from prefect.tasks import (
    airbyte,
    airtable,
    asana,
    census,
    cubejs,
    dropbox,
    fivetran,
    hightouch,
    jira,
    mixpanel,
    monday,
    monte_carlo,
    sendgrid,
    toloka,
    trello,
    zendesk,
)
from prefect.tasks.airbyte import airbyte as airbyte_module
from prefect.tasks.authoring.declared import DeclaredTask, WebTask
from prefect.tasks.authoring.web import ServiceFailed
from prefect.tasks.monte_carlo import client as monte_carlo_client
from prefect.tasks.monte_carlo.monte_carlo_lineage import MonteCarloIncorrectTagsFormat, get_prefect_context_tags
from support.fake_service import FakeService
from support.pauses import record_sleep

TOKEN = "s3cr3t-token"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeService]:
    record_sleep(monkeypatch)
    with FakeService() as service:
        monkeypatch.setattr(monte_carlo_client, "ADDRESS", service.url)
        # Every task of the library asks the fake, wherever it would have gone; the path below the address is its own.
        real = WebTask.service

        def here(self: Any, address: str | None = None, **how: Any) -> Any:
            given = address or self.address
            service.addresses = [*getattr(service, "addresses", []), given]  # type: ignore[attr-defined]
            return real(self, given if given.startswith("http://127.0.0.1") else service.url, **how)

        monkeypatch.setattr(WebTask, "service", here)
        yield service


def headers(fake: FakeService, number: int = 0) -> dict[str, str]:
    return fake.asked[number].headers


# ----- Airbyte

CONNECTION = "12345678-1234-1234-1234-123456789012"


def airbyte_job(status: str) -> dict[str, Any]:
    return {"job": {"id": 9, "status": status, "createdAt": 1, "updatedAt": 2}, "attempts": []}


def airbyte_fake(fake: FakeService, connection: str = "active") -> FakeService:
    fake.on("GET .*health", {"available": True})
    fake.on("POST .*connections/get", {"status": connection}).on("POST .*sync", airbyte_job("pending"))
    return fake


def test_airbyte_connection_is_synced(fake: FakeService) -> None:
    airbyte_fake(fake).on("POST .*jobs/get", airbyte_job("running"), airbyte_job("succeeded"))

    done = airbyte.AirbyteConnectionTask(connection_id=CONNECTION, airbyte_server_host="h").run(poll_interval_s=1)

    assert done == {
        "connection_id": CONNECTION,
        "status": "active",
        "job_status": "succeeded",
        "job_created_at": 1,
        "job_updated_at": 2,
    }
    assert fake.addresses[0] == "http://h:8000/api/v1"  # type: ignore[attr-defined]
    assert fake.asked[2].json == {"connectionId": CONNECTION}
    assert fake.asked[3].json == {"id": 9}


def test_airbyte_syncs_that_fail_or_cannot_be(fake: FakeService) -> None:
    task = airbyte.AirbyteConnectionTask(connection_id=CONNECTION)
    airbyte_fake(fake).on("POST .*jobs/get", airbyte_job("failed"))
    with pytest.raises(airbyte_module.AirbyteSyncJobFailed, match=r"Job 9 failed\."):
        task.run()
    with pytest.raises(ValueError, match="valid UUID"):
        task.run(connection_id="x")
    for status, text in (("inactive", "Please enable"), ("deprecated", "is deprecated")):
        fake.rules.clear()
        airbyte_fake(fake, status)
        with pytest.raises(FAIL, match=text):
            task.run()
    fake.rules.clear()
    fake.on("GET", {"available": True}).on("POST", (404, {}))
    with pytest.raises(airbyte_module.ConnectionNotFoundException):
        task.run()
    fake.rules.clear()
    fake.on("GET", {"db": False})
    with pytest.raises(airbyte_module.AirbyteServerNotHealthyException):
        task.run()


def test_airbyte_configuration_is_exported(fake: FakeService) -> None:
    fake.on("GET", {"db": True}).on("POST .*export", (200, b"\x1f\x8bGZ"), (500, b"no"))
    assert airbyte.AirbyteConfigurationExport().run() == b"\x1f\x8bGZ"
    with pytest.raises(airbyte_module.AirbyteExportConfigurationFailed):
        airbyte.AirbyteConfigurationExport().run()


# ----- rows, cards, issues


def test_airtable_rows(fake: FakeService) -> None:
    row = {"id": "rec1", "createdTime": "t", "fields": {"a": 1}}
    fake.on("POST /app/a%20table$", row).on("GET /app/a%20table/rec1", row)

    assert airtable.WriteAirtableRow("app", "a table").run({"a": 1}, api_key=TOKEN) == row
    with context(secrets={"AIRTABLE_API_KEY": TOKEN}):
        assert airtable.ReadAirtableRow("app", "a table").run("rec1") == row
    assert fake.asked[0].json == {"fields": {"a": 1}}
    assert headers(fake, 1)["Authorization"] == f"Bearer {TOKEN}"


def test_asana_task(fake: FakeService) -> None:
    fake.on("POST /tasks", (201, {"data": {"gid": "1"}}))
    todo = asana.OpenAsanaToDo(name="to do", project="p")

    assert todo.run(token=TOKEN, notes="n") == {"gid": "1"}
    assert todo.name == "to do"
    assert fake.asked[0].json == {"data": {"name": "to do", "notes": "n", "projects": ["p"]}}


def test_jira_issue_and_request(fake: FakeService) -> None:
    fake.on("POST", (201, {"key": "P-1", "issueKey": "P-2"}))
    with context(secrets={"JIRASECRETS": {"JIRAUSER": "u", "JIRATOKEN": TOKEN, "JIRASERVER": "https://j"}}):
        jira.JiraTask(project_name="P", issue_type="Task", summary="s").run()
        jira.JiraServiceDeskTask(service_desk_id="4", issue_type=7, summary="s").run(description="d")

    assert fake.addresses == ["https://j", "https://j"]  # type: ignore[attr-defined]
    assert fake.asked[0].path == "/rest/api/2/issue"
    assert fake.asked[0].json == {
        "fields": {
            "project": {"key": "P"},
            "assignee": {"accountId": "-1"},
            "issuetype": {"name": "Task"},
            "summary": "s",
            "description": None,
        }
    }
    assert fake.asked[1].json == {
        "serviceDeskId": "4",
        "requestTypeId": "7",
        "requestFieldValues": {"summary": "s", "description": "d"},
    }
    assert headers(fake)["Authorization"] == "Basic " + base64.b64encode(f"u:{TOKEN}".encode()).decode()
    with context(secrets={"JIRASECRETS": {"JIRAUSER": "u"}}), pytest.raises(ValueError, match="no JIRASERVER"):
        jira.JiraTask(project_name="P", issue_type="Task", summary="s").run()


def test_trello_card(fake: FakeService) -> None:
    fake.on("POST /cards", {"id": "c"})
    with context(secrets={"TRELLO_API_KEY": "key-of-secret"}):
        assert trello.CreateCard("l", "n").run(card_info="d", trello_server_token=TOKEN) == {"id": "c"}
    assert fake.asked[0].form == {"key": "key-of-secret", "token": TOKEN, "idList": "l", "name": "n", "desc": "d"}


def test_monday_item_with_its_values_beside_the_query(fake: FakeService) -> None:
    fake.on("POST", {"data": {"create_item": {"id": "55"}}}, {"errors": [{"message": "no board"}]})
    task = monday.CreateItem(1, "g", 'i") { id } }', {"c": 1})

    assert task.run(monday_api_token=TOKEN) == "55"
    asked = fake.asked[0].json
    assert asked["variables"] == {"board": "1", "group": "g", "name": 'i") { id } }', "values": '{"c": 1}'}
    assert 'i")' not in asked["query"]
    with pytest.raises(ServiceFailed, match=r"CreateItem: monday\.com refused: .*no board"):
        task.run(monday_api_token=TOKEN)


def test_dropbox_file(fake: FakeService) -> None:
    fake.on("POST /files/download", (200, b"content"))
    assert dropbox.DropboxDownload("/a b").run(access_token=TOKEN) == b"content"
    assert json.loads(headers(fake)["Dropbox-API-Arg"]) == {"path": "/a b"}


def test_sendgrid_mail(fake: FakeService, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("1")
    fake.on("POST /mail/send", (202, b""))
    with context(secrets={"SENDGRID_API_KEY": TOKEN}):
        sent = sendgrid.SendEmail(to_emails=["a@b", ("c@d", "C")], subject="s", html_content="h").run(
            category="k", attachment_file_path=tmp_path / "r.csv"
        )
    assert sent.status_code == 202
    assert fake.asked[0].json == {
        "from": {"email": "notifications@prefect.io"},
        "personalizations": [{"to": [{"email": "a@b"}, {"email": "c@d", "name": "C"}]}],
        "subject": "s",
        "content": [{"type": "text/html", "value": "h"}],
        "categories": ["k"],
        "attachments": [{"content": "MQ==", "type": "text/csv", "filename": "r.csv", "disposition": "attachment"}],
    }
    with pytest.raises(ValueError, match="A SendGrid API key must be provided"):
        sendgrid.SendEmail(to_emails="a@b", subject="s", html_content="h").run()


# ----- syncs that are waited for


def fivetran_state(**changed: Any) -> dict[str, Any]:
    known = {
        "service": "s",
        "schema": "c",
        "schedule_type": "auto",
        "status": {"setup_state": "connected", "sync_state": "syncing"},
        "succeeded_at": "2026-01-01T00:00:00Z",
        "failed_at": None,
    }
    return {"code": "Success", "data": {**known, **changed}}


def test_fivetran_connector_is_synced(fake: FakeService) -> None:
    done = fivetran_state(succeeded_at="2026-01-02T00:00:00Z")
    fake.on("GET /connectors/c", fivetran_state(), fivetran_state(), done).on("(PATCH|POST)", {"code": "Success"})

    found = fivetran.FivetranSyncTask("c").run("key", TOKEN, poll_status_every_n_seconds=1)
    assert found == {"succeeded_at": "2026-01-02T00:00:00Z", "connector_id": "c"}
    assert [f"{asked.method} {asked.path}" for asked in fake.asked[:3]] == [
        "GET /connectors/c",
        "PATCH /connectors/c",
        "POST /connectors/c/force",
    ]
    assert fake.asked[1].json == {"schedule_type": "manual"}


def test_fivetran_syncs_that_fail_or_cannot_be(fake: FakeService) -> None:
    failed = fivetran_state(failed_at="2026-01-03T00:00:00Z")
    fake.on("GET", fivetran_state(schedule_type="manual"), failed).on("POST", {"code": "Success"})
    with pytest.raises(ValueError, match=r'Fivetran sync for connector "c" failed; please see logs at .*/s/c/logs'):
        fivetran.FivetranSyncTask("c").run("key", TOKEN)
    fake.rules.clear()
    fake.on("GET", fivetran_state(status={"setup_state": "broken"}))
    with pytest.raises(ValueError, match="not correctly configured, status: broken"):
        fivetran.FivetranSyncTask("c").run("key", TOKEN)


def test_census_sync_is_waited_for(fake: FakeService) -> None:
    trigger = f"https://bearer:secret-token:{TOKEN}@app.getcensus.com/api/v1/syncs/11/trigger"
    fake.on("POST /syncs/11/trigger", {"status": "success", "data": {"sync_run_id": 7}})
    fake.on("GET /sync_runs/7", {"data": {"status": "working"}}, {"data": {"status": "completed", "id": 7}})

    assert census.CensusSyncTask(trigger).run(poll_status_every_n_seconds=1) == {"status": "completed", "id": 7}
    expected = base64.b64encode(f"bearer:secret-token:{TOKEN}".encode()).decode()
    assert headers(fake)["Authorization"] == f"Basic {expected}"
    for bad in (trigger.replace("app.getcensus.com", "evil.example"), trigger + "?x", "s3cr3t"):
        with pytest.raises(ValueError, match="CaSe SenSITiVe") as caught:
            census.CensusSyncTask().run(bad)
        assert "s3cr3t" not in str(caught.value)


def test_hightouch_sync(fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.on("POST /run/3", {"message": "Success!"})
    fake.on("GET /sync/3", {"sync": {"sync_status": "querying"}}, {"sync": {"sync_status": "success"}})
    task = hightouch.HightouchRunSync(api_key=TOKEN, sync_id=3)

    assert task.run() == {"message": "Success!"}
    assert task.run(wait_for_completion=True) == {"sync": {"sync_status": "success"}}
    fake.rules[1][1][:] = [{"sync": {"sync_status": "failed"}}]
    with pytest.raises(FAIL, match="ended as failed"):
        task.run(wait_for_completion=True)
    fake.rules[1][1][:] = [{"sync": {"sync_status": "querying"}}]
    with pytest.raises(FAIL, match="Sync run exceeded `max_wait_time`"):
        task.run(wait_for_completion=True, max_wait_time=0)
    fake.rules[0][1][:] = [(403, {"message": TOKEN})]
    with pytest.raises(FAIL, match="Error while starting sync run") as caught:
        task.run()
    assert TOKEN not in str(caught.value)
    with pytest.raises(ValueError, match="Neither `api_key` nor"):
        hightouch.HightouchRunSync(sync_id=3).run()
    with pytest.raises(ValueError, match=r"variable \$NO_SUCH"):
        hightouch.HightouchRunSync(sync_id=3, api_key_env_var="NO_SUCH").run()


# ----- queries and exports


def test_cube_query(fake: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBEJS_API_SECRET", TOKEN)
    fake.on("GET .*/load", {"error": "Continue wait"}, {"data": [1]}).on("GET .*/sql", {"sql": "S"})
    task = cubejs.CubeJSQueryTask(subdomain="sub", query={"measures": []}, security_context={"u": 1})

    assert task.run(include_generated_sql=True) == {"data": [1], "sql": "S"}
    assert fake.addresses[0] == "https://sub.cubecloud.dev/cubejs-api/v1"  # type: ignore[attr-defined]
    assert fake.asked[0].query == {"query": ['{"measures": []}']}
    head, content, sign = headers(fake)["Authorization"].split(".")
    assert json.loads(base64.urlsafe_b64decode(content + "==")) == {"u": 1, "expiresIn": "7d"}
    digest = hmac.new(TOKEN.encode(), f"{head}.{content}".encode(), hashlib.sha256).digest()
    assert sign == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    fake.rules[0][1][:] = [{"error": "Continue wait"}]
    with pytest.raises(FAIL, match="took longer than 0 seconds"):
        task.run(max_wait_time=0)
    fake.rules[0][1][:] = [(400, {"error": "bad"})]
    with pytest.raises(FAIL, match=r"Cube\.js load API failed! .*bad"):
        task.run()
    with pytest.raises(ValueError, match="Missing both `subdomain` and `url`"):
        cubejs.CubeJSQueryTask(query={"m": 1}).run()
    with pytest.raises(ValueError, match="`subdomain` of CubeJSQueryTask"):
        cubejs.CubeJSQueryTask("evil.example/", query={"m": 1}).run()


def test_cube_pre_aggregations(fake: FakeService) -> None:
    fake.on("POST", ["t1"], {"t1": {"status": "processing"}}, {"t1": {"status": "done"}})
    task = cubejs.CubePreAggregationsBuildTask(url="http://cube", api_secret=TOKEN, selector={"x": 1})

    assert task.run(wait_for_job_run_completion=True) is True
    assert fake.asked[0].json == {"action": "post", "selector": {"x": 1}}
    assert fake.asked[1].json == {"action": "get", "resType": "object", "tokens": ["t1"]}
    fake.rules[0][1][:] = [["t1"], {"t1": {"status": "failure: bad"}}]
    with pytest.raises(FAIL, match="failure: bad"):
        task.run(wait_for_job_run_completion=True)


def test_mixpanel_export(fake: FakeService) -> None:
    lines = b'{"event":"a","properties":{"x":1}}\n{"event":"b","properties":{"x":2}}\n'
    fake.on("GET /export", (200, lines))
    task = mixpanel.MixpanelExportTask(api_secret=TOKEN, from_date="2020-01-01", to_date="2020-01-02", event="a")

    assert task.run() == lines.decode()
    assert task.run(parse_response=True, group_events=True) == {"a": [{"x": 1}], "b": [{"x": 2}]}
    assert len(task.run(parse_response=True, use_eu_server=True, event=None)) == 2
    assert fake.asked[0].query == {"from_date": ["2020-01-01"], "to_date": ["2020-01-02"], "event": ['["a"]']}
    assert fake.addresses[-1] == "https://data-eu.mixpanel.com/api/2.0"  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="Missing both `api_secret`"):
        mixpanel.MixpanelExportTask().run()
    fake.rules[0][1][:] = [(400, b"bad")]
    with pytest.raises(FAIL, match=r"Mixpanel export API error.*400.*bad"):
        task.run()


def test_zendesk_export_over_pages(fake: FakeService) -> None:
    pages = {
        "": {"tickets": [1], "users": [7], "after_url": "https://evil.example/x?cursor=C", "end_of_stream": False},
        "C": {"tickets": [2], "users": [8], "end_of_stream": True},
    }
    fake.on("GET /incremental/tickets/cursor.json", lambda asked: pages[asked.query.get("cursor", [""])[0]])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    task = zendesk.ZendeskTicketsIncrementalExportTask(
        "sub", "e@x", TOKEN, start_time=start, include_entities=["users"]
    )

    assert task.run() == {"tickets": [1, 2], "users": [7, 8]}
    assert fake.asked[0].query == {"start_time": ["1767225600"], "include": ["users"]}
    assert fake.asked[1].query == {"cursor": ["C"]}
    assert len(fake.asked) == 2
    for arguments, text in (
        ({"start_time": None}, "Both `start_time` and `cursor`"),
        ({"subdomain": None}, "`subdomain` is missing"),
        ({"subdomain": "evil.example/"}, "A subdomain has letters"),
        ({"include_entities": ["secrets"]}, "No such entity: secrets"),
    ):
        with pytest.raises(ValueError, match=text):
            task.run(**arguments)
    fake.rules[0][1][:] = [(401, {"sent": TOKEN})]
    with pytest.raises(FAIL, match="Zendesk API call failed") as caught:
        task.run()
    assert TOKEN not in str(caught.value)


# ----- Monte Carlo and Toloka

NODE = {"node_name": "n", "object_id": "o", "object_type": "table", "resource_name": "r"}


def test_monte_carlo_lineage(fake: FakeService) -> None:
    data = {
        "createOrUpdateLineageNode": {"node": {"mcon": "M"}},
        "createOrUpdateLineageEdge": {"edge": {"edgeId": "E"}},
        "getResources": [{"name": "r"}],
    }
    fake.on("POST /graphql", {"data": data})
    key = {"api_key_id": "id", "api_token": TOKEN}
    tags = [{"propertyName": "a", "propertyValue": "b"}]

    lineage = monte_carlo.MonteCarloCreateOrUpdateLineage(**key, prefect_context_tags=False)
    assert lineage.run(source={**NODE, "tags": tags}, destination=NODE) == "E"
    assert fake.asked[0].json["variables"]["tags"] == tags
    end = {"objectId": "o", "objectType": "table", "resourceName": "r"}
    assert fake.asked[2].json["variables"] == {"source": end, "destination": end, "until": None}
    assert (headers(fake)["x-mcd-id"], headers(fake)["x-mcd-token"]) == ("id", TOKEN)

    node = monte_carlo.MonteCarloCreateOrUpdateNodeWithTags(**key, **NODE, lineage_tags=tags)
    with context(flow_name="f"):
        assert node.run() == "M"
        assert get_prefect_context_tags()[1] == {"propertyName": "flow_name", "propertyValue": "f"}
    assert fake.asked[3].json["variables"]["tags"][0:3:2] == [
        tags[0],
        {"propertyName": "flow_name", "propertyValue": "f"},
    ]
    assert monte_carlo.MonteCarloGetResources(**key).run() == [{"name": "r"}]
    with pytest.raises(MonteCarloIncorrectTagsFormat):
        node.run(lineage_tags=[{"x": "y"}])
    with pytest.raises(ValueError, match="The node has no object_id"):
        lineage.run(source={"node_name": "n", "object_type": "t", "resource_name": "r"}, destination=NODE)
    fake.rules[0][1][:] = [{"errors": [{"message": "not allowed"}]}]
    with pytest.raises(ServiceFailed, match="MonteCarloGetResources: Monte Carlo refused: not allowed"):
        monte_carlo.MonteCarloGetResources(**key).run()


def test_json_is_downloaded(fake: FakeService) -> None:
    fake.on("GET /x/a.json", {"a": 1})
    assert toloka.download_json.run(f"{fake.url}/x/a.json?v=1") == {"a": 1}
    assert fake.asked[0].query == {"v": ["1"]}


# ----- all of them


def web_tasks() -> list[Any]:
    found: list[Any] = []

    def walk(kind: type[DeclaredTask]) -> None:
        for below in kind.__subclasses__():
            walk(below)
            if below.__module__.startswith("prefect.tasks.") and "work" in dir(below):
                found.append(below)

    walk(WebTask)
    return found


def test_no_task_has_an_address_without_encryption() -> None:
    addresses = {task.__name__: task.address for task in web_tasks() if task.address}
    assert len(addresses) >= 8
    assert all(address.startswith("https://") for address in addresses.values())


def test_tasks_for_the_web_work_in_a_flow(fake: FakeService) -> None:
    fake.on("POST /cards", {"id": "c"})
    with Flow("web") as flow:
        card = trello.CreateCard("l")(card_name="n", trello_api_key="k", trello_server_token=TOKEN)
    assert flow.run().result[card].result == {"id": "c"}
