"""Single images in, batches to the runtime, each answer to its caller. Knows no HTTP and no event loop."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from threading import Condition, Lock, Thread

import numpy as np
import numpy.typing as npt
import structlog

from app.inference.errors import DeadlineExceeded, Draining, NotReady, Overloaded, RuntimeFailed
from app.inference.runtime import Runtime
from app.observer import Observer

#: The largest batch while few images wait. A larger one keeps the event loop waiting for answers: with 32 connections
#: batches of up to 16 answer a tenth less.
USUAL_BATCH = 8
#: While more than twice as many wait, such as those of a batch upload, one takes so many: the SavedModel then does a
#: tenth more, LiteRT as much.
LARGE_BATCH = 16
#: Each is warmed, so that nothing is traced or prepared while serving. Of batches padded to 1, 2, 4 or 8, a sixth was
#: padding (digit's `inkling_batch_images` with 32 connections and the SavedModel); LiteRT takes 20 MB for 3, 5, 6
#: and 7.
BATCH_SIZES = (*range(1, USUAL_BATCH + 1), LARGE_BATCH)
#: Images of one upload that go before the next upload has its turn. Half a batch: a single image waits for a batch or
#: two however long the uploads before it are, and a long one still gets on where single images never cease.
TURN_IMAGES = USUAL_BATCH // 2
#: A runtime that took longer than this for an image of its last batch, in seconds, is left to the worker: waking it and
#: being woken takes a fifth of a millisecond, and what comes meanwhile would wait. By `make bench`, 8 bits take 0.0001
#: for `digit` and 0.0002 for `char`, float32 0.0004 and more.
SHORT_SECONDS = 0.0003

#: How far from 1 the probabilities of an image may add up to.
SUM_TOLERANCE = 1e-3

Image = npt.NDArray[np.float32]
#: float32 [C].
Probabilities = npt.NDArray[np.float32]

_log = structlog.get_logger(__name__)


class Pending(Future[list[Probabilities]]):
    """The answers to come of one upload, in the order of its images.

    Once it is cancelled, those of its images that are still queued are dropped when their turn comes.

    queue_seconds: how long each image waited for the runtime; 0 until its answer is there.
    predict_seconds: how long the runtime took for each image's batch; 0 until its answer is there.
    """

    def __init__(self, images: int) -> None:
        super().__init__()
        self.queue_seconds = [0.0] * images
        self.predict_seconds = [0.0] * images
        self._answers: dict[int, Probabilities] = {}
        self._finish()

    def answer(self, index: int, probabilities: Probabilities, *, waited: float, took: float) -> None:
        """Take the answer to one image; with the last of them the future is done."""
        self.queue_seconds[index], self.predict_seconds[index] = waited, took
        self._answers[index] = probabilities
        self._finish()

    def fail(self, error: Exception) -> None:
        """End the whole upload with an error, unless it has ended."""
        with suppress(InvalidStateError):
            self.set_exception(error)

    def _finish(self) -> None:
        if len(self._answers) == len(self.queue_seconds):
            with suppress(InvalidStateError):  # cancelled meanwhile
                self.set_result([self._answers[index] for index in range(len(self._answers))])


@dataclass(frozen=True, eq=False, slots=True)
class _Item:
    image: Image
    deadline: float
    upload: Pending
    index: int
    queued: float = field(default_factory=time.monotonic)


class Batcher:
    """A bounded queue of images, worker threads that empty it into a runtime, and callers who do so themselves.

    One worker does the usual work; others help it only with large uploads, whose images are all prepared. Of single
    ones they would make small batches, and take from the event loop the processor that it prepares the next with.

    A worker does not wait for a batch to fill, unless it is told to: it takes what is queued whenever the runtime is
    free, from each upload in turn.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        capacity: int,
        name: str,
        batches: int = 1,
        wait_seconds: float = 0.0,
        observer: Observer | None = None,
    ) -> None:
        """Start the workers.

        Args:
            runtime: used by so many threads at a time as batches run at once: the workers, and who calls `answer_now`.
            capacity: the most images that may wait.
            name: of the model, for the threads, the logs and the observer.
            batches: the most that run at the same time, each on a thread of its own.
            wait_seconds: how long an image may wait for others to fill its batch while the runtime is free.
            observer: is told the size of every batch.
        """
        self._runtime = runtime
        self._capacity = capacity
        self._name = name
        self._observer = observer
        self._wait_seconds = wait_seconds
        #: What is left of each upload; whose turn is next comes first.
        self._queue: deque[deque[_Item]] = deque()
        self._waiting = 0
        lock = Lock()
        #: There is something for the first worker, and something for the others.
        self._changed, self._crowded = Condition(lock), Condition(lock)
        self._closing = False
        #: Held by the first worker, or who does its work, while the runtime is used.
        self._running = Lock()
        #: Seconds that the runtime took for an image of its last batch; as long as it is not known, too long.
        self._took = math.inf
        #: Whether all workers can still answer. Noted and not asked of each, which every request would do three times.
        self.alive = True
        self._workers = [
            Thread(target=self._work, kwargs={"helps": number > 0}, name=f"batcher-{name}-{number}", daemon=True)
            for number in range(batches)
        ]
        for worker in self._workers:
            worker.start()

    @property
    def waiting(self) -> int:
        """How many images wait for the runtime."""
        return self._waiting

    def submit(self, images: Sequence[Image], *, deadline: float, wake: bool = True) -> Pending:
        """Queue images, all of them or none.

        Args:
            images: float32 [28, 28] each, in 0..1.
            deadline: on the clock of `time.monotonic`, in seconds; an image that is still queued then is dropped.
            wake: tell an idle worker at once; otherwise the caller has to call `wake` soon.

        Returns:
            A future: float32 [C] probabilities of each image, or DeadlineExceeded or RuntimeFailed where one of them
            has none.

        Raises:
            Overloaded: they do not all fit.
            Draining: the batcher is closing.
            NotReady: a worker has died.
        """
        answers = Pending(len(images))
        items = [_Item(image[..., np.newaxis], deadline, answers, index) for index, image in enumerate(images)]
        with self._changed:
            if self._closing:
                raise Draining("The service is going down.")
            if not self.alive:
                raise NotReady("A worker that runs the model has died.")
            if self._waiting + len(items) > self._capacity:
                raise Overloaded("The queue is full.")
            if items:
                self._queue.append(deque(items))
                self._waiting += len(items)
        if wake:
            self.wake()
        return answers

    def wake(self) -> None:
        """Tell an idle worker that there are images."""
        with self._changed:
            self._changed.notify()
            self._call_for_help()

    def answer_now(self) -> None:
        """Answer a batch of what is queued on the caller's thread, or wake a worker.

        For callers who have nothing else to do. Where the first worker is busy, is to wait for more, or the runtime
        takes long, it is left to the workers.
        """
        if self._wait_seconds or self._took > SHORT_SECONDS or not self._running.acquire(blocking=False):
            self.wake()
            return
        try:
            with self._changed:
                taken = self._take()
            self._answer([item for item in taken if self._still_wanted(item)])
        finally:
            self._running.release()
        if self._queue:
            self.wake()

    def close(self) -> None:
        """Take nothing more, answer what is queued, and end the workers."""
        with self._changed:
            self._closing = True
            self._changed.notify()
            self._crowded.notify_all()
        for worker in self._workers:
            worker.join()

    def _work(self, *, helps: bool) -> None:
        try:
            while batch := self._next_batch(helps=helps):
                with nullcontext() if helps else self._running:
                    self._answer(batch)
        finally:
            self.alive = False

    def _answer(self, items: Sequence[_Item]) -> None:
        """Run what was taken, at one go where a batch of that size is warmed."""
        while items:
            size = max(size for size in BATCH_SIZES if size <= len(items))
            self._answer_batch(items[:size])
            items = items[size:]

    def _answer_batch(self, batch: Sequence[_Item]) -> None:
        began = time.monotonic()
        try:
            if self._observer:
                self._observer.batched(self._name, len(batch))
            answers = self._runtime.predict(np.stack([item.image for item in batch]))
            took = time.monotonic() - began
            self._took = took / len(batch)
            for item, row in zip(batch, answers, strict=True):
                item.upload.answer(item.index, row, waited=began - item.queued, took=took)
        except Exception as error:
            self._took = math.inf
            # One bad batch must not end the worker; the callers get a defect, the log gets the cause.
            _log.exception("runtime failed", images=len(batch))
            for item in batch:
                failure = RuntimeFailed("The runtime failed on a batch.")
                failure.__cause__ = error
                item.upload.fail(failure)

    def _next_batch(self, *, helps: bool) -> list[_Item]:
        """Wait for images and take a batch of those still wanted; empty once closed and drained."""
        while True:
            with self._changed:
                if helps:
                    self._crowded.wait_for(lambda: self._is_crowded() or self._closing)
                else:
                    self._changed.wait_for(lambda: self._queue or self._closing)
                if not self._queue:
                    return []
                if self._wait_seconds:
                    self._wait_for_more()
                taken = self._take()
                self._call_for_help()
            if wanted := [item for item in taken if self._still_wanted(item)]:
                return wanted

    def _is_crowded(self) -> bool:
        """Tell whether so many images wait behind others of their own upload that another worker is of use."""
        return self._waiting - len(self._queue) >= LARGE_BATCH

    def _call_for_help(self) -> None:
        if self._is_crowded():
            self._crowded.notify()

    def _wait_for_more(self) -> None:
        """Wait until there is a whole batch, or until whoever is next has waited long enough."""
        left = self._queue[0][0].queued + self._wait_seconds - time.monotonic()
        self._changed.wait_for(lambda: self._waiting >= USUAL_BATCH or self._closing, left)

    def _take(self) -> list[_Item]:
        """Take a batch, some images of each upload in turn."""
        most = LARGE_BATCH if self._waiting > 2 * LARGE_BATCH else USUAL_BATCH
        taken: list[_Item] = []
        while self._queue and len(taken) < most:
            upload = self._queue.popleft()
            turn = min(TURN_IMAGES, most - len(taken), len(upload))
            taken.extend(upload.popleft() for _ in range(turn))
            if upload:
                self._queue.append(upload)
        self._waiting -= len(taken)
        return taken

    @staticmethod
    def _still_wanted(item: _Item) -> bool:
        if time.monotonic() > item.deadline:
            item.upload.fail(DeadlineExceeded("The image waited too long in the queue."))
        return not item.upload.done()


def warm_up(runtime: Runtime, input_shape: tuple[int, int, int], classes: int) -> None:
    """Run every batch size once, so that the first request is as fast as the next.

    Args:
        runtime: to warm.
        input_shape: height, width, channels of one image.
        classes: how many probabilities it must give for each.

    Raises:
        RuntimeFailed: it gives another number, or what are no probabilities.
    """
    # No image without ink reaches a network, and the 8-bit ones have no answer to it.
    height, width, _ = input_shape
    image = np.zeros(input_shape, np.float32)
    image[height // 4 : -(height // 4), width // 4 : -(width // 4)] = 1
    for size in BATCH_SIZES:
        probabilities = runtime.predict(np.stack([image] * size))
        if probabilities.shape != (size, classes):
            raise RuntimeFailed(
                f"The model's output has the shape {probabilities.shape}, its card has {classes} classes."
            )
        if not np.allclose(probabilities.sum(axis=1), 1, atol=SUM_TOLERANCE):
            raise RuntimeFailed("The model's output is no distribution: its rows do not add up to 1.")
