"""How many CPUs this process may really use, as opposed to how many the host has."""

from __future__ import annotations

import math
import os
from pathlib import Path

CGROUP_V2 = Path("/sys/fs/cgroup/cpu.max")


def usable_cpus(cpu_max: Path = CGROUP_V2) -> int:
    """Return the smaller of the CPU affinity and the control group's quota, at least 1.

    Args:
        cpu_max: the control group's file "<quota> <period>" in microseconds, quota "max" where there is none.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = cpu_max.read_text().split()
    except (OSError, ValueError):
        return affinity
    return affinity if quota == "max" else max(1, min(affinity, math.ceil(int(quota) / int(period))))
