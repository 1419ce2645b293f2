from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.server import ROOT, command, environment
from tests.strokes import DIGITS, draw, encode

#: In a process of its own, as a user runs it: Ray has warnings, threads and handlers that are not this project's.
RAY = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
START_SECONDS = 300


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("predict", *arguments),
        cwd=ROOT,
        env={**environment(runtime="litert", max_upload_bytes=1999), **RAY, **variables},
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return 80 digits, a name that is no text, and four files that cannot be read."""
    for index in range(80):
        (tmp_path / f"{index:03}.png").write_bytes(encode(draw(DIGITS[index % 10], width=0.1)))
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")).write_bytes(encode(draw("7")))
    (tmp_path / "a-empty.png").write_bytes(b"")
    (tmp_path / "b-cut.png").write_bytes(encode(draw("7"))[:100])
    (tmp_path / "c-gone.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "d-large.png").write_bytes(bytes(2000))
    return tmp_path


@pytest.mark.slow
def test_ray_answers_as_the_default_engine(folder: Path) -> None:
    here, there = run(str(folder), "--json"), run(str(folder), "--json", "--engine", "ray")
    assert here.returncode == there.returncode == 1
    # An answer or a problem each; what cannot be opened has no place in the API's words.
    assert len(there.stdout.splitlines()) == 84
    assert there.stdout == here.stdout
    *wrong, summary = here.stderr.splitlines()
    assert there.stderr.splitlines()[-5:-1] == wrong
    assert there.stderr.splitlines()[-1].split(" in ")[0] == summary.split(" in ")[0] == "81 of 85 files recognised"
    assert summary.endswith("4 could not be.")


def test_without_ray_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['ray'] = None\n")
    ended = run("seven.png", "--engine", "ray", PYTHONPATH=f"{tmp_path}:{ROOT}")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == "--engine ray needs Ray, which is not installed: pip install '.[ray]'\n"


def test_standard_input_is_not_for_other_processes() -> None:
    ended = run("-", "--engine", "ray")
    assert ended.returncode == 2
    assert "standard input" in ended.stderr
