from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from app.artifacts import model_names, versions
from tests.models import MODELS, shipped
from tests.training.data import small_digits
from training.commands import cli
from training.evidence import write_robustness
from training.report import render_report
from training.robustness import Robustness


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


def test_robustness_is_shown_where_it_was_measured(tmp_path: Path) -> None:
    model = shipped("digit")
    ways = [Robustness(way, {"clean": (0.99,), "fog": (0.9, 0.8, 0.7, 0.6, 0.51)}) for way in ("served", "plain")]
    write_robustness(ways, model.card, small_digits(20, "test"), tmp_path)
    assert "When pictures get worse" not in render_report([model], tmp_path / "elsewhere")
    page = render_report([model], tmp_path)
    assert "Accuracy on 20 images of digits test" in page
    assert "0.510" in page
    assert "<td>0.7020</td>" in page


def test_without_models(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["report", "--models-dir", str(tmp_path), "--out", str(tmp_path / "report.html")])
    assert result.exit_code == 1
    assert not (tmp_path / "report.html").exists()
