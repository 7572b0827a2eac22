"""/metrics, ids of requests, and the log for machines."""

import json
import logging
import re

import pytest

from prefect.server.logs import JsonLines, Lines, request_id
from prefect.server.metrics import Histogram, family
from support.asgi import call

LINE = re.compile(r'[a-z_]+(\{[a-z_]+="[^"\n]*"(,[a-z_]+="[^"\n]*")*\})? [-+0-9.e]+|# (HELP|TYPE) .*')


def figures(api):
    """Read /metrics as a mapping of sample to value."""
    answer = api.call("GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.body.decode().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    return dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))


def test_operations_are_counted_by_name_and_outcome(api):
    api.ask("{ hello }")
    api.ask("{ again: hello flow { id } }")
    api.ask('mutation { cancel_flow_run(input: {flow_run_id: "00000000-0000-0000-0000-000000000000"}) { state } }')

    found = figures(api)

    assert found['proctor_operations_total{operation="hello",outcome="ok"}'] == "2"
    assert found['proctor_operations_total{operation="tables",outcome="ok"}'] == "1"
    assert found['proctor_operations_total{operation="cancel_flow_run",outcome="refused"}'] == "1"
    assert found['proctor_operation_seconds_count{operation="hello"}'] == "2"
    assert found['proctor_operation_seconds_bucket{operation="hello",le="+Inf"}'] == "2"
    assert found['proctor_http_responses_total{status="200"}'] == "3"


def test_states_are_counted_as_they_become_durable_and_open_runs_as_they_are(api):
    flow_id = api.register()
    runs = [api.do("create_flow_run", flow_id=flow_id)["id"] for _ in range(3)]
    api.do("cancel_flow_run", "state", flow_run_id=runs[0])

    found = figures(api)

    assert found['proctor_flow_run_states_total{state="Scheduled"}'] == "3"
    assert found['proctor_flow_run_states_total{state="Cancelled"}'] == "1"
    assert found['proctor_flow_runs{state="Scheduled"}'] == "2"
    assert found['proctor_flow_runs{state="Running"}'] == "0"
    assert float(found["proctor_commit_works_count"]) >= 5


def test_what_was_rolled_back_is_not_counted(api):
    flow_id = api.register()
    run_id = api.do("create_flow_run", flow_id=flow_id)["id"]
    state = {"flow_run_id": run_id, "state": {"type": "Running"}, "version": 77}

    api.ask(
        "mutation($input: set_flow_run_states_input!) { set_flow_run_states(input: $input) { states { id } } }",
        {"input": {"states": [state]}},
    )

    assert 'proctor_flow_run_states_total{state="Running"}' not in figures(api)


@pytest.mark.parametrize(("given", "kept"), [("abc-1/2", True), ("", False), ("x" * 200, False), ("a b", False)])
def test_an_answer_tells_the_id_of_its_request(api, given, kept):
    answer = api.run_async(call(api.app, "GET", "/health", headers={"X-Request-ID": given} if given else {}))

    assert (answer.headers["x-request-id"] == given) == kept
    assert answer.headers["x-request-id"]


def record(message, *arguments, **more):
    return logging.LogRecord("prefect.server", logging.WARNING, __file__, 1, message, arguments, more.get("exc_info"))


def test_json_lines_are_one_object_each_with_the_request_they_belong_to():
    token = request_id.set("r-1")
    try:
        line = JsonLines().format(record('said "%s"\nand more', "ü"))
        shown = Lines().format(record("said"))
    finally:
        request_id.reset(token)

    assert "\n" not in line
    read = json.loads(line)
    assert {key: read[key] for key in ("level", "logger", "message", "request_id")} == {
        "level": "WARNING",
        "logger": "prefect.server",
        "message": 'said "ü"\nand more',
        "request_id": "r-1",
    }
    assert shown.endswith("WARNING - prefect.server | said [request r-1]")


def test_json_lines_carry_the_exception():
    try:
        raise ValueError("why")
    except ValueError as error:
        line = JsonLines().format(record("failed", exc_info=(type(error), error, error.__traceback__)))

    assert "ValueError: why" in json.loads(line)["exception"]


def test_a_histogram_counts_a_value_on_a_bound_below_it():
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 2.0, 9.0):
        histogram.observe(value)

    text = family("x", "histogram", "about", histogram.samples((("name", 'a"b\n'),)))

    assert text.splitlines()[2:] == [
        'x_bucket{name="a\\"b\\n",le="1"} 2',
        'x_bucket{name="a\\"b\\n",le="2"} 3',
        'x_bucket{name="a\\"b\\n",le="+Inf"} 4',
        'x_sum{name="a\\"b\\n"} 12.5',
        'x_count{name="a\\"b\\n"} 4',
    ]


def test_each_answer_counts_once(api):
    def count():
        return float(figures(api).get('proctor_http_responses_total{status="404"}', 0))

    before = count()
    for _ in range(3):
        assert api.call("GET", "/nowhere").status == 404
    assert count() == before + 3
