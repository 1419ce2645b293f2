"""`python -m training evaluate`: measure an artifact on a test set, on bad pictures, on the unknown, or on photos."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from app.artifacts import Artifact, ArtifactMissing, model_names, versions
from training.commands.console import STDOUT, reported
from training.commands.options import (
    DataDir,
    Limit,
    ModelsDir,
    Part,
    SampleSeed,
    Version,
    artifact_named,
    artifact_of_any_preprocessing,
    refuse_given,
)
from training.datasets import DatasetError, LabelledImages, load_dataset
from training.datasets.photos import read_photos
from training.datasets.vocabulary import DIGITS
from training.evaluate import Evaluation, load_network, same_classes, sample
from training.evaluate import evaluate as evaluation_of
from training.evidence import robustness_folder, write_evidence, write_robustness
from training.figures import auroc
from training.outliers import UNLIKE_DIGITS, drawn_signs
from training.pairs import measure as measure_pairs
from training.pairs import pages
from training.photos import known_to, mistakes_sheet, read_all, scores
from training.robustness import measure, plain_resizing, through_the_chain
from training.split import Images, framed

PHOTOS = "photos"
LETTERS = 10_000
SIGN_COUNT = 2_000
PAIR_COUNT = 2_000
#: Enough to tell half a point apart, in minutes.
ROBUSTNESS_IMAGES = 1000


@dataclass(frozen=True)
class Asked:
    """What is measured on a test set: the model, the images, and how they were chosen, which names command and files.

    source: name of the data set.
    limit: how many images were drawn; 0 for all.
    seed: of the drawing.
    """

    artifact: Artifact
    data: LabelledImages
    source: str
    limit: int
    seed: int

    @property
    def trial(self) -> str:
        """The data set and the part of it, as in the name of a folder."""
        drawn = f"-{self.limit}-of-seed-{self.seed}" if self.limit else ""
        return f"{self.source.replace('/', '-')}{drawn}"

    def command(self, *modes: str) -> str:
        """Return the command that measures the same again."""
        card = self.artifact.card
        drawn = ["--limit", self.limit, "--seed", self.seed] if self.limit else []
        words = [card.name, "--version", card.version, *modes, "--dataset", self.source, *drawn]
        return f"python -m training evaluate {' '.join(map(str, words))}"


@reported()
def evaluate(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="Name of the artifact, such as digit; or photos.", metavar="MODEL|photos")
    ],
    folder: Annotated[Path | None, typer.Argument(help="Of labelled photos: labels.csv and its files.")] = None,
    data_dir: DataDir = Path("data"),
    models_dir: ModelsDir = Path("models"),
    version: Version = None,
    dataset: Annotated[str | None, typer.Option(help="Another data set of the same classes.")] = None,
    limit: Limit = 0,
    seed: SampleSeed = 0,
    out: Annotated[Path, typer.Option(help="Where the files that belong to the figures go.")] = Path("evaluation"),
    letters: Annotated[
        bool, typer.Option("--letters", help="How well digits are told from 10,000 of EMNIST's test letters.")
    ] = False,
    signs: Annotated[
        bool, typer.Option("--signs", help="How well characters are told from 2,000 drawn signs that are none.")
    ] = False,
    pairs: Annotated[
        bool, typer.Option("--pairs", help="How often 2,000 pictures of two characters apart are seen to show two.")
    ] = False,
    robustness: Annotated[
        bool, typer.Option("--robustness", help="On 15 corruptions at 5 strengths; 1,000 images without --limit.")
    ] = False,
) -> None:
    """Measure an artifact on a test set and print the figures as JSON; or the newest ones on a folder of photos."""
    _refuse_what_does_not_apply(context)
    if name == PHOTOS or folder:
        _evaluate_photos(name, folder, models_dir, out)
        return
    artifact = artifact_named(models_dir, name, version)
    if letters and not same_classes(artifact.card.classes, DIGITS):
        raise DatasetError(f"--letters tells digits from letters, and {name} has other classes than the ten digits.")
    source = dataset or artifact.card.training_data.name
    limit = limit or (ROBUSTNESS_IMAGES if robustness else 0)
    data = sample(load_dataset(source, Part.TEST, data_dir), limit, seed)
    if not same_classes(data.classes, artifact.card.classes):
        raise DatasetError(f"{source} has other classes than {name}.")
    asked = Asked(artifact, data, source, limit, seed)
    if robustness:
        _evaluate_robustness(asked, models_dir, out)
    elif letters:
        _evaluate_letters(asked, data_dir)
    elif signs:
        _evaluate_signs(asked)
    elif pairs:
        _evaluate_pairs(asked)
    else:
        _evaluate_test_set(asked, out)


def _refuse_what_does_not_apply(context: typer.Context) -> None:
    given = context.params
    modes = [mode for mode in ("letters", "signs", "pairs", "robustness") if given[mode]]
    if given["name"] == PHOTOS or given["folder"]:
        others = ("data_dir", "version", "dataset", "limit", "seed", "letters", "signs", "pairs", "robustness")
        because = "photos are read by the newest models, all of them; only --out and --models-dir apply"
        refuse_given(context, *others, because=because)
    elif len(modes) > 1:
        raise typer.BadParameter(f"{' and '.join(f'--{mode}' for mode in modes)} are measured one at a time")
    elif given["letters"] or given["signs"] or given["pairs"]:
        refuse_given(context, "out", because=f"--{modes[0]} prints its figures and writes no files")
    elif not modes and not given["limit"]:
        refuse_given(context, "seed", because="all images are read; only with --limit some are drawn")


def _evaluate_test_set(asked: Asked, out: Path) -> None:
    artifact = asked.artifact
    evaluation = evaluation_of(artifact.path, asked.data, artifact.card.geometry)
    own = out / f"{artifact.card.name}-{artifact.card.version}-{asked.trial}"
    write_evidence(evaluation, asked.command(), own)
    print(f"by class, by confidence, and in pictures: {own}", file=sys.stderr)
    print(evaluation.metrics(asked.command()).model_dump_json(indent=2))


def _evaluate_letters(asked: Asked, data_dir: Path) -> None:
    foreign = load_dataset("emnist", Part.TEST, data_dir)
    unlike = [label for label, item in enumerate(foreign.classes) if item.label in UNLIKE_DIGITS]
    chosen = sample(foreign.take(np.flatnonzero(np.isin(foreign.labels, unlike))), LETTERS, asked.seed)
    unknown, _ = framed(chosen, asked.artifact.card.geometry)
    _print_told_apart(asked, unknown, f"letters unlike digits of {foreign.name} {foreign.part}")


def _evaluate_signs(asked: Asked) -> None:
    unknown = drawn_signs(SIGN_COUNT, asked.artifact.card.geometry, asked.seed)
    _print_told_apart(asked, unknown, "drawn signs that no recipe learns from")


def _evaluate_pairs(asked: Asked) -> None:
    card, data = asked.artifact.card, asked.data
    network, least = load_network(asked.artifact.path), card.least_confidence()
    print(
        f"{card.name} {card.version}: {PAIR_COUNT:,} pictures of two images of {data.name} {data.part} apart, and as "
        "many of one"
    )
    for together, name in ((2, "two"), (1, "one")):
        shown = pages(data, together, PAIR_COUNT, asked.seed)
        noticed = measure_pairs(shown, card.geometry, network, least)
        print(
            f"{name}: not read {noticed.unread:.4f}; uncertain {noticed.uncertain:.4f}; confidence below {least} in "
            f"{noticed.unsure:.4f}, more than one character in {noticed.several:.4f}"
        )


def _print_told_apart(asked: Asked, unknown: Images, what: str) -> None:
    """Print how well the confidence tells a test set from images of something else."""
    artifact = asked.artifact
    known: Evaluation = evaluation_of(artifact.path, asked.data, artifact.card.geometry)
    confidences = load_network(artifact.path)(unknown).max(axis=1)
    least = artifact.card.least_confidence()
    print(
        f"{artifact.card.name} {artifact.card.version}: {len(known.confidences):,} images of {known.data.name} "
        f"{known.data.part} against {len(unknown):,} {what}\n"
        f"AUROC of the confidence: {auroc(known.confidences, confidences):.4f}\n"
        f"uncertain, below {least}: {np.mean(known.confidences < least):.4f} of the former, "
        f"{np.mean(confidences < least):.4f} of the latter\n"
        f"right among the others of the former: {known.right[known.confidences >= least].mean():.4f}"
    )


def _evaluate_photos(name: str, folder: Path | None, models_dir: Path, out: Path) -> None:
    """Measure the newest version of every model on those of the pictures whose character it knows."""
    if name != PHOTOS or folder is None:
        raise DatasetError("Photos are measured with: python -m training evaluate photos DIR")
    photos = read_photos(folder)
    artifacts = [artifact_named(models_dir, model) for model in model_names(models_dir)]
    if not artifacts:
        raise ArtifactMissing(f"There is no model in {models_dir}.")
    readable = [known_to(artifact.card, photos) for artifact in artifacts]
    if not any(readable):
        raise DatasetError("None of the pictures shows a character that one of the models knows.")
    out.mkdir(parents=True, exist_ok=True)
    for artifact, mine in zip(artifacts, readable, strict=True):
        card = artifact.card
        if not mine:
            print(f"None of the pictures shows a character that {card.name} knows.", file=sys.stderr)
            continue
        readings = read_all(artifact, mine)
        table = Table("source", "images", "right", "or a look-alike", title=f"{card.name} {card.version}")
        for source, score in scores(readings).items():
            table.add_row(source, f"{score.images:,}", f"{score.accuracy:.4f}", f"{score.lookalikes_forgiven:.4f}")
        STDOUT.print(table)
        sheet = out / f"photos-{card.name}-mistakes.png"
        mistakes_sheet(readings, card.geometry, sheet, title=f"{card.name} {card.version}")
        print(f"mistakes: {sheet}")
    known = {photo for mine in readable for photo in mine}
    if left_out := sum(photo not in known for photo in photos):
        print(f"left out, of characters that no model knows: {left_out:,} of {len(photos):,} pictures")


def _evaluate_robustness(asked: Asked, models_dir: Path, out: Path) -> None:
    """Measure a model as it serves, and the oldest version, which learnt from the bare data set, plainly resized."""
    card, data, seed = asked.artifact.card, asked.data, asked.seed
    # Plain resizing does without the preprocessing, so that the oldest may be made for any.
    oldest = artifact_of_any_preprocessing(models_dir, card.name, versions(models_dir, card.name)[0])
    shown = (asked.source, asked.limit, seed) == (card.training_data.name, ROBUSTNESS_IMAGES, 0)
    own = robustness_folder(out, card, "" if shown else asked.trial)
    own.mkdir(parents=True, exist_ok=True)
    results = [
        measure(asked.artifact, data, through_the_chain(card.geometry), "as served", seed),
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
    STDOUT.print(table)
    print(f"plot: {write_robustness(results, asked.command('--robustness'), seed, data, own)}")
