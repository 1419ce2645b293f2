"""The command line of training."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from app.artifacts import (
    INT8_FILE,
    LITERT_FILE,
    Artifact,
    ArtifactError,
    ArtifactMissing,
    model_names,
    open_artifact,
    versions,
)
from app.imaging import GEOMETRIES, PREPROCESSING_VERSION
from training.calibrate import auroc
from training.calibration import compare_temperatures
from training.claims import CLAIMS, by_model, by_recipe
from training.datasets import DatasetError, LabelledImages, emnist, load_dataset, mnist
from training.datasets.check import check, shared_images
from training.datasets.download import download
from training.datasets.photos import read_photos
from training.evaluate import Evaluation, evaluate, same_classes, sample
from training.evidence import write_evidence, write_robustness
from training.export import export, validation_logits
from training.fit import Run, RunError
from training.fonts import FontsMissing
from training.forms import PARITY, compare_forms, is_equal, milliseconds
from training.onnx import OnnxMissing, to_onnx
from training.outliers import UNLIKE_DIGITS
from training.photos import mistakes_sheet, read_all, scores
from training.plots import contact_sheet
from training.recipes import MODELS, SHIPPED, VARIANTS, Recipe, recipe_of
from training.report import render_report
from training.robustness import measure, plain_resizing, through_the_chain
from training.seeds import measure_seeds, run_folder, spread
from training.workers import workers

cli = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Turns MNIST and EMNIST into models for the service."
)
data_cli = typer.Typer(no_args_is_help=True, help="Get, check and look at the data sets.")
cli.add_typer(data_cli, name="data")

CONSOLE = Console()
PHOTOS = "photos"
LETTERS = 10_000
#: Enough to tell half a point apart, in minutes.
ROBUSTNESS_IMAGES = 1000
DOWNLOADS = {"mnist": mnist.DOWNLOAD, "emnist": emnist.DOWNLOAD}

DataDir = Annotated[Path, typer.Option(help="Where the data sets are, or go.")]
ModelsDir = Annotated[Path, typer.Option(help="Where the artifacts are, or go.")]
RunsDir = Annotated[Path, typer.Option(help="Where runs keep their logs and checkpoints, one folder each.")]
DataSet = Annotated[str, typer.Argument(help="mnist, emnist (its bymerge split) or emnist/<split>.", metavar="SET")]
ModelName = Annotated[str, typer.Argument(help=f"One of: {', '.join(MODELS)}.", metavar="MODEL")]
Variant = Annotated[str, typer.Option("--recipe", help=f"Which recipe of the model: {', '.join(VARIANTS)}.")]
Seed = Annotated[int | None, typer.Option(help="Overrules the recipe's.")]


class Form(StrEnum):
    """A file that a shipped network can be had as."""

    TFLITE = "tflite"
    TFLITE_INT8 = "tflite-int8"
    ONNX = "onnx"


class Part(StrEnum):
    """A part of a data set."""

    TRAIN = "train"
    TEST = "test"


@data_cli.command("download")
def data_download(name: DataSet, data_dir: DataDir = Path("data")) -> None:
    """Fetch a data set's official archive. Goes on where an earlier call stopped, and checks the SHA-256."""
    family = name.partition("/")[0]
    with _errors():
        if family not in DOWNLOADS:
            raise DatasetError(f"There is no data set {name!r}; use mnist or emnist.")
        print(download(DOWNLOADS[family], data_dir / family))


@data_cli.command("check")
def data_check(
    name: DataSet,
    data_dir: DataDir = Path("data"),
    sheet: Annotated[Path | None, typer.Option(help="Where the contact sheet goes; <set>-check.png otherwise.")] = None,
) -> None:
    """Print counts, ranges, duplicates and orientation of a data set, and draw ten images of every class."""
    with _errors():
        parts = {part: load_dataset(name, part, data_dir) for part in Part}
        findings = {part: check(data) for part, data in parts.items()}
        overlap = shared_images(parts[Part.TRAIN], parts[Part.TEST])
    table = Table("class", *(f"{part} images" for part in Part), title=parts[Part.TRAIN].name)
    for item in parts[Part.TRAIN].classes:
        table.add_row(" ".join(item.characters), *(f"{findings[part].counts[item.label]:,}" for part in Part))
    CONSOLE.print(table)
    for part, found in findings.items():
        print(
            f"{part}: {sum(found.counts.values()):,} images, pixels {found.value_range[0]} to {found.value_range[1]}, "
            f"mean {found.mean:.1f}; {found.blank} blank, {found.duplicates} repeated, {found.conflicting} of them "
            "under another label; "
            + ("upright" if not found.misoriented else "NOT UPRIGHT: " + ", ".join(found.misoriented))
        )
    print(f"{overlap} test images are also among the training images")
    train = parts[Part.TRAIN]
    rows = [np.flatnonzero(train.labels == label)[:10] for label in range(len(train.classes))]
    path = sheet or Path(f"{name.replace('/', '-')}-check.png")
    chosen = np.concatenate(rows)
    contact_sheet(
        train.images[chosen],
        [train.classes[label].label for label in train.labels[chosen]],
        path,
        title=f"{train.name} {train.part}",
        columns=20,
    )
    print(f"contact sheet: {path}")
    if any(found.misoriented for found in findings.values()):
        raise typer.Exit(1)


