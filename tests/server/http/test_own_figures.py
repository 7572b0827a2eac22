"""What the server counts about itself and how it is written, to the letter; its log lines; its files."""

from __future__ import annotations

import json
import logging
import resource
import socket
import sys

import pytest

from prefect.server import connections, json_text, serve
from prefect.server.errors import StartUpError
from prefect.server.logs import JsonLines, Lines, request_id
from prefect.server.metrics import Histogram, Metrics, escape, family, gauges


def test_a_value_counts_for_its_bound_and_all_above() -> None:
    histogram = Histogram((1.0, 2.5))
    for value in (0.5, 1.0, 1.25, 2.5, 2.75):
        histogram.observe(value)
    assert list(histogram.samples((("a", "b"),))) == [
        ("_bucket", (("a", "b"), ("le", "1")), 2),
        ("_bucket", (("a", "b"), ("le", "2.5")), 4),
        ("_bucket", (("a", "b"), ("le", "+Inf")), 5),
        ("_sum", (("a", "b"),), 8.0),
        ("_count", (("a", "b"),), 5),
    ]


def test_a_family_is_written_as_prometheus_reads_it() -> None:
    samples = [("", (), 1.0), ("_x", (("a", 'q"\\\n'), ("b", "c")), 1234567890.5)]
    assert family("name", "counter", "About.", samples) == (
        '# HELP name About.\n# TYPE name counter\nname 1\nname_x{a="q\\"\\\\\\n",b="c"} 1234567890\n'
    )
    assert gauges("g", "About.", "l", {"b": 2, "a": 1.5}) == (
        '# HELP g About.\n# TYPE g gauge\ng{l="a"} 1.5\ng{l="b"} 2\n'
    )
    assert escape("plain") == "plain"


def test_everything_that_happens_is_in_its_family() -> None:
    metrics = Metrics()
    metrics.answered("b", "ok", 0.5)
    metrics.answered("a", "ok", 0.002)
    metrics.answered("a", "refused", 100)
    metrics.committed(3, 0.03, ["flow_run:Success", "flow_run:Success", "task_run:Failed"])
    metrics.http["404"] += 1
    metrics.http["200"] += 2
    metrics.database_failures += 1

    text = "".join(metrics.families())
    lines = [line for line in text.splitlines() if not line.startswith("#")]

    def of(name: str) -> list[str]:
        return [line for line in lines if line.startswith((name + "{", name + " "))]

    assert of("proctor_operations_total") == [
        'proctor_operations_total{operation="a",outcome="ok"} 1',
        'proctor_operations_total{operation="a",outcome="refused"} 1',
        'proctor_operations_total{operation="b",outcome="ok"} 1',
    ]
    assert of("proctor_operation_seconds_count") == [
        'proctor_operation_seconds_count{operation="a"} 2',
        'proctor_operation_seconds_count{operation="b"} 1',
    ]
    assert 'proctor_operation_seconds_bucket{operation="a",le="0.0025"} 1' in lines
    assert 'proctor_operation_seconds_bucket{operation="a",le="60"} 1' in lines
    assert 'proctor_operation_seconds_bucket{operation="a",le="+Inf"} 2' in lines
    assert of("proctor_http_responses_total") == [
        'proctor_http_responses_total{status="200"} 2',
        'proctor_http_responses_total{status="404"} 1',
    ]
    assert of("proctor_database_failures_total") == ["proctor_database_failures_total 1"]
    assert of("proctor_commit_works_sum") == ["proctor_commit_works_sum 3"]
    assert of("proctor_commit_seconds_sum") == ["proctor_commit_seconds_sum 0.03"]
    assert of("proctor_flow_run_states_total") == ['proctor_flow_run_states_total{state="Success"} 2']
    assert of("proctor_task_run_states_total") == ['proctor_task_run_states_total{state="Failed"} 1']
    for name, kind in (
        ("operations_total", "counter"),
        ("operation_seconds", "histogram"),
        ("commit_works", "histogram"),
    ):
        assert f"# TYPE proctor_{name} {kind}\n" in text
    assert "# HELP proctor_flow_run_states_total States that flow runs were brought to by this process." in text


# ----- log lines


