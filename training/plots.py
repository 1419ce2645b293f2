"""Pictures for people: contact sheets, confusion matrices, worst mistakes, training curves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from PIL import Image

from training.evaluate import Evaluation
from training.figures import calibration_bins, risk_by_coverage
from training.robustness import Robustness
from training.runs import read_log

mpl.use("Agg")

#: Dots an inch of every picture: sharp on a page, and small in a repository.
DPI = 100
#: Side of a picture in a strip, in pixels.
STRIP_SIDE = 84


def contact_sheet(
    images: npt.NDArray[np.generic], captions: Sequence[str], path: Path, *, title: str, columns: int = 16
) -> None:
    """Draw small images in a grid with a caption below each.

    Args:
        images: [N, 28, 28], black at 0.
        captions: N lines.
        path: of the PNG.
        title: above the grid.
        columns: images in a row.
    """
    rows = max(1, -(-len(images) // columns))
    figure = Figure(figsize=(columns * 0.62, rows * 0.78 + 0.5), layout="constrained")
    figure.suptitle(title, fontsize=10)
    axes = figure.subplots(rows, columns, squeeze=False)
    for index, axis in enumerate(axes.flat):
        axis.axis("off")
        if index < len(images):
            axis.imshow(images[index], cmap="gray")
            axis.set_title(captions[index], fontsize=6, y=-0.35)
    figure.savefig(path, dpi=DPI)


def strips_plot(
    strips: Sequence[Sequence[npt.NDArray[np.uint8]]],
    captions: Sequence[str],
    path: Path,
    *,
    title: str,
    columns: int = 8,
) -> None:
    """Draw pictures side by side in strips, a strip to a cell of a grid, a caption below each.

    Args:
        strips: N times any number of uint8 [height, width] pictures, each fitted into a square.
        captions: N captions.
        path: of the PNG.
        title: above the grid.
        columns: strips in a row.
    """
    rows = max(1, -(-len(strips) // columns))
    figure = Figure(figsize=(columns * 2.1, rows * 1.1 + 0.5), layout="constrained")
    figure.suptitle(title, fontsize=10)
    for axis, index in zip(figure.subplots(rows, columns, squeeze=False).flat, range(rows * columns), strict=True):
        axis.axis("off")
        if index < len(strips):
            if strips[index]:
                axis.imshow(np.hstack([_squared(picture) for picture in strips[index]]), cmap="gray", vmin=0, vmax=255)
            axis.set_title(captions[index], fontsize=6, y=-0.35)
    figure.savefig(path, dpi=DPI)


def _squared(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Fit a picture into a square of `STRIP_SIDE`, grey where it does not reach."""
    height, width = picture.shape
    scale = STRIP_SIDE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    resampling = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.BOX
    square = Image.new("L", (STRIP_SIDE + 4, STRIP_SIDE), 128)
    square.paste(Image.fromarray(picture).resize(size, resampling))
    return np.asarray(square)


def confusion_plot(evaluation: Evaluation, path: Path) -> None:
    """Draw the share of each label that was answered as each class; only mistakes have colour."""
    counts = evaluation.confusion()
    names = [item.label for item in evaluation.data.classes]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    mistakes = shares.copy()
    np.fill_diagonal(mistakes, np.nan)
    side = max(5.0, 0.24 * len(names) + 2)
    figure = Figure(figsize=(side, side), layout="constrained")
    axis = figure.subplots()
    picture = axis.imshow(mistakes, cmap="magma_r", vmin=0)
    axis.set_xticks(range(len(names)), names)
    axis.set_yticks(range(len(names)), names)
    axis.set_xlabel("answer")
    axis.set_ylabel("label")
    axis.set_title(f"{evaluation.data.name} {evaluation.data.part}, {len(evaluation.data.labels)} images")
    if len(names) <= 20:
        for row, column in np.argwhere(counts > 0):
            axis.text(column, row, counts[row, column], ha="center", va="center", fontsize=7, color="grey")
    figure.colorbar(picture, label="share of the label's images", shrink=0.7)
    figure.savefig(path, dpi=DPI)


