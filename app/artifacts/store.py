"""Finding and opening artifacts: `models/<name>/<version>/`."""

from __future__ import annotations

from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from app.artifacts.card import ModelCard
from app.artifacts.checksums import verify_checksums
from app.artifacts.errors import ArtifactDamaged, ArtifactIncompatible, ArtifactMissing

CARD_FILE = "card.json"
SAVED_MODEL_FILE = "saved_model.pb"
LITERT_FILE = "model.tflite"
#: The same network with weights and activations of 8 bits; artifacts made before it was introduced have none.
INT8_FILE = "model.int8.tflite"


@dataclass(frozen=True)
class Artifact:
    """A verified model on disk.

    path: the folder, which TensorFlow Serving could load as it is.
    card: its card.
    sha256: hexadecimal digest that stands for all of its files.
    """

    path: Path
    card: ModelCard
    sha256: str


def model_names(models_dir: Path) -> list[str]:
    """Return the names that have at least one version, sorted."""
    if not models_dir.is_dir():
        return []
    return sorted(
        folder.name for folder in models_dir.iterdir() if folder.is_dir() and versions(models_dir, folder.name)
    )


def served_names(models_dir: Path, pinned: Collection[str]) -> frozenset[str]:
    """Return the names of the models that are there or pinned."""
    return frozenset({*model_names(models_dir), *pinned})


def versions(models_dir: Path, name: str) -> list[int]:
    """Return the versions of a model, oldest first; none where there is no such model."""
    folder = models_dir / name
    if not folder.is_dir():
        return []
    return sorted(int(path.name) for path in folder.iterdir() if path.is_dir() and path.name.isdecimal())


def open_artifact(
    models_dir: Path,
    name: str,
    version: int | None = None,
    *,
    preprocessing_version: int | None,
    geometries: Container[str] | None,
) -> Artifact:
    """Open and verify one model.

    Args:
        models_dir: the folder of all models.
        name: such as "digit".
        version: None for the highest.
        preprocessing_version: what the caller's preprocessing is; None where it matters not.
        geometries: the frames that the caller can make; None where they matter not.

    Raises:
        ArtifactMissing, ArtifactDamaged, ArtifactIncompatible.
    """
    there = versions(models_dir, name)
    if not there:
        raise ArtifactMissing(f"There is no model {name!r} in {models_dir}. Train one, or set INKLING_MODELS_DIR.")
    chosen = there[-1] if version is None else version
    if chosen not in there:
        raise ArtifactMissing(f"Model {name!r} has no version {chosen}; it has {', '.join(map(str, there))}.")
    path = models_dir / name / str(chosen)
    digest = verify_checksums(path)
    try:
        card = ModelCard.model_validate_json((path / CARD_FILE).read_bytes())
    except (OSError, ValidationError) as error:
        raise ArtifactDamaged(f"{path / CARD_FILE} is missing or not a model card: {error}") from error
    if (card.name, card.version) != (name, chosen):
        raise ArtifactDamaged(f"{path} holds the card of {card.name} {card.version}.")
    if preprocessing_version not in (None, card.preprocessing_version):
        raise ArtifactIncompatible(
            f"Model {name} {chosen} was trained on preprocessing version {card.preprocessing_version}, this service "
            f"has version {preprocessing_version}. Serve it with the release it came with, or train it again."
        )
    if geometries is not None and card.geometry not in geometries:
        raise ArtifactIncompatible(f"Model {name} {chosen} wants the unknown geometry {card.geometry!r}.")
    return Artifact(path, card, digest)


def open_artifacts(
    models_dir: Path,
    pinned: Mapping[str, int],
    *,
    preprocessing_version: int,
    geometries: Container[str],
    names: Collection[str] | None = None,
) -> list[Artifact]:
    """Open models of a folder, each in its pinned version or else its highest.

    Args:
        models_dir: the folder of all models.
        pinned: version by name.
        preprocessing_version: what the caller's preprocessing is.
        geometries: the frames that the caller can make.
        names: of the models to open; None for all that are there or pinned.

    Raises:
        ArtifactMissing: there is no model at all, or a pinned one is not there; else as `open_artifact`.
    """
    chosen = sorted(served_names(models_dir, pinned) if names is None else names)
    if not chosen:
        raise ArtifactMissing(
            f"There are no models in {models_dir.resolve()}. Set INKLING_MODELS_DIR to the folder that has them."
        )
    return [
        open_artifact(
            models_dir,
            name,
            pinned.get(name),
            preprocessing_version=preprocessing_version,
            geometries=geometries,
        )
        for name in chosen
    ]