def record(*, error: bool = False) -> logging.LogRecord:
    trace = None
    if error:
        try:
            raise ValueError("é broken")
        except ValueError:
            trace = sys.exc_info()
    made = logging.LogRecord("prefect.x", logging.WARNING, "f.py", 1, "said %s", ("é",), trace)
    made.created = 1893456000.0125
    return made


@pytest.mark.parametrize("current", ["", "r-1"])
def test_a_line_for_people_names_its_request_where_there_is_one(current: str) -> None:
    token = request_id.set(current)
    try:
        text = Lines().format(record())
    finally:
        request_id.reset(token)
    assert text.startswith("[20")
    assert text.endswith("WARNING - prefect.x | said é" + (" [request r-1]" if current else ""))


@pytest.mark.parametrize("current", ["", "r-1"])
def test_a_line_for_machines_is_one_object(current: str) -> None:
    token = request_id.set(current)
    try:
        plain, failed = JsonLines().format(record()), JsonLines().format(record(error=True))
    finally:
        request_id.reset(token)
    expected = {
        "time": "2030-01-01T00:00:00.012+00:00",
        "level": "WARNING",
        "logger": "prefect.x",
        "message": "said é",
        **({"request_id": "r-1"} if current else {}),
    }
    assert json.loads(plain) == expected
    assert "é" in plain
    assert "\n" not in failed
    with_error = json.loads(failed)
    assert with_error.pop("exception").endswith("ValueError: é broken")
    assert with_error == expected


# ----- files


@pytest.mark.parametrize(
    ("soft", "hard", "wanted", "set_to", "given"),
    [
        (1024, 4096, 900, None, 900),
        (1024, 4096, 924, None, 924),
        (1024, 4096, 925, 1025, 925),
        (1024, 4096, 3996, 4096, 3996),
        (1024, 4096, 5000, 4096, 3996),
        (1024, resource.RLIM_INFINITY, 5000, 5100, 5000),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 5000, None, 5000),
        (50, 60, 10, 60, 1),
    ],
)
def test_as_many_files_may_be_open_as_connections_need(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    soft: int,
    hard: int,
    wanted: int,
    set_to: int | None,
    given: int,
) -> None:
    made: list[tuple[int, int]] = []
    monkeypatch.setattr(connections.resource, "getrlimit", lambda kind: (soft, hard))
    monkeypatch.setattr(connections.resource, "setrlimit", lambda kind, limits: made.append(limits))

    assert connections.raise_file_limit(wanted) == given
    assert made == ([] if set_to is None else [(set_to, hard)])
    assert (f"at most {given} connections" in caplog.text) == (given < wanted)


# ----- JSON with halves of pairs

REPORT = "mutation { write_run_logs(input: {}) { success } }"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\ud800b"', "a\ufffdb"),
        (r'"\udc00"', "\ufffd"),
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'"\ud83d\ude00\ud83d"', "\U0001f600\ufffd"),
        (r'"\\ud800"', r"\ud800"),
        (r'"\\\ud800"', "\\\ufffd"),
        (rb'"a\ud800b"', "a\ufffdb"),
        ('"plain"', "plain"),
    ],
)
def test_half_a_pair_in_a_report_becomes_a_sign_for_it(text: bytes | str, value: str) -> None:
    for document in (REPORT, REPORT.encode(), "set_flow_run_states", "set_task_run_states"):
        assert json_text.loads(text, document) == value


@pytest.mark.parametrize(
    ("text", "document"), [(r'"\ud800"', "mutation { set_secret }"), ('{"open', REPORT), (r'{"\ud800', REPORT)]
)
def test_anything_else_is_no_json(text: str, document: str) -> None:
    with pytest.raises(ValueError):
        json_text.loads(text, document)


# ----- its port


def test_a_port_that_somebody_listens_at_is_not_taken() -> None:
    with serve._bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(StartUpError, match=rf"^Port {port} on 127.0.0.1 is taken by another program\. "):
            serve._bind("127.0.0.1", port)
        # Who calls before it answers waits, and is not turned away.
        with socket.create_connection(("127.0.0.1", port), timeout=60):
            pass


def test_an_address_that_is_not_of_this_machine_is_told() -> None:
    with pytest.raises(StartUpError, match=r"^Cannot listen on 192\.0\.2\.1:0: "):
        serve._bind("192.0.2.1", 0)
