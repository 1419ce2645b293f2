"""What README and docs/operating.md show: every command is run, or taken as far as it goes; answers are answered."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tests.e2e.server import ROOT, Server, environment, serving
from tests.models import MODELS
from tests.strokes import draw, encode
from training.commands import cli

README = "".join((ROOT / name).read_text() for name in ("README.md", "docs/operating.md"))
#: Where README's service listens.
ADDRESS = "http://127.0.0.1:8000"
PYTHON = ".venv/bin/python"


@dataclass(frozen=True)
class Desk:
    """A folder with the pictures that README speaks of, this environment as `.venv`, and a running service."""

    folder: Path
    server: Server
    patch: pytest.MonkeyPatch

    def run(self, command: str) -> str:
        """Run a command as a shell does, on the shared service, and return its output."""
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command.replace(ADDRESS, self.server.url)],
            cwd=self.folder,
            # LiteRT starts in a tenth of TensorFlow's time.
            env={**environment(runtime="litert"), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def train(self, command: str) -> str:
        """Run `python -m training ...` in this process, which has TensorFlow already, and return what it says."""
        python, option, module, *arguments = shlex.split(command)
        assert (python, option, module) == (PYTHON, "-m", "training")
        self.patch.chdir(self.folder)
        ended = CliRunner().invoke(cli, arguments)
        assert ended.exit_code == 0 or "Run `python -m training data download" in ended.stderr, ended.output
        return ended.stdout + ended.stderr

    def would_make(self, command: str) -> str:
        """Return the commands that `make ...` would run."""
        program, *arguments = shlex.split(command)
        assert program == "make"
        bare = {name: value for name, value in os.environ.items() if name not in {"DATA_DIR", "PORT", "MAKEFLAGS"}}
        line = ["make", "--dry-run", "--no-print-directory", *arguments]
        return subprocess.run(line, cwd=ROOT, env=bare, capture_output=True, text=True, timeout=60, check=True).stdout


@pytest.fixture
def desk(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Desk:
    seven = encode(draw("7"))
    for name in ("1.png", "scans/a.png", "scans/more/b.png", "my-photos/7.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(seven)
    (tmp_path / "2.png").write_bytes(b"junk")
    (tmp_path / "my-photos" / "labels.csv").write_text("file,label,source\n7.png,7,pen\n")
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "models").symlink_to(MODELS)
    (tmp_path / "app").symlink_to(ROOT / "app")
    return Desk(tmp_path, server, monkeypatch)


def is_cloned(command: str, desk: Desk) -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("needs a clone")
    desk.run(command.replace("<this repository>", shlex.quote(str(ROOT))) + " && test -f Makefile && test -d models")


def serves(command: str, desk: Desk) -> None:
    assert desk.would_make(command).splitlines()[-1].rstrip() == f"{PYTHON} -m app serve"
    assert desk.would_make(f"{command} PORT=9000").splitlines()[-1] == f"{PYTHON} -m app serve --port 9000"


def builds_the_environment(command: str, desk: Desk) -> None:
    # It does nothing where the environment is there.
    assert "requirements-dev.lock" in desk.would_make(f"{command} --always-make")


def trains(command: str, desk: Desk) -> None:
    (fit, export) = re.findall(rf"^{PYTHON} -m training .*", desk.would_make(command), re.M)
    for line, name in ((fit, "fit"), (export, "export")):
        assert f"training {name}" in line
        wants_data(line, desk)


def wants_data(command: str, desk: Desk) -> None:
    """Run a command up to the data set that is not here: its names and options are right."""
    assert re.match(r"No E?MNIST\b.* in data: ", desk.train(command))


def fetches(command: str, desk: Desk) -> None:
    fetched = []
    desk.patch.setattr("training.commands.data.download", lambda source, folder: fetched.append(source) or folder)
    name = shlex.split(command)[-1]
    assert desk.train(command).strip() == f"data/{name}"
    assert name in fetched[0].file_name.lower() or name == "emnist"


def evaluates_photos(command: str, desk: Desk) -> None:
    said = desk.train(command)
    sheets = re.findall(r"^mistakes: (.*\.png)$", said, re.M)
    assert len(sheets) == 2
    assert all((desk.folder / sheet).is_file() for sheet in sheets)


def is_answered_as_shown(command: str, desk: Desk) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    answer = json.loads(desk.run(command))
    shown, _ = shown_answers()
    assert answer.keys() == shown.keys()
    assert answer["label"] == shown["label"] == answer["candidates"][0]["label"]
    assert answer["candidates"][0].keys() == shown["candidates"][0].keys()
    assert answer["model"] == shown["model"]


def answers_each(command: str, desk: Desk) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    first, second = json.loads(desk.run(command))["results"]
    shown, problem = shown_answers()[1]["results"]
    assert first.keys() == shown.keys()
    assert first["label"] == shown["label"]
    assert first["model"] == shown["model"]
    assert len(first["candidates"]) == 5
    assert second["problem"] == {**problem["problem"], "instance": second["problem"]["instance"]}


def writes_a_table(command: str, desk: Desk) -> None:
    desk.run(command)
    heading, *rows = (desk.folder / "answers.csv").read_text().splitlines()
    assert heading.startswith("file,label,confidence,")
    assert heading.endswith(",problem")
    assert [row.split(",")[:2] for row in rows] == [["scans/a.png", "7"], ["scans/more/b.png", "7"]]


def answers_as_the_api(command: str, desk: Desk) -> None:
    said = json.loads(desk.run(command))
    answer = desk.server.client.post(
        "/predict/digit", files={"file": (desk.folder / "app/web/sample.png").read_bytes()}
    ).json()
    assert said.keys() == {"file", *answer}
    assert said["label"] == answer["label"]


def draws_a_picture(command: str, desk: Desk) -> None:
    desk.run(command)
    assert (desk.folder / "way.png").read_bytes().startswith(b"\x89PNG")


def reloads_on_a_signal(command: str, desk: Desk) -> None:
    with serving(runtime="litert") as running:
        desk.run(command.replace("PID", str(running.process.pid)))
        running.wait_for_log("reload ended")


def reloads_on_a_call(command: str, desk: Desk) -> None:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    key = "open sesame"
    with serving(runtime="litert", admin_keys=hashlib.sha256(key.encode()).hexdigest()) as running:
        told = desk.run(f"ADMIN_KEY={shlex.quote(key)}; " + command.replace(ADDRESS, running.url))
    assert {item["loaded"] for item in json.loads(told)["models"]} == {False}


def converts(command: str, desk: Desk) -> None:
    name = desk.train(command).splitlines()[0]
    assert name.startswith("digit-")
    assert (desk.folder / name).stat().st_size > 500_000


def makes_a_page(command: str, desk: Desk) -> None:
    assert desk.train(command).strip() == "report.html"
    assert (desk.folder / "report.html").read_text().startswith("<!doctype html>")


@dataclass(frozen=True)
class Check:
    """How a command is held to its word, and why that is not done by just running it."""

    holds: Callable[[str, Desk], None]
    because: str = ""


NO_DATA = "the data sets are not part of the project; it runs up to where it says so"
LONG = "it would install gigabytes; its recipe is read"
CHECKS = {
    "git clone <this repository> inkling && cd inkling": Check(
        is_cloned, "the address is the reader's to fill in: this folder is cloned"
    ),
    "make serve": Check(serves, LONG),
    "curl -F file=@app/web/sample.png http://127.0.0.1:8000/predict/digit": Check(is_answered_as_shown),
    f"curl -F files=@1.png -F files=@2.png '{ADDRESS}/predict/char/batch?top_k=5&allow=0123456789X'": Check(
        answers_each
    ),
    ".venv/bin/inkling predict scans/ --recursive --csv > answers.csv": Check(writes_a_table),
    "cat app/web/sample.png | .venv/bin/inkling predict - --json": Check(answers_as_the_api),
    ".venv/bin/inkling explain app/web/sample.png -o way.png": Check(draws_a_picture),
    "kill -HUP PID": Check(reloads_on_a_signal),
    'curl -X POST -H "X-API-Key: $ADMIN_KEY" http://127.0.0.1:8000/admin/reload': Check(reloads_on_a_call),
    "make train-digit": Check(trains, NO_DATA),
    "make train-char": Check(trains, NO_DATA),
    "make dev": Check(builds_the_environment, LONG),
    ".venv/bin/python -m training data download mnist": Check(fetches, "tests need no internet: all but the fetching"),
    ".venv/bin/python -m training data download emnist": Check(fetches, "tests need no internet: all but the fetching"),
    ".venv/bin/python -m training data check emnist/balanced": Check(wants_data, NO_DATA),
    ".venv/bin/python -m training evaluate digit": Check(wants_data, NO_DATA),
    ".venv/bin/python -m training evaluate digit --robustness": Check(wants_data, NO_DATA),
    ".venv/bin/python -m training evaluate photos my-photos": Check(evaluates_photos),
    ".venv/bin/python -m training parity digit": Check(wants_data, NO_DATA),
    ".venv/bin/python -m training export digit --to onnx": Check(converts),
    ".venv/bin/python -m training report": Check(makes_a_page),
}


@dataclass(frozen=True)
class Block:
    """A fenced block: its language and what stands in it."""

    language: str
    text: str


BLOCKS = [Block(*found) for found in re.findall(r"^```(\w*)\n(.*?)^```$", README, re.M | re.S)]


def shown_answers() -> list[dict]:
    """Return the answers that README shows, in their order."""
    return [json.loads(block.text) for block in BLOCKS if block.language == "json"]


def commands() -> list[str]:
    """Return README's shell commands in their order, without comments."""
    lines = [line for block in BLOCKS if block.language == "sh" for line in block.text.splitlines()]
    return [bare for line in lines if (bare := re.sub(r"(^|\s+)#.*", "", line).strip())]


