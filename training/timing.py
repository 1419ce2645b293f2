"""Timing several things beside each other."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

#: Timed calls of each, in rounds that take turns.
ROUNDS, CALLS = 20, 25


def alternate(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return each call's median time in milliseconds, to the microsecond, over rounds that take turns.

    A machine whose speed drifts slows all of them alike.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            for _ in range(CALLS):
                began = time.perf_counter()
                call()
                times[name].append((time.perf_counter() - began) * 1e3)
    return {name: round(statistics.median(values), 3) for name, values in times.items()}
