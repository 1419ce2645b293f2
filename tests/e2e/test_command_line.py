from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import pty
import re
import shutil
import socket
import subprocess
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import ExifTags, Image

from app.artifacts import INT8_FILE, write_checksums
from app.cli.startup import check_runtime
from app.settings import Settings
from tests.e2e.server import ROOT, Server, command, environment
from tests.models import MODELS, shipped
from tests.strokes import DIGITS, draw, encode


def test_the_command_line_recognises_with_the_same_code(server: Server, tmp_path: Path) -> None:
    good, blank = tmp_path / "seven.png", tmp_path / "blank.png"
    good.write_bytes(encode(draw("7")))
    blank.write_bytes(encode(np.full((50, 50), 255, np.uint8)))
    ended = subprocess.run(
        command("predict", str(good), str(blank), str(tmp_path / "missing.png"), "--json"),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 1
    read, unreadable = (json.loads(line) for line in ended.stdout.splitlines())
    answer = server.client.post("/predict/digit", files={"file": good.read_bytes()}).json()
    assert read["label"] == answer["label"] == "7"
    assert read["confidence"] == pytest.approx(answer["confidence"], abs=1e-5)
    assert unreadable["problem"]["code"] == "no-ink"
    assert "missing.png" in ended.stderr


def test_models_are_listed(tmp_path: Path) -> None:
    ended = subprocess.run(
        command("models"), cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60, check=True
    )
    card = shipped("digit").card
    assert f"digit {card.version}" in ended.stdout
    assert f"10000 images: accuracy {card.metrics[0].accuracy:.4f}, " in ended.stdout
    _, light, _ = run("models")
    of_8_bits = {form.file: form for form in card.forms}[INT8_FILE]
    assert f"10000 images: accuracy {of_8_bits.accuracy:.4f}, mean per class " in light
    assert f"({INT8_FILE})" in light


def run(*arguments: str, data: bytes | None = None, **options: object) -> tuple[int, str, str]:
    """Run a command in this repository and return its exit code, output and reports."""
    # LiteRT starts in a tenth of TensorFlow's time.
    settings = environment(**{"runtime": "litert", **options})
    ended = subprocess.run(command(*arguments), cwd=ROOT, env=settings, input=data, capture_output=True, timeout=120)
    return ended.returncode, ended.stdout.decode(), ended.stderr.decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of 100 digits, in it a folder of one more, and files that nobody means."""
    folder = tmp_path_factory.mktemp("digits")
    for index in range(100):
        (folder / f"{index:03}.png").write_bytes(encode(draw(DIGITS[index % 10], width=0.1)))
    (folder / "more").mkdir()
    (folder / "more" / "seven.png").write_bytes(encode(draw("7")))
    (folder / ".hidden").write_bytes(b"junk")
    return folder


def test_a_folder_is_read_in_order_with_one_line_of_summary(folder: Path) -> None:
    code, output, reports = run("predict", str(folder), "--recursive", "--json")
    answers = [json.loads(line) for line in output.splitlines()]
    assert code == 0
    assert [answer["label"] for answer in answers] == [*DIGITS * 10, "7"]
    assert [Path(answer["file"]).name for answer in answers[::50]] == ["000.png", "050.png", "seven.png"]
    assert answers[0].keys() == {"file", "label", "confidence", "uncertain", "candidates", "model"}
    (summary,) = reports.splitlines()
    assert summary.startswith("101 of 101 files recognised in ")


def test_folders_in_a_folder_are_entered_only_when_asked(folder: Path) -> None:
    _, output, _ = run("predict", str(folder))
    assert len(output.splitlines()) == 100
    assert "seven.png" not in output


def test_a_folder_without_images_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "more" / "empty").mkdir(parents=True)
    (tmp_path / "more" / "labels.csv").write_bytes(b"file,label")
    hint = "; --recursive enters the folders in a folder"
    for arguments, said in (([], hint), (["--csv"], hint), (["--recursive"], "")):
        code, output, reports = run("predict", str(tmp_path), *arguments)
        assert (code, output, reports) == (1, "", f"There are no images in {tmp_path}{said}.\n")


def test_wrong_files_are_reported_and_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encode(draw("7")))
    (tmp_path / "b.png").write_bytes(encode(draw("7"))[:100])
    (tmp_path / "c.png").write_bytes(b"")
    (tmp_path / "d.png").symlink_to(tmp_path / "gone.png")
    (tmp_path / "e.png").write_bytes(bytes(2000))
    (tmp_path / "f.png").write_bytes(encode(draw("7")))
    os.mkfifo(tmp_path / ".pipe")
    (tmp_path / "g.png").symlink_to(tmp_path / ".pipe")  # passed over
    code, output, reports = run("predict", str(tmp_path), max_upload_bytes=1999)
    assert code == 1
    assert [Path(line.split(": ")[0]).name for line in output.splitlines()] == ["a.png", "f.png"]
    *wrong, summary = reports.splitlines()
    assert [Path(line.split(": ")[0]).name for line in wrong] == ["b.png", "c.png", "d.png", "e.png"]
    assert "No such file" in wrong[2]
    assert "larger than 1999 bytes" in wrong[3]
    assert summary.startswith("2 of 6 files recognised")
    assert "4 could not be" in summary


def test_an_image_may_come_through_standard_input() -> None:
    code, output, reports = run("predict", "-", data=encode(draw("7")))
    assert (code, output[:6], reports) == (0, "-: 7 0", "")
    code, output, reports = run("predict", "-", data=b"")
    assert (code, output, reports) == (1, "", "-: The file is empty.\n")


def test_options_are_the_apis(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "seven.png"
    path.write_bytes(encode(draw("7")))
    options = {"top_k": "2", "allow": "1L", "polarity": "dark_on_light"}
    arguments = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
    _, output, _ = run("predict", str(path), "--task", "char", "--json", *arguments, runtime="litert-float32")
    upload = {"file": path.read_bytes()}
    expected = server.client.post("/predict/char", params=options, files=upload).json()
    answer = json.loads(output)
    assert answer["model"] == expected["model"]
    assert [item["characters"] for item in answer["candidates"]] == [
        item["characters"] for item in expected["candidates"]
    ]
    assert answer["confidence"] == pytest.approx(expected["confidence"], abs=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--task", "kanji"], "There is no model 'kanji'; there are char, digit."),
        (["--allow", "7X"], "The model has no class for 'X'."),
    ],
)
def test_what_the_model_does_not_know_is_said_before_anything_is_read(arguments: list[str], message: str) -> None:
    assert run("predict", "missing.png", *arguments) == (1, "", f"{message}\n")


def test_a_table_is_csv_that_no_spreadsheet_takes_for_a_formula(tmp_path: Path) -> None:
    names = ["=1+1.png", '"quoted", with commas.png', "two\nlines.png"]
    for name in names:
        (tmp_path / name).write_bytes(encode(draw("7")))
    ended = subprocess.run(
        command("predict", "--csv", *names, "--top-k", "2"),
        cwd=tmp_path,
        env={**environment(runtime="litert"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    rows = list(csv.DictReader(io.StringIO(ended.stdout)))
    assert [row["file"] for row in rows] == ["'=1+1.png", *names[1:]]
    assert {(row["label"], row["uncertain"], row["model"]) for row in rows} == {("7", "false", "digit")}
    assert all(float(row["confidence"]) > float(row["confidence_2"]) > 0 for row in rows)


def test_a_table_has_a_row_for_every_file(tmp_path: Path) -> None:
    (tmp_path / "seven.png").write_bytes(encode(draw("7")))
    (tmp_path / "empty.png").write_bytes(b"")
    names = ["seven.png", "empty.png", "missing.png"]
    code, output, reports = run("predict", "--csv", *(str(tmp_path / name) for name in names))
    read, empty, missing = csv.DictReader(io.StringIO(output))
    assert code == 1
    assert list(read) == [
        "file", "label", "confidence", "characters", "uncertain", "model", "version",
        "label_2", "confidence_2", "label_3", "confidence_3", "problem",
    ]  # fmt: skip
    assert (read["label"], read["problem"]) == ("7", "")
    assert empty == {**dict.fromkeys(empty, ""), "file": str(tmp_path / "empty.png"), "problem": "empty-file"}
    assert (missing["label"], missing["problem"]) == ("", "No such file or directory")
    assert len(reports.splitlines()) == 3


def test_what_lies_beside_the_images_of_a_folder_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "seven.png").write_bytes(encode(draw("7")))
    for name in ("note.txt", "labels.CSV", "README.md", "scan.pdf", "a.json", "b.yaml", "c.yml", "d.html", "e.xml"):
        (tmp_path / name).write_bytes(b"hello")
    code, output, _ = run("predict", str(tmp_path))
    assert (code, len(output.splitlines())) == (0, 1)
    (tmp_path / "named.txt").write_bytes(encode(draw("7")))
    code, output, reports = run("predict", str(tmp_path / "named.txt"), str(tmp_path / "note.txt"))
    assert (code, len(output.splitlines())) == (1, 1)
    assert "note.txt: " in reports
    assert ".txt" in run("predict", "--help")[1]


def test_a_name_cannot_drive_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "\x1b[31mred\n.png"
    path.write_bytes(b"junk")
    _, _, reports = run("predict", str(path))
    assert "\x1b" not in reports
    assert len(reports.splitlines()) == 1


def test_a_bar_is_drawn_on_a_terminal_and_answers_stay_clean(folder: Path) -> None:
    terminal, end = pty.openpty()
    with subprocess.Popen(
        command("predict", str(folder)),
        cwd=ROOT,
        env={**environment(runtime="litert"), "TERM": "xterm", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=end,
        text=True,
    ) as process:
        os.close(end)
        shown = b""
        with contextlib.suppress(OSError):  # how Linux says that the other end has closed
            while more := os.read(terminal, 65536):
                shown += more
        output = process.communicate()[0]
    os.close(terminal)
    assert b"100/100" in shown
    assert b"100 of 100 files recognised" in shown
    assert len(output.splitlines()) == 100
    assert "\x1b" not in output


def test_an_explanation_shows_the_way_of_an_image(tmp_path: Path) -> None:
    path, drawn = tmp_path / "seven.jpg", tmp_path / "out.png"
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 3
    Image.fromarray(draw("7", (600, 400))).convert("RGB").rotate(180).save(path, exif=exif)
    code, output, reports = run("explain", str(path), "-o", str(drawn), "--task", "char", "--allow", "7TL")
    assert (code, reports) == (0, "")
    assert output.startswith(f"{path}: 7 ")
    sheet = np.asarray(Image.open(drawn).convert("RGB"), int)
    width = sheet.shape[1]
    upload, ink, seen, answer = (sheet[70:340, left : left + width // 4 - 40] for left in range(24, width, width // 4))
    red = (upload[..., 0] > 150) & (upload[..., 1] < 100)
    assert red.any(), "the writing is framed in the upload"
    for panel in (ink, seen):
        assert (panel.min(), panel.max()) == (0, 255)
    assert (answer[..., 0] - answer[..., 1] > 100).any(), "the best candidate has a bar"
    path.write_bytes(encode(np.hstack([draw("1"), draw("1")])))
    _, output, _ = run("explain", str(path), "-o", str(drawn))
    assert re.search(r": 1 \d\.\d+ uncertain, drawn in ", output)


def test_what_cannot_be_explained_is_a_clear_message(tmp_path: Path) -> None:
    blank = tmp_path / "blank.png"
    blank.write_bytes(encode(np.full((50, 50), 255, np.uint8)))
    code, output, reports = run("explain", str(blank), "-o", str(tmp_path / "out.png"))
    assert (code, output) == (1, "")
    assert reports.startswith(f"{blank}: Nothing is written")
    assert not (tmp_path / "out.png").exists()
    for refused in (tmp_path / "out.txt", blank):
        code, _, reports = run("explain", str(blank), "-o", str(refused))
        assert code == 2
        assert refused.name in reports


def test_the_version_is_printed() -> None:
    assert run("--version") == (0, f"inkling {version('inkling')}\n", "")


def test_the_description_of_the_api_is_printed(tmp_path: Path) -> None:
    assert run("openapi") == (0, (ROOT / "docs" / "openapi.json").read_text(), "")
    code, output, reports = run("openapi", models_dir=tmp_path)
    assert (code, output) == (1, "")
    assert "There are no models" in reports


def test_tensorflow_starts_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "seven.png"
    path.write_bytes(encode(draw("7")))
    code, output, reports = run("predict", str(path), runtime="savedmodel")
    assert (code, reports) == (0, "")
    assert ": 7 " in output


def test_why_a_model_cannot_be_loaded_is_shown(tmp_path: Path) -> None:
    shutil.copytree(MODELS / "digit", tmp_path / "digit")
    newest = max((tmp_path / "digit").iterdir(), key=lambda path: int(path.name))
    (newest / "model.int8.tflite").write_bytes(b"junk")
    write_checksums(newest)
    code, _, reports = run("predict", "-", data=b"", models_dir=tmp_path)
    assert code == 1
    assert "The model could not be loaded" in reports


def test_a_wrong_option_is_one_line() -> None:
    code, _, reports = run("models", model_versions="digit=1")
    assert (code, reports) == (1, 'INKLING_MODEL_VERSIONS: not JSON; write it as {"digit": 1}\n')
    code, _, reports = run("models", api_keys="secret")
    assert code == 1
    assert reports.startswith("INKLING_API_KEYS: a key is given as")
    code, _, reports = run("models", runtime="tflite")
    assert (code, reports) == (1, "INKLING_RUNTIME: Input should be 'savedmodel', 'litert' or 'litert-float32'\n")


def test_a_misspelt_option_is_warned_of() -> None:
    code, _, reports = run("models", prot="1")
    (line,) = reports.splitlines()
    assert (code, json.loads(line)["variable"]) == (0, "INKLING_PROT")


@pytest.mark.parametrize("arguments", [["predict", "-", "--task", "kanji"], ["explain", "gone.png", "-o", "way.png"]])
def test_logs_of_a_command_begin_at_warnings_unless_asked_otherwise(arguments: list[str], tmp_path: Path) -> None:
    def logged(**options: object) -> bool:
        """Return whether the warning of a misspelt option is logged."""
        ended = subprocess.run(
            command(*arguments),
            cwd=tmp_path,
            env={**environment(runtime="litert", prot="1", **options), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ended.returncode == 1
        return "INKLING_PROT" in ended.stderr

    assert logged()
    assert not logged(log_level="ERROR")
    (tmp_path / ".env").write_text("INKLING_LOG_LEVEL=error\n")
    assert not logged()


def test_more_is_logged_where_the_settings_ask_for_it() -> None:
    for level, said in (({}, False), ({"log_level": "INFO"}, True)):
        _, _, reports = run("predict", "-", data=encode(draw("7")), **level)
        assert ("model loaded" in reports) is said


def test_a_taken_port_is_told_before_anything_is_loaded() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, reports = run("serve", "--port", str(port))
    assert code == 1
    (line,) = reports.splitlines()
    assert line.startswith(f"127.0.0.1:{port} cannot be listened on: Address already in use")


def test_a_runtime_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(typer.Exit):
        check_runtime(Settings(runtime="litert", _env_file=None))
    assert "pip install '.[litert]'" in capsys.readouterr().err
