from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import values
from prometheus_client.parser import text_string_to_metric_families

from app.inference import Registry
from app.observer import Stage
from app.recogniser import Recogniser
from app.telemetry import Metrics, ServiceState, Shared, retire
from app.telemetry.record import Record
from app.telemetry.shared import FOLDER_VARIABLE
from tests.models import shipped

DIGIT = shipped("digit")


class Process:
    """What one worker of three would count and hold, all in this process."""

    def __init__(self, folder: Path, place: int) -> None:
        self.shared = Shared(folder, place, 3)
        self.metrics = Metrics([DIGIT.card], problems=["no-ink"], shared=self.shared)
        self.recogniser = Recogniser(max_pixels=1, threads=1, deadline_seconds=1, capacity=100)
        self.registry = Registry([DIGIT], runtime="litert", threads=1, queue_images=100)
        self.state = ServiceState(self.registry, self.recogniser, self.metrics.drifts, self.shared)
        self.metrics.watch(self.state)

    def answer(self, label: str, confidence: float) -> None:
        self.metrics.answered("digit", label, confidence, uncertain=False, restricted=False)
        self.metrics.requested("/predict/digit", "POST", 200, 0.01, Record())
        self.metrics.staged("digit", Stage.QUEUE, 0.3)

    def figures(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self.metrics.text().decode())
            for sample in family.samples
        }

    def figure(self, name: str, **labels: str) -> float:
        return self.figures()[name, frozenset(labels.items())]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(values, "ValueClass", values.ValueClass)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    return tmp_path


def test_every_process_tells_the_sums_of_all(folder: Path) -> None:
    first, second, third = (Process(folder, place) for place in range(3))
    for _ in range(3):
        first.answer("7", 0.9)
    second.answer("7", 0.5)
    second.recogniser.under_way = 4
    third.recogniser.under_way = 2
    for process in (first, second, third):
        process.state.publish()
    assert first.figures().keys() == second.figures().keys() == third.figures().keys()
    for process in (first, second, third):
        assert process.figure("inkling_answers_total", model="digit", label="7") == 4
        assert process.figure("inkling_requests_total", route="/predict/digit", method="POST", status="200") == 4
        assert process.figure("inkling_stage_seconds_bucket", model="digit", stage="queue", le="0.5") == 4
        assert process.figure("inkling_stage_seconds_sum", model="digit", stage="queue") == pytest.approx(1.2)
        assert process.figure("inkling_images_under_way") == 6
        assert process.figure("inkling_images_capacity") == 300
        assert process.figure("inkling_processes") == 3
        assert process.figure("inkling_processes_ready") == process.figure("inkling_ready") == 0
        assert process.figure("inkling_drift_answers", model="digit") == pytest.approx(4, abs=0.1)
        assert process.figure("inkling_drift_mean_confidence", model="digit") == pytest.approx(0.8, abs=0.001)
        assert process.figure("inkling_problems_total", code="no-ink") == 0


def test_the_service_is_ready_where_one_process_is_and_the_others_are_counted(folder: Path) -> None:
    first, second = Process(folder, 0), Process(folder, 1)
    second.registry.load()
    second.state.publish()
    assert first.figure("inkling_ready") == first.figure("inkling_processes_ready") == 1
    assert first.figure("inkling_worker_alive", model="digit") == 1
    second.registry.close()
    second.state.publish()
    assert first.figure("inkling_ready") == 0
    assert first.figure("inkling_worker_alive", model="digit") == 0


def test_who_takes_a_place_counts_on_from_where_the_last_one_ended(folder: Path) -> None:
    first, second = Process(folder, 0), Process(folder, 1)
    second.answer("7", 0.9)
    second.recogniser.under_way = 5
    second.state.publish()
    used = first.figure("process_cpu_seconds_total")
    retire(folder, 1)
    assert first.figure("inkling_images_under_way") == 0
    assert first.figure("inkling_answers_total", model="digit", label="7") == 1
    assert first.figure("process_cpu_seconds_total") >= used
    third = Process(folder, 1)
    third.metrics.process_replaced()
    third.answer("7", 0.9)
    third.state.publish()
    assert first.figure("inkling_answers_total", model="digit", label="7") == 2
    assert first.figure("inkling_process_replacements_total") == 1
    assert first.figure("process_cpu_seconds_total") >= 1.5 * used  # three processes' worth of one


def test_processes_without_figures_yet_are_no_trouble(folder: Path) -> None:
    only = Process(folder, 2)
    assert only.figure("inkling_processes") == 3
    assert only.figure("inkling_images_capacity") == 100
