from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from app import preparation
from app.imaging import ImageError, ImagingFailed
from app.inference import DeadlineExceeded, LiteRTRuntime, Model, Overloaded, Registry, RuntimeFailed
from app.inference.runtime import Batch, Probabilities
from app.observer import Stage
from app.recogniser import Options, Recogniser, Recognition
from tests.models import shipped
from tests.strokes import draw, encode

SEVEN = encode(draw("7"))
#: Prepared on the event loop, where the other is on a thread.
TINY_SEVEN = encode(draw("7", (28, 28)))
CAPACITY = 64
KEPT = 8


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    registry = Registry([shipped("digit")], runtime="litert", threads=1, queue_images=CAPACITY)
    registry.load()
    yield registry.model("digit")
    registry.close()


class Watch:
    """Remembers the stages of images, in order."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []

    def staged(self, model: str, stage: Stage, seconds: float) -> None:
        assert seconds >= 0
        self.stages.append(stage)

    def answered(self, *_: object, **__: object) -> None: ...


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def recogniser(watch: Watch) -> Iterator[Recogniser]:
    made = Recogniser(
        max_pixels=10**7, threads=1, deadline_seconds=60, capacity=CAPACITY, kept_for_singles=KEPT, observer=watch
    )
    yield made
    made.close()


@pytest.mark.parametrize("seven", [SEVEN, TINY_SEVEN], ids=["on threads", "on the loop"])
def test_a_single_image_does_not_wait_for_an_upload_of_many(model: Model, recogniser: Recogniser, seven: bytes) -> None:
    ended: list[str] = []

    async def recognise(name: str, files: list[bytes]) -> None:
        answers = await recogniser.recognise(model, files, Options())
        assert not any(isinstance(answer, ImageError) for answer in answers)
        ended.append(name)

    async def both() -> None:
        many = asyncio.create_task(recognise("many", [seven] * 32))
        await asyncio.sleep(0)  # it has begun
        await asyncio.gather(many, recognise("single", [seven]))

    asyncio.run(both())
    assert ended == ["single", "many"]


def test_tiny_images_among_others_have_their_answers(model: Model, recogniser: Recogniser) -> None:
    async def answers() -> list[list[Recognition | ImageError]]:
        uploads = [[TINY_SEVEN], [], [TINY_SEVEN] * 20, [b"junk", TINY_SEVEN, SEVEN], [TINY_SEVEN] * 2, [TINY_SEVEN]]
        return await asyncio.gather(*(recogniser.recognise(model, files, Options()) for files in uploads))

    for _ in range(2):  # each on an event loop of its own
        found = asyncio.run(answers())
        assert [len(upload) for upload in found] == [1, 0, 20, 3, 2, 1]
        labels = [item.candidates[0].label if isinstance(item, Recognition) else "" for one in found for item in one]
        assert labels == ["7"] * 21 + [""] + ["7"] * 5


@pytest.mark.parametrize("deadline", [60.0, 0.001])
def test_an_upload_that_ends_before_it_is_prepared_holds_no_memory(model: Model, deadline: float) -> None:
    recogniser = Recogniser(max_pixels=10**8, threads=1, deadline_seconds=deadline, capacity=CAPACITY)
    files = [encode(draw("7", (side, 1500))) for side in (1500, 1501, 1502)]

    async def leave() -> None:
        task = asyncio.create_task(recogniser.recognise(model, files, Options()))
        if deadline > 1:
            await asyncio.sleep(0.01)
            task.cancel()
        # Not awaited, since this frame would then hold the error and so the files.
        await asyncio.wait([task])
        assert task.cancelled() if deadline > 1 else isinstance(task.exception(), DeadlineExceeded)

    before = [sys.getrefcount(file) for file in files]
    gc.disable()
    try:
        asyncio.run(leave())
        recogniser.close()
        assert [sys.getrefcount(file) for file in files] == before
    finally:
        gc.enable()


@pytest.mark.parametrize("seven", [SEVEN, TINY_SEVEN], ids=["on threads", "on the loop"])
def test_an_upload_that_the_runtime_fails_on_holds_no_memory(
    model: Model, recogniser: Recogniser, seven: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(file: bytes) -> None:
        # Not by pytest.raises, which would hold the error and so the file.
        with contextlib.suppress(RuntimeFailed):
            await recogniser.recognise(model, [file], Options())
            pytest.fail("It has not failed.")

    def broken(runtime: LiteRTRuntime, images: Batch) -> Probabilities:
        raise ZeroDivisionError

    monkeypatch.setattr(LiteRTRuntime, "predict", broken)
    held = seven + b" "
    before = sys.getrefcount(held)
    gc.disable()
    try:
        asyncio.run(fail(held))
        assert sys.getrefcount(held) == before
    finally:
        gc.enable()


def test_a_lone_tiny_image_is_answered_on_the_loop_and_two_make_one_batch(
    model: Model, recogniser: Recogniser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[bool, int]] = []
    predict = LiteRTRuntime.predict

    def watched(runtime: LiteRTRuntime, images: Batch) -> Probabilities:
        ran.append((threading.current_thread() is threading.main_thread(), len(images)))
        return predict(runtime, images)

    async def recognise(together: int) -> None:
        await asyncio.gather(*(recogniser.recognise(model, [TINY_SEVEN], Options()) for _ in range(together)))

    monkeypatch.setattr(LiteRTRuntime, "predict", watched)
    monkeypatch.setattr("app.inference.batcher.SHORT_SECONDS", 10.0)
    recogniser.recognise_now(model, [SEVEN], Options())  # after which it is known how fast the runtime is
    with model.batcher._running:  # taken once the worker has put down that one
        pass
    asyncio.run(recognise(1))
    asyncio.run(recognise(2))
    assert ran == [(False, 1), (True, 1), (False, 2)]


def test_an_answer_on_the_loop_that_comes_too_late_is_none(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = Recogniser(max_pixels=10**7, threads=1, deadline_seconds=0.2, capacity=CAPACITY)
    monkeypatch.setattr("app.inference.batcher.SHORT_SECONDS", 10.0)
    recogniser.recognise_now(model, [SEVEN], Options())
    predict = LiteRTRuntime.predict

    def slow(runtime: LiteRTRuntime, images: Batch) -> Probabilities:
        time.sleep(0.3)
        return predict(runtime, images)

    monkeypatch.setattr(LiteRTRuntime, "predict", slow)
    with pytest.raises(DeadlineExceeded):
        recogniser.recognise_now(model, [TINY_SEVEN], Options())
    recogniser.close()


@pytest.mark.parametrize("files", [[SEVEN], [TINY_SEVEN], [SEVEN, TINY_SEVEN] * 3, [TINY_SEVEN] * 3])
def test_an_answer_that_does_not_come_is_given_up_soon_after_its_deadline(
    model: Model, files: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    recogniser = Recogniser(max_pixels=10**7, threads=1, deadline_seconds=0.1, capacity=CAPACITY)
    go_on = threading.Event()
    predict = LiteRTRuntime.predict

    def stuck(runtime: LiteRTRuntime, images: Batch) -> Probabilities:
        go_on.wait()
        return predict(runtime, images)

    async def recognise() -> None:
        together = (recogniser.recognise(model, files, Options()) for _ in range(2))
        found = await asyncio.gather(*together, return_exceptions=True)
        assert [type(item) for item in found] == [DeadlineExceeded] * 2

    monkeypatch.setattr(LiteRTRuntime, "predict", stuck)
    began = time.monotonic()
    try:
        asyncio.run(recognise())
        assert 0.1 <= time.monotonic() - began < 1
    finally:
        go_on.set()
        recogniser.close()


def test_what_is_not_prepared_by_the_deadline_is_given_up(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    recogniser = Recogniser(max_pixels=10**7, threads=1, deadline_seconds=0.1, capacity=CAPACITY)
    go_on = threading.Event()

    def stuck(images: object) -> None:
        go_on.wait()

    monkeypatch.setattr("app.recogniser.prepare_together", stuck)
    began = time.monotonic()
    try:
        for files in ([SEVEN], [SEVEN] * 5):
            with pytest.raises(DeadlineExceeded):
                asyncio.run(recogniser.recognise(model, files, Options()))
        assert 0.2 <= time.monotonic() - began < 2
    finally:
        go_on.set()
        recogniser.close()


def test_no_images_at_all_have_no_answers(model: Model, recogniser: Recogniser) -> None:
    async def beside_a_single_one() -> None:
        single = asyncio.create_task(recogniser.recognise(model, [TINY_SEVEN], Options()))
        await asyncio.sleep(0)
        assert await recogniser.recognise(model, [], Options()) == []
        assert len(await single) == 1

    asyncio.run(beside_a_single_one())


def test_uploads_of_many_leave_room_for_single_images(model: Model, recogniser: Recogniser) -> None:
    async def fill() -> None:
        many = asyncio.create_task(recogniser.recognise(model, [SEVEN] * (CAPACITY - KEPT - 1), Options()))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await recogniser.recognise(model, [SEVEN] * 2, Options())
        singles = [recogniser.recognise(model, [SEVEN], Options()) for _ in range(KEPT + 1)]
        assert len(await asyncio.gather(*singles)) == KEPT + 1
        await many

    asyncio.run(fill())


def test_single_images_leave_room_for_the_largest_upload(model: Model, recogniser: Recogniser) -> None:
    largest = [SEVEN] * (CAPACITY - KEPT)

    async def fill() -> None:
        singles = [asyncio.create_task(recogniser.recognise(model, [SEVEN], Options())) for _ in range(KEPT)]
        await asyncio.sleep(0)
        many = asyncio.create_task(recogniser.recognise(model, largest, Options()))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await recogniser.recognise(model, [SEVEN], Options())
        assert len(await many) == len(largest)
        await asyncio.gather(*singles)
        assert recogniser.under_way == 0

    asyncio.run(fill())


def test_every_stage_is_told_as_far_as_an_image_comes(model: Model, recogniser: Recogniser, watch: Watch) -> None:
    recogniser.recognise_now(model, [SEVEN], Options())
    assert watch.stages == list(Stage)
    watch.stages.clear()
    recogniser.recognise_now(model, [b"junk"], Options())
    assert watch.stages == [Stage.WAIT, Stage.DECODE]


@pytest.mark.parametrize("seven", [SEVEN, TINY_SEVEN], ids=["on threads", "on the loop"])
@pytest.mark.parametrize("step", ["decode", "ink_of_picture", "frame_ink"])
def test_a_defect_at_one_image_takes_nothing_from_the_others(
    model: Model, recogniser: Recogniser, step: str, seven: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = getattr(preparation, step)
    calls = itertools.count()

    def fail_once(*given: object, **options: object) -> object:
        if next(calls) == 1:
            raise ZeroDivisionError
        return done(*given, **options)

    monkeypatch.setattr(preparation, step, fail_once)
    answers = recogniser.recognise_now(model, [seven] * 3, Options())
    (failed,) = (answer for answer in answers if isinstance(answer, ImageError))
    assert isinstance(failed, ImagingFailed)
    assert isinstance(failed.__cause__, ZeroDivisionError)
    assert recogniser.under_way == 0
