from __future__ import annotations

import threading
import time
from concurrent.futures import CancelledError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.inference import Batcher, DeadlineExceeded, Draining, NotReady, Overloaded, RuntimeFailed
from app.inference.runtime import Batch, Probabilities
from tests.app.inference.echo import Echo, hold, image, later


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
