"""The models that ship."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from app.artifacts import CARD_FILE, Artifact, open_artifact, write_checksums
from app.imaging import GEOMETRIES, PREPROCESSING_VERSION

MODELS = Path(__file__).resolve().parents[1] / "models"


def open_newest(models_dir: Path, name: str, version: int | None = None) -> Artifact:
    """Open a model under this project's own preprocessing."""
    return open_artifact(models_dir, name, version, preprocessing_version=PREPROCESSING_VERSION, geometries=GEOMETRIES)


def shipped(name: str) -> Artifact:
    """Open the newest shipped version of a model."""
    return open_newest(MODELS, name)


def add_version(models_dir: Path, name: str, version: int, **changes: object) -> Path:
    """Copy the newest shipped version of a model under another number, with changes to its card; return its folder."""
    folder = models_dir / name / str(version)
    shutil.copytree(shipped(name).path, folder)
    card = json.loads((folder / CARD_FILE).read_text())
    (folder / CARD_FILE).write_text(json.dumps({**card, "version": version, **changes}))
    write_checksums(folder)
    return folder
