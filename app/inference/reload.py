"""Newer versions of the models for a process that goes on serving."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

import structlog

from app.artifacts import Artifact, ArtifactDamaged, ArtifactError, ArtifactIncompatible, ArtifactMissing
from app.inference.errors import Draining
from app.inference.garbage import collect_and_freeze
from app.inference.registry import Registry, State

#: What clients are told; the log has the error itself, which names paths.
REASONS: dict[type[Exception], str] = {
    ArtifactMissing: "missing",
    ArtifactDamaged: "damaged",
    ArtifactIncompatible: "incompatible",
}

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ReloadOutcome:
    """What a reload came to for one model.

    name: of the model.
    version: that answers now.
    before: the version that answered until now; the same where a version was replaced in its place.
    loaded: whether it was read anew.
    refused: why what is on disk now is not served, in a word or two; None where it is.
    """

    name: str
    version: int
    before: int
    loaded: bool
    refused: str | None = None


class Reloader:
    """Brings a registry to what a new start would serve, one reload after the other, in a thread of its own."""

    def __init__(self, registry: Registry, open_model: Callable[[str], Artifact]) -> None:
        """Take note of where to look.

        Args:
            registry: holds the models.
            open_model: returns the verified version of a model that is to be served, or raises ArtifactError.
        """
        self._registry = registry
        self._open_model = open_model
        # One thread: a second reload waits for the first, and then finds what was added meanwhile.
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="reload")

    def start(self) -> Future[list[ReloadOutcome]]:
        """Begin a reload.

        Models that are new by name stay out until the next start, since the calls are made there.

        Returns:
            The outcome for each model; or Draining, where the service goes down meanwhile.
        """
        # With the context, so that log lines have the id of the request that asked.
        return self._pool.submit(copy_context().run, self._reload)

    def close(self) -> None:
        """Wait for the reload under way, and take no further one."""
        self._pool.shutdown(cancel_futures=True)

    def _reload(self) -> list[ReloadOutcome]:
        self._registry.loaded.wait()
        if self._registry.state is not State.READY:
            raise Draining("The service is going down.")
        outcomes = [self._reloaded(name) for name in self._registry.artifacts]
        if any(outcome.loaded for outcome in outcomes):
            # TensorFlow's models hold themselves in cycles: 14 reloads of two models without this took the process from
            # 713 MiB to over 1 GB, with it to 755. It holds the others up for 0.2 s, no longer than loading does.
            collect_and_freeze()
        _log.info("reload ended", versions={item.name: item.version for item in outcomes})
        return outcomes

    def _reloaded(self, name: str) -> ReloadOutcome:
        served = self._registry.artifacts[name]
        before = served.card.version
        try:
            artifact = self._open_model(name)
            if artifact.sha256 == served.sha256:
                return ReloadOutcome(name, before, before, loaded=False)
            _check_same_classes(artifact, served)
            self._registry.replace(artifact)
        except Draining:
            raise
        except (ArtifactError, OSError) as error:
            # Without a trace: the message says what to do. OSError where a folder vanishes while it is read.
            reason = REASONS.get(type(error), "unreadable")
            _log.error("model refused", model=name, kept=before, reason=str(error))
        except Exception:
            # Checksums held, so this is the runtime's own trouble.
            reason = "not loadable"
            _log.exception("model refused", model=name, kept=before)
        else:
            return ReloadOutcome(name, artifact.card.version, before, loaded=True)
        return ReloadOutcome(name, before, before, loaded=False, refused=reason)


def _check_same_classes(new: Artifact, served: Artifact) -> None:
    if new.card.classes != served.card.classes:
        raise ArtifactIncompatible(
            f"Model {new.card.name} {new.card.version} has other classes than version {served.card.version}, which "
            f"the calls were made for. Restart the service to serve it."
        )
