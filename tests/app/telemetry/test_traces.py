from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import structlog
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.telemetry.traces import ENDPOINT, start_traces
from tests.conftest import wait_until_ready
from tests.models import MODELS
from tests.strokes import draw, encode

INSTALLED = importlib.util.find_spec("opentelemetry") and importlib.util.find_spec("opentelemetry.sdk")


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """A collector that keeps what it is sent, and its address in the environment."""
    received: list[bytes] = []

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Keep) as server:
        monkeypatch.setenv(ENDPOINT, f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield received
        server.shutdown()
        thread.join()


def test_without_an_endpoint_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENDPOINT, raising=False)
    assert start_traces(FastAPI(), "1") is None


@pytest.mark.skipif(bool(INSTALLED), reason="the extra `tracing` is installed")
def test_without_the_extra_the_service_starts_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:4318")
    with structlog.testing.capture_logs() as lines:
        app = create_app(Settings(models_dir=MODELS, runtime="litert", _env_file=None))
    assert any("pip install '.[tracing]'" in line["event"] for line in lines)
    assert TestClient(app).get("/livez").status_code == 200


@pytest.mark.skipif(not INSTALLED, reason="needs the extra `tracing`")
def test_a_request_is_one_span_with_its_stages(collector: list[bytes]) -> None:
    app = create_app(Settings(models_dir=MODELS, runtime="litert", _env_file=None))
    with TestClient(app) as connected:
        wait_until_ready(connected)
        headers = {"X-Request-ID": "find-me"}
        assert connected.post("/predict/digit", files={"file": encode(draw("7"))}, headers=headers).status_code == 200
    sent = b"".join(collector)
    assert sent.count(b"POST /predict/digit") == 1
    assert b"find-me" in sent
    assert b"inkling.ink_milliseconds" in sent
    assert b"/readyz" not in sent
