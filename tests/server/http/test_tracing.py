"""Spans: none without a collector's address; with it one for each request, and one for each operation inside."""

import importlib.util
import json
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from prefect.server.tracing import Spans
from prefect.utilities.installing import install_command
from support.servers import ServerProcess

HAS_SDK = importlib.util.find_spec("opentelemetry") and importlib.util.find_spec("opentelemetry.sdk")


def test_without_a_collector_nothing_is_loaded():
    code = (
        "import sys; from prefect.server.tracing import set_up_tracing; spans = set_up_tracing({});"
        "assert not spans.is_on; assert not any(name.startswith('opentelemetry') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_spans_that_nobody_collects_cost_nothing():
    spans = Spans()
    assert spans.operation("x") is spans.operation("y")
    assert spans.request("x", {}) is spans.operation("y")


def test_a_collector_without_the_packages_is_refused_at_the_start():
    code = """
import sys
sys.modules["opentelemetry.sdk"] = None  # as if it were not installed
from prefect.server.errors import StartUpError
from prefect.server.tracing import set_up_tracing
try:
    set_up_tracing({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"})
except StartUpError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert install_command("proctor[otel]") in done.stdout


class Tracer:
    """Writes down the spans that are asked for."""

    def __init__(self):
        self.names = []

    def start_as_current_span(self, name, **more):
        self.names.append(name)
        return Spans().operation(name)


def test_each_operation_of_a_document_is_a_span(api):
    tracer = Tracer()
    api.app.spans = Spans(tracer)
    api.run_async(api.app.executor.execute(_request(api), {"query": "{ hello flow { id } }"}))

    assert tracer.names == ["hello", "tables"]


@pytest.mark.skipif(not HAS_SDK, reason="needs the extra otel")
def test_a_request_is_a_span_named_by_its_method_and_the_beginning_of_its_path(api):
    tracer = Tracer()
    api.app.spans = Spans(tracer)
    for path in ("/health", "/" + "x" * 200):
        api.call("GET", path)

    assert tracer.names == ["GET /health", "GET /" + "x" * 99]


def _request(api):
    from datetime import UTC, datetime

    from prefect.server.graphql.operations import Request

    return Request(api.app, {}, datetime.now(UTC), api.app.auth.default_tenant_id)


@pytest.mark.process
@pytest.mark.skipif(not HAS_SDK, reason="needs the extra otel")
def test_a_real_exporter_sends_the_spans_of_a_real_server(tmp_path, monkeypatch):
    got = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            return

    collector = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
    server = ServerProcess(tmp_path)
    try:
        server.start()
        from urllib.request import Request, urlopen

        body = json.dumps({"query": "{ hello }"}).encode()
        trace = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
        with urlopen(Request(server.url, body, {"Content-Type": "application/json", **trace})) as answer:
            assert answer.status == 200
    finally:
        server.stop()
        collector.shutdown()
        collector.server_close()
    sent = b"".join(body for path, body in got if path == "/v1/traces")
    assert b"hello" in sent
    assert b"POST /" in sent
    assert bytes.fromhex("0af7651916cd43dd8448eb211c80319c") in sent
