from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from app.artifacts import (
    Artifact,
    ArtifactDamaged,
    ArtifactError,
    ArtifactIncompatible,
    ArtifactMissing,
    model_names,
    open_artifact,
    open_artifacts,
    write_checksums,
)
from app.imaging import GEOMETRIES, PREPROCESSING_VERSION
from tests.models import MODELS, open_newest, shipped


@pytest.fixture
def models(tmp_path: Path) -> Path:
    shutil.copytree(MODELS / "digit", tmp_path / "digit")
    return tmp_path


def newest(models: Path) -> Path:
    return max((models / "digit").iterdir(), key=lambda path: int(path.name))


def open_digit(models: Path, version: int | None = None) -> Artifact:
    return open_newest(models, "digit", version)


def open_all(models: Path, pinned: dict[str, int]) -> list[Artifact]:
    return open_artifacts(models, pinned, preprocessing_version=PREPROCESSING_VERSION, geometries=GEOMETRIES)


def change_card(folder: Path, **changes: object) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, **changes}))
    write_checksums(folder)


@pytest.mark.parametrize("name", ["digit", "char"])
def test_the_shipped_models_are_whole_and_small(name: str) -> None:
    artifact = shipped(name)
    assert artifact.card.metrics[0].test_set.images >= 10_000
    assert sum(path.stat().st_size for path in artifact.path.rglob("*") if path.is_file()) <= 10 * 2**20
    for file in ("saved_model.pb", "model.tflite", "MODEL_CARD.md", "confusion.png", "mistakes.png", "curves.png"):
        assert (artifact.path / file).is_file()


def test_the_highest_version_is_opened_unless_one_is_pinned(models: Path) -> None:
    path = newest(models)
    higher = path.with_name("12")
    shutil.copytree(path, higher)
    change_card(higher, version=12)
    assert open_digit(models).card.version == 12
    assert open_digit(models, int(path.name)).card.version == int(path.name)
    (pinned,) = open_all(models, {"digit": int(path.name)})
    assert pinned.card.version == int(path.name)


def test_missing_models_say_what_there_is(models: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactMissing, match="no version 99"):
        open_digit(models, 99)
    with pytest.raises(ArtifactMissing, match="no model 'greek'"):
        open_newest(models, "greek")
    with pytest.raises(ArtifactMissing, match="no models"):
        open_all(tmp_path / "nowhere", {})
    assert model_names(tmp_path / "nowhere") == []


@pytest.mark.parametrize("file", ["saved_model.pb", "card.json", "model.tflite"])
def test_a_flipped_bit_is_damage(models: Path, file: str) -> None:
    path = newest(models) / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ArtifactDamaged, match=file):
        open_digit(models)


def test_a_lost_file_an_added_file_and_a_lost_list_are_damage(models: Path) -> None:
    path = newest(models)
    (path / "planted.pb").write_bytes(b"x")
    with pytest.raises(ArtifactDamaged, match=r"planted\.pb"):
        open_digit(models)
    (path / "planted.pb").unlink()
    (path / "model.tflite").unlink()
    with pytest.raises(ArtifactDamaged, match=r"lacks model\.tflite"):
        open_digit(models)
    (path / "SHA256SUMS").unlink()
    with pytest.raises(ArtifactDamaged, match="cannot be verified"):
        open_digit(models)


def test_another_preprocessing_is_incompatible(models: Path) -> None:
    with pytest.raises(ArtifactIncompatible, match="preprocessing version"):
        open_artifact(models, "digit", preprocessing_version=PREPROCESSING_VERSION + 1, geometries=GEOMETRIES)
    change_card(newest(models), geometry="hexagonal")
    with pytest.raises(ArtifactIncompatible, match="hexagonal"):
        open_digit(models)


def test_a_card_that_is_none_is_damage(models: Path) -> None:
    path = newest(models)
    (path / "card.json").write_text("{}")
    write_checksums(path)
    with pytest.raises(ArtifactError, match="not a model card"):
        open_digit(models)
