"""A model on disk: its card, its checksums, reading and verifying it."""

from app.artifacts.card import CharacterClass, DataSource, Metrics, ModelCard, OperatingPoint
from app.artifacts.checksums import sha256, write_checksums
from app.artifacts.errors import ArtifactDamaged, ArtifactError, ArtifactIncompatible, ArtifactMissing
from app.artifacts.store import (
    CARD_FILE,
    LITERT_FILE,
    Artifact,
    model_names,
    open_artifact,
    open_artifacts,
    versions,
)

__all__ = [
    "CARD_FILE",
    "LITERT_FILE",
    "Artifact",
    "ArtifactDamaged",
    "ArtifactError",
    "ArtifactIncompatible",
    "ArtifactMissing",
    "CharacterClass",
    "DataSource",
    "Metrics",
    "ModelCard",
    "OperatingPoint",
    "model_names",
    "open_artifact",
    "open_artifacts",
    "sha256",
    "versions",
    "write_checksums",
]
