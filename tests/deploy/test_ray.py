"""The service on Ray Serve: the real cluster of this machine, with two replicas."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from app.client import Answer, Client, ServiceProblem
from app.settings import Settings, variable
from tests.e2e.server import ROOT, environment
from tests.models import MODELS
from tests.ports import free_ports
from tests.strokes import DIGITS, draw, encode

CONFIG = ROOT / "deploy" / "ray" / "config.yaml"
START_SECONDS = 600
REPLY_SECONDS = 60
REPLICAS = 2
#: The line of /metrics that tells one process from another.
PROCESS = "process_start_time_seconds "


def config() -> dict[str, Any]:
    loaded = yaml.safe_load(CONFIG.read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_the_config_fits_the_service() -> None:
    (application,) = config()["applications"]
    (deployment,) = application["deployments"]
    options = Settings(_env_file=None)
    assert application["runtime_env"]["env_vars"].keys() <= {variable(name) for name in Settings.model_fields}
    # A replica takes what Ray sends it, answers before Ray gives up, and is not ended before it has.
    assert deployment["max_ongoing_requests"] <= options.queue_images
    assert deployment["graceful_shutdown_timeout_s"] > options.drain_seconds
    assert config()["http_options"]["request_timeout_s"] > options.deadline_seconds
    scaling = deployment["autoscaling_config"]
    assert scaling["min_replicas"] < scaling["max_replicas"]
    assert scaling["target_ongoing_requests"] <= deployment["max_ongoing_requests"]
    module, _, name = application["import_path"].partition(":")
    source = (ROOT / Path(*module.split("."))).with_suffix(".py").read_text()
    assert f"\n{name} = {deployment['name']}.bind()" in source


def ready(address: str) -> bool:
    """Tell whether the service answers; before it is there Ray itself answers 404."""
    try:
        return httpx2.get(f"{address}/readyz", timeout=REPLY_SECONDS).is_success
    except httpx2.TransportError:
        return False


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the configured service on a cluster of its own, on a free port, with two replicas that share two CPUs."""
    (port,) = free_ports(1)
    changed = config()
    changed["http_options"] |= {"host": "127.0.0.1", "port": port}
    (application,) = changed["applications"]
    application["runtime_env"]["env_vars"] = {"INKLING_MODELS_DIR": str(MODELS), "INKLING_RUNTIME": "litert"}
    (deployment,) = application["deployments"]
    deployment["ray_actor_options"]["num_cpus"] = 0.5
    deployment["autoscaling_config"] |= {"min_replicas": REPLICAS, "max_replicas": REPLICAS}
    folder = tmp_path_factory.mktemp("ray")
    (folder / "config.yaml").write_text(yaml.safe_dump(changed))
    arguments = ["run", "--app-dir", str(ROOT), str(folder / "config.yaml")]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            # The command `serve`, wherever this environment's programs are.
            [sys.executable, "-c", "import sys; from ray.serve.scripts import cli; cli(sys.argv[1:])", *arguments],
            cwd=ROOT,
            # Without an address it would join a cluster that runs on this machine.
            env={**environment(), "RAY_ADDRESS": "local", "RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + START_SECONDS
        while not ready(address):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.2)  # another process's start has nothing else to wait on
        yield address
    finally:
        process.terminate()
        process.wait(120)


@pytest.mark.slow
def test_it_answers(url: str) -> None:
    with Client(url, timeout=REPLY_SECONDS) as inkling:
        for character in DIGITS:
            assert inkling.recognise(encode(draw(character, width=0.1))).label == character
        assert inkling.recognise(encode(draw("L")), "char").label == "L"
        good, bad = inkling.recognise_many([encode(draw("7")), b"junk"])
    assert isinstance(good, Answer)
    assert isinstance(bad, ServiceProblem)
    assert (good.label, bad.code) == ("7", "unsupported-image")


@pytest.mark.slow
def test_two_processes_answer(url: str) -> None:
    async def starts() -> set[str]:
        async with httpx2.AsyncClient(base_url=url, timeout=REPLY_SECONDS) as client:
            replies = await asyncio.gather(*(client.get("/metrics") for _ in range(16)))
        return {line for reply in replies for line in reply.text.splitlines() if line.startswith(PROCESS)}

    seen: set[str] = set()
    for _ in range(20):
        seen |= asyncio.run(starts())
    assert len(seen) == REPLICAS
