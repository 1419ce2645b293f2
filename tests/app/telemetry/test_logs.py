from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from contextvars import copy_context

import pytest
import structlog

from app.telemetry import begin_record, configure_logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(written: str) -> list[dict]:
    return [json.loads(line) for line in written.splitlines()]


def test_ours_and_the_libraries_lines_have_one_form(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="info", json_lines=True)

    def during_a_request() -> None:
        begin_record("abc")
        structlog.get_logger("ours").info("hello", count=3)
        logging.getLogger("theirs").warning("hello from %s", "there")
        structlog.get_logger("ours").debug("too quiet")

    copy_context().run(during_a_request)
    ours, theirs = lines(capsys.readouterr().err)
    assert {**ours, "timestamp": ""} == {
        "event": "hello",
        "count": 3,
        "request_id": "abc",
        "level": "info",
        "logger": "ours",
        "timestamp": "",
    }
    assert theirs["event"] == "hello from there"
    assert theirs["request_id"] == "abc"
    assert (theirs["level"], theirs["logger"]) == ("warning", "theirs")
    assert ours.keys() - {"count"} == theirs.keys()


def test_a_defect_is_logged_with_its_trace(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="info", json_lines=True)
    try:
        raise ValueError("broken")
    except ValueError:
        structlog.get_logger("ours").exception("defect", images=2)
    (record,) = lines(capsys.readouterr().err)
    assert record["level"] == "error"
    assert record["exception"][0]["exc_value"] == "broken"


@pytest.mark.parametrize("json_lines", [True, False])
def test_a_trace_tells_no_values_of_variables(json_lines: bool, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="info", json_lines=json_lines)
    key = "".join(["a", "key"])
    try:
        raise ValueError(len(key))
    except ValueError:
        structlog.get_logger("ours").exception("defect")
    written = capsys.readouterr().err
    assert "ValueError" in written
    assert "akey" not in written


def test_what_is_no_unicode_text_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="info", json_lines=True)
    structlog.get_logger("ours").info("hello", name="\udcff", thing=object)
    (record,) = lines(capsys.readouterr().err)
    assert record["name"] == "\udcff"


def test_a_terminal_gets_readable_lines(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="info", json_lines=False)
    structlog.get_logger("ours").info("hello", count=3)
    assert "hello" in (line := capsys.readouterr().err)
    assert "count=3" in line


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError("No space left on device")


def test_a_log_that_cannot_be_written_costs_nobody_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    configure_logs(level="info", json_lines=True)
    monkeypatch.setattr("sys.stderr", Full())
    structlog.get_logger("ours").info("hello")


def test_no_client_drives_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level="info", json_lines=False)
    structlog.get_logger("ours").info("request", path="/\x1b]0;owned\x07\n")
    logging.getLogger("theirs").warning("\x1b[2J")
    written = capsys.readouterr().err
    assert "\x07" not in written
    assert "]0;owned" in written
    assert "\x1b[2J" not in written
    assert len(written.splitlines()) == 2
