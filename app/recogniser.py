"""Bytes of an image -> an answer. The API and the command line both go through here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import structlog

from app.imaging import GEOMETRIES, ImageError, ImagingFailed, NetworkInput, Polarity, is_tiny
from app.inference import (
    Candidate,
    DeadlineExceeded,
    Model,
    Overloaded,
    Pending,
    check_allowed,
    is_uncertain,
    rank,
)
from app.observer import Observer, Stage
from app.preparation import Preparation, prepare_together, steps_together
from app.turns import Turns

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Options:
    """What the caller may choose.

    top_k: how many candidates to return.
    polarity: overrules the detection unless `AUTO`.
    allow: only these characters may be answered; None for all.
    """

    top_k: int = 3
    polarity: Polarity = Polarity.AUTO
    allow: str | None = None


@dataclass(frozen=True)
class Recognition:
    """The answer to one image.

    candidates: best first; at least one.
    uncertain: whether a person should look.
    seen: what the network saw.
    """

    candidates: list[Candidate]
    uncertain: bool
    seen: NetworkInput


class Recogniser:
    """Prepares images and sends them to a model's batcher.

    Uploads of tiny images alone are prepared on the event loop, all others in a pool of threads. A tiny image that
    comes alone is also answered there, where the runtime is fast.
    """

    def __init__(
        self,
        *,
        max_pixels: int,
        threads: int,
        deadline_seconds: float,
        capacity: int,
        kept_for_singles: int = 0,
        observer: Observer | None = None,
    ) -> None:
        """Start the pool.

        Args:
            max_pixels: of one image.
            threads: that decode and prepare images.
            deadline_seconds: from the call to the answer.
            capacity: the most images that may be under way, from the call to the answer.
            kept_for_singles: how many of these are kept from uploads of several images, so that single ones find room
                where somebody sends one large upload after the other. Single ones fill them first, so that an upload of
                as many as the rest finds room as long as no more single ones are under way than are kept.
            observer: is told how long each image took where, and what was answered.
        """
        self._max_pixels = max_pixels
        self.capacity = capacity
        self._kept_for_singles = kept_for_singles
        #: How many images are between their call and their answer.
        self.under_way = 0
        #: How many of these came singly.
        self._singles = 0
        self._observer = observer
        # One for each thread and one to follow it, so that no thread waits for the event loop.
        self._at_once = 2 * threads
        self._deadline_seconds = deadline_seconds
        self._turns: Turns[Preparation] | None = None
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="imaging")

    async def recognise(self, model: Model, files: Sequence[bytes], options: Options) -> list[Recognition | ImageError]:
        """Recognise images, each on its own: one that cannot be read takes nothing from the others.

        Args:
            model: which network.
            files: the bytes of each image.
            options: for all of them.

        Returns:
            In the order of `files`, an answer or what is wrong with that image.

        Raises:
            InferenceError: the service could not answer; see `app.inference.errors`.
            UnknownCharacters: `allow` names a character that the model has no class for.
        """
        if options.allow is not None:
            check_allowed(options.allow, model.artifact.card.classes)
        # Decoding is what takes long and what holds memory, so images are counted before it. All on one event loop.
        single = len(files) == 1
        kept = 0 if single else max(0, self._kept_for_singles - self._singles)
        if self.under_way + len(files) > self.capacity - kept:
            raise Overloaded("The service has as many images under way as it takes. Try again in a moment.")
        self.under_way += len(files)
        self._singles += single
        try:
            return await self._recognised(model, files, options)
        finally:
            self.under_way -= len(files)
            self._singles -= single

    async def _recognised(
        self, model: Model, files: Sequence[bytes], options: Options
    ) -> list[Recognition | ImageError]:
        called = time.monotonic()
        deadline = called + self._deadline_seconds
        turns = self._turns_of_loop()
        geometry = GEOMETRIES[model.artifact.card.geometry]
        images = [
            Preparation(data, geometry, options.polarity, max_pixels=self._max_pixels, called=called) for data in files
        ]
        with suppress(TimeoutError):
            at_once = len(files) == self.under_way == 1 and is_tiny(files[0])
            if at_once:
                # Requests that this turn of the loop has brought are counted after it; they make one batch.
                await asyncio.sleep(0)
                at_once = self.under_way == 1
            if at_once:
                prepare_together(images)
            elif not all(is_tiny(data) for data in files):
                await self._prepare_on_threads(turns, images, deadline)
            else:
                await turns.do(images, deadline)
            self._tell_prepared(model, images)
            found = [image.found for image in images]
            for item in found:
                if isinstance(item, ImagingFailed):  # here, where the log knows the request
                    _log.error("defect", exc_info=item)
            inputs = [item.pixels for item in found if isinstance(item, NetworkInput)]
            pending = model.batcher.submit(inputs, deadline=deadline, wake=False)
            if at_once:
                model.batcher.answer_now()
                if time.monotonic() > deadline:
                    raise TimeoutError
            else:
                # Once all requests that have come in by now have queued theirs, so that they make one batch.
                turns.call_soon_once(model.batcher.wake)
            answers = await turns.result_of(pending, deadline)
            recognitions = _recognitions(model, found, answers, options)
            self._tell_answered(model, pending, recognitions, options)
            return recognitions
        # Not from the timeout's own error, whose traceback would hold the files until Python looks for garbage.
        raise DeadlineExceeded("The answer would come too late.")

    async def _prepare_on_threads(
        self, turns: Turns[Preparation], images: Sequence[Preparation], deadline: float
    ) -> None:
        """Prepare the images of one upload, so few of them at once that other uploads get their turn at the threads.

        Raises:
            TimeoutError: the deadline is past.
        """
        left = iter(images)
        late = False

        async def prepare_some() -> None:
            nonlocal late
            # Told and not raised: a group's error and what it is of would hold each other, and the files.
            with suppress(TimeoutError):
                for image in left:
                    await turns.result_of(self._pool.submit(prepare_together, [image]), deadline)
                    if late:
                        return
                return
            late = True

        async def prepare_all() -> None:
            # In a group, so that where one ends badly the others do not go on for nobody.
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._at_once, len(images))):
                    group.create_task(prepare_some())

        try:
            await prepare_all()
        except asyncio.CancelledError as error:
            # The group and its error hold each other, and the files, until Python looks for garbage.
            raise error.with_traceback(None) from None
        if late:
            raise TimeoutError

    def _turns_of_loop(self) -> Turns[Preparation]:
        if self._turns is None or not self._turns.of_running_loop():
            self._turns = Turns(steps_together)
        return self._turns

    def recognise_now(self, model: Model, files: Sequence[bytes], options: Options) -> list[Recognition | ImageError]:
        """As `recognise`, for callers without an event loop."""
        return asyncio.run(self.recognise(model, files, options))

    def close(self) -> None:
        """End the pool once its work is done."""
        self._pool.shutdown()

    def _tell_prepared(self, model: Model, images: Sequence[Preparation]) -> None:
        if self._observer:
            name = model.artifact.card.name
            for image in images:
                for stage, seconds in image.seconds.items():
                    self._observer.staged(name, stage, seconds)

    def _tell_answered(
        self, model: Model, pending: Pending, found: Sequence[Recognition | ImageError], options: Options
    ) -> None:
        if self._observer:
            name = model.artifact.card.name
            for waited, took in zip(pending.queue_seconds, pending.predict_seconds, strict=True):
                self._observer.staged(name, Stage.QUEUE, waited)
                self._observer.staged(name, Stage.PREDICT, took)
            for item in found:
                if isinstance(item, Recognition):
                    best, restricted = item.candidates[0], options.allow is not None
                    self._observer.answered(
                        name, best.label, best.confidence, uncertain=item.uncertain, restricted=restricted
                    )


def _recognitions(
    model: Model,
    prepared: Sequence[NetworkInput | ImageError],
    answers: Sequence[npt.NDArray[np.float32]],
    options: Options,
) -> list[Recognition | ImageError]:
    left = iter(answers)
    return [
        item if isinstance(item, ImageError) else _recognition(model, item, next(left), options) for item in prepared
    ]


def _recognition(
    model: Model, seen: NetworkInput, probabilities: npt.NDArray[np.float32], options: Options
) -> Recognition:
    classes = model.artifact.card.classes
    candidates = rank(probabilities, classes, top_k=options.top_k, allow=options.allow)
    uncertain = is_uncertain(
        probabilities, classes, candidates[0], least=model.least_confidence, allow=options.allow, alone=seen.alone
    )
    return Recognition(candidates, uncertain, seen)
