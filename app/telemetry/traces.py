"""OpenTelemetry traces, where an endpoint is configured and the extra `tracing` is installed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog
from fastapi import FastAPI

#: OpenTelemetry's own variable; its others, such as OTEL_SERVICE_NAME and OTEL_TRACES_SAMPLER, hold as well.
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
#: Asked for every few seconds by machines, and of no interest to anyone.
UNTRACED = "livez,readyz,metrics"
#: What is not sent by then at shutdown is lost; the collector may be gone.
FLUSH_MILLISECONDS = 2000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Traces:
    """Traces of one application.

    annotate: adds fields to the span of the request under way.
    close: sends what is left and ends. Takes up to seconds; not for the event loop.
    """

    annotate: Callable[[Mapping[str, object]], None]
    close: Callable[[], None]


def start_traces(app: FastAPI, version: str) -> Traces | None:
    """Trace every request of an application; None where that is not asked for, or cannot be done.

    Args:
        app: before its first request.
        version: of the service, told with every trace.
    """
    if not os.environ.get(ENDPOINT):
        return None
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        _log.warning("no traces: pip install '.[tracing]'", variable=ENDPOINT, missing=error.name)
        return None

    name = os.environ.get("OTEL_SERVICE_NAME", "inkling")
    # Not the process's global provider: several applications may live in one process.
    provider = TracerProvider(resource=Resource.create({"service.name": name, "service.version": version}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    FastAPIInstrumentor.instrument_app(
        app,
        tracer_provider=provider,
        excluded_urls=UNTRACED,
        # A span for every chunk of an upload would outnumber all others.
        exclude_spans=["receive", "send"],
    )

    def annotate(fields: Mapping[str, object]) -> None:
        span = trace.get_current_span()
        for key, value in fields.items():
            span.set_attribute(f"inkling.{key}", value)

    def close() -> None:
        provider.force_flush(FLUSH_MILLISECONDS)
        provider.shutdown()

    return Traces(annotate, close)
