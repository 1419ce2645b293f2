"""What clients and operators see of a service of several processes."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.artifacts import INT8_FILE
from tests.e2e.server import ROOT, START_SECONDS, Server, command, environment, serving
from tests.load.crowd import CLIENTS, Crowd, crowd_of
from tests.load.drain import end_under_load
from tests.load.sample import SEVEN
from tests.models import add_version

WORKERS = 2
KEY = "open sesame"
#: Connections that are tried until each worker has taken one.
PATIENCE = 500


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    add_version(folder, "digit", 1)
    return folder


@pytest.fixture(scope="module")
def several(models: Path) -> Iterator[Server]:
    """Two workers, both ready, for tests that leave them so."""
    key = hashlib.sha256(KEY.encode()).hexdigest()
    options = {"models_dir": models, "runtime": "litert", "log_format": "json", "admin_keys": key}
    with serving(workers=WORKERS, **options) as running:
        running.wait_for_log('"worker":1,"pid"')
        yield running


def records(running: Server, event: str) -> list[dict]:
    """Return what has been logged under a name."""
    return [record for line in running.lines if line.startswith("{") and (record := json.loads(line))["event"] == event]


def figures(running: Server) -> dict[str, float]:
    """Return the samples of /metrics, those of one name added up."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(httpx2.get(f"{running.url}/metrics").text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def recognise(running: Server) -> str:
    """Recognise over a connection of its own; return the version that has answered."""
    reply = httpx2.post(f"{running.url}/predict/digit", files={"file": SEVEN}, timeout=60)
    assert reply.status_code == 200, reply.text
    return reply.json()["model"]["version"]


def test_every_worker_answers_and_any_tells_the_figures_of_all(several: Server) -> None:
    before = figures(several)
    sent = 0
    while len({record["worker"] for record in records(several, "request") if "predict" in record["path"]}) < WORKERS:
        assert sent < PATIENCE
        recognise(several)
        sent += 1
    for _ in range(4):
        told = figures(several)
        for name in ("inkling_answers_total", "inkling_confidence_count"):
            assert told[name] == before[name] + sent
        assert told["inkling_processes"] == told["inkling_processes_ready"] == WORKERS
        assert told["inkling_images_capacity"] == WORKERS * 320
        assert told["inkling_model_info"] == told["inkling_ready"] == told["inkling_worker_alive"] == 1
        assert told["process_resident_memory_bytes"] > 0


def test_a_reload_reaches_every_worker_and_loses_no_answer(several: Server, models: Path) -> None:
    def send(crowd: Crowd) -> list[str]:
        versions = []
        while not crowd.over.is_set():
            versions.append(recognise(several))
            crowd.count()
        return versions

    with crowd_of(send) as (crowd, clients):
        crowd.wait_for(CLIENTS)
        add_version(models, "digit", 2)
        several.process.send_signal(signal.SIGHUP)
        for _ in range(WORKERS):
            several.wait_for_log('"versions":{"digit":2}')
        # The call answers once all have followed: nobody hears of an older version afterwards.
        add_version(models, "digit", 3)
        reply = httpx2.post(f"{several.url}/admin/reload", headers={"X-API-Key": KEY}, timeout=60)
        assert reply.json()["models"] == [{"name": "digit", "version": "3", "before": "2", "loaded": True}]
        assert {recognise(several) for _ in range(20)} == {"3"}
        damaged = add_version(models, "digit", 4)
        (damaged / INT8_FILE).write_bytes(b"junk")
        reply = httpx2.post(f"{several.url}/admin/reload", headers={"X-API-Key": KEY}, timeout=60)
        assert (reply.status_code, reply.json()["code"]) == (409, "model-refused")
        shutil.rmtree(damaged)
        crowd.wait_for(CLIENTS + 1)
    heard = {version for client in clients for version in client.result()}
    assert heard <= {"1", "2", "3"}
    assert {"1", "3"} <= heard


def test_a_worker_that_dies_is_replaced_while_the_others_answer(several: Server, models: Path) -> None:
    before = figures(several)
    newer = add_version(models, "char", 1)
    (dead,) = (record["pid"] for record in records(several, "worker ready") if record["worker"] == 0)
    os.kill(dead, signal.SIGKILL)
    several.wait_for_log("a worker has ended and is replaced")
    seen = len(several.lines)
    until = time.monotonic() + START_SECONDS
    while not any('"worker ready"' in line for line in several.lines[seen:]):
        assert time.monotonic() < until
        recognise(several)  # none of them is lost, though one worker is not there
    # What the others do not serve, nor does the new one.
    assert {httpx2.get(f"{several.url}/models/char").status_code for _ in range(20)} == {404}
    reply = httpx2.post(f"{several.url}/admin/reload", headers={"X-API-Key": KEY}, timeout=60)
    assert [model["name"] for model in reply.json()["models"]] == ["digit"]
    shutil.rmtree(newer.parent)
    after = figures(several)
    assert after["inkling_processes_ready"] == WORKERS
    assert after["inkling_process_replacements_total"] == 1
    assert after["inkling_answers_total"] >= before["inkling_answers_total"] + 1
    assert after["process_cpu_seconds_total"] >= before["process_cpu_seconds_total"]


def test_sigterm_under_load_answers_what_any_worker_has_accepted_and_cuts_nobody_off(models: Path) -> None:
    with serving(workers=WORKERS, models_dir=models, runtime="litert", log_format="json") as running:
        running.wait_for_log('"worker":1,"pid"')
        ending = end_under_load(running)
    assert ending.answers
    assert ending.clean


def test_sigterm_while_a_worker_still_loads_cuts_nobody_off(models: Path) -> None:
    with serving(workers=WORKERS, models_dir=models, runtime="litert", log_format="json") as running:
        assert not any('"worker":1,"pid"' in line for line in running.lines)
        ending = end_under_load(running)
    assert ending.answers
    assert ending.clean


def test_workers_end_where_the_supervisor_is_gone(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where a supervisor that is killed leaves its folder
    with serving(workers=WORKERS, models_dir=models, runtime="litert", log_format="json") as running:
        running.wait_for_log('"worker":1,"pid"')
        running.process.kill()
        ended = "Finished server process"
        running.wait_for_log(ended)
        first = next(index for index, line in enumerate(running.lines) if ended in line)
        running.wait_for_log(ended, after=first + 1)
        with pytest.raises(httpx2.ConnectError):
            recognise(running)


def test_a_model_that_cannot_be_served_ends_the_service_with_a_clear_message(tmp_path: Path) -> None:
    options = environment(models_dir=tmp_path, runtime="litert", workers=WORKERS)
    line = command("serve", "--port", "0")
    ended = subprocess.run(line, cwd=ROOT, env=options, capture_output=True, text=True, timeout=START_SECONDS)
    assert ended.returncode == 1
    assert str(tmp_path) in ended.stderr
    assert "Traceback" not in ended.stderr
