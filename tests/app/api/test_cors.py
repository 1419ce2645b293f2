from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.conftest import wait_until_ready
from tests.models import MODELS
from tests.strokes import draw, encode

OURS, THEIRS = "https://forms.example", "https://evil.example"


@pytest.fixture(scope="module")
def shared() -> Iterator[TestClient]:
    settings = Settings(
        models_dir=MODELS, runtime="litert", cors_origins=f"{OURS}, http://localhost:3000", api_keys="a" * 64,
        _env_file=None,
    )  # fmt: skip
    with TestClient(create_app(settings)) as connected:
        wait_until_ready(connected)
        yield connected


def ask(client: TestClient, origin: str, method: str = "POST") -> object:
    wanted = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "x-api-key"}
    return client.options("/predict/digit", headers={"Origin": origin, **wanted})


def test_a_listed_page_may_call_and_read_the_request_id(shared: TestClient) -> None:
    permission = ask(shared, OURS)
    assert permission.status_code == 204
    assert permission.headers["access-control-allow-origin"] == OURS
    assert "x-api-key" in permission.headers["access-control-allow-headers"].lower()
    assert permission.headers["x-request-id"]
    reply = shared.post("/predict/digit", files={"file": encode(draw("7"))}, headers={"Origin": OURS})
    assert reply.status_code == 401  # which the page can read, too
    assert reply.headers["access-control-allow-origin"] == OURS
    assert "X-Request-ID" in reply.headers["access-control-expose-headers"]


def test_any_other_page_may_not(shared: TestClient) -> None:
    assert "access-control-allow-origin" not in ask(shared, THEIRS).headers
    assert "access-control-allow-origin" not in shared.get("/livez", headers={"Origin": THEIRS}).headers


def test_methods_that_the_api_lacks_are_not_permitted(shared: TestClient) -> None:
    assert "DELETE" not in ask(shared, OURS, "DELETE").headers["access-control-allow-methods"]


def test_without_origins_nothing_is_shared(client: TestClient) -> None:
    assert ask(client, OURS).json()["code"] == "method-not-allowed"
    assert "access-control-allow-origin" not in client.get("/livez", headers={"Origin": OURS}).headers
