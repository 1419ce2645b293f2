"""A form of one file without options takes a shorter way; nobody may notice but by the clock."""

from __future__ import annotations

import hashlib

import fastapi.routing
import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from tests.conftest import wait_until_ready
from tests.models import MODELS
from tests.strokes import draw, encode

SEVEN = encode(draw("7"))
TINY = encode(draw("7", (28, 28)))
BLANK = encode(draw("7", (28, 28), ink=240))

FORMS: dict[str, list[tuple[str, tuple[str, bytes]]]] = {
    "a picture": [("file", ("a", SEVEN))],
    "a tiny picture": [("file", ("a", TINY))],
    "a blank page": [("file", ("a", BLANK))],
    "an empty file": [("file", ("a", b""))],
    "no image": [("file", ("a", b"hello"))],
    "another part": [("image", ("a", SEVEN))],
    "two files": [("file", ("a", SEVEN)), ("file", ("b", TINY))],
    "a file and another": [("other", ("a", b"x")), ("file", ("b", TINY))],
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_both_ways_answer_alike(client: TestClient, form: list[tuple[str, tuple[str, bytes]]]) -> None:
    short, long = (client.post(f"/predict/digit{query}", files=form) for query in ("", "?top_k=3"))
    assert short.status_code == long.status_code
    left, right = short.json(), long.json()
    if short.status_code != 200:
        assert left.pop("instance") != right.pop("instance")
    assert left == right
    for name in ("Content-Type", "Cache-Control", "X-Content-Type-Options"):
        assert short.headers[name] == long.headers[name]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=b"),
        (b"--b\r\nbroken", "multipart/form-data; boundary=b"),
        (
            b"--b\r\nContent-Disposition: form-data; name=file\r\n\r\ntext\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
        ),
        (b"x", "multipart/form-data"),
        (b"file=x", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
    ],
)
def test_both_ways_refuse_alike(client: TestClient, body: bytes, content_type: str) -> None:
    replies = [
        client.post(f"/predict/digit{query}", content=body, headers={"Content-Type": content_type})
        for query in ("", "?top_k=3")
    ]
    short, long = (reply.json() for reply in replies)
    assert replies[0].status_code == replies[1].status_code >= 400
    assert {**short, "instance": ""} == {**long, "instance": ""}


def test_the_short_way_is_taken(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    solved = []
    real = fastapi.routing.solve_dependencies

    async def counted(**how: object) -> object:
        solved.append(how)
        return await real(**how)

    monkeypatch.setattr(fastapi.routing, "solve_dependencies", counted)
    assert client.post("/predict/digit", files={"file": SEVEN}).status_code == 200
    assert solved == []
    assert client.post("/predict/digit?top_k=3", files={"file": SEVEN}).status_code == 200
    assert len(solved) == 1


def test_the_short_way_wants_a_key_too() -> None:
    digest = hashlib.sha256(b"open sesame").hexdigest()
    settings = Settings(models_dir=MODELS, runtime="litert", api_keys=digest, _env_file=None)
    with TestClient(create_app(settings)) as guarded:
        wait_until_ready(guarded)
        for key, status in (("open sesame", 200), ("wrong", 401)):
            reply = guarded.post("/predict/digit", files={"file": SEVEN}, headers={"X-API-Key": key})
            assert reply.status_code == status