def mistakes_plot(evaluation: Evaluation, path: Path, limit: int = 96) -> None:
    """Draw the wrong answers of most confidence, as the network saw them: label, answer, confidence."""
    wrong = np.flatnonzero(~evaluation.right)
    worst = wrong[np.argsort(-evaluation.confidences[wrong])][:limit]
    names = [item.label for item in evaluation.data.classes]
    contact_sheet(
        evaluation.seen[worst, ..., 0],
        [
            f"{names[evaluation.data.labels[i]]} as {names[evaluation.answers[i]]} {evaluation.confidences[i]:.2f}"
            for i in worst
        ],
        path,
        title=f"The {len(worst)} most confident of {len(wrong)} mistakes: label, answer, confidence",
    )


def reliability_plot(evaluation: Evaluation, path: Path) -> None:
    """Draw accuracy over confidence, in bins of equal mass; honest confidences lie on the diagonal."""
    bins = calibration_bins(evaluation.confidences, evaluation.right)
    low = min(min(found.confidence, found.accuracy) for found in bins)
    figure = Figure(figsize=(4.6, 4.6), layout="constrained")
    axis = figure.subplots()
    axis.plot([low, 1], [low, 1], color="grey", linewidth=1, linestyle="--", label="honest")
    axis.plot(
        [found.confidence for found in bins],
        [found.accuracy for found in bins],
        marker="o",
        label=f"{len(bins)} bins of {bins[0].images:,} images",
    )
    axis.set_xlabel("confidence")
    axis.set_ylabel("share that was right")
    axis.set_title(f"{evaluation.data.name} {evaluation.data.part}, {len(evaluation.data.labels):,} images")
    axis.grid(alpha=0.3)
    axis.legend()
    figure.savefig(path, dpi=DPI)


def risk_plot(evaluation: Evaluation, path: Path) -> None:
    """Draw the share of wrong answers among the most confident ones, over how many of them are answered."""
    risk = risk_by_coverage(evaluation.confidences, evaluation.right)
    coverage = np.arange(1, len(risk) + 1) / len(risk)
    figure = Figure(figsize=(4.6, 4.6), layout="constrained")
    axis = figure.subplots()
    axis.plot(100 * coverage, 100 * risk)
    axis.set_xlabel("answered, % of the images, the most confident first")
    axis.set_ylabel("of these wrong, %")
    axis.set_title(f"{evaluation.data.name} {evaluation.data.part}, {len(risk):,} images")
    axis.grid(alpha=0.3)
    figure.savefig(path, dpi=DPI)


def robustness_plot(results: Sequence[Robustness], path: Path) -> None:
    """Draw the accuracy by strength, one small plot a corruption, a line a way of reading."""
    names = [name for name in results[0].accuracies if len(results[0].accuracies[name]) > 1]
    columns = 5
    figure = Figure(figsize=(11, 2.1 * -(-len(names) // columns) + 0.6), layout="constrained")
    axes = figure.subplots(-(-len(names) // columns), columns, squeeze=False, sharex=True, sharey=True)
    for axis, name in zip(axes.flat, names, strict=False):
        for result in results:
            values = result.accuracies[name]
            axis.plot(range(1, len(values) + 1), values, marker=".", label=result.name)
        axis.set_title(name, fontsize=9)
        axis.grid(alpha=0.3)
    figure.legend(*axes.flat[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(results))
    figure.supxlabel("strength", fontsize=9)
    figure.supylabel("accuracy", fontsize=9)
    figure.savefig(path, dpi=DPI)


def curves_plot(log: Path, path: Path) -> None:
    """Draw loss and error by epoch from a run's `log.jsonl`."""
    records = read_log(log)
    epochs = [record["epoch"] for record in records]
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    losses, errors = figure.subplots(1, 2)
    for part in ("training", "validation"):
        losses.plot(epochs, [record[f"{part}_loss"] for record in records], marker=".", label=part)
        errors.plot(epochs, [100 - 100 * record[f"{part}_accuracy"] for record in records], marker=".", label=part)
    for axis, name in ((losses, "loss"), (errors, "error, %")):
        axis.set_xlabel("epoch")
        axis.set_ylabel(name)
        axis.set_yscale("log")
        axis.grid(alpha=0.3, which="both")
        axis.legend()
    figure.suptitle(
        "Training: augmented images, live weights, prior, label smoothing, and the loss of outliers where there are any"
        "\nValidation: moving average, none of these",
        fontsize="medium",
    )
    figure.savefig(path, dpi=DPI)
