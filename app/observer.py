"""Who is told what becomes of images: plain calls, so that what does the work knows no metrics."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """A part of the way of one image."""

    #: Until it has a thread or, among other tiny images, its turns.
    WAIT = "wait"
    #: From bytes to pixels.
    DECODE = "decode"
    #: From pixels to network input: ink and geometry. Not reached by what cannot be decoded.
    INK = "ink"
    #: Until the runtime takes it.
    QUEUE = "queue"
    #: In the runtime, with the rest of its batch.
    PREDICT = "predict"


class Observer(Protocol):
    """Is told of every image and batch. Its methods must be quick and must not raise."""

    def staged(self, model: str, stage: Stage, seconds: float) -> None:
        """One image has come through a stage. Called on the event loop, in the context of its request."""

    def batched(self, model: str, images: int) -> None:
        """So many images, padding not counted, go to the runtime. Called on each of the threads that run it."""

    def replaced(self, model: str) -> None:
        """Another version of a model answers from now on. Called on the thread that loaded it."""

    def answered(self, model: str, label: str, confidence: float, *, uncertain: bool, restricted: bool) -> None:
        """One image has its answer. Called on the event loop.

        Args:
            model: name of the model.
            label: a character that the answered class stands for.
            confidence: calibrated probability, 0..1.
            uncertain: whether a person should look.
            restricted: whether the caller permitted some characters only, over which the confidence was renormalised.
        """
