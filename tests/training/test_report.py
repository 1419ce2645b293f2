from __future__ import annotations

from pathlib import Path

from tests.models import MODELS, open_newest, shipped
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


def test_the_minutes_of_going_on_are_not_told_as_those_of_the_whole_training(tmp_path: Path) -> None:
    first, last = open_newest(MODELS, "char", 6), open_newest(MODELS, "char", 8)
    rows = [row for row in render_report([first, last], tmp_path).split("<tr>") if row.startswith("<td>char ")]
    assert f"<td>{first.card.training_seconds / 60:.0f}</td></tr>" in rows[0]
    assert "<td>goes on from char 6</td></tr>" in rows[1]
