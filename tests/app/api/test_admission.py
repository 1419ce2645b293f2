from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.routing import Mount
from starlette.testclient import TestClient
from starlette.types import Message

from app.api import keys
from app.api.admission import Admission
from app.main import create_app
from app.settings import Settings
from tests.conftest import wait_until_ready
from tests.models import MODELS
from tests.strokes import draw, encode

KEY = "öffne dich"


@pytest.fixture(scope="module")
def guarded() -> Iterator[TestClient]:
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    settings = Settings(models_dir=MODELS, runtime="litert", api_keys=f"{'0' * 64},{digest}", _env_file=None)
    with TestClient(create_app(settings)) as connected:
        wait_until_ready(connected)
        yield connected


async def exchange(app: object, *headers: tuple[bytes, bytes]) -> list[str | Message]:
    """Upload in two chunks; return what was read and sent, in its order."""
    happened: list[str | Message] = []
    chunks = iter([(b"x" * 1000, True), (b"x" * 1000, False)])

    async def receive() -> Message:
        happened.append("read")
        body, more = next(chunks)
        return {"type": "http.request", "body": body, "more_body": more}

    async def send(message: Message) -> None:
        happened.append(message)

    path = "/predict/digit"
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": ""}
    scope |= {"method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": [*headers]}
    await app(scope, receive, send)
    return happened


def test_an_upload_without_a_key_is_answered_before_it_is_read(guarded: TestClient) -> None:
    start, answer, *rest = guarded.portal.call(exchange, guarded.app, (b"content-length", b"2000"))
    assert start["status"] == 401
    assert json.loads(answer["body"])["code"] == "unauthorised"
    assert rest[:2] == ["read", "read"]  # thrown away, so that the connection is not reset under the answer
    assert rest[2]["more_body"] is False


def test_so_are_fields_without_a_file(guarded: TestClient) -> None:
    headers = (b"x-api-key", KEY.encode()), (b"content-type", b"application/x-www-form-urlencoded")
    start, answer, *rest = guarded.portal.call(exchange, guarded.app, *headers)
    assert start["status"] == 400
    assert json.loads(answer["body"])["code"] == "malformed-upload"
    assert rest[:2] == ["read", "read"]


def test_a_client_that_asks_first_need_not_send_the_upload(guarded: TestClient) -> None:
    asked = guarded.portal.call(exchange, guarded.app, (b"content-length", b"2000"), (b"expect", b"100-continue"))
    assert asked[0]["status"] == 401
    assert "read" not in asked


@pytest.mark.parametrize("path", ["/models", "/models/digit", "/models/", "/models/digit/more", "/predict"])
def test_no_call_about_models_goes_without_a_key(guarded: TestClient, path: str) -> None:
    for headers in ({}, {"X-API-Key": ""}, {"X-API-Key": "wrong"}):
        reply = guarded.get(path, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (401, "unauthorised")
        assert reply.headers["www-authenticate"]


def test_a_key_may_hold_any_utf_8(guarded: TestClient) -> None:
    headers = {b"X-API-Key": KEY.encode()}
    assert guarded.get("/models", headers=headers).status_code == 200
    upload = {"file": encode(draw("7"))}
    assert guarded.post("/predict/digit", files=upload, headers=headers).json()["label"] == "7"


@pytest.mark.parametrize("path", ["/", "/docs", "/openapi.json", "/livez", "/metrics", "/modelsque"])
def test_the_rest_needs_no_key(guarded: TestClient, path: str) -> None:
    assert guarded.get(path).status_code != 401


def test_the_description_names_the_key(guarded: TestClient) -> None:
    document = guarded.get("/openapi.json").json()
    assert document["paths"]["/predict/digit"]["post"]["security"] == [{"APIKeyHeader": []}]
    assert document["paths"]["/models"]["get"]["security"] == [{"APIKeyHeader": []}]
    assert "security" not in document["paths"]["/livez"]["get"]


@pytest.mark.parametrize("path", ["/models", "/predict/digit", "/admin/reload"])
def test_keys_are_asked_for_below_any_prefix(path: str) -> None:
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    settings = Settings(models_dir=MODELS, runtime="litert", api_keys=digest, admin_keys=digest, _env_file=None)
    service = create_app(settings)
    mounted = Starlette(routes=[Mount("/ink", service)])
    method = "GET" if path == "/models" else "POST"
    for client in (TestClient(service, root_path="/ink"), TestClient(mounted)):
        reply = client.request(method, f"/ink{path}")
        assert (reply.status_code, reply.json()["code"]) in {(401, "unauthorised"), (503, "not-ready")}
        reply = client.request(method, f"/ink{path}", headers={b"X-API-Key": KEY.encode()})
        assert reply.status_code != 401


@pytest.mark.parametrize("path", ["/models", "/predict/digit", "/admin/reload"])
def test_below_a_prefix_too_they_are_asked_for_before_the_body_is_read(path: str) -> None:
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    sent: list[Message] = []

    async def never(*_: object) -> Message:
        pytest.fail("it was let in, or read")

    async def send(message: Message) -> None:
        sent.append(message)

    service = Admission(
        never,
        max_upload_bytes=20,
        max_batch_bytes=20,
        max_pending_bytes=20,
        upload_seconds=1,
        check_open=lambda: None,
        opened_by=keys.Keys(api=[digest], admin=[digest]),
    )
    scope = {"type": "http", "method": "POST", "root_path": "/ink", "path": f"/ink{path}"}
    scope |= {"headers": [(b"expect", b"100-continue"), (b"content-length", b"10")]}
    asyncio.run(service(scope, never, send))
    assert sent[0]["status"] == 401


def test_a_route_asks_for_a_key_even_if_nobody_has_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys.Keys, "admit", lambda *_: True)
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    settings = Settings(models_dir=MODELS, runtime="litert", api_keys=digest, admin_keys=digest, _env_file=None)
    with TestClient(create_app(settings)) as connected:
        wait_until_ready(connected)
        for method, path in (("GET", "/models"), ("POST", "/predict/digit?top_k=1"), ("POST", "/admin/reload")):
            reply = connected.request(method, path)
            assert (reply.status_code, reply.json()["code"]) == (401, "unauthorised")


def test_no_key_is_an_empty_one() -> None:
    assert not keys.has_key(Headers({}), [hashlib.sha256(b"").hexdigest()])
