from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.inference import usable_cpus


@pytest.mark.parametrize(
    ("content", "expected"),
    [("max 100000", None), ("50000 100000", 1), ("100000 100000", 1), ("1000000000 100000", None), ("nonsense", None)],
)
def test_the_smaller_of_affinity_and_quota(tmp_path: Path, content: str, expected: int | None) -> None:
    path = tmp_path / "cpu.max"
    path.write_text(content)
    assert usable_cpus(path) == (len(os.sched_getaffinity(0)) if expected is None else expected)


def test_without_control_groups(tmp_path: Path) -> None:
    assert usable_cpus(tmp_path / "missing") >= 1
