"""Watching the service: logs."""

from app.telemetry.logs import configure_logs

__all__ = ["configure_logs"]
