from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.server import ROOT, Server, command, environment
from tests.strokes import draw, encode


def test_the_command_line_recognises_with_the_same_code(server: Server, tmp_path: Path) -> None:
    good, blank = tmp_path / "seven.png", tmp_path / "blank.png"
    good.write_bytes(encode(draw("7")))
    blank.write_bytes(encode(np.full((50, 50), 255, np.uint8)))
    ended = subprocess.run(
        command("predict", str(good), str(blank), str(tmp_path / "missing.png"), "--json"),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 1
    read, unreadable = (json.loads(line) for line in ended.stdout.splitlines())
    answer = server.client.post("/predict/digit", files={"file": good.read_bytes()}).json()
    assert read["label"] == answer["label"] == "7"
    assert read["confidence"] == pytest.approx(answer["confidence"], abs=1e-5)
    assert unreadable["problem"]["code"] == "no-ink"
    assert "missing.png" in ended.stderr


def test_models_are_listed(tmp_path: Path) -> None:
    ended = subprocess.run(
        command("models"), cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    assert "digit" in ended.stdout
    assert "10000 images" in ended.stdout
