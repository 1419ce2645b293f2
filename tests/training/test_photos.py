from __future__ import annotations

from pathlib import Path

import pytest

from tests.models import shipped
from tests.pages import photographed
from tests.shared import DATA, needs_shared
from tests.strokes import draw, encode
from training.datasets import DatasetError
from training.datasets.photos import read_photos
from training.photos import mistakes_sheet, read_all, scores


def write(folder: Path, rows: str, *names: str) -> Path:
    """Write a folder of drawn pictures, named after what they show."""
    (folder / "labels.csv").write_text("file,label,source\n" + rows)
    for name in names:
        (folder / f"{name}.png").write_bytes(encode(photographed(draw(name, (200, 200)))))
    return folder


def test_photos_are_read_by_source(tmp_path: Path) -> None:
    folder = write(tmp_path, "2.png,2,pen\n7.png,7,pen\n0.png,1,chalk\nT.png,T,chalk\n", "2", "7", "0", "T")
    readings = read_all(shipped("digit"), read_photos(folder))
    assert [reading.photo.character for reading in readings] == ["2", "7", "1"]
    found = scores(readings)
    assert (found["all"].images, found["pen"].images, found["chalk"].images) == (3, 2, 1)
    assert (found["pen"].accuracy, found["chalk"].accuracy) == (1.0, 0.0)
    mistakes_sheet(readings, "mnist", tmp_path / "sheet.png", title="digit")
    assert (tmp_path / "sheet.png").stat().st_size > 1000


def test_what_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    folder = write(tmp_path, "blank.png,2,pen\n")
    (folder / "blank.png").write_bytes(encode(draw("2", ink=240)))
    (reading,) = read_all(shipped("digit"), read_photos(folder))
    assert (reading.right, reading.label, reading.confidence) == (False, "NoInkFound", 0.0)
    mistakes_sheet([reading], "mnist", tmp_path / "sheet.png", title="digit")


def test_look_alikes_are_forgiven(tmp_path: Path) -> None:
    folder = write(tmp_path, "0.png,o,pen\n", "0")
    (score,) = {scores(read_all(shipped("char"), read_photos(folder)))["all"]}
    assert score.lookalikes_forgiven == 1.0


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("2.png,two,pen\n", "not one character"),
        ("2.png,2,pen\n", "is not there"),
        ("2.png\n", "columns file, label and source"),
        ("", "columns file, label and source"),
    ],
)
def test_a_wrong_table_is_named(tmp_path: Path, rows: str, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        read_photos(write(tmp_path, rows))
    with pytest.raises(DatasetError, match="columns file, label and source"):
        read_photos(tmp_path / "nowhere")


def test_a_table_from_a_spreadsheet_program(tmp_path: Path) -> None:
    folder = write(tmp_path, "2.png,2,pen\n", "2")
    table = folder / "labels.csv"
    table.write_bytes(b"\xef\xbb\xbf" + table.read_bytes())
    assert [photo.character for photo in read_photos(folder)] == ["2"]


def test_pictures_of_nothing_the_model_knows(tmp_path: Path) -> None:
    folder = write(tmp_path, "T.png,T,pen\n", "T")
    with pytest.raises(DatasetError, match="None of the pictures"):
        read_all(shipped("digit"), read_photos(folder))


@needs_shared
def test_people_s_own_handwriting() -> None:
    photos = read_photos(DATA / "photos")
    digits = scores(read_all(shipped("digit"), photos))
    assert digits["all"].accuracy >= 0.97
    assert digits["phone-digits"].accuracy >= 0.96
