from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from app.inference import State
from app.main import create_app
from app.observer import Stage
from app.settings import Settings
from tests.conftest import wait_until_ready
from tests.models import MODELS, shipped
from tests.strokes import draw, encode

SEVEN = encode(draw("7"))


def figures(client: TestClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return every sample of /metrics by its name and labels."""
    reply = client.get("/metrics")
    assert reply.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(reply.text)
        for sample in family.samples
    }


def value(client: TestClient, name: str, **labels: str) -> float:
    return figures(client).get((name, frozenset(labels.items())), 0.0)


def post(client: TestClient, path: str = "/predict/digit", data: bytes = SEVEN, **query: str) -> int:
    return client.post(path, params=query, files={"file": data}).status_code


@pytest.fixture
def watched() -> Iterator[TestClient]:
    """An application of its own, whose figures nobody else moves."""
    settings = Settings(models_dir=MODELS, runtime="litert", queue_images=8, max_batch_files=7, _env_file=None)
    with TestClient(create_app(settings)) as connected:
        wait_until_ready(connected)
        yield connected


def test_every_application_counts_for_itself(watched: TestClient, client: TestClient) -> None:
    before = value(client, "inkling_answers_total", model="digit", label="7")
    post(watched)
    assert value(watched, "inkling_answers_total", model="digit", label="7") == 1
    assert value(client, "inkling_answers_total", model="digit", label="7") == before


def test_an_answer_is_counted_with_its_stages_batch_and_confidence(watched: TestClient) -> None:
    for _ in range(3):
        assert post(watched) == 200
    for stage in Stage:
        assert value(watched, "inkling_stage_seconds_count", model="digit", stage=stage) == 3
        assert value(watched, "inkling_stage_seconds_sum", model="digit", stage=stage) > 0
    assert value(watched, "inkling_batch_images_sum", model="digit") == 3
    assert value(watched, "inkling_confidence_count", model="digit") == 3
    assert value(watched, "inkling_confidence_bucket", model="digit", le="0.5") == 0
    assert value(watched, "inkling_requests_total", route="/predict/digit", method="POST", status="200") == 3
    assert value(watched, "inkling_request_seconds_count", route="/predict/digit") == 3
    assert value(watched, "inkling_images_under_way") == value(watched, "inkling_queue_images", model="digit") == 0


def test_problems_are_counted_by_their_code_and_those_of_a_batch_each(watched: TestClient) -> None:
    assert value(watched, "inkling_problems_total", code="no-ink") == 0
    post(watched, data=b"junk")
    post(watched, top_k="99")
    watched.post("/predict/digit/batch", files=[("files", part) for part in (SEVEN, b"junk", b"")])
    assert value(watched, "inkling_problems_total", code="unsupported-image") == 2
    assert value(watched, "inkling_problems_total", code="invalid-parameter") == 1
    assert value(watched, "inkling_problems_total", code="empty-file") == 1
    assert value(watched, "inkling_answers_total", model="digit", label="7") == 1


def test_what_is_refused_before_its_route_is_counted_under_it(watched: TestClient) -> None:
    watched.app.state.registry.state = State.DRAINING
    post(watched)
    assert value(watched, "inkling_requests_total", route="/predict/digit", method="POST", status="503") == 1
    assert value(watched, "inkling_ready") == 0
    watched.app.state.registry.state = State.READY
    watched.post("/predict/digit", content=b"", headers={"Content-Length": str(10**9)})
    assert value(watched, "inkling_requests_total", route="/predict/digit", method="POST", status="413") == 1
    assert value(watched, "inkling_problems_total", code="upload-too-large") == 1


def test_an_upload_found_too_large_while_it_is_read_has_one_cause(watched: TestClient) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    chunks = iter([head, *[b"x" * 2**20] * 11])
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    assert watched.post("/predict/digit", content=chunks, headers=form).status_code == 413
    assert value(watched, "inkling_problems_total", code="upload-too-large") == 1
    assert value(watched, "inkling_problems_total", code="malformed-upload") == 0


def test_clients_cannot_add_labels(watched: TestClient) -> None:
    def wander(name: str) -> None:
        watched.get(f"/nowhere/{name}")
        watched.get(f"/models/{name}")
        watched.get(f"/docs-assets/{name}")
        watched.request(f"BREW{name}", "/livez")

    wander("first")
    figures(watched)
    before = figures(watched).keys()
    for number in range(20):
        wander(str(number))
    assert figures(watched).keys() == before
    routes = {dict(labels)["route"] for name, labels in before if name == "inkling_requests_total"}
    assert routes == {"other", "/metrics", "/livez", "/readyz", "/models/{name}"}
    assert value(watched, "inkling_requests_total", route="/models/{name}", method="GET", status="404") == 21


def test_an_answer_limited_to_one_case_counts_for_its_class_and_not_for_drift(watched: TestClient) -> None:
    assert post(watched, "/predict/char", encode(draw("0")), allow="oXx") == 200
    assert value(watched, "inkling_answers_total", model="char", label="O") == 1
    assert value(watched, "inkling_drift_answers", model="char") == 0


def test_drift_is_told_from_the_card(watched: TestClient) -> None:
    for _ in range(5):
        post(watched)
    assert value(watched, "inkling_drift_answers", model="digit") == pytest.approx(5, abs=0.1)
    assert value(watched, "inkling_drift_class_distance", model="digit") == pytest.approx(0.9)
    assert value(watched, "inkling_drift_mean_confidence", model="digit") > 0.5
    expected = shipped("digit").card.metrics[0].accuracy
    assert value(watched, "inkling_drift_expected_confidence", model="digit") == expected


def test_versions_and_workers_are_told(watched: TestClient) -> None:
    artifact = shipped("digit")
    labels = {"version": str(artifact.card.version), "runtime": "litert", "sha256": artifact.sha256[:12]}
    assert value(watched, "inkling_model_info", model="digit", **labels) == 1
    assert value(watched, "inkling_worker_alive", model="digit") == 1
    watched.app.state.registry.model("digit").batcher.close()
    assert value(watched, "inkling_worker_alive", model="digit") == 0
    assert value(watched, "inkling_worker_alive", model="char") == 1


def test_metrics_and_health_answer_while_full_and_metrics_while_starting(watched: TestClient) -> None:
    unstarted = TestClient(create_app(Settings(models_dir=MODELS, runtime="litert", _env_file=None)))
    assert value(unstarted, "inkling_ready") == 0
    files = [("files", SEVEN)] * 6  # of at most eight under way
    with ThreadPoolExecutor(9) as pool:
        uploads = [pool.submit(watched.post, "/predict/digit/batch", files=files) for _ in range(40)]
        asked = ["/metrics", "/livez", "/readyz"] * 7
        scrapes = list(pool.map(lambda path: watched.get(path).status_code, asked))
    refused = sum(upload.result().status_code == 429 for upload in uploads)
    assert refused > 0
    assert scrapes == [200] * 21
    assert value(watched, "inkling_problems_total", code="overloaded") == refused
    assert value(watched, "inkling_images_capacity") == 8


def test_metrics_need_no_key_and_are_plain_text_by_get_only() -> None:
    settings = Settings(models_dir=MODELS, runtime="litert", api_keys="a" * 64, _env_file=None)
    guarded = TestClient(create_app(settings))
    reply = guarded.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert guarded.post("/metrics").status_code in {405, 503}
    assert "_created" not in reply.text
