"""A finished run -> an artifact: `models/<name>/<version>/`, complete and measured."""

from __future__ import annotations

import datetime
import importlib.metadata
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from app.artifacts import (
    CARD_FILE,
    LITERT_FILE,
    Artifact,
    DataSource,
    ModelCard,
    versions,
    write_checksums,
)
from app.imaging import PREPROCESSING_VERSION
from training.batches import predict_logits
from training.calibrator import Calibrator, fit_calibrator, sharpnesses
from training.datasets import LabelledImages
from training.evaluate import evaluate
from training.evidence import write_evidence
from training.figures import operating_points
from training.forms import compare_forms
from training.model_card import render
from training.networks import INPUT_SHAPE, fold, multiply_adds
from training.plots import curves_plot
from training.prior import prior_correction
from training.quantise import quantise, range_images
from training.recipes import Recipe
from training.runs import LOG_FILE, RunError, finished, network_of_model, options, trained_network
from training.seeds import measure_seeds
from training.split import Images, framed, split_parts
from training.validation import calibration_images, check_validation, ridge_of

LIBRARIES = ("tensorflow", "tensorflow-cpu", "keras", "numpy", "opencv-python-headless", "pillow")
#: Options of a recipe that say nothing of the weights.
APART_FROM_WEIGHTS = frozenset({"description", "factor_ridge", "limitations", "target_error"})
#: Of an offset, as the card has it.
OFFSET_DECIMALS = 6
#: Probabilities of the exported graph may differ this much from the network's that was trained, by float rounding.
EXPORT_TOLERANCE = 1e-4
#: Images that this is checked on.
CHECKED_IMAGES = 256
#: Shares of wrong answers that the card has an operating point for.
TARGET_ERRORS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1)


@dataclass(frozen=True)
class Trained:
    """A network that has been trained, and what its card tells of that.

    network: float32 [N, 28, 28, 1] in 0..1 -> float32 [N, C] logits.
    folded: the same function in the form that is served; see `fold`.
    recipe: every option of the run, and its fonts.
    offsets: what was added to the logits once they were trained, of each class.
    seconds: how long it took.
    log: a line an epoch.
    runs_dir: where the recipe's runs with other seeds are; None where the run itself is gone.
    """

    network: keras.Model
    folded: keras.Model
    recipe: dict[str, Any]
    offsets: tuple[float, ...]
    seconds: float
    log: Path
    runs_dir: Path | None


def export(
    recipe: Recipe, run: Path, training: LabelledImages, test: LabelledImages, models_dir: Path, *, version: int | None
) -> Path:
    """Make an artifact of a finished run.

    Args:
        recipe: that was run.
        run: the run's folder.
        training: the data it was run on; its validation share fits the calibrator, some of the rest sets the ranges
            of the 8-bit form.
        test: measured for the card, and for nothing else.
        models_dir: gets `<name>/<version>/`.
        version: None for one above the highest.

    Returns:
        The artifact's folder.

    Raises:
        RunError: the run is not complete, of another recipe, or of one that keeps no validation images back; the
            version exists; or the network's answers are no numbers.
    """
    records = finished(recipe, run, training)
    check_validation(recipe, training)
    target = _new_version(models_dir, recipe.model, version)
    network = trained_network(recipe, run, training)
    trained = Trained(
        network,
        fold(network, recipe.network),
        recipe=options(recipe),
        offsets=tuple(round(float(added), OFFSET_DECIMALS) for added in prior_correction(recipe, training, run)),
        seconds=records[-1]["seconds"],
        log=run / LOG_FILE,
        runs_dir=run.parent,
    )
    return _make(recipe, trained, training, test, target, keep=run)


def recalibrate(
    recipe: Recipe, artifact: Artifact, training: LabelledImages, test: LabelledImages, models_dir: Path
) -> Path:
    """Make an artifact of another one's weights, with a calibrator that is fitted anew.

    Args:
        recipe: the model's, of which what is `APART_FROM_WEIGHTS` may be another than when the artifact was made.
        artifact: whose weights are taken, and what its card tells of their training.
        training: the data it was trained on.
        test: measured for the card, and for nothing else.
        models_dir: gets `<name>/<version>/`, one above the highest.

    Returns:
        The new artifact's folder.

    Raises:
        RunError: the recipe, the data or the network is another than the artifact's, its answers are not those of the
            weights that were read from it, or the recipe keeps no validation images back.
    """
    check_validation(recipe, training)
    card = artifact.card
    told = options(recipe)
    network = network_of_model(artifact, recipe, training, told.keys() - APART_FROM_WEIGHTS)
    trained = Trained(
        network,
        network,
        recipe={**card.recipe, **{key: told[key] for key in APART_FROM_WEIGHTS}},
        offsets=card.logit_offsets,
        seconds=card.training_seconds,
        log=artifact.path / LOG_FILE,
        runs_dir=None,
    )
    served = Calibrator(card.temperature, card.temperature_sharp, card.class_factors)
    known, _ = framed(training.take(np.arange(min(CHECKED_IMAGES, len(training.labels)))), recipe.geometry)
    otherwise = f"The weights read from {card.name} {card.version} answer otherwise than it,"
    _check_same(network, served, artifact.path, known, otherwise)
    target = _new_version(models_dir, recipe.model, None)
    with tempfile.TemporaryDirectory() as scratch:
        return _make(recipe, trained, training, test, target, keep=Path(scratch))