def test_every_block_is_of_a_kind_that_is_checked_here() -> None:
    assert README.count("```") == 2 * len(BLOCKS)
    assert [block.language for block in BLOCKS if block.language != "sh"] == ["json", "python", "json", ""]


def test_every_command_is_known_and_every_check_is_for_one() -> None:
    assert sorted(set(commands())) == sorted(CHECKS)


@pytest.mark.parametrize("command", CHECKS)
def test_a_command_does_what_it_says(command: str, desk: Desk) -> None:
    CHECKS[command].holds(command, desk)


def test_the_program_runs(desk: Desk) -> None:
    (program,) = (block.text for block in BLOCKS if block.language == "python")
    (desk.folder / "program.py").write_text(program.replace(ADDRESS, desk.server.url))
    first, good, bad = desk.run(f"{PYTHON} program.py").splitlines()
    assert first == "7"
    assert good.startswith("('7', 0.")
    assert "image" in bad


def test_the_drawn_way_is_made_of_modules_that_exist() -> None:
    (drawing,) = (block.text for block in BLOCKS if not block.language)
    upload, *modules, answer = drawing.strip().split(" -> ")
    assert (upload, answer) == ("upload", "answer")
    folder = Path()
    for module in modules:
        # A name alone is in the folder of the one before it.
        folder = Path(module).parent if "/" in module else folder
        assert (ROOT / folder / f"{Path(module).name}.py").is_file(), module


def test_what_is_said_of_docker_compose_holds() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    profiles = {profile for service in services.values() for profile in service.get("profiles", [])}
    assert set(re.findall(r"--profile (\w+)", README)) <= profiles
    (port,) = services["inkling"]["ports"]
    assert port == "8000:8000"
    assert (ROOT / "deploy" / "build-image.sh").stat().st_mode & 0o100
