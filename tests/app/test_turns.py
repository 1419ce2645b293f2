from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace

import pytest

from app.turns import LATE_SECONDS, TOGETHER, TURN_SECONDS, Turns

Work = Callable[[Sequence[str]], Iterator[None]]


def doing(done: list[str]) -> Work:
    """Return work that remembers each piece, and fails on a piece "broken"."""

    def work(pieces: Sequence[str]) -> Iterator[None]:
        for piece in pieces:
            if piece == "broken":
                raise ValueError(piece)
            done.append(piece)
            yield

    return work


def test_a_series_is_done_in_its_order() -> None:
    async def main() -> list[str]:
        done = list[str]()
        turns = Turns(doing(done))
        await turns.do([str(number) for number in range(50)])
        await turns.do([])
        return done

    assert asyncio.run(main()) == [str(number) for number in range(50)]


def test_single_work_goes_in_turn_with_a_series_and_series_one_after_the_other() -> None:
    async def main() -> list[str]:
        done = list[str]()
        turns = Turns(doing(done))
        await asyncio.gather(*(turns.do(pieces) for pieces in (["a"] * 3, ["b"] * 2, ["single"], ["other"])))
        return done

    assert asyncio.run(main()) == ["single", "a", "other", "a", "a", "b", "b"]


def test_so_many_pieces_are_done_together_and_no_more() -> None:
    async def main() -> list[int]:
        counts = list[int]()

        def work(pieces: Sequence[str]) -> Iterator[None]:
            counts.append(len(pieces))
            return iter(())

        turns = Turns(work)
        cancelled = asyncio.create_task(turns.do(["cancelled"]))
        series = [asyncio.create_task(turns.do(["piece"] * pieces)) for pieces in (2 * TOGETHER + 1, 1, 1, 1)]
        await asyncio.sleep(0)  # all are queued
        cancelled.cancel()
        await asyncio.gather(*series)
        return counts

    assert asyncio.run(main()) == [TOGETHER, TOGETHER, 4]


def test_the_loop_has_its_turn_between_steps_that_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    # Every look at the clock finds that more than half of a turn is over.
    times = itertools.count(step=0.6 * TURN_SECONDS)
    monkeypatch.setattr("app.turns.time", SimpleNamespace(monotonic=lambda: next(times)))

    async def main() -> list[int]:
        done, seen = list[str](), list[int]()
        series = asyncio.create_task(Turns(doing(done)).do(["piece"] * TOGETHER))
        while not series.done():
            await asyncio.sleep(0)
            seen.append(len(done))
        return seen

    assert set(range(TOGETHER + 1)) == set(asyncio.run(main()))


def test_an_error_ends_the_series_of_what_was_done_together_and_no_other() -> None:
    async def main() -> None:
        done = list[str]()
        turns = Turns(doing(done))
        broken, together, later = await asyncio.gather(
            turns.do(["broken", *["after"] * 2 * TOGETHER]),
            turns.do(["together"]),
            turns.do(["other"] * TOGETHER),
            return_exceptions=True,
        )
        for error in (broken, together):
            assert isinstance(error, RuntimeError)
            assert isinstance(error.__cause__, ValueError)
        assert broken is not together
        assert later is None
        assert done == ["together"] + ["other"] * TOGETHER

    asyncio.run(main())


@pytest.mark.parametrize("pieces", [1, 3])
def test_what_is_cancelled_is_not_done(pieces: int) -> None:
    async def main() -> None:
        done = list[str]()
        turns = Turns(doing(done))
        cancelled = asyncio.create_task(turns.do(["cancelled"] * pieces))
        other = asyncio.create_task(turns.do(["other"] * pieces))
        await asyncio.sleep(0)  # both are queued
        cancelled.cancel()
        await other
        assert cancelled.cancelled()
        assert done == ["other"] * pieces

    asyncio.run(main())


def test_what_many_ask_for_in_one_turn_is_called_once() -> None:
    async def main() -> None:
        turns, calls = Turns(doing([])), list[str]()
        call, other = (partial(calls.append, name) for name in ("asked for", "other"))
        for _ in range(3):
            turns.call_soon_once(call)
        turns.call_soon_once(other)
        assert calls == []
        await asyncio.sleep(0)
        assert calls == ["asked for", "other"]
        turns.call_soon_once(call)
        await asyncio.sleep(0)
        assert calls == ["asked for", "other", "asked for"]

    asyncio.run(main())


def test_each_answer_of_many_threads_comes_to_its_caller() -> None:
    async def main() -> list[int]:
        turns = Turns(doing([]))
        with ThreadPoolExecutor(8) as pool:
            pending = [pool.submit(lambda value: value, number) for number in range(500)]
            return await asyncio.gather(*(turns.result_of(item) for item in pending))

    assert asyncio.run(main()) == list(range(500))


def test_an_error_and_a_cancellation_reach_the_other_side() -> None:
    async def main() -> None:
        turns, broken, waiting = Turns(doing([])), Future[int](), Future[int]()
        broken.set_exception(ValueError("broken"))
        with pytest.raises(ValueError, match="broken"):
            await turns.result_of(broken)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await turns.result_of(waiting)
        assert waiting.cancelled()

    asyncio.run(main())


def test_what_is_late_is_given_up_and_nothing_else_is() -> None:
    async def main() -> None:
        done: list[str] = []
        turns, late, early, lasting = Turns(doing(done)), Future[int](), Future[int](), Future[int]()
        soon = time.monotonic() + 2.5 * LATE_SECONDS  # after it has been looked more than once
        waiting = asyncio.create_task(turns.result_of(lasting, soon + 60))
        endless = asyncio.create_task(turns.result_of(early))
        with pytest.raises(TimeoutError):
            await turns.result_of(late, soon)
        assert soon <= time.monotonic() < soon + 10 * LATE_SECONDS
        assert late.cancelled()
        early.set_result(1)
        lasting.set_result(2)
        assert await asyncio.gather(endless, waiting) == [1, 2]
        await turns.do(["in time"], time.monotonic() + 60)
        assert done == ["in time"]

    asyncio.run(main())


def test_what_still_waits_when_its_loop_ends_is_cancelled() -> None:
    late = Future[int]()

    async def main() -> None:
        turns = Turns(doing([]))
        assert turns.of_running_loop()
        waiting = asyncio.create_task(turns.result_of(late))
        await asyncio.sleep(0)
        assert not waiting.done()

    asyncio.run(main())
    assert late.cancelled()
