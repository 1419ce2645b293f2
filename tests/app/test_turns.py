from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest

from app.turns import TURN_SECONDS, Turns


def work(results: list[str], name: str, seconds: float = 0.0) -> Callable[[], str]:
    def piece() -> str:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            pass
        results.append(name)
        return name

    return piece


def test_results_come_in_the_order_of_the_work() -> None:
    async def main() -> None:
        turns, done = Turns(), list[str]()
        assert await turns.do([work(done, str(number)) for number in range(50)]) == [str(n) for n in range(50)]
        assert await turns.do([]) == []

    asyncio.run(main())


def test_single_work_goes_in_turn_with_a_series_and_series_one_after_the_other() -> None:
    async def main() -> list[str]:
        turns, done = Turns(), list[str]()
        await asyncio.gather(
            turns.do([work(done, "a") for _ in range(3)]),
            turns.do([work(done, "b") for _ in range(2)]),
            turns.do([work(done, "single")]),
            turns.do([work(done, "other")]),
        )
        return done

    assert asyncio.run(main()) == ["single", "a", "other", "a", "a", "b", "b"]


def test_the_loop_has_its_turn_between_long_series() -> None:
    async def main() -> int:
        turns, ticks = Turns(), 0
        async with asyncio.TaskGroup() as group:
            series = group.create_task(turns.do([work([], "slow", TURN_SECONDS) for _ in range(10)]))
            while not series.done():
                await asyncio.sleep(0)
                ticks += 1
        return ticks

    assert asyncio.run(main()) >= 10


def test_an_error_ends_its_own_series_alone() -> None:
    def fail() -> str:
        raise ValueError("broken")

    async def main() -> None:
        turns, done = Turns(), list[str]()
        broken, whole = await asyncio.gather(
            turns.do([work(done, "before"), fail, work(done, "after")]),
            turns.do([work(done, "other")] * 2),
            return_exceptions=True,
        )
        assert isinstance(broken, ValueError)
        assert whole == ["other"] * 2
        assert done == ["before", "other", "other"]

    asyncio.run(main())


def test_work_goes_on_after_what_no_future_takes() -> None:
    async def main() -> None:
        turns, done = Turns(), list[str]()
        pieces = [lambda: next(iter(())), work(done, "other")]
        stopped, other = await asyncio.gather(*(turns.do([piece]) for piece in pieces), return_exceptions=True)
        assert isinstance(stopped, RuntimeError)
        assert other == ["other"]
        assert await turns.do([work(done, "later")]) == ["later"]

    asyncio.run(main())


@pytest.mark.parametrize("pieces", [1, 3])
def test_what_is_cancelled_is_not_done(pieces: int) -> None:
    async def main() -> None:
        turns, done = Turns(), list[str]()
        cancelled = asyncio.create_task(turns.do([work(done, "cancelled")] * pieces))
        other = asyncio.create_task(turns.do([work(done, "other")] * pieces))
        await asyncio.sleep(0)  # both are queued
        cancelled.cancel()
        assert await other == ["other"] * pieces
        assert cancelled.cancelled()
        assert done == ["other"] * pieces

    asyncio.run(main())


def test_what_many_ask_for_in_one_turn_is_called_once() -> None:
    async def main() -> None:
        turns, calls = Turns(), list[str]()
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
        turns = Turns()
        with ThreadPoolExecutor(8) as pool:
            pending = [pool.submit(lambda value: value, number) for number in range(500)]
            return await asyncio.gather(*(turns.result_of(item) for item in pending))

    assert asyncio.run(main()) == list(range(500))


def test_an_error_and_a_cancellation_reach_the_other_side() -> None:
    async def main() -> None:
        turns, broken, waiting = Turns(), Future[int](), Future[int]()
        broken.set_exception(ValueError("broken"))
        with pytest.raises(ValueError, match="broken"):
            await turns.result_of(broken)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await turns.result_of(waiting)
        assert waiting.cancelled()

    asyncio.run(main())


def test_what_still_waits_when_its_loop_ends_is_cancelled() -> None:
    late = Future[int]()

    async def main() -> None:
        turns = Turns()
        assert turns.of_running_loop()
        waiting = asyncio.create_task(turns.result_of(late))
        await asyncio.sleep(0)
        assert not waiting.done()

    asyncio.run(main())
    assert late.cancelled()
