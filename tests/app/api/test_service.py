from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from app.artifacts import ArtifactMissing
from app.inference import LiteRTRuntime, State
from app.inference.runtime import Batch, Probabilities
from app.main import create_app
from app.settings import Settings
from tests.conftest import wait_until_ready
from tests.models import MODELS, shipped
from tests.strokes import draw, encode


@pytest.fixture
def fresh() -> Iterator[TestClient]:
    digest = hashlib.sha256(b"open sesame").hexdigest()
    settings = Settings(
        models_dir=MODELS,
        runtime="litert",
        api_keys=digest,
        max_upload_bytes=5000,
        queue_images=8,
        max_batch_files=7,
        _env_file=None,
    )
    with TestClient(create_app(settings)) as connected:
        wait_until_ready(connected)
        yield connected


def test_models_are_described(client: TestClient) -> None:
    models = {item["name"]: item for item in client.get("/models").json()["models"]}
    assert {"digit", "char"} <= models.keys()
    assert models["digit"]["sha256"] == shipped("digit").sha256
    assert models["digit"]["input_shape"] == [28, 28, 1]
    assert models["digit"]["metrics"][0]["test_set"]["images"] == 10_000
    assert [item["label"] for item in models["digit"]["classes"]] == list("0123456789")
    assert len(models["char"]["classes"]) == 47
    card = client.get("/models/char").json()
    assert card["training_data"]["name"] == "emnist/bymerge"
    assert card["preprocessing_version"] >= 1
    assert card["version"] == models["char"]["version"] == str(shipped("char").card.version)


def test_health(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}


@pytest.mark.parametrize(("sent", "kept"), [("abc-123", True), ("a" * 500, False), ("<script>", False), ("", False)])
def test_a_request_id_is_kept_where_it_is_sane(client: TestClient, sent: str, kept: bool) -> None:
    assert (client.get("/livez", headers={"X-Request-ID": sent}).headers["x-request-id"] == sent) is kept


def test_api_keys_guard_models_and_recognition_but_not_health(fresh: TestClient) -> None:
    upload = {"file": encode(draw("7"))}
    for headers in ({}, {"X-API-Key": "wrong"}):
        for reply in (
            fresh.post("/predict/digit", files=upload, headers=headers),
            fresh.get("/models", headers=headers),
        ):
            assert (reply.status_code, reply.json()["code"]) == (401, "unauthorised")
    assert fresh.post("/predict/digit", files=upload, headers={"X-API-Key": "open sesame"}).status_code == 200
    assert fresh.get("/livez").status_code == fresh.get("/readyz").status_code == 200


def test_uploads_above_the_limit_are_refused_declared_or_not(fresh: TestClient) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b", "X-API-Key": "open sesame"}
    big = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"x" * 100_000 + b"\r\n--b--\r\n"
    )
    for body in (big, iter([big[:50_000], big[50_000:]])):
        reply = fresh.post("/predict/digit", content=body, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (413, "upload-too-large")


def test_a_full_service_says_when_to_come_back(fresh: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, may_go_on = threading.Event(), threading.Event()
    predict = LiteRTRuntime.predict

    def held(runtime: LiteRTRuntime, images: Batch) -> Probabilities:
        reached.set()
        assert may_go_on.wait(60)
        return predict(runtime, images)

    monkeypatch.setattr(LiteRTRuntime, "predict", held)
    headers = {"X-API-Key": "open sesame"}
    image = encode(draw("7"))
    files = [("files", image)] * 6  # of at most eight under way

    def batch() -> Response:
        return fresh.post("/predict/digit/batch", files=files, headers=headers)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(batch)
        try:
            assert reached.wait(60)
            refused = batch()
            assert fresh.get("/livez").status_code == fresh.get("/readyz").status_code == 200
            assert fresh.get("/metrics").status_code == 200
        finally:
            may_go_on.set()
        assert first.result().status_code == 200
    assert (refused.status_code, refused.json()["code"]) == (429, "overloaded")
    assert int(refused.headers["retry-after"]) >= 1
    assert batch().status_code == 200


def test_before_and_after_its_time_the_service_says_so(fresh: TestClient) -> None:
    registry = fresh.app.state.registry
    upload = {"file": encode(draw("7"))}
    for state, code in ((State.FAILED, "not-ready"), (State.DRAINING, "draining")):
        registry.state = state
        for reply in (fresh.get("/readyz"), fresh.post("/predict/digit", files=upload)):
            assert (reply.status_code, reply.json()["code"]) == (503, code)
    registry.state = State.READY


def test_a_dead_worker_is_seen_by_livez(fresh: TestClient) -> None:
    fresh.app.state.registry.model("digit").batcher.close()
    assert fresh.get("/livez").status_code == fresh.get("/readyz").status_code == 503
    assert "digit" in fresh.get("/livez").json()["detail"]


def test_deadline() -> None:
    settings = Settings(models_dir=MODELS, runtime="litert", deadline_seconds=1e-6, _env_file=None)
    with TestClient(create_app(settings)) as connected:
        wait_until_ready(connected)
        reply = connected.post("/predict/digit", files={"file": encode(draw("7"))})
        assert (reply.status_code, reply.json()["code"]) == (504, "deadline-exceeded")


def test_no_service_without_models(tmp_path: Path) -> None:
    with pytest.raises(ArtifactMissing):
        create_app(Settings(models_dir=tmp_path, _env_file=None))


def test_only_loaded_models_are_listed() -> None:
    # Without its lifespan, in which it loads them.
    starting = TestClient(create_app(Settings(models_dir=MODELS, runtime="litert", _env_file=None)))
    assert starting.get("/models").json() == {"models": []}


def test_no_redirect_names_a_host_that_the_client_made_up(client: TestClient) -> None:
    reply = client.post("/predict/digit/", headers={"Host": "evil.example"}, follow_redirects=False)
    assert (reply.status_code, reply.json()["code"]) == (404, "not-found")
