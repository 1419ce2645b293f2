"""What clients make of `/openapi.json`: a fuzzer that holds the service to it, and a generated client."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tests.e2e.server import ROOT, Server, serving
from tests.strokes import draw, encode

BIN = Path(sys.executable).parent


def test_schemathesis_finds_nothing() -> None:
    key = "sesame"
    digest = hashlib.sha256(key.encode()).hexdigest()
    # With every call there is, and with keys, so that going without one is tried too.
    with serving(runtime="litert", api_keys=digest, admin_keys=digest) as locked:
        ended = subprocess.run(
            [
                str(BIN / "schemathesis"),
                "run",
                f"{locked.url}/openapi.json",
                f"--header=X-API-Key: {key}",
                "--max-examples=20",
                "--seed=1",
            ],
            cwd=ROOT,
            # Ours before the package of that name that some distributions install.
            env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.e2e.uploads", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=300,
        )
        counted = locked.client.get("/metrics").text
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    # Answers of every kind have been held to the description, and not only refusals.
    for path in ("/predict/digit", "/predict/char/batch", "/admin/reload"):
        for status in (200, 401):
            assert f'inkling_requests_total{{method="POST",route="{path}",status="{status}"}}' in counted


def test_a_generated_client_posts_an_image_and_reads_a_typed_answer(server: Server, tmp_path: Path) -> None:
    document = tmp_path / "openapi.json"
    document.write_bytes(server.client.get("/openapi.json").content)
    target = tmp_path / "inkling_client"
    subprocess.run(
        [
            str(BIN / "openapi-python-client"),
            "generate",
            "--path",
            str(document),
            "--meta",
            "none",
            "--output-path",
            str(target),
            "--fail-on-warning",
        ],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},  # it formats with ruff
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    program = f"""
import io, sys
sys.path.insert(0, {str(tmp_path)!r})
from inkling_client import Client
from inkling_client.api.recognise import predict_digit
from inkling_client.models import Answer, BodyPredictDigit, Problem
from inkling_client.types import File

client = Client(base_url="http://127.0.0.1:{server.port}")
upload = lambda data: BodyPredictDigit(file=File(io.BytesIO(data), "digit.png", "image/png"))
answer = predict_digit.sync(client=client, body=upload(sys.stdin.buffer.read()), top_k=2)
assert isinstance(answer, Answer), answer
assert answer.model.name == "digit" and len(answer.candidates) == 2
problem = predict_digit.sync(client=client, body=upload(b"junk"))
assert isinstance(problem, Problem) and problem.code == "unsupported-image", problem
print(answer.label)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], input=encode(draw("7")), capture_output=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stderr.decode()[-3000:]
    assert ended.stdout.decode().strip() == "7"
