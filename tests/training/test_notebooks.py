from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest

from tests.e2e.server import ROOT

NAMES = sorted(path.stem for path in (ROOT / "training" / "notebooks").glob("*.py"))
RENDERED = ROOT / "docs" / "notebooks"
SECONDS = 900


def cells(name: str) -> list[str]:
    """Return a notebook's cells, prose and code."""
    book = jupytext.read(ROOT / "training" / "notebooks" / f"{name}.py", fmt="py:percent")
    return [cell.source for cell in book.cells]


def test_there_are_notebooks() -> None:
    assert NAMES == ["characters", "digits"]


@pytest.mark.parametrize("name", NAMES)
def test_the_rendered_copy_is_of_this_notebook(name: str) -> None:
    rendered = (RENDERED / f"{name}.md").read_text()
    places = [rendered.find(cell) for cell in cells(name)]
    assert -1 not in places, f"`make notebooks` renews it; it lacks:\n{cells(name)[places.index(-1)]}"
    assert places == sorted(places)
    for picture in re.findall(r"!\[\w*\]\(([^)]+)\)", rendered):
        assert (RENDERED / picture).stat().st_size < 200_000


@pytest.mark.slow
def test_the_notebooks_run_from_data_to_an_answer(tmp_path: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if name not in {"DATA_DIR", "MAKEFLAGS"}}
    target = ["notebooks", f"NOTEBOOKS_DIR={tmp_path}", f"BIN={Path(sys.executable).parent}"]
    ended = subprocess.run(
        ["make", "--assume-old=.venv/.dev", *target],
        cwd=ROOT,
        env=bare,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    # Each ends with an assertion about what the service answered.
    assert ended.returncode == 0, ended.stderr[-4000:]
    assert re.search(r"^    3 (0\.\d+|1\.000)$", (tmp_path / "digits.md").read_text(), re.M)
    assert "all 47 classes: " in (tmp_path / "characters.md").read_text()
