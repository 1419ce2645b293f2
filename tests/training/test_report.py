from __future__ import annotations

from pathlib import Path

from tests.models import shipped
from tests.training.data import small_digits
from training.evidence import robustness_folder, write_robustness
from training.report import render_report
from training.robustness import Robustness


def test_robustness_is_shown_where_it_was_measured(tmp_path: Path) -> None:
    model = shipped("digit")
    ways = [Robustness(way, {"clean": (0.99,), "fog": (0.9, 0.8, 0.7, 0.6, 0.51)}) for way in ("served", "plain")]
    own = robustness_folder(tmp_path, model.card)
    write_robustness(ways, "a command", 0, small_digits(20, "test"), own)
    assert "When pictures get worse" not in render_report([model], tmp_path / "elsewhere")
    page = render_report([model], tmp_path)
    assert "Accuracy on 20 images of digits test" in page
    assert "0.510" in page
    assert "<td>0.7020</td>" in page
