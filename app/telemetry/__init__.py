"""Watching the service: logs, metrics, drift, traces."""

from app.telemetry.logs import configure_logs, printable
from app.telemetry.metrics import MEDIA_TYPE, OTHER, Metrics
from app.telemetry.record import Record, begin_record, current_record
from app.telemetry.shared import Shared, retire
from app.telemetry.state import ServiceState
from app.telemetry.traces import Traces, start_traces

__all__ = [
    "MEDIA_TYPE",
    "OTHER",
    "Metrics",
    "Record",
    "ServiceState",
    "Shared",
    "Traces",
    "begin_record",
    "configure_logs",
    "current_record",
    "printable",
    "retire",
    "start_traces",
]
