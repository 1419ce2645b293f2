"""Bytes of an image -> an answer. The API and the command line both go through here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.imaging import GEOMETRIES, ImageError, NetworkInput, Polarity, prepare
from app.inference import Candidate, DeadlineExceeded, Model, Overloaded, check_allowed, is_uncertain, rank


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
    """Prepares images in a pool of threads and sends them through a model's batcher."""

    def __init__(self, *, max_pixels: int, threads: int, deadline_seconds: float, capacity: int) -> None:
        """Start the pool.

        Args:
            max_pixels: of one image.
            threads: that decode and prepare images.
            deadline_seconds: from the call to the answer.
            capacity: the most images that may be under way, from the call to the answer.
        """
        self._max_pixels = max_pixels
        self._capacity = capacity
        self._under_way = 0
        self._deadline_seconds = deadline_seconds
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
        if self._under_way + len(files) > self._capacity:
            raise Overloaded("The service has as many images under way as it takes. Try again in a moment.")
        self._under_way += len(files)
        try:
            return await self._recognised(model, files, options)
        finally:
            self._under_way -= len(files)

    async def _recognised(
        self, model: Model, files: Sequence[bytes], options: Options
    ) -> list[Recognition | ImageError]:
        deadline = time.monotonic() + self._deadline_seconds
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._deadline_seconds):
                prepared = await asyncio.gather(
                    *(loop.run_in_executor(self._pool, self._prepared, model, data, options) for data in files)
                )
                images = [item.pixels for item in prepared if isinstance(item, NetworkInput)]
                futures = model.batcher.submit(images, deadline=deadline)
                answers = await asyncio.gather(*map(asyncio.wrap_future, futures))
        except TimeoutError as error:
            raise DeadlineExceeded("The answer would come too late.") from error
        return _recognitions(model, prepared, answers, options)

    def recognise_now(self, model: Model, files: Sequence[bytes], options: Options) -> list[Recognition | ImageError]:
        """As `recognise`, for callers without an event loop."""
        return asyncio.run(self.recognise(model, files, options))

    def close(self) -> None:
        """End the pool once its work is done."""
        self._pool.shutdown()

    def _prepared(self, model: Model, data: bytes, options: Options) -> NetworkInput | ImageError:
        geometry = GEOMETRIES[model.artifact.card.geometry]
        try:
            return prepare(data, geometry, max_pixels=self._max_pixels, polarity=options.polarity)
        except ImageError as error:
            return error


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
    uncertain = is_uncertain(probabilities, classes, candidates[0], least=model.least_confidence, allow=options.allow)
    return Recognition(candidates, uncertain, seen)
