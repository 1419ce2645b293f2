"""The models of a process, and where they are on the way from starting to draining."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from threading import Condition, Event

import structlog

from app.artifacts import Artifact
from app.inference.batcher import Batcher, warm_up
from app.inference.errors import Draining, NotReady
from app.inference.garbage import collect_and_freeze
from app.inference.runtime import LiteRTFloat32Runtime, LiteRTRuntime, SavedModelRuntime
from app.observer import Observer

RUNTIMES: dict[str, type[SavedModelRuntime] | type[LiteRTRuntime]] = {
    runtime.name: runtime for runtime in (SavedModelRuntime, LiteRTRuntime, LiteRTFloat32Runtime)
}

_log = structlog.get_logger(__name__)


class State(StrEnum):
    """Where the process is in its life."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded model.

    artifact: what it is.
    batcher: where images go.
    least_confidence: of an answer that is not uncertain, 0..1.
    """

    artifact: Artifact
    batcher: Batcher
    least_confidence: float


class Registry:
    """Loads the models, hands them out while they can answer, and says why not where they cannot."""

    def __init__(
        self,
        artifacts: Sequence[Artifact],
        *,
        runtime: str,
        threads: int,
        batches: int = 1,
        queue_images: int,
        max_batch_wait_ms: float = 0.0,
        target_error: float | None = None,
        observer: Observer | None = None,
    ) -> None:
        """Take note of what to load.

        Args:
            artifacts: verified models, one a name.
            runtime: key of `RUNTIMES`.
            threads: for the arithmetic inside one operation.
            batches: the most that one model runs at once, where the runtime allows several.
            queue_images: the most images that may wait for each model.
            max_batch_wait_ms: how long an image may wait for others to fill its batch.
            target_error: share of wrong answers to stay below by calling others uncertain; None for each card's own.
            observer: is told the size of every batch, and of models that are replaced.
        """
        #: What is served, or will be once it is loaded, by name.
        self.artifacts = {artifact.card.name: artifact for artifact in artifacts}
        self.runtime = runtime
        self.state = State.STARTING
        #: Set once `load` has ended, well or badly, for those who have to wait for it.
        self.loaded = Event()
        self._threads = threads
        self._batches = batches if RUNTIMES[runtime].thread_safe else 1
        self._queue_images = queue_images
        self._wait_seconds = max_batch_wait_ms / 1e3
        self._target_error = target_error
        self._observer = observer
        self._models: dict[str, Model] = {}
        self._held: Counter[Model] = Counter()
        #: Guards the state, the models and who holds them.
        self._changed = Condition()

    def load(self) -> None:
        """Load and warm every model, then turn ready. Takes seconds; not for the event loop.

        Raises:
            Exception: whatever the runtime raises on a model that it cannot load; the state is then `FAILED`.
        """
        try:
            for name, artifact in self.artifacts.items():
                self._models[name] = self._loaded(artifact)
            collect_and_freeze()
            with self._changed:
                if self.state is State.STARTING:
                    self.state = State.READY
            _log.info(self.state, models=sorted(self._models))
        except BaseException:
            self.state = State.FAILED
            raise
        finally:
            self.loaded.set()

    def _loaded(self, artifact: Artifact) -> Model:
        name = artifact.card.name
        runtime = RUNTIMES[self.runtime](artifact.path, threads=self._threads)
        warm_up(runtime, artifact.card.input_shape, len(artifact.card.classes))
        least = artifact.card.least_confidence(self._target_error)
        if not least:
            _log.warning("no answer is ever uncertain: the model has no operating points", model=name)
        batcher = Batcher(
            runtime,
            capacity=self._queue_images,
            name=name,
            batches=self._batches,
            wait_seconds=self._wait_seconds,
            observer=self._observer,
        )
        _log.info("model loaded", model=name, version=artifact.card.version, runtime=self.runtime, file=runtime.file)
        return Model(artifact, batcher, least)

    def replace(self, artifact: Artifact) -> None:
        """Load and warm another version of a model and let it answer from now on.

        Returns once the old one has answered everybody who holds it and its workers have ended. Takes seconds; not for
        the event loop, and not for two threads at once.

        Raises:
            Draining: the service is going down, so the old one stays.
            Exception: whatever the runtime raises on a model that it cannot load; the old one stays.
        """
        name, new = artifact.card.name, self._loaded(artifact)
        with self._changed:
            if replaced := self.state is State.READY:
                old, self._models[name] = self._models[name], new
                self.artifacts[name] = artifact
        if not replaced:
            new.batcher.close()
            raise Draining("The service is going down.")
        if self._observer:
            self._observer.replaced(artifact.card.name)
        with self._changed:
            self._changed.wait_for(lambda: old not in self._held)
        old.batcher.close()

    @contextmanager
    def holding(self, name: str) -> Iterator[Model]:
        """Give a loaded model that goes on answering until it is given back, though it may be replaced meanwhile.

        Raises:
            As `model`.
        """
        with self._changed:
            model = self.model(name)
            self._held[model] += 1
        try:
            yield model
        finally:
            with self._changed:
                self._held[model] -= 1
                if not self._held[model]:
                    del self._held[model]
                    self._changed.notify_all()

    def model(self, name: str) -> Model:
        """Return a loaded model, for as long as nobody replaces it.

        Raises:
            KeyError: there is none of that name.
            NotReady: it is not loaded yet.
        """
        if name not in self.artifacts:
            raise KeyError(name)
        if name not in self._models:
            raise NotReady("The models are still loading.")
        return self._models[name]

    @property
    def models(self) -> dict[str, Model]:
        """The models that are loaded so far, by name."""
        return dict(self._models)

    def check_ready(self) -> None:
        """Raise NotReady or Draining, with the reasons, unless every model can answer."""
        if self.state is State.DRAINING:
            raise Draining("The service is going down.")
        if self.state is State.FAILED:
            raise NotReady("A model could not be loaded.")
        if missing := sorted(self.artifacts.keys() - self._models.keys()):
            raise NotReady(f"Still loading: {', '.join(missing)}.")
        self.check_alive()

    def check_alive(self) -> None:
        """Raise NotReady where the process has lost a worker and cannot do its work any more."""
        # A copy, since the loading thread adds to it.
        if dead := sorted(name for name, model in list(self._models.items()) if not model.batcher.alive):
            raise NotReady(f"The worker of {', '.join(dead)} has died.")

    def drain(self) -> None:
        """Stop being ready. What has been accepted goes on."""
        with self._changed:
            self.state = State.DRAINING

    def close(self) -> None:
        """Answer what is queued and end the workers."""
        self.drain()
        for model in self._models.values():
            model.batcher.close()
