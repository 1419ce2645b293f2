from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.shared import DATA, needs_shared
from tests.strokes import draw
from tests.training.data import idx, write_idx
from training.datasets import DatasetError, load_dataset
from training.datasets.check import check, misoriented, shared_images
from training.datasets.emnist import SPLITS
from training.datasets.vocabulary import MERGED

#: Asymmetric along every axis.
SEVEN = draw("7", (28, 28), width=0.1, ink=255, paper=0)
F = draw("F", (28, 28), width=0.1, ink=255, paper=0)


def label_of(split: str, character: str) -> int:
    chosen = SPLITS[split]
    return chosen.first_label + next(i for i, item in enumerate(chosen.classes) if character in item.characters)


def write_emnist(folder: Path, split: str, images: list[np.ndarray], labels: list[int]) -> None:
    for part in ("train", "test"):
        stem = f"emnist-{split}-{part}"
        # As the official files have it: every image transposed.
        write_idx(folder / f"{stem}-images-idx3-ubyte.gz", np.stack(images).transpose(0, 2, 1))
        write_idx(folder / f"{stem}-labels-idx1-ubyte.gz", np.array(labels, np.uint8))


@pytest.mark.parametrize("split", ["balanced", "bymerge", "byclass", "letters"])
def test_emnist_is_turned_upright_and_labelled(tmp_path: Path, split: str) -> None:
    write_emnist(tmp_path, split, [F], [label_of(split, "F")])
    data = load_dataset(f"emnist/{split}", "train", tmp_path)
    np.testing.assert_array_equal(data.images[0], F)
    assert "F" in data.classes[data.labels[0]].characters
    assert misoriented(data) == ()


def test_a_loader_that_forgets_to_transpose_would_be_caught(tmp_path: Path) -> None:
    write_emnist(tmp_path / "emnist", "bymerge", [SEVEN.T, F.T], [7, label_of("bymerge", "F")])
    assert len(misoriented(load_dataset("emnist", "test", tmp_path))) >= 2


@pytest.mark.parametrize("turn", [lambda a: a[:, ::-1], lambda a: a[::-1], lambda a: np.rot90(a, 1), np.transpose])
def test_every_wrong_orientation_is_noticed(tmp_path: Path, turn: object) -> None:
    images = [np.ascontiguousarray(turn(image)) for image in (SEVEN, F)]
    write_emnist(tmp_path, "bymerge", images, [7, label_of("bymerge", "F")])
    assert misoriented(load_dataset("emnist/bymerge", "train", tmp_path))


def test_emnist_from_the_official_archive(tmp_path: Path) -> None:
    bundle = io.BytesIO()
    with zipfile.ZipFile(bundle, "w") as archive:
        archive.writestr("gzip/emnist-digits-test-images-idx3-ubyte.gz", idx(SEVEN.T[None]))
        archive.writestr("gzip/emnist-digits-test-labels-idx1-ubyte.gz", idx(np.array([7], np.uint8)))
    (tmp_path / "gzip.zip").write_bytes(bundle.getvalue())
    np.testing.assert_array_equal(load_dataset("emnist/digits", "test", tmp_path).images[0], SEVEN)
    with pytest.raises(DatasetError, match="holds no"):
        load_dataset("emnist/letters", "test", tmp_path)


@pytest.mark.parametrize(
    "name", ["{part}-images-idx3-ubyte.gz", "{part}-images-idx3-ubyte", "{part}-images.idx3-ubyte"]
)
def test_mnist_from_idx_files(tmp_path: Path, name: str) -> None:
    for part, stem in (("train", "train"), ("test", "t10k")):
        write_idx(tmp_path / name.format(part=stem), SEVEN[None])
        labels = name.replace("images", "labels").replace("idx3", "idx1").format(part=stem)
        write_idx(tmp_path / labels, np.array([7], np.uint8))
        data = load_dataset("mnist", part, tmp_path)
        np.testing.assert_array_equal(data.images[0], SEVEN)
        assert data.labels.tolist() == [7]
        assert set(map(len, data.files.values())) == {64}


def test_mnist_from_keras(tmp_path: Path) -> None:
    arrays = {"x_train": SEVEN[None], "y_train": np.array([7]), "x_test": F[None], "y_test": np.array([1])}
    np.savez(tmp_path / "mnist.npz", **arrays)
    np.testing.assert_array_equal(load_dataset("mnist", "train", tmp_path).images[0], SEVEN)
    np.testing.assert_array_equal(load_dataset("mnist", "test", tmp_path).images[0], F)


@pytest.mark.parametrize(
    ("name", "hint"), [("mnist", "data download mnist"), ("emnist", "data download emnist"), ("cifar", "use mnist")]
)
def test_what_is_missing_says_what_to_do(tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(DatasetError, match=hint):
        load_dataset(name, "train", tmp_path)


def test_images_and_labels_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    write_emnist(tmp_path, "digits", [SEVEN], [11])
    with pytest.raises(DatasetError, match="labels outside"):
        load_dataset("emnist/digits", "train", tmp_path)
    write_emnist(tmp_path, "digits", [SEVEN], [7, 7])
    with pytest.raises(DatasetError, match="do not belong together"):
        load_dataset("emnist/digits", "train", tmp_path)


def test_findings(tmp_path: Path) -> None:
    blank = np.zeros_like(F)
    labels = [7, 7, 1, label_of("bymerge", "F"), 0]
    write_emnist(tmp_path, "bymerge", [SEVEN, SEVEN, SEVEN, F, blank], labels)
    data = load_dataset("emnist/bymerge", "train", tmp_path)
    found = check(data)
    assert (found.counts["7"], found.counts["1"], found.counts["F"]) == (2, 1, 1)
    assert (found.blank, found.duplicates, found.conflicting) == (1, 2, 1)
    assert found.value_range == (0, 255)
    assert shared_images(data, data) == 5


def test_the_merged_classes_are_those_of_the_paper() -> None:
    assert "".join(item.label for item in MERGED) == "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"
    assert sum(len(item.characters) for item in MERGED) == 62
    assert "".join(item.label for item in MERGED if len(item.characters) == 2) == "CIJKLMOPSUVWXYZ"


@needs_shared
def test_our_vocabulary_is_the_official_mapping() -> None:
    lines = (DATA / "emnist" / "emnist-bymerge-mapping.txt").read_text().split()
    assert [chr(int(code)) for code in lines[1::2]] == [item.label for item in MERGED]


@needs_shared
@pytest.mark.parametrize(("name", "train", "test"), [("mnist", 60_000, 10_000), ("emnist/bymerge", 166_084, 116_323)])
def test_the_real_files_are_whole_and_upright(name: str, train: int, test: int) -> None:
    parts = {part: load_dataset(name, part, DATA) for part in ("train", "test")}
    assert (len(parts["train"].labels), len(parts["test"].labels)) == (train, test)
    assert misoriented(parts["test"]) == ()
    assert shared_images(parts["train"], parts["test"]) == 0


@pytest.mark.parametrize("images", [SEVEN[None] / 255, SEVEN[None].astype(np.int64)])
def test_pixels_of_another_type_are_refused(tmp_path: Path, images: np.ndarray) -> None:
    np.savez(tmp_path / "mnist.npz", x_train=images, y_train=np.array([7], np.uint8))
    with pytest.raises(DatasetError, match="uint8"):
        load_dataset("mnist", "train", tmp_path)
