"""Gauges that are read when Prometheus asks: what the service holds at this moment, over all of its processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from app.artifacts import ModelCard
from app.inference import InferenceError, Registry
from app.recogniser import Recogniser
from app.telemetry.drift import Drift, expected_confidence, expected_shares
from app.telemetry.shared import Shared
from app.telemetry.snapshot import CPU_SECONDS, ModelState, Snapshot

#: Enough of a digest to tell versions apart.
DIGEST_DIGITS = 12
#: Of several processes the oldest has it; everything else the system says of them adds up.
START_TIME = "process_start_time_seconds"


class ServiceState(Collector):
    """The state of the models, of the images under way and of the process; of all processes where there are several."""

    def __init__(
        self, registry: Registry, recogniser: Recogniser, drifts: Mapping[str, Drift], shared: Shared | None = None
    ) -> None:
        """Take note of where to look.

        Args:
            registry: holds the models.
            recogniser: counts the images under way.
            drifts: the running figures of each model.
            shared: with other processes; None where this one serves alone.
        """
        self._registry = registry
        self._recogniser = recogniser
        self._drifts = drifts
        self._shared = shared
        self._process = ProcessCollector(registry=None)

    def snapshot(self) -> Snapshot:
        """Return what this process holds."""
        process = {sample.name: sample.value for family in self._process.collect() for sample in family.samples}
        if self._shared and CPU_SECONDS in process:
            process[CPU_SECONDS] += self._shared.inherited.process.get(CPU_SECONDS, 0.0)
        return Snapshot(
            ready=self._ready(),
            under_way=self._recogniser.under_way,
            capacity=self._recogniser.capacity,
            models={
                name: ModelState(
                    version=model.artifact.card.version,
                    runtime=self._registry.runtime,
                    sha256=model.artifact.sha256[:DIGEST_DIGITS],
                    waiting=model.batcher.waiting,
                    alive=model.batcher.alive,
                )
                for name, model in self._registry.models.items()
            },
            drifts={name: drift.state() for name, drift in self._drifts.items()},
            process=process,
        )

    def publish(self) -> None:
        """Let the other processes, where there are any, see what this one holds."""
        if self._shared:
            self._shared.publish(self.snapshot())

    def collect(self) -> Iterator[Metric]:
        """Yield every gauge."""
        snapshots = [self.snapshot(), *(self._shared.others() if self._shared else ())]
        ready = sum(item.ready for item in snapshots)
        under_way = sum(item.under_way for item in snapshots)
        capacity = sum(item.capacity for item in snapshots)
        yield _gauge("inkling_ready", "1 where new work is taken.", float(ready > 0))
        yield _gauge("inkling_processes", "Processes that serve where all are well: INKLING_WORKERS.", len(snapshots))
        yield _gauge("inkling_processes_ready", "Processes that take new work.", ready)
        yield _gauge("inkling_images_under_way", "Images between upload and answer.", under_way)
        yield _gauge("inkling_images_capacity", "Most images under way; 429 beyond.", capacity)
        yield from _models(snapshots)
        yield from self._drift(snapshots)
        yield from self._processes(snapshots)

    def _ready(self) -> bool:
        try:
            self._registry.check_ready()
        except InferenceError:
            return False
        return True

    def _drift(self, snapshots: Sequence[Snapshot]) -> Iterator[Metric]:
        figures: list[tuple[str, str, Callable[[Drift, ModelCard], float]]] = [
            (
                "inkling_drift_answers",
                "Answers that the drift figures rest on, at most about 1000 a process. Those to `allow` do not count.",
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
        cards = {name: self._registry.artifacts[name].card for name in self._drifts}
        drifts = {
            name: Drift.joined(expected_shares(card), [item.drifts[name] for item in snapshots if name in item.drifts])
            for name, card in cards.items()
        }
        for name, meaning, figure in figures:
            family = GaugeMetricFamily(name, meaning, labels=["model"])
            for model, drift in drifts.items():
                family.add_metric([model], figure(drift, cards[model]))
            yield family

    def _processes(self, snapshots: Sequence[Snapshot]) -> Iterator[Metric]:
        for family in self._process.collect():
            (sample,) = family.samples
            told = [item.process[sample.name] for item in snapshots if sample.name in item.process]
            family.samples = [sample._replace(value=min(told) if sample.name == START_TIME else sum(told))]
            yield family


def _models(snapshots: Sequence[Snapshot]) -> Iterator[Metric]:
    info = InfoMetricFamily("inkling_model", "Version of each model, and what runs it.", labels=["model"])
    waiting = GaugeMetricFamily("inkling_queue_images", "Images that wait for the runtime.", labels=["model"])
    alive = GaugeMetricFamily("inkling_worker_alive", "1 while the model's worker can answer.", labels=["model"])
    for name in sorted({name for item in snapshots for name in item.models}):
        states = [item.models[name] for item in snapshots if name in item.models]
        # Two for the moment in which one process has reloaded and another has not.
        for version, runtime, sha256 in sorted({(state.version, state.runtime, state.sha256) for state in states}):
            info.add_metric([name], {"version": str(version), "runtime": runtime, "sha256": sha256})
        waiting.add_metric([name], sum(state.waiting for state in states))
        alive.add_metric([name], float(all(state.alive for state in states)))
    yield from (info, waiting, alive)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)
