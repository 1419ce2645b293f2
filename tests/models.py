"""The models that ship."""

from __future__ import annotations

from pathlib import Path

from app.artifacts import Artifact, open_artifact
from app.imaging import GEOMETRIES, PREPROCESSING_VERSION

MODELS = Path(__file__).resolve().parents[1] / "models"


def open_newest(models_dir: Path, name: str, version: int | None = None) -> Artifact:
    """Open a model under this project's own preprocessing."""
    return open_artifact(models_dir, name, version, preprocessing_version=PREPROCESSING_VERSION, geometries=GEOMETRIES)


def shipped(name: str) -> Artifact:
    """Open the newest shipped version of a model."""
    return open_newest(MODELS, name)
