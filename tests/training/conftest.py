from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.data import small_digits
from tests.training.test_fit import TINY
from training.export import export
from training.fit import Run


@pytest.fixture(scope="session")
def export_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the small run is, in `runs/`, and the artifact that was made of it, in `models/`."""
    return tmp_path_factory.mktemp("export")


@pytest.fixture(scope="session")
def artifact(export_folder: Path) -> Path:
    """Folder of version 1 of a small network that reads scikit-learn's digits."""
    data, test = small_digits(400), small_digits(200, "test")
    run = export_folder / "runs" / "digit-seed0"
    Run(TINY, data, run).train()
    return export(TINY, run, data, test, export_folder / "models", version=None)
