"""The models that ship."""

from __future__ import annotations

from pathlib import Path

from app.artifacts import Artifact, open_artifact
from app.imaging import PREPROCESSING_VERSION

MODELS = Path(__file__).resolve().parents[1] / "models"


def shipped(name: str) -> Artifact:
    """Open the newest shipped version of a model."""
    return open_artifact(MODELS, name, preprocessing_version=PREPROCESSING_VERSION)
