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


@pytest.mark.parametrize("path", ["/", "/livez", "/models", "/nowhere", "/metrics", "/docs", "/openapi.json"])
def test_nobody_may_frame_what_is_answered_or_learn_from_where_it_was_asked(client: TestClient, path: str) -> None:
    reply = client.get(path)
    assert reply.headers["x-frame-options"] == "DENY"
    assert reply.headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in reply.headers["content-security-policy"]
    names = [name for name, _ in reply.headers.multi_items()]
    assert len(names) == len(set(names))


def test_an_answer_is_nothing_that_a_browser_should_run(client: TestClient) -> None:
    for reply in (client.post("/predict/digit", files={"file": encode(draw("7"))}), client.post("/predict/digit")):
        assert reply.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    "path",
    ["/", "/livez", "/readyz", "/models", "/models/digit", "/docs", "/redoc", "/openapi.json", "/web/page.css", "/no"],
)
def test_head_is_answered_as_get_is_without_the_body(client: TestClient, path: str) -> None:
    full, head = client.get(path), client.head(path)
    assert head.content == b""
    varying = {"x-request-id"}
    if path == "/no":  # the body has the request's id
        varying.add("content-length")
    assert head.status_code == full.status_code
    assert {name: value for name, value in head.headers.items() if name not in varying} == {
        name: value for name, value in full.headers.items() if name not in varying
    }


def test_head_is_no_way_around_a_method_and_is_logged_as_what_it_was(client: TestClient) -> None:
    with structlog.testing.capture_logs() as lines:
        assert client.head("/predict/digit").status_code == 405
    (line,) = [line for line in lines if line["event"] == "request"]
    assert line["method"] == "HEAD"


def test_answers_and_errors_are_not_stored(client: TestClient) -> None:
    answer = client.post("/predict/digit", files={"file": encode(draw("7"))})
    batch = client.post("/predict/digit/batch", files=[("files", encode(draw("7")))])
    for reply in (answer, batch, client.post("/predict/digit"), client.get("/nowhere")):
        assert reply.headers["cache-control"] == "no-store"
