"""`MODEL_CARD.md`, written from the card and the evaluation so that no figure is typed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from app.artifacts import ModelCard
from training.allographs import FONT_SHARE
from training.evaluate import Evaluation
from training.evidence import PICTURES
from training.seeds import spread

#: Confusions that the card names.
TOP_CONFUSIONS = 10


def render(card: ModelCard, evaluation: Evaluation) -> str:
    """Return the card as Markdown."""
    data = card.training_data
    figures = "\n".join(
        f"| {m.test_set.name} {m.test_set.part} | {m.test_set.images:,} | {m.accuracy:.4f} | "
        f"{m.mean_per_class_accuracy:.4f} | {m.expected_calibration_error:.4f} | `{m.command}` |"
        for m in card.metrics
    )
    outliers = _outliers(card.recipe["outliers"])
    written = _written(card)
    points = "\n".join(f"| {p.target_error} | {p.confidence:.6f} | {p.coverage:.4f} |" for p in card.operating_points)
    drawn = {**{name: title for name, (title, _) in PICTURES.items()}, "curves.png": "Training curves"}
    forms = "\n".join(
        f"| `{f.file}` | {f.size / 1000:,.0f} kB | {f.accuracy:.4f} | {f.mean_per_class_accuracy:.4f} | "
        f"{f.expected_calibration_error:.4f} | {f.same_answer:.5f} | {f.largest_difference:.2g} |"
        for f in card.forms
    )
    pictures = "\n".join(f"![{title}]({name})" for name, title in drawn.items())
    limitations = "\n".join(f"- {sentence}" for sentence in card.limitations)
    libraries = ", ".join(f"{name} {version}" for name, version in card.library_versions.items())
    pages = ", once\nas they are and once as read off pages" if card.recipe.get("degraded_copies") else ""
    return f"""# {card.name} {card.version}

{card.description} {len(card.classes)} classes, {card.parameters:,} parameters, {card.multiply_adds / 1e6:.1f} million
multiply-adds an image.

| test set | images | accuracy | mean per class | calibration error (15 bins of equal mass) | command |
|---|---|---|---|---|---|
{figures}

Trained on {data.images:,} images of {data.name} {data.part}{written}
for {card.training_seconds / 60:.0f} minutes{_start(card)};
{card.validation_images:,} more of its images were kept back to fit the temperature
({_temperature(card)}).{outliers} {_weights(card)}; no checkpoint was chosen.
Preprocessing version {card.preprocessing_version}, geometry `{card.geometry}`. {libraries}.

{_seeds(card)}## In which files
The same network, on the {len(evaluation.data.labels):,} images of {evaluation.data.name} {evaluation.data.part}; share
of equal top answers and largest difference of a probability against the SavedModel:

| file | size | accuracy | mean per class | calibration error | same answer | difference, at most |
|---|---|---|---|---|---|---|
{forms}

## When a person should look
Answers of less than some confidence are marked `uncertain`. On the {card.validation_images:,} validation images{pages}:

| wrong answers among the others, at most | least confidence | share of images answered |
|---|---|---|
{points}

Served unless `INKLING_TARGET_ERROR` says otherwise: {card.target_error}.

## What it cannot do
{limitations}

## Where it errs
{_confusions(evaluation)}

{pictures}

`card.json` has the classes, the whole recipe and the checksums of the data; `metrics.json` has the figures of every
class, of every bin of confidence, and of the most confident answers.
"""


def _start(card: ModelCard) -> str:
    """Return which model it goes on from, in words, where there is one."""
    start, share = card.recipe.get("start"), card.recipe.get("start_share")
    if start is None:
        return ""
    kept = f", which have a share of {share:g} in these" if share else ""
    return f", going on from the weights of `{card.name}` {start}{kept}"


def _weights(card: ModelCard) -> str:
    """Return what the weights are that ship, in words."""
    last = "the moving average of" if card.recipe["ema_decay"] else "those after"
    if card.recipe.get("start_share"):
        return f"The weights are a mean of those that it began with and of {last} the last step"
    return f"The weights are {last} the last step"


def _temperature(card: ModelCard) -> str:
    """Return what becomes of the logits, in words."""
    words = f"{card.temperature:.3f}"
    if card.temperature_sharp != 1:
        words += f" times {card.temperature_sharp:.3f} to the power of the picture's sharpness"
    if card.class_factors:
        words += f", times a factor by class, from {min(card.class_factors):.2f} to {max(card.class_factors):.2f}"
    return words


def _seeds(card: ModelCard) -> str:
    """Return a section on the runs of other seeds, where there are any."""
    if len(card.seeds) < 2:
        return ""
    rows = "\n".join(
        f"| {found.seed} | {found.accuracy:.5f} | {found.mean_per_class_accuracy:.5f} |" for found in card.seeds
    )
    accuracy = "{:.5f} ± {:.5f}".format(*spread([found.accuracy for found in card.seeds]))
    per_class = "{:.5f} ± {:.5f}".format(*spread([found.mean_per_class_accuracy for found in card.seeds]))
    return f"""## What is luck
The same recipe with {len(card.seeds)} seeds, on the same test set; the model is the first, whatever the others reached.

| seed | accuracy | mean per class |
|---|---|---|
{rows}
| mean ± standard deviation | {accuracy} | {per_class} |

"""


def _written(card: ModelCard) -> str:
    """Return what was drawn beside the data set's images, in words."""
    count = card.recipe.get("written", 0) * len(card.classes)
    fonts = card.recipe.get("fonts")
    after = f", {FONT_SHARE:.0%} of them after {len(fonts)} handwriting fonts that the card names," if fonts else ""
    return f" and {count:,} that were drawn in other shapes of each class{after}" if count else ""


def _outliers(spec: dict[str, Any]) -> str:
    """Return a sentence on what else was shown to the network, as the recipe of a card has it."""
    if not spec["batch"]:
        return ""
    letters = f" characters {' '.join(spec['labels'])} of {spec['dataset']} train," if spec["dataset"] else ""
    drawn = f"{spec['drawn']:,} drawn scribbles and as many pairs of training images"
    return f" It also learnt to be unsure of{letters} {drawn}."


def _confusions(evaluation: Evaluation) -> str:
    counts = evaluation.confusion()
    totals = counts.sum(axis=1)
    np.fill_diagonal(counts, 0)
    names = [item.label for item in evaluation.data.classes]
    order = np.argsort(counts, axis=None)[::-1][:TOP_CONFUSIONS]
    rows = [
        f"| {names[label]} | {names[answer]} | {counts[label, answer]} of {totals[label]:,} |"
        for label, answer in zip(*np.unravel_index(order, counts.shape), strict=True)
        if counts[label, answer]
    ]
    return "\n".join(["| label | answered | images |", "|---|---|---|", *rows])
