"""Gauges that are read when Prometheus asks: what the service holds at this moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from app.artifacts import ModelCard
from app.inference import InferenceError, Registry
from app.recogniser import Recogniser
from app.telemetry.drift import Drift, expected_confidence

#: Enough of a digest to tell versions apart.
DIGEST_DIGITS = 12


class ServiceState(Collector):
    """The state of the models and of the images under way."""

    def __init__(self, registry: Registry, recogniser: Recogniser, drifts: Mapping[str, Drift]) -> None:
        """Take note of where to look.

        Args:
            registry: holds the models.
            recogniser: counts the images under way.
            drifts: the running figures of each model.
        """
        self._registry = registry
        self._recogniser = recogniser
        self._drifts = drifts

    def collect(self) -> Iterator[Metric]:
        """Yield every gauge."""
        yield _gauge("inkling_ready", "1 where new work is taken.", self._ready())
        yield _gauge("inkling_images_under_way", "Images between upload and answer.", float(self._recogniser.under_way))
        yield _gauge("inkling_images_capacity", "Most images under way; 429 beyond.", float(self._recogniser.capacity))
        yield from self._models()
        yield from self._drift()

    def _ready(self) -> float:
        try:
            self._registry.check_ready()
        except InferenceError:
            return 0.0
        return 1.0

    def _models(self) -> Iterator[Metric]:
        info = InfoMetricFamily("inkling_model", "Version of each model, and what runs it.", labels=["model"])
        waiting = GaugeMetricFamily("inkling_queue_images", "Images that wait for the runtime.", labels=["model"])
        alive = GaugeMetricFamily("inkling_worker_alive", "1 while the model's worker can answer.", labels=["model"])
        for name, model in self._registry.models.items():
            artifact = model.artifact
            info.add_metric(
                [name],
                {
                    "version": str(artifact.card.version),
                    "runtime": self._registry.runtime,
                    "sha256": artifact.sha256[:DIGEST_DIGITS],
                },
            )
            waiting.add_metric([name], model.batcher.waiting)
            alive.add_metric([name], float(model.batcher.alive))
        yield from (info, waiting, alive)

    def _drift(self) -> Iterator[Metric]:
        figures: list[tuple[str, str, Callable[[Drift, ModelCard], float]]] = [
            (
                "inkling_drift_answers",
                "Answers that the drift figures rest on, at most about 1000. Those to `allow` do not count.",
                lambda drift, card: drift.answers,
            ),
            (
                "inkling_drift_class_distance",
                "Total-variation distance, 0 to 1, of the classes of the last ~1000 answers from equal shares.",
                lambda drift, card: drift.class_distance,
            ),
            (
                "inkling_drift_mean_confidence",
                "Mean confidence of the last ~1000 answers.",
                lambda drift, card: drift.mean_confidence,
            ),
            (
                "inkling_drift_expected_confidence",
                "Accuracy on the card's test set: the mean confidence there, up to the calibration error.",
                lambda drift, card: expected_confidence(card),
            ),
        ]
        for name, meaning, figure in figures:
            family = GaugeMetricFamily(name, meaning, labels=["model"])
            for model, drift in self._drifts.items():
                family.add_metric([model], figure(drift, self._registry.artifacts[model].card))
            yield family


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)
