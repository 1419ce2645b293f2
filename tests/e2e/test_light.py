"""The service where TensorFlow is not installed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.server import ROOT, command, environment, serving
from tests.strokes import DIGITS, draw, encode

#: Python's own way to say that there is no such module: imports fail, and find_spec finds nothing.
WITHOUT = """\
import sys
for name in ("tensorflow", "keras"):
    sys.modules[name] = None
"""


@pytest.fixture(autouse=True)
def _no_tensorflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide TensorFlow from every process that a test starts."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{ROOT}")


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), cwd=ROOT, env=environment(**options), capture_output=True, text=True, timeout=120
    )


def test_it_serves_with_litert() -> None:
    with serving() as running:
        for character in DIGITS:
            assert running.inkling.recognise(encode(draw(character, width=0.1))).label == character
        assert running.inkling.recognise(encode(draw("L")), "char").label == "L"
        models = running.client.get("/models").json()["models"]
        assert {model["runtime"] for model in models} == {"litert"}


def test_its_command_line_reads_files(tmp_path: Path) -> None:
    path = tmp_path / "seven.png"
    path.write_bytes(encode(draw("7")))
    ended = run("predict", str(path))
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ": 7 " in ended.stdout
    ended = run("explain", str(path), "-o", str(tmp_path / "way.png"))
    assert (ended.returncode, ended.stderr) == (0, "")


def test_what_is_asked_for_and_missing_is_said() -> None:
    ended = run("serve", "--port", "0", runtime="savedmodel")
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "needs tensorflow, which is not installed" in line
    assert "INKLING_RUNTIME=litert" in line
