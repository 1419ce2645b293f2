from __future__ import annotations

from app.observer import Stage
from app.telemetry import begin_record, current_record


def test_the_log_line_tells_of_the_slowest_image() -> None:
    record = begin_record("abc")
    for seconds in (0.001, 0.0035, 0.002):
        current_record().note_stage(Stage.DECODE, seconds)
    assert record.fields() == {"decode_milliseconds": 3.5}


def test_problems_of_the_request_and_of_single_images() -> None:
    record = begin_record("abc")
    record.failures += ["no-ink", "empty-file"]
    record.refusal = "deadline-exceeded"
    assert sorted(record.problems()) == ["deadline-exceeded", "empty-file", "no-ink"]
    assert record.fields() == {"problem": "deadline-exceeded", "failed_images": 2}
