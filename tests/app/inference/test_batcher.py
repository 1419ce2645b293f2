from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError, Future

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.inference import BATCH_SIZES, Batcher, DeadlineExceeded, Draining, NotReady, Overloaded, RuntimeFailed
from app.inference.batcher import LARGE_BATCH, USUAL_BATCH
from app.inference.runtime import Batch, Probabilities


class Echo:
    """A runtime whose answer tells which image it got, and that can be held."""

    name = "echo"

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()
        self.entered = threading.Event()
        self.sizes: list[int] = []

    def predict(self, images: Batch) -> Probabilities:
        self.entered.set()
        assert self.open.wait(10)
        self.sizes.append(len(images))
        return images[:, :1, 0, 0]


def image(value: float) -> np.ndarray:
    return np.full((28, 28), value, np.float32)


def later(seconds: float = 10) -> float:
    return time.monotonic() + seconds


def hold(runtime: Echo, batcher: Batcher) -> Future:
    """Keep the worker busy with one image until `runtime.open` is set."""
    runtime.open.clear()
    runtime.entered.clear()
    held = batcher.submit([image(-1)], deadline=later())
    assert runtime.entered.wait(10)
    return held


@settings(max_examples=30, deadline=None)
@given(uploads=st.lists(st.integers(1, 40), min_size=1, max_size=24), batches=st.integers(1, 3))
def test_every_answer_goes_to_its_caller(uploads: list[int], batches: int) -> None:
    batcher = Batcher(Echo(), capacity=2000, name="test", batches=batches)
    wrong: list[float] = []

    def client(number: int, count: int) -> None:
        values = [number * 1000 + index for index in range(count)]
        answers = batcher.submit([image(value) for value in values], deadline=later()).result(10)
        wrong.extend(value for value, answer in zip(values, answers, strict=True) if answer[0] != value)

    threads = [threading.Thread(target=client, args=item) for item in enumerate(uploads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    batcher.close()
    assert wrong == []


class Where(Echo):
    """A runtime that tells on which threads it ran."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[threading.Thread] = []

    def predict(self, images: Batch) -> Probabilities:
        self.threads.append(threading.current_thread())
        return super().predict(images)


def answered_now(batcher: Batcher, runtime: Where) -> bool:
    """Tell whether an image is answered on this thread."""
    pending = batcher.submit([image(1)], deadline=later(), wake=False)
    batcher.answer_now()
    assert pending.result(10) == [1]
    return runtime.threads[-1] is threading.current_thread()


def test_a_fast_runtime_answers_on_the_thread_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.inference.batcher.SHORT_SECONDS", 10.0)
    runtime = Where()
    batcher = Batcher(runtime, capacity=100, name="test")
    assert not answered_now(batcher, runtime), "how fast it is was not known"
    assert answered_now(batcher, runtime)
    gone = batcher.submit([image(2)], deadline=0, wake=False)
    batcher.answer_now()
    assert isinstance(gone.exception(), DeadlineExceeded)
    many = batcher.submit([image(value) for value in range(20)], deadline=later(), wake=False)
    batcher.answer_now()  # a batch of them
    assert [answer[0] for answer in many.result(10)] == list(range(20))
    assert runtime.threads[-1] is not threading.current_thread()
    batcher.close()


def test_a_busy_runtime_is_left_to_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.inference.batcher.SHORT_SECONDS", 10.0)
    runtime = Where()
    batcher = Batcher(runtime, capacity=100, name="test")
    held = hold(runtime, batcher)
    first = batcher.submit([image(1)], deadline=later(), wake=False)
    batcher.answer_now()
    assert not first.done()
    runtime.open.set()
    assert first.result(10) == [1]
    assert held.done()
    assert threading.current_thread() not in runtime.threads
    batcher.close()


def test_so_is_a_slow_one_one_that_fails_and_one_that_waits_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = Where()
    batcher = Batcher(runtime, capacity=100, name="test")
    monkeypatch.setattr("app.inference.batcher.SHORT_SECONDS", 10.0)
    answered_now(batcher, runtime)
    assert answered_now(batcher, runtime)
    monkeypatch.setattr("app.inference.batcher.SHORT_SECONDS", 0.0)
    assert not answered_now(batcher, runtime)
    monkeypatch.setattr("app.inference.batcher.SHORT_SECONDS", 10.0)
    assert answered_now(batcher, runtime)
    with monkeypatch.context() as broken:
        broken.setattr(runtime, "predict", None)
        with pytest.raises(RuntimeFailed):
            batcher.submit([image(1)], deadline=later()).result(10)
    assert not answered_now(batcher, runtime)
    batcher.close()
    waiting = Batcher(runtime, capacity=100, name="test", wait_seconds=0.001)
    assert not any(answered_now(waiting, runtime) for _ in range(3))
    waiting.close()


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


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_that_has_died_is_told_of() -> None:
    worker: list[threading.Thread] = []

    class Broken(Echo):
        def predict(self, images: Batch) -> Probabilities:
            worker.append(threading.current_thread())
            self.entered.set()
            raise SystemExit

    runtime = Broken()
    batcher = Batcher(runtime, capacity=100, name="test", batches=2)
    assert batcher.alive
    batcher.submit([image(0)], deadline=later())
    assert runtime.entered.wait(10)
    worker[0].join(10)
    assert not batcher.alive
    with pytest.raises(NotReady):
        batcher.submit([image(0)], deadline=later())


def test_who_queues_without_waking_is_answered_once_he_does() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=100, name="test")
    queued = [batcher.submit([image(value)], deadline=later(), wake=False) for value in range(5)]
    batcher.wake()
    assert [future.result(10) for future in queued] == [[0], [1], [2], [3], [4]]
    batcher.close()


def test_a_full_queue_takes_all_or_nothing() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=4, name="test")
    held = hold(runtime, batcher)
    batcher.submit([image(0)] * 3, deadline=later())
    with pytest.raises(Overloaded):
        batcher.submit([image(0)] * 2, deadline=later())
    fits = batcher.submit([image(7)], deadline=later())
    runtime.open.set()
    assert fits.result(10) == [7]
    assert held.done()
    batcher.close()


def test_an_upload_without_images_is_answered_at_once() -> None:
    batcher = Batcher(Echo(), capacity=10, name="test")
    assert batcher.submit([], deadline=later()).result(0) == []
    batcher.close()


def test_late_and_cancelled_images_cost_no_batch() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=100, name="test")
    hold(runtime, batcher)
    late = batcher.submit([image(1)] * 20, deadline=time.monotonic())
    cancelled = batcher.submit([image(2)] * 20, deadline=later())
    assert cancelled.cancel()
    runtime.open.set()
    with pytest.raises(DeadlineExceeded):
        late.result(10)
    with pytest.raises(CancelledError):
        cancelled.result(10)
    batcher.close()
    assert runtime.sizes == [1]


def test_a_failing_batch_does_not_end_the_worker() -> None:
    class Failing(Echo):
        def predict(self, images: Batch) -> Probabilities:
            if images.min() < 0:
                raise ValueError("secret")
            return super().predict(images)

    batcher = Batcher(Failing(), capacity=100, name="test")
    with pytest.raises(RuntimeFailed):
        batcher.submit([image(-1)] * 20, deadline=later()).result(10)
    assert batcher.submit([image(3)], deadline=later()).result(10) == [3]
    assert batcher.alive
    batcher.close()


def test_a_runtime_that_answers_too_few_images_leaves_nobody_waiting() -> None:
    class Short(Echo):
        def predict(self, images: Batch) -> Probabilities:
            return super().predict(images)[:2]

    batcher = Batcher(Short(), capacity=100, name="test")
    with pytest.raises(RuntimeFailed):
        batcher.submit([image(1)] * 3, deadline=later()).result(10)
    assert batcher.submit([image(1)] * 2, deadline=later()).result(10) == [1, 1]
    batcher.close()


def test_an_upload_that_failed_halfway_takes_no_more_batches() -> None:
    class Failing(Echo):
        def predict(self, images: Batch) -> Probabilities:
            answers = super().predict(images)
            if len(self.sizes) == 3:  # after the held one and a batch of the upload
                raise ValueError("secret")
            return answers

    runtime = Failing()
    batcher = Batcher(runtime, capacity=100, name="test")
    hold(runtime, batcher)
    halfway = batcher.submit([image(1)] * 40, deadline=later())
    runtime.open.set()
    with pytest.raises(RuntimeFailed):
        halfway.result(10)
    assert batcher.submit([image(3)], deadline=later()).result(10) == [3]
    batcher.close()
    assert len(runtime.sizes) == 4


def test_an_upload_may_be_cancelled_while_the_runtime_has_it() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=100, name="test")
    held = hold(runtime, batcher)
    assert held.cancel()
    runtime.open.set()
    assert batcher.submit([image(3)], deadline=later()).result(10) == [3]
    assert batcher.alive
    batcher.close()


def test_closing_answers_what_is_queued_and_takes_no_more() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=10, name="test")
    hold(runtime, batcher)
    queued = batcher.submit([image(5)] * 5, deadline=later())
    closing = threading.Thread(target=batcher.close)
    closing.start()
    runtime.open.set()
    closing.join(10)
    assert queued.result(0) == [5] * 5
    with pytest.raises(Draining):
        batcher.submit([image(0)], deadline=later())
    assert not batcher.alive


def test_a_single_image_does_not_wait_for_the_uploads_of_many_before_it() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=1000, name="test")
    hold(runtime, batcher)
    many = [batcher.submit([image(0)] * 64, deadline=later()) for _ in range(3)]
    single = batcher.submit([image(7)], deadline=later())
    batches: list[int] = []
    single.add_done_callback(lambda _: batches.append(len(runtime.sizes)))
    runtime.open.set()
    assert single.result(10) == [7]
    batcher.close()
    # The one that was held, and two.
    assert batches[0] <= 3
    assert all(len(upload.result(0)) == 64 for upload in many)


def test_a_single_image_is_in_the_batch_after_the_one_that_runs() -> None:
    runtime = Echo()
    batcher = Batcher(runtime, capacity=1000, name="test")
    hold(runtime, batcher)
    batcher.submit([image(0)] * 20, deadline=later())
    single = batcher.submit([image(7)], deadline=later())
    batches: list[int] = []
    single.add_done_callback(lambda _: batches.append(len(runtime.sizes)))
    runtime.open.set()
    assert single.result(10) == [7]
    batcher.close()
    assert batches == [2]


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
