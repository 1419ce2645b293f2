from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from app.artifacts import model_names, versions
from tests.models import MODELS, add_version
from training.commands import cli


def test_one_page_shows_every_version_and_needs_nothing_beside_it(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    result = CliRunner().invoke(cli, ["report", "--models-dir", str(MODELS), "--out", str(page)])
    assert result.exit_code == 0, result.output
    html = page.read_text()
    for name in model_names(MODELS):
        for version in versions(MODELS, name):
            assert f"<td>{name} {version}</td>" in html
    sources = re.findall(r'(?:src|href)="([^"]{,30})', html)
    assert len(sources) >= 6
    assert all(source.startswith("data:image/png;base64,iVBOR") for source in sources)
    assert "<th>wrong answers among the others, at most</th>" in html


def test_without_models(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["report", "--models-dir", str(tmp_path), "--out", str(tmp_path / "report.html")])
    assert result.exit_code == 1
    assert not (tmp_path / "report.html").exists()


def test_a_version_that_this_preprocessing_cannot_serve_is_shown(tmp_path: Path) -> None:
    add_version(tmp_path, "digit", 1, preprocessing_version=99, geometry="of-its-own")
    page = tmp_path / "report.html"
    result = CliRunner().invoke(cli, ["report", "--models-dir", str(tmp_path), "--out", str(page)])
    assert result.exit_code == 0, result.output
    assert "<td>digit 1</td>" in page.read_text()
