"""Logs on standard error: readable lines on a terminal, JSON otherwise, each with the request id where there is one."""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor

#: Uvicorn's start-up and shutdown lines are worth having; its access log would repeat ours.
QUIET_LOGGERS = ("uvicorn.access",)


def _without_colours(logger: object, method: str, event: EventDict) -> EventDict:
    """Drop uvicorn's second form of a message, with terminal escapes in it."""
    event.pop("color_message", None)
    return event


def configure_logs(*, level: str, json_lines: bool) -> None:
    """Send our own and the libraries' log records through one formatter.

    Args:
        level: least level that is logged, such as "info".
        json_lines: one JSON object a line instead of readable text.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        _without_colours,
    ]
    ending: list[Processor] = (
        [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer()]
        if json_lines
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