@data_cli.command("show")
def data_show(
    name: DataSet,
    data_dir: DataDir = Path("data"),
    part: Annotated[Part, typer.Option(help="Which part.")] = Part.TRAIN,
    character: Annotated[str | None, typer.Option(help="Only images of this character's class.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many images.")] = 160,
    seed: Annotated[int, typer.Option(help="Which random ones.")] = 0,
    out: Annotated[Path, typer.Option(help="Where the picture goes.")] = Path("show.png"),
) -> None:
    """Draw random images of a data set with their labels."""
    with _errors():
        data = load_dataset(name, part, data_dir)
        wanted = [label for label, item in enumerate(data.classes) if character is None or character in item.characters]
        if not wanted:
            raise DatasetError(f"{data.name} has no class for {character!r}.")
    candidates = np.flatnonzero(np.isin(data.labels, wanted))
    chosen = np.random.default_rng(seed).permutation(candidates)[:count]
    labels = [data.classes[label].label for label in data.labels[chosen]]
    contact_sheet(data.images[chosen], labels, out, title=f"{data.name} {data.part}")
    print(out)


@cli.command()
def fit(
    name: ModelName,
    data_dir: DataDir = Path("data"),
    runs_dir: RunsDir = Path("runs"),
    variant: Variant = SHIPPED,
    seed: Seed = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Stop, with a checkpoint, at this step.")] = None,
    models_dir: ModelsDir = Path("models"),
) -> None:
    """Train a recipe. Ctrl-C is safe: the same command goes on from there as if nothing had happened.

    With TF_CONFIG set as TensorFlow has it, the processes that it names train together, each on a share of every
    batch. The recipe five-epochs is measured when it is done, beside the shipped model of --models-dir.
    """
    together = workers()  # before TensorFlow does anything else
    with _errors():
        recipe = _recipe(name, variant, seed)
        foreign = load_dataset(recipe.outliers.dataset, Part.TRAIN, data_dir) if recipe.outliers.dataset else None
        data = load_dataset(recipe.dataset, Part.TRAIN, data_dir)
        run = Run(recipe, data, run_folder(runs_dir, recipe), foreign, together)
        complete = run.train(max_steps)
        if complete:
            together.wait()  # for the chief, who measures and writes; the others would seem to have died
    print("complete" if complete else f"stopped at step {run.step} of {run.steps}")
    if complete and variant != SHIPPED and together.chief:
        _print_claim(recipe, runs_dir, data_dir, models_dir)


def _print_claim(recipe: Recipe, runs_dir: Path, data_dir: Path, models_dir: Path) -> None:
    with _errors():
        test = load_dataset(recipe.dataset, Part.TEST, data_dir)
        reached = [by_recipe(recipe, run_folder(runs_dir, recipe), test)]
        reached.append(by_model(_artifact(models_dir, recipe.model)))
    claim = CLAIMS[recipe.model]
    table = Table(
        "", "right", "mean per class", f"seconds to {claim.least:.0%}", "epochs", "seconds",
        title=f"claimed: {claim.words}; on {len(test.labels):,} images of {test.name} {test.part}",
        caption="seconds of training on the machine that did it, to the end of the first epoch after which so many "
        "validation images were right",
    )  # fmt: skip
    for one in reached:
        table.add_row(
            one.name,
            f"{one.accuracy:.4f}",
            f"{one.mean_per_class_accuracy:.4f}",
            "never" if one.seconds is None else f"{one.seconds:.0f}",
            str(one.epochs),
            f"{one.total_seconds:.0f}",
        )
    CONSOLE.print(table)


