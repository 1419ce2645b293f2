"""A folder of labelled pictures of single characters: `labels.csv` with the columns file, label, source."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from training.datasets.labelled import DatasetError

LABELS_FILE = "labels.csv"
COLUMNS = ("file", "label", "source")


@dataclass(frozen=True)
class Photo:
    """One picture of a folder.

    path: of the image file, in any format that the service reads.
    character: what is written on it.
    source: which of the folder's collections it belongs to.
    """

    path: Path
    character: str
    source: str


def read_photos(folder: Path) -> list[Photo]:
    """Read a folder's labels.

    Raises:
        DatasetError: `labels.csv` is missing or no such table, or it names a file that is not there.
    """
    problem = f"{folder / LABELS_FILE} cannot be read; it should be a table with the columns file, label and source."
    try:
        # Spreadsheet programs write a byte order mark.
        with (folder / LABELS_FILE).open(newline="", encoding="utf-8-sig") as table:
            rows = [[row.get(column) or "" for column in COLUMNS] for row in csv.DictReader(table)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(problem) from error
    if not rows or not all(all(row) for row in rows):
        raise DatasetError(problem)
    photos = [Photo(folder / file, character, source) for file, character, source in rows]
    for photo in photos:
        if len(photo.character) != 1:
            raise DatasetError(f"{photo.path}: the label {photo.character!r} is not one character.")
        if not photo.path.is_file():
            raise DatasetError(f"{photo.path} is listed in {LABELS_FILE} and is not there.")
    return photos
