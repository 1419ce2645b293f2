from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.models import MODELS, add_version, shipped
from tests.training.data import small_digits
from tests.training.test_photos import write
from training.commands import cli
from training.datasets import LabelledImages
from training.datasets.printed import load_printed
from training.evidence import ROBUSTNESS_FILE

MEASURED = "training.commands.evaluate"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let scikit-learn's digits stand in for MNIST, and characters in print for EMNIST."""

    def load(name: str, part: str, data_dir: Path) -> LabelledImages:
        return {"mnist": small_digits(60, part), "emnist": load_printed(part)}[name]

    monkeypatch.setattr(f"{MEASURED}.load_dataset", load)
    monkeypatch.setattr(f"{MEASURED}.SIGN_COUNT", 60)
    monkeypatch.setattr(f"{MEASURED}.PAIR_COUNT", 60)


def test_figures_are_printed_with_the_command_that_repeats_them(tmp_path: Path) -> None:
    given = ["--dataset", "optdigits", "--limit", "40", "--seed", "3"]
    result = CliRunner().invoke(cli, ["evaluate", "digit", *given, "--models-dir", str(MODELS), "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["test_set"]["images"] == 40
    assert found["accuracy"] > 0.9
    version = shipped("digit").card.version
    assert found["command"] == f"python -m training evaluate digit --version {version} {' '.join(given)}"
    (folder,) = tmp_path.iterdir()
    assert folder.name == f"digit-{version}-optdigits-40-of-seed-3"


def test_a_data_set_of_other_classes_is_refused(tmp_path: Path) -> None:
    arguments = ["evaluate", "digit", "--dataset", "printed", "--models-dir", str(MODELS), "--out", str(tmp_path)]
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 1
    assert "printed has other classes than digit" in result.stderr


def test_photos_get_a_table_a_model(tmp_path: Path) -> None:
    folder = write(tmp_path, "2.png,2,pen\n", "2")
    ended = CliRunner().invoke(
        cli, ["evaluate", "photos", str(folder), "--models-dir", str(MODELS), "--out", str(tmp_path)]
    )
    assert ended.exit_code == 0, ended.output
    assert (tmp_path / "photos-digit-mistakes.png").exists()
    assert (tmp_path / "photos-char-mistakes.png").exists()


def test_pictures_that_a_model_has_no_class_for_are_left_to_the_others(tmp_path: Path) -> None:
    folder = write(tmp_path, "T.png,T,pen\nL.png,?,pen\n", "T", "L")
    arguments = ["evaluate", "photos", str(folder), "--models-dir", str(MODELS), "--out", str(tmp_path)]
    ended = CliRunner().invoke(cli, arguments)
    assert ended.exit_code == 0, ended.output
    assert "None of the pictures shows a character that digit knows." in ended.stderr
    assert "1 of 2 pictures" in ended.stdout
    assert (tmp_path / "photos-char-mistakes.png").exists()
    assert not (tmp_path / "photos-digit-mistakes.png").exists()


def test_pictures_that_no_model_has_a_class_for(tmp_path: Path) -> None:
    folder = write(tmp_path, "L.png,?,pen\n", "L")
    ended = CliRunner().invoke(cli, ["evaluate", "photos", str(folder), "--models-dir", str(MODELS)])
    assert ended.exit_code == 1
    assert "that one of the models knows" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        (["digit", "--letters", "--signs"], "--letters and --signs"),
        (["digit", "--robustness", "--signs"], "--signs and --robustness"),
        (["digit", "--letters", "--out", "here"], "--out"),
        (["digit", "--signs", "--out", "here"], "--out"),
        (["digit", "--pairs", "--letters"], "--letters and --pairs"),
        (["digit", "--pairs", "--out", "here"], "--out"),
        (["digit", "--seed", "3"], "--seed"),
        (["photos", "here", "--seed", "3"], "--seed"),
        (["photos", "here", "--data-dir", "data", "--limit", "3"], "--data-dir, --limit"),
    ],
)
def test_what_does_not_apply_is_refused(arguments: list[str], refused: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    result = CliRunner().invoke(cli, ["evaluate", *arguments])
    assert result.exit_code == 2
    assert f"Invalid value: {refused}" in result.stderr


@pytest.mark.usefixtures("small")
def test_digits_are_told_from_letters() -> None:
    result = CliRunner().invoke(cli, ["evaluate", "digit", "--letters", "--models-dir", str(MODELS)])
    assert result.exit_code == 0, result.output
    assert "60 images of digits test against" in result.stdout
    assert "letters unlike digits of printed test" in result.stdout
    assert auroc(result.stdout) > 0.9


@pytest.mark.usefixtures("small")
def test_digits_are_told_from_signs() -> None:
    result = CliRunner().invoke(cli, ["evaluate", "digit", "--signs", "--models-dir", str(MODELS)])
    assert result.exit_code == 0, result.output
    assert "against 60 drawn signs" in result.stdout
    assert auroc(result.stdout) > 0.5


@pytest.mark.usefixtures("small")
def test_pairs_are_measured_beside_single_digits() -> None:
    result = CliRunner().invoke(cli, ["evaluate", "digit", "--pairs", "--models-dir", str(MODELS)])
    assert result.exit_code == 0, result.output
    title, *lines = result.stdout.splitlines()
    assert "60 pictures of two images of digits test" in title
    two, one = (float(line.rsplit(" ", 1)[1]) for line in lines)
    assert two > 0.8
    assert one < 0.1


def auroc(said: str) -> float:
    (line,) = (line for line in said.splitlines() if line.startswith("AUROC"))
    return float(line.split(": ")[1])


def test_letters_are_not_told_from_letters() -> None:
    result = CliRunner().invoke(cli, ["evaluate", "char", "--letters", "--models-dir", str(MODELS)])
    assert result.exit_code == 1
    assert "other classes than the ten digits" in result.stderr


@pytest.mark.usefixtures("small")
def test_a_trial_leaves_the_robustness_that_the_report_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{MEASURED}.ROBUSTNESS_IMAGES", 4)
    # The oldest was made for another preprocessing, which plain resizing does without.
    add_version(tmp_path / "models", "digit", 1, preprocessing_version=99)
    add_version(tmp_path / "models", "digit", 2)
    arguments = ["evaluate", "digit", "--robustness", "--models-dir", str(tmp_path / "models"), "--out", str(tmp_path)]
    for more in ([], ["--limit", "2", "--seed", "3"]):
        result = CliRunner().invoke(cli, [*arguments, *more])
        assert result.exit_code == 0, result.output
    full, trial = (
        json.loads((tmp_path / f"robustness-digit-2{ending}" / ROBUSTNESS_FILE).read_text())
        for ending in ("", "-mnist-2-of-seed-3")
    )
    assert (full["test_set"]["images"], full["seed"]) == (4, 0)
    assert (trial["test_set"]["images"], trial["seed"]) == (2, 3)
    assert trial["command"] == (
        "python -m training evaluate digit --version 2 --robustness --dataset mnist --limit 2 --seed 3"
    )
    assert [way["name"] for way in full["ways"]] == ["digit 2, as served", "digit 1, plain resizing"]
