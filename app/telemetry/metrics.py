"""Prometheus metrics of one application: what is counted while it works. What is read at a scrape is in `state.py`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from app.artifacts import ModelCard
from app.inference import BATCH_SIZES
from app.observer import Stage
from app.telemetry.drift import Drift, expected_shares
from app.telemetry.record import Record, current_record
from app.telemetry.shared import Shared

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
#: Seconds. From below the fastest answer (2 ms) to the default deadline.
REQUEST_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
#: Seconds. A small image is prepared, and a batch of one predicted, in less than a millisecond.
STAGE_BUCKETS = (0.0002, 0.0005, *REQUEST_BUCKETS)
#: Finer where answers are: a shift from 0.99 to 0.95 is one to see.
CONFIDENCE_BUCKETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999, 1.0)
#: What is not one of ours is counted under one name, so that nobody outside can add label values.
OTHER = "other"
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

# A timestamp beside every counter, which doubles the output and which Prometheus does not use in this format. There is
# no such option for a registry.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """Counts requests, images and answers, in a registry of its own. Fulfils `app.observer.Observer`."""

    def __init__(self, cards: Sequence[ModelCard], *, problems: Iterable[str], shared: Shared | None = None) -> None:
        """Make every metric, with those label values that are known from the start at zero.

        Args:
            cards: of the models that will answer.
            problems: every problem code.
            shared: with other processes, over all of which is added up; None where this one serves alone.
        """
        self.registry = CollectorRegistry()
        self._shown = self.registry
        if shared:
            self._shown = CollectorRegistry()
            self._shown.register(shared.counted())
        self._expected = {card.name: expected_shares(card) for card in cards}
        self.drifts = {name: Drift(shares) for name, shares in self._expected.items()}
        self._classes = {
            card.name: {
                character: (index, item.label)
                for index, item in enumerate(card.classes)
                for character in item.characters
            }
            for card in cards
        }
        self._make_request_metrics(problems)
        self._make_image_metrics(cards)

    def _make_request_metrics(self, problems: Iterable[str]) -> None:
        self._requests = Counter(
            "inkling_requests_total",
            "Requests, by route template, method and status; status 499 where the client left before its answer.",
            ["route", "method", "status"],
            registry=self.registry,
        )
        self._latency = Histogram(
            "inkling_request_seconds",
            "From the request's first line to the end of its answer, by route template.",
            ["route"],
            buckets=REQUEST_BUCKETS,
            registry=self.registry,
        )
        self._problems = Counter(
            "inkling_problems_total",
            "Requests refused, and images of a batch without an answer, by problem code.",
            ["code"],
            registry=self.registry,
        )
        for code in problems:
            self._problems.labels(code)
        self._replacements = Counter(
            "inkling_process_replacements_total",
            "Worker processes that took the place of one that had ended.",
            registry=self.registry,
        )
        # Looking a child up by its labels takes longer than counting.
        self._of_request: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def _make_image_metrics(self, cards: Sequence[ModelCard]) -> None:
        stages = Histogram(
            "inkling_stage_seconds",
            "Time of one image in a stage: wait (for its turn), decode, ink (and geometry), queue, predict.",
            ["model", "stage"],
            buckets=STAGE_BUCKETS,
            registry=self.registry,
        )
        self._stages = {(card.name, stage): stages.labels(card.name, stage) for card in cards for stage in Stage}
        batches = Histogram(
            "inkling_batch_images",
            "Images in a batch that went to the runtime.",
            ["model"],
            buckets=BATCH_SIZES,
            registry=self.registry,
        )
        self._batches = {card.name: batches.labels(card.name) for card in cards}
        answers = Counter(
            "inkling_answers_total", "Answers, by model and class.", ["model", "label"], registry=self.registry
        )
        self._answers = {
            (card.name, item.label): answers.labels(card.name, item.label) for card in cards for item in card.classes
        }
        confidence = Histogram(
            "inkling_confidence",
            "Calibrated confidence of the answers.",
            ["model"],
            buckets=CONFIDENCE_BUCKETS,
            registry=self.registry,
        )
        self._confidence = {card.name: confidence.labels(card.name) for card in cards}
        uncertain = Counter(
            "inkling_uncertain_total",
            "Answers that a person should rather look at.",
            ["model"],
            registry=self.registry,
        )
        self._uncertain = {card.name: uncertain.labels(card.name) for card in cards}

    def requested(self, route: str, method: str, status: int, seconds: float, record: Record) -> None:
        """Count a request that has ended.

        Args:
            route: template of the call, such as `/models/{name}`, or `OTHER`.
            method: as sent.
            status: of the answer, or what stands for one.
            seconds: from its beginning to its end.
            record: what was noted on its way.
        """
        key = (route, method if method in METHODS else OTHER, status)
        if key not in self._of_request:
            counter = self._requests.labels(route, key[1], status)
            self._of_request[key] = counter, self._latency.labels(route)
        counter, latency = self._of_request[key]
        counter.inc()
        latency.observe(seconds)
        for code in record.problems():
            self._problems.labels(code).inc()

    def process_replaced(self) -> None:
        """Count that this process took the place of one that had ended."""
        self._replacements.inc()

    def staged(self, model: str, stage: Stage, seconds: float) -> None:
        self._stages[model, stage].observe(seconds)
        current_record().note_stage(stage, seconds)

    def batched(self, model: str, images: int) -> None:
        self._batches[model].observe(images)

    def answered(self, model: str, label: str, confidence: float, *, uncertain: bool, restricted: bool) -> None:
        # A class that merges two characters answers with the permitted one; it is counted under its own name.
        index, name = self._classes[model][label]
        self._answers[model, name].inc()
        self._confidence[model].observe(confidence)
        if uncertain:
            self._uncertain[model].inc()
        # What the caller ruled out says nothing about what was written.
        if not restricted:
            self.drifts[model].add(index, confidence)

    def replaced(self, model: str) -> None:
        # The classes are the same: see `app.inference.reload`. What the old version answered says nothing of the new.
        self.drifts[model] = Drift(self._expected[model])

    def watch(self, collector: Collector) -> None:
        """Add figures that are read at every scrape."""
        self._shown.register(collector)

    def text(self) -> bytes:
        """Return everything in Prometheus' text format, `MEDIA_TYPE`."""
        return prometheus_client.generate_latest(self._shown)
