from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from app.artifacts import INT8_FILE
from app.main import create_app
from app.settings import Settings
from tests.app.api.test_openapi import undescribed
from tests.conftest import wait_until_ready
from tests.models import add_version, shipped
from tests.strokes import draw, encode

KEY, OTHER_KEY = "open sesame", "a reader's key"
HEADERS = {"X-API-Key": KEY}
SEVEN = {"file": encode(draw("7"))}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for name in ("digit", "char"):
        add_version(tmp_path, name, 1)
    return tmp_path


@pytest.fixture
def administered(models: Path) -> Iterator[TestClient]:
    digest, other = (hashlib.sha256(key.encode()).hexdigest() for key in (KEY, OTHER_KEY))
    settings = Settings(models_dir=models, runtime="litert", admin_keys=digest, api_keys=other, _env_file=None)
    with TestClient(create_app(settings), headers={"X-API-Key": OTHER_KEY}) as connected:
        wait_until_ready(connected)
        yield connected


def figure(client: TestClient, name: str, **labels: str) -> float | None:
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return None


def batchers() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("batcher")}


def test_without_an_admin_key_there_is_no_such_call(client: TestClient) -> None:
    reply = client.post("/admin/reload")
    assert (reply.status_code, reply.json()["code"]) == (404, "not-found")
    assert "/admin/reload" not in client.get("/openapi.json").json()["paths"]


@pytest.mark.parametrize("key", ["", "wrong", OTHER_KEY])
def test_only_an_admin_key_opens_it(administered: TestClient, key: str) -> None:
    for path in ("/admin/reload", "/admin/reload/", "/admin"):
        reply = administered.post(path, headers={"X-API-Key": key})
        assert (reply.status_code, reply.json()["code"]) == (401, "unauthorised")
    # And it opens nothing else.
    assert administered.get("/models", headers=HEADERS).status_code == 401


def test_it_is_described(administered: TestClient) -> None:
    document = administered.get("/openapi.json").json()
    assert "409" in document["paths"]["/admin/reload"]["post"]["responses"]
    assert undescribed(document) == []


def test_the_newer_version_is_told_of_everywhere(administered: TestClient, models: Path) -> None:
    administered.post("/predict/digit", files=SEVEN)
    (metrics,) = shipped("digit").card.model_dump()["metrics"]
    add_version(models, "digit", 2, metrics=[{**metrics, "accuracy": 0.75}])
    assert administered.post("/admin/reload", headers=HEADERS).json() == {
        "models": [
            {"name": "char", "version": "1", "before": "1", "loaded": False},
            {"name": "digit", "version": "2", "before": "1", "loaded": True},
        ]
    }
    assert administered.get("/readyz").status_code == 200
    versions = {item["name"]: item["version"] for item in administered.get("/models").json()["models"]}
    assert versions == {"digit": "2", "char": "1"}
    assert administered.get("/models/digit").json()["version"] == "2"
    assert figure(administered, "inkling_model_info", model="digit", version="2") == 1
    assert figure(administered, "inkling_model_info", model="digit", version="1") is None
    assert figure(administered, "inkling_drift_answers", model="digit") == 0
    assert figure(administered, "inkling_drift_expected_confidence", model="digit") == 0.75
    answer = administered.post("/predict/digit", files=SEVEN).json()
    assert answer["model"] == {"name": "digit", "version": "2"}
    assert figure(administered, "inkling_answers_total", model="digit", label=answer["label"]) == 2


def test_a_damaged_version_is_refused_in_words_without_a_path(administered: TestClient, models: Path) -> None:
    (add_version(models, "digit", 2) / INT8_FILE).write_bytes(b"junk")
    add_version(models, "char", 2)
    reply = administered.post("/admin/reload", headers=HEADERS)
    assert (reply.status_code, reply.json()["code"]) == (409, "model-refused")
    assert reply.headers["content-type"] == "application/problem+json"
    detail = reply.json()["detail"]
    assert "digit: the version on disk is damaged; 1 goes on serving." in detail
    assert "char: 2 is loaded." in detail
    assert str(models) not in reply.text
    assert administered.post("/predict/digit", files=SEVEN).json()["model"]["version"] == "1"
    assert figure(administered, "inkling_problems_total", code="model-refused") == 1


def test_reloads_cost_no_client_an_answer(administered: TestClient, models: Path) -> None:
    over = threading.Event()

    def send() -> list[tuple[int, str]]:
        heard = []
        while not over.is_set():
            reply = administered.post("/predict/digit", files=SEVEN)
            heard.append((reply.status_code, reply.json()["model"]["version"] if reply.is_success else reply.text))
        return heard

    before = batchers()
    with ThreadPoolExecutor(4) as pool:
        senders = [pool.submit(send) for _ in range(2)]
        try:
            for version in (2, 3):
                add_version(models, "digit", version)
                both = [pool.submit(administered.post, "/admin/reload", headers=HEADERS) for _ in range(2)]
                assert [reload.result().status_code for reload in both] == [200, 200]
        finally:
            over.set()
    for sender in senders:
        heard = sender.result()
        assert {status for status, _ in heard} <= {200}, heard
        versions = [version for _, version in heard]
        assert versions == sorted(versions)
    assert administered.post("/predict/digit", files=SEVEN).json()["model"]["version"] == "3"
    assert len(batchers() - before) == len(before - batchers()) == 1  # of `digit`


def test_pinned_versions_stay(models: Path) -> None:
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    settings = Settings(
        models_dir=models, model_versions={"digit": 1}, runtime="litert", admin_keys=digest, _env_file=None
    )
    with TestClient(create_app(settings)) as pinned:
        wait_until_ready(pinned)
        add_version(models, "digit", 2)
        reply = pinned.post("/admin/reload", headers=HEADERS).json()
        assert [item["version"] for item in reply["models"]] == ["1", "1"]
        assert not any(item["loaded"] for item in reply["models"])