@cli.command("export")
def export_command(
    name: ModelName,
    data_dir: DataDir = Path("data"),
    runs_dir: RunsDir = Path("runs"),
    models_dir: ModelsDir = Path("models"),
    variant: Variant = SHIPPED,
    seed: Seed = None,
    version: Annotated[
        int | None, typer.Option(min=1, help="One above the highest otherwise; with --to, the highest.")
    ] = None,
    to: Annotated[Form | None, typer.Option(help="No artifact, but a file of a model that there is.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Where the file goes; <model>-<version>.<form> otherwise. With --to.")
    ] = None,
) -> None:
    """Make an artifact of a finished run: fold, calibrate, freeze, quantise, measure on the test set, write the card.

    With --to, write a network of --models-dir as a file for another runtime instead.
    """
    if to:
        _convert(name, models_dir, version, to, out)
        return
    if out:
        raise typer.BadParameter("--out belongs to --to")
    with _errors():
        recipe = _recipe(name, variant, seed)
        target = export(
            recipe,
            run_folder(runs_dir, recipe),
            load_dataset(recipe.dataset, Part.TRAIN, data_dir),
            load_dataset(recipe.dataset, Part.TEST, data_dir),
            models_dir,
            version=version,
        )
    print(target)


def _convert(name: str, models_dir: Path, version: int | None, to: Form, out: Path | None) -> None:
    with _errors():
        artifact = _artifact(models_dir, name, version)
        if to is Form.ONNX:
            content = to_onnx(artifact.path)
        else:
            file = artifact.path / (INT8_FILE if to is Form.TFLITE_INT8 else LITERT_FILE)
            if not file.is_file():
                raise ArtifactMissing(f"{name} {artifact.card.version} has no {file.name}: it was made without one.")
            content = file.read_bytes()
    ending = "int8.tflite" if to is Form.TFLITE_INT8 else to.value
    path = out or Path(f"{name}-{artifact.card.version}.{ending}")
    path.write_bytes(content)
    print(path)


@cli.command("seeds")
def seeds_command(
    name: ModelName,
    data_dir: DataDir = Path("data"),
    runs_dir: RunsDir = Path("runs"),
    variant: Variant = SHIPPED,
) -> None:
    """Measure every finished run of a recipe on the test set, whatever its seed: the mean, and what is luck in it."""
    with _errors():
        recipe = _recipe(name, variant, None)
        training = load_dataset(recipe.dataset, Part.TRAIN, data_dir)
        test = load_dataset(recipe.dataset, Part.TEST, data_dir)
        found = measure_seeds(recipe, runs_dir, training, test)
        if not found:
            raise RunError(f"{runs_dir} holds no finished run of {recipe.name}.")
    table = Table(
        "seed", "right", "mean per class", title=f"{recipe.name} on {len(test.labels):,} images of {test.name}"
    )
    for one in found:
        shipped = " (shipped)" if one.seed == recipe.seed else ""
        table.add_row(f"{one.seed}{shipped}", f"{one.accuracy:.5f}", f"{one.mean_per_class_accuracy:.5f}")
    figures = [one.accuracy for one in found], [one.mean_per_class_accuracy for one in found]
    table.add_row("mean ± standard deviation", *("{:.5f} ± {:.5f}".format(*spread(values)) for values in figures))
    CONSOLE.print(table)


@cli.command("calibrate")
def calibrate_command(
    name: ModelName,
    data_dir: DataDir = Path("data"),
    runs_dir: RunsDir = Path("runs"),
    variant: Variant = SHIPPED,
    seed: Seed = None,
) -> None:
    """Compare ways to calibrate a finished run, on its validation images alone: half of them fit, half measure."""
    with _errors():
        recipe = _recipe(name, variant, seed)
        training = load_dataset(recipe.dataset, Part.TRAIN, data_dir)
        logits, labels, sharp = validation_logits(recipe, run_folder(runs_dir, recipe), training)
        if not recipe.degraded_copies:
            raise RunError(f"{recipe.name} has no pages to compare on.")
    table = Table(
        "temperature", "images", "error", "by chance", "excess", "loss",
        title=f"{recipe.name}: {len(labels) // 2:,} validation images, and the same read off pages",
    )  # fmt: skip
    for way, kinds in compare_temperatures(logits, labels, sharp).items():
        for images, kind in zip(("as they are", "pages"), kinds, strict=True):
            figures = f"{kind.error:.5f}", f"{kind.chance:.5f}", f"{kind.excess:+.5f}", f"{kind.loss:.5f}"
            table.add_row(way, images, *figures)
    CONSOLE.print(table)


