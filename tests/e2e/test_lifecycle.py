"""What clients and operators see of a service that changes its models, or ends, under load."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import httpx2
import pytest

from app.artifacts import INT8_FILE
from app.client import Client
from tests.e2e.server import ROOT, command, environment, listening_port, serving, wait_until_ready
from tests.load.crowd import CLIENTS, Crowd, crowd_of
from tests.load.drain import end_under_load, reload
from tests.load.sample import SEVEN
from tests.models import add_version


@pytest.fixture
def models(tmp_path: Path) -> Path:
    add_version(tmp_path, "digit", 1)
    return tmp_path


def test_sighup_serves_the_newer_version_and_loses_no_answer(models: Path) -> None:
    with serving(models_dir=models, runtime="litert", log_format="json") as running:

        def send(crowd: Crowd) -> list[str]:
            versions = []
            # Without the retries of our own client, which would hide a lost answer.
            with httpx2.Client(base_url=running.url, timeout=30) as client:
                while not crowd.over.is_set():
                    reply = client.post("/predict/digit", files={"file": SEVEN})
                    assert reply.status_code == 200, reply.text
                    versions.append(reply.json()["model"]["version"])
                    crowd.count()
            return versions

        with crowd_of(send) as (crowd, clients):
            crowd.wait_for(CLIENTS)
            add_version(models, "digit", 2)
            reload(running, {"digit": 2})
            (add_version(models, "digit", 3) / INT8_FILE).write_bytes(b"junk")
            reload(running, {"digit": 2})
            crowd.wait_for(CLIENTS + 1)  # one of them at least was sent after the last reload
        heard = [client.result() for client in clients]
        assert all(versions == sorted(versions) for versions in heard)
        assert {version for versions in heard for version in versions} == {"1", "2"}
        (refusal,) = (json.loads(line) for line in running.lines if "model refused" in line)
        assert "is damaged" in refusal["reason"]
        assert running.stop() == 0


def test_sighup_ends_the_service_where_it_means_that_the_terminal_is_gone(models: Path) -> None:
    ours, its = os.openpty()
    # Quiet, since nobody reads the terminal.
    options = environment(models_dir=models, runtime="litert", log_level="error")
    process = subprocess.Popen(command("serve", "--port", "0"), cwd=ROOT, env=options, stderr=its)
    os.close(its)
    try:
        with Client(f"http://127.0.0.1:{listening_port(process)}") as inkling:
            assert wait_until_ready(process, inkling)
        os.close(ours)
        ours = None
        process.send_signal(signal.SIGHUP)
        assert process.wait(60) == 0
    finally:
        if ours is not None:
            os.close(ours)
        process.kill()
        process.wait()


def test_sigterm_under_load_answers_what_is_accepted_and_cuts_nobody_off(models: Path) -> None:
    with serving(models_dir=models, runtime="litert") as running:
        ending = end_under_load(running)
    assert ending.code == 0
    assert ending.answers
    assert ending.lost == 0
    assert ending.kept.answered
    assert ending.kept.lost == 0
    assert ending.clean
