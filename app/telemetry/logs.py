"""Logs on standard error: readable lines on a terminal, JSON otherwise, each with the request id where there is one."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from pydantic_core import PydanticSerializationError, to_json
from structlog.typing import EventDict, Processor

from app.telemetry.record import request_under_way

#: Uvicorn's start-up and shutdown lines are worth having; its access log would repeat ours.
QUIET_LOGGERS = ("uvicorn.access",)
#: Fields of several lines.
TRACE_KEYS = ("exception", "stack")


def _with_request(logger: object, method: str, event: EventDict) -> EventDict:
    """Tell the id of the request under way."""
    if (record := request_under_way()) is not None:
        event.setdefault("request_id", record.request_id)
    return event


def _without_colours(logger: object, method: str, event: EventDict) -> EventDict:
    """Drop uvicorn's second form of a message, with terminal escapes in it."""
    event.pop("color_message", None)
    return event


def _with_worker(worker: int, logger: object, method: str, event: EventDict) -> EventDict:
    """Say which of several processes logs, unless the line speaks of one."""
    event.setdefault("worker", worker)
    return event


def printable(text: str) -> str:
    """Return a text with escapes for what would break a line or drive a terminal."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )


def _printable(logger: object, method: str, event: EventDict) -> EventDict:
    """Make fields printable, such as a path that a client made up; traces have lines of their own."""
    return {
        key: printable(value) if isinstance(value, str) and key not in TRACE_KEYS else value
        for key, value in event.items()
    }


class _Lines:
    """Writes finished lines to standard error, and knows the name of who logs."""

    def __init__(self, name: str = "root") -> None:
        self.name = name

    def write(self, line: str) -> None:
        # A full disk or a closed pipe costs nobody an answer; the standard library's handlers swallow it too.
        with suppress(OSError, ValueError):
            sys.stderr.write(f"{line}\n")

    debug = info = warning = error = critical = write


#: A defect's trace without the values of variables, which are pictures that people sent, and keys.
TRACES = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def configure_logs(*, level: str, json_lines: bool | None = None, worker: int | None = None) -> None:
    """Give our own log records and the libraries' one form.

    Ours are rendered and written at once: by way of the standard library's records and handlers a line a request cost a
    tenth of the service's throughput.

    Args:
        level: least level that is logged, such as "info".
        json_lines: one JSON object a line instead of readable text; None for JSON unless a terminal shows them.
        worker: number that every line tells, of one of several processes.
    """
    if json_lines is None:
        json_lines = not sys.stderr.isatty()
    shared: list[Processor] = [
        _with_request,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if worker is not None:
        shared.append(partial(_with_worker, worker))
    ending: list[Processor] = (
        [TRACES, structlog.processors.JSONRenderer(serializer=_json)]
        if json_lines
        else [
            _printable,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    )
    structlog.configure(
        processors=[*shared, *ending],
        logger_factory=_Lines,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    foreign: list[Processor] = [*shared, structlog.stdlib.ExtraAdder(), _without_colours]
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=foreign,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


def _json(event: EventDict, default: Callable[[Any], Any], **_: Any) -> str:
    try:
        return to_json(event, fallback=default).decode()
    except (PydanticSerializationError, UnicodeError):
        # What is no Unicode text, such as half a surrogate pair, which JSON can escape.
        return json.dumps(event, default=default)
