from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from tests.models import shipped
from training.claims import by_model
from training.runs import LOG_FILE


def test_the_time_is_that_of_the_first_epoch_that_reached_it(tmp_path: Path) -> None:
    model = shipped("digit")
    records = [{"seconds": 10.0 * n, "validation_accuracy": share} for n, share in enumerate((0.9, 0.992, 0.98, 0.995))]
    (tmp_path / LOG_FILE).write_text("\n".join(json.dumps(record) for record in records))
    reached = by_model(dataclasses.replace(model, path=tmp_path))
    assert (reached.seconds, reached.total_seconds, reached.epochs) == (10, 30, 4)
    assert reached.accuracy == model.card.metrics[0].accuracy
    assert reached.start is None
    (tmp_path / LOG_FILE).write_text(json.dumps(records[0]))
    assert by_model(dataclasses.replace(model, path=tmp_path)).seconds is None
