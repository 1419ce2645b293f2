from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.inference import usable_cpus

AFFINITY = len(os.sched_getaffinity(0))
MANY = "1000000000 100000"
ONE = "50000 100000"


def put(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


@pytest.mark.parametrize(
    ("files", "groups", "expected"),
    [
        pytest.param({"cpu.max": "max 100000"}, "0::/", AFFINITY, id="no-quota"),
        pytest.param({"cpu.max": ONE}, "0::/", 1, id="container"),
        pytest.param({"cpu.max": MANY}, "0::/", AFFINITY, id="more-than-affinity"),
        pytest.param({"cpu.max": "nonsense"}, "0::/", AFFINITY, id="nonsense"),
        pytest.param({"a.slice/b.service/cpu.max": ONE}, "0::/a.slice/b.service", 1, id="service"),
        pytest.param({"a.slice/cpu.max": ONE, "a.slice/b/cpu.max": MANY}, "0::/a.slice/b", 1, id="group-above"),
        pytest.param({"other/cpu.max": ONE, "own/cpu.max": MANY}, "0::/own", AFFINITY, id="not-ours"),
        pytest.param(
            {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, "3:cpu,cpuacct:/", 1, id="version-1"
        ),
        pytest.param(
            {"cpu/docker/x/cpu.cfs_quota_us": "-1", "cpu/docker/x/cpu.cfs_period_us": "100000"},
            "4:memory:/\n3:cpu,cpuacct:/docker/x",
            AFFINITY,
            id="version-1-without-quota",
        ),
    ],
)
def test_the_smallest_of_affinity_and_quotas(tmp_path: Path, files: dict[str, str], groups: str, expected: int) -> None:
    put(tmp_path / "groups", files)
    put(tmp_path, {"own": groups})
    assert usable_cpus(tmp_path / "groups", tmp_path / "own") == expected


def test_without_control_groups(tmp_path: Path) -> None:
    assert usable_cpus(tmp_path / "missing", tmp_path / "missing") == AFFINITY
