"""How many CPUs this process may really use, as opposed to how many the host has."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

#: Where control groups are mounted, and where a process reads which one it is in.
GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")


def usable_cpus(groups: Path = GROUPS, own_groups: Path = OWN_GROUPS) -> int:
    """Return the smallest of the CPU affinity and the quotas of the control groups around this process, at least 1.

    Args:
        groups: where control groups are mounted, of either version.
        own_groups: a line for each hierarchy: "<number>:<controllers>:<path>".
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min([affinity, *_quotas(groups, own_groups)])))


def _quotas(groups: Path, own_groups: Path) -> Iterator[float]:
    """Yield the CPUs that each group around this process may use, where it has a quota."""
    for folder in _folders(groups, own_groups):
        for files in (("cpu.max",), ("cpu.cfs_quota_us", "cpu.cfs_period_us")):
            try:
                quota, period = (int(part) for name in files for part in (folder / name).read_text().split())
            except (OSError, ValueError):  # no such group, or "max" in place of a number
                continue
            if quota > 0 and period > 0:  # version 1 has -1 where there is none
                yield quota / period


def _folders(groups: Path, own_groups: Path) -> Iterator[Path]:
    """Yield the folders of the groups that this process is in, up to the root."""
    try:
        lines = own_groups.read_text().splitlines()
    except OSError:
        lines = []
    # In a container the root shows the container's own group, whatever the path says.
    yield from (groups, groups / "cpu")
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers or "cpu" in controllers.split(","):
            group = (groups / "cpu" if controllers else groups) / path.lstrip("/")
            yield group
            yield from (parent for parent in group.parents if parent.is_relative_to(groups))
