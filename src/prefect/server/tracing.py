"""OpenTelemetry spans, when somebody collects them: one for each request, one for each operation inside.

The packages are an extra (``proctor[otel]``) and are loaded only when ``OTEL_EXPORTER_OTLP_ENDPOINT`` (or its form for
traces) is set; all other settings are those of OpenTelemetry itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from prefect.server.errors import StartUpError
from prefect.utilities.installing import install_command

__all__ = ["Spans", "set_up_tracing"]

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_NOTHING: AbstractContextManager[None] = nullcontext()


class Spans:
    """Makes spans, or does nothing when nobody collects them."""

    def __init__(self, tracer: Any = None, end: Callable[[], None] | None = None) -> None:
        self._tracer = tracer
        self._end = end

    def request(self, name: str, headers: Mapping[str, str]) -> AbstractContextManager[Any]:
        """Span a request; the caller's own trace goes on, when its headers tell of one."""
        if self._tracer is None:
            return _NOTHING
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind

        span: AbstractContextManager[Any] = self._tracer.start_as_current_span(
            name, context=extract(headers), kind=SpanKind.SERVER
        )
        return span

    def operation(self, name: str) -> AbstractContextManager[Any]:
        """Span one operation."""
        if self._tracer is None:
            return _NOTHING
        span: AbstractContextManager[Any] = self._tracer.start_as_current_span(name)
        return span

    @property
    def is_on(self) -> bool:
        return self._tracer is not None

    def stop(self) -> None:
        """Send what is left."""
        if self._end is not None:
            self._end()


def set_up_tracing(environment: Mapping[str, str] | None = None) -> Spans:
    """Give what makes spans; it sends them when the environment names a collector.

    Raises:
        StartUpError: a collector is named, but the packages are missing.
    """
    environment = os.environ if environment is None else environment
    if not any(environment.get(name) for name in ENDPOINTS):
        return Spans()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise StartUpError(
            f"{ENDPOINTS[0]} is set, but {error.name} is not installed: {install_command('proctor[otel]')}."
        ) from None
    name = environment.get("OTEL_SERVICE_NAME") or "proctor-server"
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Spans(provider.get_tracer("prefect.server"), provider.shutdown)
