from __future__ import annotations

import pytest
import structlog
from starlette.testclient import TestClient

from tests.strokes import draw, encode

STAGES = {"wait_milliseconds", "decode_milliseconds", "ink_milliseconds", "queue_milliseconds", "predict_milliseconds"}


def logged(client: TestClient, path: str, **files: object) -> dict:
    with structlog.testing.capture_logs() as lines:
        client.post(path, **files)
    (line,) = [line for line in lines if line["event"] == "request"]
    return line


def test_the_log_line_of_an_answer_has_its_stages(client: TestClient) -> None:
    line = logged(client, "/predict/digit", files={"file": encode(draw("7"))})
    assert line.keys() >= STAGES
    assert 0 < line["decode_milliseconds"] + line["ink_milliseconds"] <= line["milliseconds"]
    assert sum(line[stage] for stage in STAGES) <= line["milliseconds"]


def test_the_log_line_of_a_refusal_has_its_cause(client: TestClient) -> None:
    line = logged(client, "/predict/digit", files={"file": b"junk"})
    assert (line["status"], line["problem"]) == (415, "unsupported-image")
    assert line.keys() & STAGES == {"wait_milliseconds", "decode_milliseconds"}


def test_the_log_line_of_a_batch_counts_its_failures(client: TestClient) -> None:
    line = logged(client, "/predict/digit/batch", files=[("files", part) for part in (encode(draw("7")), b"", b"x")])
    assert (line["status"], line["failed_images"]) == (200, 2)
    assert "problem" not in line


@pytest.mark.parametrize("path", ["/", "/livez", "/models", "/nowhere", "/metrics", "/docs", "/openapi.json"])
def test_browsers_are_told_not_to_guess_types(client: TestClient, path: str) -> None:
    assert client.get(path).headers["x-content-type-options"] == "nosniff"


def test_answers_and_errors_are_not_stored(client: TestClient) -> None:
    answer = client.post("/predict/digit", files={"file": encode(draw("7"))})
    batch = client.post("/predict/digit/batch", files=[("files", encode(draw("7")))])
    for reply in (answer, batch, client.post("/predict/digit"), client.get("/nowhere")):
        assert reply.headers["cache-control"] == "no-store"
