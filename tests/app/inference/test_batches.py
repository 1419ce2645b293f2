"""Which images make a batch, whose turn it is, and how many batches run at once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

from app.inference import BATCH_SIZES, Batcher
from app.inference.batcher import LARGE_BATCH, USUAL_BATCH
from app.inference.runtime import Batch, Probabilities
from tests.app.inference.echo import Echo, hold, image, later


def test_what_queues_while_the_runtime_is_busy_becomes_one_batch() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=100, name="test")
    held = hold(runtime, batcher)
    queued = batcher.submit([image(value) for value in range(3)], deadline=later())
    runtime.open.set()
    assert held.result(10) == [-1]
    assert queued.result(10) == [0, 1, 2]
    assert runtime.sizes == [1, 3]
    batcher.close()


def test_only_warmed_batch_sizes_reach_the_runtime() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=1000, name="test")
    for count in (1, 5, 33, 100):
        assert len(batcher.submit([image(0)] * count, deadline=later()).result(10)) == count
    batcher.close()
    assert set(runtime.sizes) <= set(BATCH_SIZES)


def test_batches_grow_where_many_images_wait() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=1000, name="test")
    hold(runtime, batcher)
    queued = batcher.submit([image(value) for value in range(2 * LARGE_BATCH + 1)], deadline=later())
    runtime.open.set()
    assert queued.result(10) == list(range(2 * LARGE_BATCH + 1))
    batcher.close()
    # Not where there are just 32 connections.
    assert runtime.sizes == [1, LARGE_BATCH, USUAL_BATCH, USUAL_BATCH, 1]


def test_of_a_batch_that_is_not_all_wanted_only_warmed_sizes_reach_the_runtime() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=1000, name="test")
    hold(runtime, batcher)
    gone = batcher.submit([image(0)] * 3, deadline=later())
    queued = batcher.submit([image(value) for value in range(40)], deadline=later())
    gone.cancel()
    runtime.open.set()
    assert queued.result(10) == list(range(40))
    batcher.close()
    assert runtime.sizes[:3] == [1, USUAL_BATCH, LARGE_BATCH - 3 - USUAL_BATCH]
    assert set(runtime.sizes) <= set(BATCH_SIZES)


class Counting(Echo):
    """A runtime that several threads may use, and that tells how many do at most.

    several: for how many it waits, for a while.
    """

    def __init__(self, several: int) -> None:
        super().__init__()
        self.most = 0
        self._several = several
        self._within = 0
        self._changed = threading.Condition()

    def predict(self, images: Batch) -> Probabilities:
        with self._changed:
            self._within += 1
            self.most = max(self.most, self._within)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.most >= self._several, 0.005)
        answers = super().predict(images)
        with self._changed:
            self._within -= 1
        return answers


def test_several_workers_share_a_large_upload_and_no_single_images() -> None:
    runtime = Counting(3)
    batcher = Batcher(runtime, capacity=1000, name="test", batches=3)
    singles = [batcher.submit([image(value)], deadline=later()) for value in range(100)]
    assert [single.result(10)[0] for single in singles] == list(range(100))
    assert runtime.most == 1
    large = batcher.submit([image(value) for value in range(200)], deadline=later(), wake=False)
    batcher.wake()
    assert large.result(10) == list(range(200))
    assert runtime.most == 3
    batcher.close()
    assert not batcher.alive


def test_an_idle_worker_helps_one_that_is_busy() -> None:
    runtime = Counting(1)
    batcher = Batcher(runtime, capacity=1000, name="test", batches=2)
    hold(runtime, batcher)
    runtime.entered.clear()
    batcher.submit([image(0)] * LARGE_BATCH, deadline=later())
    assert not runtime.entered.wait(0.05), "so few images are left to the first one"
    batcher.submit([image(0)] * 2, deadline=later())
    assert runtime.entered.wait(10)
    runtime.open.set()
    batcher.close()


def batches_until_answered(single: Future, runtime: Echo, batcher: Batcher) -> int:
    """Let the runtime go on to the end, and return how many batches it had run when a single 7 was answered."""
    batches: list[int] = []
    single.add_done_callback(lambda _: batches.append(len(runtime.sizes)))
    runtime.open.set()
    assert single.result(10) == [7]
    batcher.close()
    return batches[0]


def test_a_single_image_does_not_wait_for_the_uploads_of_many_before_it() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=1000, name="test")
    hold(runtime, batcher)
    many = [batcher.submit([image(0)] * 64, deadline=later()) for _ in range(3)]
    single = batcher.submit([image(7)], deadline=later())
    # The one that was held, and two.
    assert batches_until_answered(single, runtime, batcher) <= 3
    assert all(len(upload.result(0)) == 64 for upload in many)


def test_a_single_image_is_in_the_batch_after_the_one_that_runs() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=1000, name="test")
    hold(runtime, batcher)
    batcher.submit([image(0)] * 20, deadline=later())
    single = batcher.submit([image(7)], deadline=later())
    assert batches_until_answered(single, runtime, batcher) == 2


def test_an_upload_of_many_gets_on_though_single_images_never_cease() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=1000, name="test")
    hold(runtime, batcher)
    many = batcher.submit([image(1)] * 64, deadline=later())
    submitted = 0

    # On the worker's thread, so that what is counted does not depend on this one's turns.
    def again(_: Future) -> None:
        nonlocal submitted
        if not many.done():
            submitted += 1
            batcher.submit([image(0)], deadline=later()).add_done_callback(again)

    for _ in range(32):
        batcher.submit([image(0)], deadline=later()).add_done_callback(again)
    runtime.open.set()
    many.result(10)
    # It had a turn of four images for every 32 single ones.
    assert submitted <= 64 / 4 * 40
    batcher.close()


def test_every_image_of_uploads_taken_in_turn_goes_to_its_caller() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=1000, name="test")
    hold(runtime, batcher)
    uploads = [[100 * number + index for index in range(count)] for number, count in enumerate((13, 1, 30, 2, 64))]
    futures = [batcher.submit([image(value) for value in upload], deadline=later()) for upload in uploads]
    assert batcher.waiting == 110
    runtime.open.set()
    assert [upload.result(10) for upload in futures] == uploads
    assert batcher.waiting == 0
    batcher.close()


def test_told_to_wait_it_fills_a_batch_and_no_longer_than_that() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=100, name="test", wait_seconds=5)
    began = time.monotonic()
    queued = [batcher.submit([image(value)], deadline=later()) for value in range(USUAL_BATCH)]
    assert [future.result(10) for future in queued] == [[value] for value in range(USUAL_BATCH)]
    assert runtime.sizes == [USUAL_BATCH]
    assert time.monotonic() - began < 5
    # And what is queued when it closes waits for nothing.
    last = batcher.submit([image(9)], deadline=later())
    batcher.close()
    assert last.result(0) == [9]


def test_told_to_wait_it_goes_without_a_full_batch_in_the_end() -> None:
    batcher = Batcher(Echo(), capacity=100, name="test", wait_seconds=0.02)
    alone = batcher.submit([image(3)], deadline=later())
    assert alone.result(10) == [3]
    assert alone.queue_seconds[0] >= 0.02
    batcher.close()