@cli.command("parity")
def parity_command(
    name: Annotated[str, typer.Argument(help="Name of the artifact, such as digit.", metavar="MODEL")],
    data_dir: DataDir = Path("data"),
    models_dir: ModelsDir = Path("models"),
    version: Annotated[int | None, typer.Option(min=1, help="The highest otherwise.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Only so many images, drawn at random; 0 for all.")] = 0,
    seed: Annotated[int, typer.Option(help="Which random ones.")] = 0,
) -> None:
    """Send a test set through every file of an artifact: size, time, accuracy. Fails where LiteRT's float one differs.

    It may not give another top answer than the SavedModel to any image, nor a probability further than 1e-4 from its.
    """
    with _errors():
        artifact = _artifact(models_dir, name, version)
        data = sample(load_dataset(artifact.card.training_data.name, Part.TEST, data_dir), limit, seed)
        evaluation = evaluate(artifact.path, data, artifact.card.geometry)
    forms = compare_forms(artifact.path, evaluation)
    one, many = (milliseconds(artifact.path, size) for size in (1, 32))
    table = Table(
        "",
        *(form.file for form in forms),
        title=f"{name} {artifact.card.version} on {len(data.labels):,} images of {data.name} {data.part}; one thread",
    )
    table.add_row("kB", *(f"{form.size / 1000:,.0f}" for form in forms))
    table.add_row("ms, 1 image", *(f"{one[form.file]:.3f}" for form in forms))
    table.add_row("ms, 32 images", *(f"{many[form.file]:.2f}" for form in forms))
    table.add_row("right", *(f"{form.accuracy:.5f}" for form in forms))
    table.add_row("mean per class", *(f"{form.mean_per_class_accuracy:.5f}" for form in forms))
    table.add_row("calibration error", *(f"{form.expected_calibration_error:.5f}" for form in forms))
    table.add_row("same answer", *(f"{form.same_answer:.5f}" for form in forms))
    table.add_row("largest difference", *(f"{form.largest_difference:.2g}" for form in forms))
    CONSOLE.print(table)
    if not all(is_equal(form) for form in forms if form.file == LITERT_FILE):
        print(f"{LITERT_FILE} gives another answer, or a probability further than {PARITY} away", file=sys.stderr)
        raise typer.Exit(1)


@cli.command("evaluate")
def evaluate_command(
    name: Annotated[
        str, typer.Argument(help="Name of the artifact, such as digit; or photos.", metavar="MODEL|photos")
    ],
    folder: Annotated[Path | None, typer.Argument(help="Of labelled photos: labels.csv and its files.")] = None,
    data_dir: DataDir = Path("data"),
    models_dir: ModelsDir = Path("models"),
    version: Annotated[int | None, typer.Option(min=1, help="The highest otherwise.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Another data set of the same classes.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Only so many images, drawn at random; 0 for all.")] = 0,
    seed: Annotated[int, typer.Option(help="Which random ones.")] = 0,
    out: Annotated[Path, typer.Option(help="Where the files that belong to the figures go.")] = Path("evaluation"),
    letters: Annotated[
        bool, typer.Option("--letters", help="How well digits are told from 10,000 of EMNIST's test letters.")
    ] = False,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="On 15 corruptions at 5 strengths; 1,000 images without --limit.")
    ] = False,
) -> None:
    """Measure an artifact on a test set and print the figures as JSON; or the newest ones on a folder of photos."""
    if name == PHOTOS or folder:
        if version or dataset or limit or letters or robustness:
            raise typer.BadParameter(
                "photos are read by the newest models, all of them; only --out and --models-dir apply"
            )
        _evaluate_photos(name, folder, models_dir, out)
        return
    with _errors():
        artifact = _artifact(models_dir, name, version)
        source = dataset or artifact.card.training_data.name
        data = sample(load_dataset(source, Part.TEST, data_dir), limit, seed)
        if not same_classes(data.classes, artifact.card.classes):
            raise DatasetError(f"{source} has other classes than {name}.")
    if robustness:
        _evaluate_robustness(artifact, data if limit else sample(data, ROBUSTNESS_IMAGES, seed), models_dir, out, seed)
        return
    with _errors():
        evaluation = evaluate(artifact.path, data, artifact.card.geometry)
        if letters:
            _evaluate_letters(artifact, evaluation, load_dataset("emnist", Part.TEST, data_dir), seed)
            return
    command = f"python -m training evaluate {name} --version {artifact.card.version} --dataset {source}" + (
        f" --limit {limit} --seed {seed}" if limit else ""
    )
    drawn = f"-{limit}-of-seed-{seed}" if limit else ""
    folder = out / f"{name}-{artifact.card.version}-{source.replace('/', '-')}{drawn}"
    write_evidence(evaluation, command, folder)
    print(f"by class, by confidence, and in pictures: {folder}", file=sys.stderr)
    print(evaluation.metrics(command).model_dump_json(indent=2))


