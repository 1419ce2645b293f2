"""Why an artifact cannot be served. The messages are for the operator and say what to do."""

from __future__ import annotations


class ArtifactError(Exception):
    """A model on disk cannot be used."""


class ArtifactMissing(ArtifactError):
    """There is no such model, or no such version of it."""


class ArtifactDamaged(ArtifactError):
    """A file is missing, unexpected, or not what its checksum says; or the card cannot be read."""


class ArtifactIncompatible(ArtifactError):
    """The model was trained on another preprocessing than this service has."""
