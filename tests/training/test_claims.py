from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

from tests.models import shipped
from tests.training.data import small_digits
from training.claims import by_model
from training.evaluate import evaluate
from training.runs import LOG_FILE


def test_it_is_measured_and_the_time_is_that_of_the_first_epoch_that_reached_it(tmp_path: Path) -> None:
    model = shipped("digit")
    copied = dataclasses.replace(model, path=shutil.copytree(model.path, tmp_path / "copied"))
    records = [{"seconds": 10.0 * n, "validation_accuracy": share} for n, share in enumerate((0.9, 0.992, 0.98, 0.995))]
    (copied.path / LOG_FILE).write_text("\n".join(json.dumps(record) for record in records))
    test = small_digits(100, "test")
    reached = by_model(copied, test)
    assert (reached.seconds, reached.total_seconds, reached.epochs) == (10, 30, 4)
    assert reached.accuracy == evaluate(model.path, test, "mnist").right.mean()
    assert reached.start is None
    (copied.path / LOG_FILE).write_text(json.dumps(records[0]))
    assert by_model(copied, test).seconds is None
