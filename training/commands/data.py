"""`python -m training data`: get, check and look at data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from training.commands.console import STDOUT, reported
from training.commands.options import DataDir, Part, SampleSeed
from training.datasets import DatasetError, emnist, load_dataset, mnist
from training.datasets.check import check, shared_images
from training.datasets.download import download
from training.plots import contact_sheet

DOWNLOADS = {"mnist": mnist.DOWNLOAD, "emnist": emnist.DOWNLOAD}

DataSet = Annotated[str, typer.Argument(help="mnist, emnist (its bymerge split) or emnist/<split>.", metavar="SET")]

data = typer.Typer(no_args_is_help=True, help="Get, check and look at the data sets.")


@data.command("download")
@reported()
def data_download(name: DataSet, data_dir: DataDir = Path("data")) -> None:
    """Fetch a data set's official archive. Goes on where an earlier call stopped, and checks the SHA-256."""
    family = name.partition("/")[0]
    if family not in DOWNLOADS:
        raise DatasetError(f"There is no data set {name!r}; use mnist or emnist.")
    print(download(DOWNLOADS[family], data_dir / family))


@data.command("check")
@reported()
def data_check(
    name: DataSet,
    data_dir: DataDir = Path("data"),
    sheet: Annotated[Path | None, typer.Option(help="Where the contact sheet goes; <set>-check.png otherwise.")] = None,
) -> None:
    """Print counts, ranges, duplicates and orientation of a data set, and draw ten images of every class."""
    path = sheet or Path(f"{name.replace('/', '-')}-check.png")
    if path.is_dir() or not path.parent.is_dir():
        raise DatasetError(f"The contact sheet cannot be {path}: that is a folder, or in one that is not there.")
    parts = {part: load_dataset(name, part, data_dir) for part in Part}
    findings = {part: check(images) for part, images in parts.items()}
    overlap = shared_images(parts[Part.TRAIN], parts[Part.TEST])
    train = parts[Part.TRAIN]
    table = Table("class", *(f"{part} images" for part in Part), title=train.name)
    for item in train.classes:
        table.add_row(" ".join(item.characters), *(f"{findings[part].counts[item.label]:,}" for part in Part))
    STDOUT.print(table)
    for part, found in findings.items():
        print(
            f"{part}: {sum(found.counts.values()):,} images, pixels {found.value_range[0]} to {found.value_range[1]}, "
            f"mean {found.mean:.1f}; {found.blank} blank, {found.duplicates} repeated, {found.conflicting} of them "
            "under another label; "
            + ("upright" if not found.misoriented else "NOT UPRIGHT: " + ", ".join(found.misoriented))
        )
    print(f"{overlap} test images are also among the training images")
    rows = [np.flatnonzero(train.labels == label)[:10] for label in range(len(train.classes))]
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


@data.command("show")
@reported()
def data_show(
    name: DataSet,
    data_dir: DataDir = Path("data"),
    part: Annotated[Part, typer.Option(help="Which part.")] = Part.TRAIN,
    character: Annotated[str | None, typer.Option(help="Only images of this character's class.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many images.")] = 160,
    seed: SampleSeed = 0,
    out: Annotated[Path, typer.Option(help="Where the picture goes.")] = Path("show.png"),
) -> None:
    """Draw random images of a data set with their labels."""
    images = load_dataset(name, part, data_dir)
    wanted = [label for label, item in enumerate(images.classes) if character is None or character in item.characters]
    if not wanted:
        raise DatasetError(f"{images.name} has no class for {character!r}.")
    candidates = np.flatnonzero(np.isin(images.labels, wanted))
    chosen = np.random.default_rng(seed).permutation(candidates)[:count]
    labels = [images.classes[label].label for label in images.labels[chosen]]
    contact_sheet(images.images[chosen], labels, out, title=f"{images.name} {images.part}")
    print(out)
