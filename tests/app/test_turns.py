from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest

from app.turns import TOGETHER, TURN_SECONDS, Turns


def doing(done: list[str], seconds: float = 0.0) -> Callable[[Sequence[str]], None]:
    """Return work that takes so long for each piece and remembers it, and fails on a piece "broken"."""

    def work(pieces: Sequence[str]) -> None:
        if "broken" in pieces:
            raise ValueError("broken")
        until = time.monotonic() + len(pieces) * seconds
        while time.monotonic() < until:
            pass
        done.extend(pieces)

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


def test_pieces_are_done_together_fewer_of_them_where_they_take_long() -> None:
    async def groups(seconds: float) -> list[int]:
        counts = list[int]()

        def work(pieces: Sequence[int]) -> None:
            counts.append(len(pieces))
            time.sleep(len(pieces) * seconds)

        turns = Turns(work)
        await turns.do(range(4 * TOGETHER))
        return counts

    assert asyncio.run(groups(0)) == [TOGETHER] * 4
    slow = asyncio.run(groups(TURN_SECONDS))
    assert slow[:4] == [TOGETHER, TOGETHER // 2, TOGETHER // 4, 1]
    # Two of them take longer than a turn, one may not: it is tried again.
    assert set(slow[4:-1]) <= {1, 2}


def test_the_loop_has_its_turn_between_long_series() -> None:
    async def main() -> int:
        turns, ticks = Turns(doing([], TURN_SECONDS)), 0
        async with asyncio.TaskGroup() as group:
            series = group.create_task(turns.do(["slow"] * (2 * TOGETHER)))
            while not series.done():
                await asyncio.sleep(0)
                ticks += 1
        return ticks

    assert asyncio.run(main()) >= 5


def test_an_error_ends_the_series_of_what_was_done_together_and_no_other() -> None:
    async def main() -> None:
        done = list[str]()
        turns = Turns(doing(done))
        broken, whole = await asyncio.gather(
            turns.do(["broken", *["after"] * 2 * TOGETHER]),
            turns.do(["other"] * TOGETHER),
            return_exceptions=True,
        )
        assert isinstance(broken, ValueError)
        assert whole is None
        assert done == ["other"] * TOGETHER

    asyncio.run(main())


def test_work_goes_on_after_what_no_future_takes() -> None:
    async def main() -> None:
        failing = iter([StopIteration])

        def work(pieces: Sequence[str]) -> None:
            for error in failing:
                raise error

        turns = Turns(work)
        with pytest.raises(RuntimeError, match="StopIteration"):
            await turns.do(["broken"])
        await turns.do(["later"])

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
