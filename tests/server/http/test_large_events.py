"""Events of a run are handed out by their bytes: fewer at once, none lost, and no more is read than is answered."""

import pytest

from prefect.contract import limits
from prefect.server.app import App
from prefect.server.settings import load_settings
from support.api import Api
from support.asgi import graphql
from support.sockets import Socket

MOST = 1_000_000
LINE = 50_000
LINES = 40
EVENTS = (
    "query($id: UUID!, $after: Int, $limit: Int, $wait: Float) "
    "{ flow_run_events(flow_run_id: $id, after: $after, limit: $limit, wait_seconds: $wait) { cursor events } }"
)
LOGS = "mutation($input: write_run_logs_input!) { write_run_logs(input: $input) { success } }"


def a_server(shared_database, **given):
    database, run_async = shared_database
    app = App(load_settings({"services_enabled": False, **given}, environment={}), database)
    run_async(app.start())
    return Api(app, run_async)


@pytest.fixture
def api(shared_database):
    return a_server(shared_database, max_answer_bytes=MOST)


@pytest.fixture
def run_id(api):
    """A flow run with 2 MB of log; events of all sizes, a large one first and last."""
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    for number in range(LINES):
        size = LINE if number % 3 else 10
        api.do("write_run_logs", "success", logs=[{"flow_run_id": run_id, "message": f"{number} " + "é\n" * size}])
    api.do("cancel_flow_run", "state", flow_run_id=run_id)
    return run_id


def page(api, run_id, **inputs):
    answer = api.ask(EVENTS, {"id": run_id, **inputs})
    assert "errors" not in answer.json, answer.json
    return answer.data["flow_run_events"], len(answer.body)


def test_all_events_come_once_in_order_each_page_within_its_bytes(api, run_id):
    pages, sizes, cursor = [], [], 0
    while True:
        found, size = page(api, run_id, after=cursor, limit=5000, wait=0)
        if not found["events"]:
            break
        assert found["cursor"] == found["events"][-1]["seq"] > cursor
        cursor = found["cursor"]
        pages.append(found["events"])
        sizes.append(size)

    events = [event for events in pages for event in events]
    assert [event["seq"] for event in events] == list(range(1, LINES + 3))
    assert [event["message"].split()[0] for event in events if event["kind"] == "log"] == [
        str(number) for number in range(LINES)
    ]
    assert events[-1]["state"] == "Cancelled"
    assert len(pages) > LINES // 3
    assert max(sizes) < MOST
    assert found["cursor"] == cursor


def test_what_is_not_answered_is_not_read(api, run_id, shared_database, monkeypatch):
    read = []
    from prefect.server.actions import run_events

    event = run_events._event
    monkeypatch.setattr(
        run_events, "_event", lambda kind, row: read.append(len(row["message"] or "")) or event(kind, row)
    )

    found, _ = page(api, run_id, limit=5000)

    assert len(read) == len(found["events"])
    assert sum(read) <= MOST // 8


def test_an_event_larger_than_a_page_comes_alone(shared_database):
    api = a_server(shared_database)
    run_id = api.do("create_flow_run", flow_id=api.register())["id"]
    for letter in "ab":
        large = {"flow_run_id": run_id, "message": letter * (limits.EVENTS_BYTES + 1)}
        api.do("write_run_logs", "success", logs=[large])

    pages = [page(api, run_id, after=after)[0] for after in range(3)]

    assert [[event["seq"] for event in found["events"]] for found in pages] == [[1], [2], [3]]
    assert len(pages[1]["events"][0]["message"]) == limits.EVENTS_BYTES + 1


def test_a_count_still_bounds(api, run_id):
    found, _ = page(api, run_id, after=1, limit=1)

    assert [event["seq"] for event in found["events"]] == [2]
    assert found["cursor"] == 2


def test_a_subscription_goes_on_at_once_to_the_last_event(api, run_id):
    async def scene():
        seen = []
        async with Socket(api.app) as socket:
            await socket.begin()
            await socket.subscribe(
                "subscription($id: UUID!) { flow_run_events(flow_run_id: $id) { events } }", id=run_id
            )
            while not seen or seen[-1] < LINES + 2:
                data = await socket.data()
                seen += [event["seq"] for event in data["flow_run_events"]["events"]]
            line = {"flow_run_id": run_id, "message": "late"}
            await graphql(api.app, LOGS, {"input": {"logs": [line]}})
            late = await socket.data()
            return seen, [event["message"] for event in late["flow_run_events"]["events"]]

    seen, late = api.run_async(scene())
    assert seen == list(range(1, LINES + 3))
    assert late == ["late"]