def _new_version(models_dir: Path, model: str, version: int | None) -> Path:
    number = version or (versions(models_dir, model) or [0])[-1] + 1
    target = models_dir / model / str(number)
    if target.exists():
        raise RunError(f"{target} exists. Versions are never overwritten; remove it on purpose, or choose another.")
    return target


def _make(
    recipe: Recipe,
    trained: Trained,
    training: LabelledImages,
    test: LabelledImages,
    target: Path,
    keep: Path,
) -> Path:
    """Calibrate, save in every form, and measure; the folder `keep` gets the images as read off pages."""
    learnt, validation = split_parts(recipe, training)
    images, labels = calibration_images(recipe, validation, keep)
    logits = predict_logits(trained.network, images)
    sharp = sharpnesses(images)
    calibrator = fit_calibrator(logits, labels, sharp, ridge_of(recipe, training))
    probabilities = calibrator.probabilities(logits, sharp)
    confidences, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels

    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as staging:
        folder = Path(staging) / target.name
        save_model(trained.folded, calibrator, folder)
        otherwise = "The exported graph differs from the trained network"
        _check_same(trained.network, calibrator, folder, images[:CHECKED_IMAGES], otherwise)
        convert_to_litert(folder)
        quantise(folder, range_images(recipe, learnt, keep))
        evaluation = evaluate(folder, test, recipe.geometry)
        command = f"python -m training evaluate {recipe.model} --version {target.name} --data-dir DIR"
        card = ModelCard(
            name=recipe.model,
            version=int(target.name),
            description=recipe.description,
            classes=training.classes,
            input_shape=INPUT_SHAPE,
            geometry=recipe.geometry,
            preprocessing_version=PREPROCESSING_VERSION,
            temperature=calibrator.base,
            temperature_sharp=calibrator.sharp,
            class_factors=calibrator.factors,
            logit_offsets=trained.offsets,
            parameters=trained.folded.count_params(),
            multiply_adds=multiply_adds(trained.folded),
            training_data=DataSource(
                name=training.name, part=training.part, images=len(learnt.labels), files=training.files
            ),
            validation_images=len(validation.labels),
            recipe=trained.recipe,
            training_seconds=trained.seconds,
            created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            library_versions=_library_versions(),
            metrics=(evaluation.metrics(command),),
            operating_points=operating_points(confidences, right, TARGET_ERRORS),
            target_error=recipe.target_error,
            forms=compare_forms(folder, evaluation),
            seeds=measure_seeds(recipe, trained.runs_dir, training, evaluation) if trained.runs_dir else (),
            limitations=recipe.limitations,
        )
        (folder / CARD_FILE).write_text(card.model_dump_json(indent=2) + "\n")
        (folder / "MODEL_CARD.md").write_text(render(card, evaluation))
        write_evidence(evaluation, command, folder)
        curves_plot(trained.log, folder / "curves.png")
        shutil.copyfile(trained.log, folder / LOG_FILE)
        write_checksums(folder)
        folder.rename(target)
    return target


def save_model(network: keras.Model, calibrator: Calibrator, folder: Path) -> None:
    """Save a network that gives logits as a SavedModel that gives calibrated probabilities.

    The signature `serving_default` maps `image`, float32 [N, 28, 28, 1] in 0..1, to `probabilities`, float32 [N, C].
    Weights are frozen into the graph, so that TensorFlow can fold and lay them out when it loads it.
    """
    spec = tf.TensorSpec([None, *INPUT_SHAPE], tf.float32, name="image")
    live = tf.function(lambda image: calibrator.graph(network(image, training=False), image))
    frozen = convert_variables_to_constants_v2(live.get_concrete_function(spec))

    @tf.function(input_signature=[spec])
    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"probabilities": frozen(image)[0]}

    module = tf.Module()
    module.serve = serve
    tf.saved_model.save(module, str(folder), signatures={"serving_default": serve})


def convert_to_litert(folder: Path) -> None:
    """Write `model.tflite`, float32, beside the SavedModel in a folder.

    By way of the SavedModel: converted from a bare concrete function the same network ran without XNNPACK, ten times
    slower.
    """
    (folder / LITERT_FILE).write_bytes(tf.lite.TFLiteConverter.from_saved_model(str(folder)).convert())


def _check_same(network: keras.Model, calibrator: Calibrator, folder: Path, images: Images, otherwise: str) -> None:
    """Raise RunError, with words and by how much, unless a saved graph answers as a network and its calibrator do."""
    serve = tf.saved_model.load(str(folder)).signatures["serving_default"]
    exported = serve(image=tf.constant(images))["probabilities"].numpy()
    trained = calibrator.probabilities(predict_logits(network, images), sharpnesses(images))
    # No number is within the tolerance of NaN.
    if not (distance := float(np.abs(exported - trained).max())) <= EXPORT_TOLERANCE:
        raise RunError(f"{otherwise} by {distance:.2g}.")


def _library_versions() -> dict[str, str]:
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
