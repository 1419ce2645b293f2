"""The folder of a training run: whose it is, its log, its weights."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, cast

import keras
import numpy as np
import numpy.typing as npt

from app.artifacts import Artifact, ModelCard
from app.imaging import PREPROCESSING_VERSION
from training.datasets import LabelledImages
from training.degrade import PAGES_VERSION
from training.fonts import font_versions
from training.kept import replacing
from training.networks import build_network, frozen_network
from training.outliers import Outliers
from training.prior import Offsets, prior_correction
from training.recipes import Recipe

RUN_FILE = "run.json"
LOG_FILE = "log.jsonl"
WEIGHTS_FILE = "weights.npz"
#: The weights that a run began with, where it goes on from a model.
START_FILE = "start.npz"
CHECKPOINTS = "checkpoints"
#: Options of a recipe that have to be as they were when a model's weights were trained, for a run to go on from them:
#: they say what the network is, and which images it has not seen.
LASTING = ("dataset", "geometry", "network", "split_seed", "validation_share")
#: And these, where the card does not tell what was added to the logits, which they decide.
OF_OFFSETS = ("fonts", "prior_correction", "relabelled", "written")

#: Of a network, in its order.
Weights = list[npt.NDArray[np.float32]]


class RunError(Exception):
    """A run cannot start or go on. The message says why."""


def run_folder(runs_dir: Path, recipe: Recipe) -> Path:
    """Return where a recipe's run with its seed is."""
    return runs_dir / f"{recipe.name}-seed{recipe.seed}"


def options(recipe: Recipe) -> dict[str, Any]:
    """Return a recipe's options as `run.json` and a model's card tell them, with its fonts' versions."""
    return _as_json({**dataclasses.asdict(recipe), "fonts": font_versions() if recipe.fonts else {}})


def run_identity(recipe: Recipe, data: LabelledImages) -> dict[str, Any]:
    """Return what makes a run this run, as it stands in `run.json`: the recipe, the data, the preprocessing."""
    return {
        "recipe": options(recipe),
        "files": data.files,
        "images": len(data.labels),
        "preprocessing_version": PREPROCESSING_VERSION,
        "pages_version": PAGES_VERSION,
    }


def network_of_model(model: Artifact, recipe: Recipe, data: LabelledImages, same: Collection[str]) -> keras.Model:
    """Return the network of a model, folded, whose recipe was as one now is in some options.

    Args:
        model: whose weights are read.
        recipe: to go on with.
        data: its data set's training part.
        same: the options that have to be as they were.

    Returns:
        float32 [N, 28, 28, 1] in 0..1 -> float32 [N, C] logits as the model has them, offsets and all.

    Raises:
        RunError: one of the options was another, the model was trained on other data, or it holds another network.
    """
    card = model.card
    made = _options_of(card)
    if other := [key for key, value in options(recipe).items() if key in same and made.get(key) != value]:
        raise RunError(f"{card.name} {card.version} was made by another recipe ({', '.join(other)}).")
    images = card.training_data.images + card.validation_images
    if (card.training_data.files, images) != (data.files, len(data.labels)):
        raise RunError(f"{card.name} {card.version} was trained on other data than {data.name} {data.part} here.")
    try:
        return frozen_network(model.path, recipe.network, len(data.classes))
    except ValueError as error:
        raise RunError(f"{card.name} {card.version} holds another network than its card says: {error}") from error


def _options_of(card: ModelCard) -> dict[str, Any]:
    """Return the options of a card's recipe, and of those that came later what was done before."""
    before = {
        field.name: field.default for field in dataclasses.fields(Recipe) if field.default is not dataclasses.MISSING
    }
    outliers = dataclasses.asdict(Outliers())
    return {**_as_json(before), "outliers": outliers, "fonts": {}, "split_seed": card.recipe["seed"], **card.recipe}


def _as_json(options: dict[str, Any]) -> dict[str, Any]:
    """Return options as they come back from a file: tuples and lists compare equal."""
    return cast("dict[str, Any]", json.loads(json.dumps(options)))


def claim(folder: Path, identity: dict[str, Any]) -> None:
    """Mark a new folder as a run's own, or check that it already is.

    Raises:
        RunError: it holds another run.
    """
    path = folder / RUN_FILE
    if path.exists():
        held = json.loads(path.read_text())
        if held != identity:
            other = ", ".join(key for key in identity if held.get(key) != identity[key])
            raise RunError(
                f"{folder} holds a run of another recipe or other data ({other}). "
                "Remove it, or choose another --runs-dir."
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(identity, indent=2) + "\n")


def finished(recipe: Recipe, folder: Path, data: LabelledImages) -> list[dict[str, float]]:
    """Return the log of a run, a record an epoch.

    Raises:
        RunError: the folder holds no such run, or one that is not complete.
    """
    if not (folder / RUN_FILE).is_file():
        raise RunError(f"There is no run in {folder}. Train it: python -m training fit {recipe.model}")
    claim(folder, run_identity(recipe, data))
    log = folder / LOG_FILE
    records = read_log(log) if log.is_file() else []
    if not records or records[-1]["epoch"] < recipe.epochs:
        raise RunError(f"The run in {folder} has not finished. The same fit command goes on from where it stopped.")
    return records


def read_log(path: Path) -> list[dict[str, float]]:
    """Return a log's records, one an epoch."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def log_epoch(path: Path, record: dict[str, float]) -> None:
    """Add an epoch to a log, in place of that epoch and later ones, which were trained again."""
    forget_epochs_after(path, record["epoch"] - 1)
    with path.open("a") as log:
        log.write(json.dumps(record) + "\n")


def forget_epochs_after(path: Path, epoch: float) -> None:
    """Drop a log's lines of later epochs than this many, which the weights do not know and will be trained again."""
    if path.exists():
        lines = [line for line in path.read_text().splitlines() if json.loads(line)["epoch"] <= epoch]
        path.write_text("".join(f"{line}\n" for line in lines))


def save_weights(path: Path, weights: Weights) -> None:
    """Write weights in their order, replacing the file in one step."""
    with replacing(path) as file:
        np.savez(file, allow_pickle=False, **{f"{index:03d}": weight for index, weight in enumerate(weights)})


def load_weights(path: Path) -> Weights:
    """Read what `save_weights` wrote."""
    with np.load(path) as arrays:
        return [arrays[key] for key in sorted(arrays.files)]


def trained_network(recipe: Recipe, run: Path, training: LabelledImages) -> keras.Model:
    """Return the network of a run as it answers, float32 [N, 28, 28, 1] in 0..1 -> float32 [N, C] logits.

    Args:
        recipe: that was run.
        run: folder with the moving average of the weights, and with those that it began with where they have a share.
        training: the data it was run on, for its class frequencies.

    Raises:
        DatasetError, FontsMissing: the correction of its logits wants labels by shape, which the folder lacks and which
            cannot be made.
    """
    weights = load_weights(run / WEIGHTS_FILE)
    if recipe.start_share:
        share = np.float32(recipe.start_share)
        pairs = zip(load_weights(run / START_FILE), weights, strict=True)
        weights = [share * first + (1 - share) * last for first, last in pairs]
    return network_of(recipe, weights, prior_correction(recipe, training, run))


def network_of(recipe: Recipe, weights: Weights, correction: Offsets) -> keras.Model:
    """Return a recipe's network with weights, in the order of `save_weights`, and a correction of its logits."""
    network = build_network(recipe.network, len(correction), folded=recipe.start is not None)
    network.set_weights(weights)
    network.get_layer("logits").bias.assign_add(correction)
    return network
