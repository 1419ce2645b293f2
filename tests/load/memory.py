"""Resident memory of a service, and where it is going."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import psutil


def resident_bytes(pid: int) -> int:
    """Return the resident memory of a process and all below it."""
    process = psutil.Process(pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True)))


def growth(samples: Sequence[tuple[float, int]]) -> float:
    """Return by what share memory grew from the first sample to the last; samples are (requests so far, bytes)."""
    return samples[-1][1] / samples[0][1] - 1


def slope(samples: Sequence[tuple[float, int]]) -> float:
    """Return the bytes that a request leaves behind, by least squares."""
    requests, resident = np.array(samples, np.float64).T
    return float(np.polyfit(requests, resident, 1)[0])