@cli.command("report")
def report_command(
    models_dir: ModelsDir = Path("models"),
    out: Annotated[Path, typer.Option(help="Where the page goes.")] = Path("report.html"),
    evaluation: Annotated[Path, typer.Option(help="Where `evaluate --robustness` left what it found.")] = Path(
        "evaluation"
    ),
) -> None:
    """Render one HTML page about all models: their figures, what they cannot do, where they err, in pictures."""
    with _errors():
        artifacts = [
            _artifact(models_dir, name, version)
            for name in model_names(models_dir)
            for version in versions(models_dir, name)
        ]
        if not artifacts:
            raise ArtifactMissing(f"There is no model in {models_dir}.")
    out.write_text(render_report(artifacts, evaluation))
    print(out)


def _evaluate_letters(artifact: Artifact, known: Evaluation, foreign: LabelledImages, seed: int) -> None:
    unlike = [label for label, item in enumerate(foreign.classes) if item.label in UNLIKE_DIGITS]
    chosen = sample(foreign.take(np.flatnonzero(np.isin(foreign.labels, unlike))), LETTERS, seed)
    unknown = evaluate(artifact.path, chosen, artifact.card.geometry)
    least = artifact.card.least_confidence()
    told = auroc(known.confidences, unknown.confidences)
    print(
        f"{artifact.card.name} {artifact.card.version}: {len(known.confidences):,} images of {known.data.name} "
        f"{known.data.part} against {len(chosen.labels):,} letters unlike digits of {foreign.name} {foreign.part}\n"
        f"AUROC of the confidence: {told:.4f}\n"
        f"uncertain, below {least}: {np.mean(known.confidences < least):.4f} of the digits, "
        f"{np.mean(unknown.confidences < least):.4f} of the letters\n"
        f"right among the other digits: {known.right[known.confidences >= least].mean():.4f}"
    )


def _evaluate_photos(name: str, folder: Path | None, models_dir: Path, out: Path) -> None:
    with _errors():
        if name != PHOTOS or folder is None:
            raise DatasetError("Photos are measured with: python -m training evaluate photos DIR")
        photos = read_photos(folder)
        artifacts = [_artifact(models_dir, model) for model in model_names(models_dir)]
    out.mkdir(parents=True, exist_ok=True)
    for artifact in artifacts:
        card = artifact.card
        with _errors():
            readings = read_all(artifact, photos)
        table = Table("source", "images", "right", "or a look-alike", title=f"{card.name} {card.version}")
        for source, score in scores(readings).items():
            table.add_row(source, f"{score.images:,}", f"{score.accuracy:.4f}", f"{score.lookalikes_forgiven:.4f}")
        CONSOLE.print(table)
        sheet = out / f"photos-{card.name}-mistakes.png"
        mistakes_sheet(readings, card.geometry, sheet, title=f"{card.name} {card.version}")
        print(f"mistakes: {sheet}")


def _evaluate_robustness(artifact: Artifact, data: LabelledImages, models_dir: Path, out: Path, seed: int) -> None:
    """Measure a model as it serves, and the oldest version, which learnt from the bare data set, plainly resized."""
    card = artifact.card
    out.mkdir(parents=True, exist_ok=True)
    with _errors():
        oldest = _artifact(models_dir, card.name, versions(models_dir, card.name)[0])
    results = [
        measure(artifact, data, through_the_chain(card.geometry), "as served", seed),
        measure(oldest, data, plain_resizing, "plain resizing", seed),
    ]
    table = Table(
        "corruption",
        *(result.name for result in results),
        title=f"accuracy on {len(data.labels):,} images of {data.name} {data.part}, by strength",
    )
    for name in results[0].accuracies:
        table.add_row(name, *("  ".join(f"{v:.3f}" for v in result.accuracies[name]) for result in results))
    table.add_row("mean of all", *(f"{result.mean:.4f}" for result in results))
    CONSOLE.print(table)
    print(f"plot: {write_robustness(results, card, data, out)}")


def _artifact(models_dir: Path, name: str, version: int | None = None) -> Artifact:
    return open_artifact(models_dir, name, version, preprocessing_version=PREPROCESSING_VERSION, geometries=GEOMETRIES)


def _recipe(name: str, variant: str, seed: int | None) -> Recipe:
    try:
        recipe = recipe_of(name, variant)
    except KeyError as error:
        raise RunError(str(error.args[0])) from error
    return recipe if seed is None else dataclasses.replace(recipe, seed=seed)


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except (DatasetError, FontsMissing, RunError, ArtifactError, OnnxMissing) as error:
        Console(stderr=True).print(str(error), markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
