"""What one request was seen to do, gathered on its way for its log line and the metrics."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field

from app.observer import Stage

#: What the log line calls the time in each stage.
FIELDS = {stage: f"{stage}_milliseconds" for stage in Stage}


@dataclass
class Record:
    """One request.

    request_id: its own; "none" outside of any.
    stages: seconds in each stage, of the slowest image where there are several.
    refusal: code of the problem that the whole request ended in.
    failures: codes of the problems of single images of a batch.
    """

    request_id: str = "none"
    stages: dict[Stage, float] = field(default_factory=dict)
    refusal: str | None = None
    failures: list[str] = field(default_factory=list)

    def note_stage(self, stage: Stage, seconds: float) -> None:
        """Remember a stage that one image has come through."""
        self.stages[stage] = max(seconds, self.stages.get(stage, 0.0))

    def problems(self) -> list[str]:
        """Return the codes of all problems."""
        return [*self.failures, *([self.refusal] if self.refusal else [])]

    def fields(self) -> dict[str, object]:
        """Return what the log line tells of it: milliseconds in each stage, and problems."""
        told: dict[str, object] = {FIELDS[stage]: round(seconds * 1e3, 2) for stage, seconds in self.stages.items()}
        if self.refusal:
            told["problem"] = self.refusal
        if self.failures:
            told["failed_images"] = len(self.failures)
        return told


_current: ContextVar[Record | None] = ContextVar("record", default=None)


def begin_record(request_id: str) -> Record:
    """Make the record of the request that begins here."""
    record = Record(request_id)
    _current.set(record)
    return record


def request_under_way() -> Record | None:
    """Return the record of the request under way; None outside of any."""
    return _current.get()


def current_record() -> Record:
    """Return the record of the request under way; one that nobody reads outside of any."""
    return request_under_way() or Record()
