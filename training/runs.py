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
    if other := other_options(card, recipe, same):
        raise RunError(f"{card.name} {card.version} was made by another recipe ({', '.join(other)}).")
    images = card.training_data.images + card.validation_images
    if (card.training_data.files, images) != (data.files, len(data.labels)):
        raise RunError(f"{card.name} {card.version} was trained on other data than {data.name} {data.part} here.")
    try:
        return frozen_network(model.path, recipe.network, len(data.classes))
    except ValueError as error:
        raise RunError(f"{card.name} {card.version} holds another network than its card says: {error}") from error


def other_options(card: ModelCard, recipe: Recipe, same: Collection[str]) -> list[str]:
    """Return which of some options are others in a recipe as it is now than when a model was made.

    Args:
        card: of the model. Of options that it does not know, which came later, the default is what was done before.
        recipe: as it is now.
        same: names of the options.
    """
    before = {**_defaults(Recipe), "fonts": {}, "split_seed": card.recipe["seed"]}
    made = {**before, **card.recipe}
    now = options(recipe)
    for field in dataclasses.fields(recipe):
        part = getattr(recipe, field.name)
        if dataclasses.is_dataclass(part) and field.name in made:
            made[field.name] = {**_defaults(type(part)), **made[field.name]}
    return [key for key, value in now.items() if key in same and made.get(key) != value]


def _defaults(kind: type) -> dict[str, Any]:
    """Return the options of a dataclass that have a default, as a card tells them."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        if field.default is not dataclasses.MISSING:
            found[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = dataclasses.asdict(field.default_factory())
    return _as_json(found)


def start_of(card: ModelCard) -> str | None:
    """Return the model whose weights a model's training began with, such as "char 6"; None where they were random."""
    version = card.recipe.get("start")
    return None if version is None else f"{card.name} {version}"


def _as_json(options: dict[str, Any]) -> dict[str, Any]:
    """Return options as they come back from a file: tuples and lists compare equal."""
    return cast("dict[str, Any]", json.loads(json.dumps(options)))


def claim(folder: Path, identity: dict[str, Any]) -> None:
    """Mark a new folder as a run's own, or check that it already is.

    Raises:
        RunError: it holds another run, or one of which it cannot be read what it is.
    """
    path = folder / RUN_FILE
    if path.exists():
        held = _held(path)
        if held != identity:
            other = ", ".join(key for key in identity if held.get(key) != identity[key])
            raise RunError(
                f"{folder} holds a run of another recipe or other data ({other}). "
                "Remove it, or choose another --runs-dir."
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(f"{json.dumps(identity, indent=2)}\n".encode())


def _held(path: Path) -> dict[str, Any]:
    """Return what a `run.json` says."""
    try:
        held = json.loads(path.read_text())
    except ValueError:  # neither JSON nor, it may be, text
        held = None
    if not isinstance(held, dict):
        raise RunError(f"{path} is damaged, and does not say which run this is. Remove its folder to train it anew.")
    return held


def finished(recipe: Recipe, folder: Path, data: LabelledImages) -> list[dict[str, float]]:
    """Return the log of a run, a record an epoch.

    Raises:
        RunError: the folder holds no such run, or one that is not complete.
    """
    if not (folder / RUN_FILE).is_file():
        raise RunError(
            f"There is no run in {folder}. Train it with python -m training fit {recipe.model} and the same options."
        )
    claim(folder, run_identity(recipe, data))
    log = folder / LOG_FILE
    records = read_log(log) if log.is_file() else []
    if not records or records[-1]["epoch"] < recipe.epochs:
        raise RunError(f"The run in {folder} has not finished. The same fit command goes on from where it stopped.")
    return records


def read_log(path: Path) -> list[dict[str, float]]:
    """Return a log's records, one an epoch, without a last line that was only half written.

    Raises:
        RunError: another line is damaged.
    """
    lines = path.read_bytes().splitlines()
    records: list[dict[str, float]] = []
    for number, line in enumerate(lines, start=1):
        try:
            records.append(json.loads(line))
        except ValueError as error:  # neither JSON nor, it may be, text
            if number < len(lines):
                raise RunError(f"{path} is damaged in line {number}.") from error
    return records


def log_epoch(path: Path, record: dict[str, float]) -> None:
    """Add an epoch to a log, in place of that epoch and later ones, which were trained again."""
    _write_log(path, [*_epochs_until(path, record["epoch"] - 1), record])


def forget_epochs_after(path: Path, epoch: float) -> None:
    """Drop a log's lines of later epochs than this many, which the weights do not know and will be trained again."""
    if path.exists():
        _write_log(path, _epochs_until(path, epoch))


def _epochs_until(path: Path, epoch: float) -> list[dict[str, float]]:
    return [record for record in read_log(path) if record["epoch"] <= epoch] if path.exists() else []


def _write_log(path: Path, records: list[dict[str, float]]) -> None:
    with replacing(path) as file:
        file.writelines(f"{json.dumps(record)}\n".encode() for record in records)


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
