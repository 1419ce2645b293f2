"""A model on disk: its card, its checksums, reading and verifying it."""

from app.artifacts.card import (
    CharacterClass,
    DataSource,
    Metrics,
    ModelCard,
    ModelForm,
    OperatingPoint,
    SeedFigures,
)
from app.artifacts.checksums import sha256, write_checksums
from app.artifacts.errors import ArtifactDamaged, ArtifactError, ArtifactIncompatible, ArtifactMissing
from app.artifacts.store import (
    CARD_FILE,
    INT8_FILE,
    LITERT_FILE,
    SAVED_MODEL_FILE,
    Artifact,
    model_names,
    open_artifact,
    open_artifacts,
    served_names,
    versions,
)

__all__ = [
    "CARD_FILE",
    "INT8_FILE",
    "LITERT_FILE",
    "SAVED_MODEL_FILE",
    "Artifact",
    "ArtifactDamaged",
    "ArtifactError",
    "ArtifactIncompatible",
    "ArtifactMissing",
    "CharacterClass",
    "DataSource",
    "Metrics",
    "ModelCard",
    "ModelForm",
    "OperatingPoint",
    "SeedFigures",
    "model_names",
    "open_artifact",
    "open_artifacts",
    "served_names",
    "sha256",
    "versions",
    "write_checksums",
]
