from __future__ import annotations

import re

import numpy as np
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.api import problems
from app.api.context import RequestContext
from app.api.problems import CODES, KINDS, MALFORMED_REQUEST, Kind, install_handlers
from app.imaging import ImageError
from app.inference import InferenceError
from tests.strokes import draw, encode

FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def every_subclass(base: type[Exception]) -> set[type[Exception]]:
    return {found for child in base.__subclasses__() for found in {child, *every_subclass(child)}}


def check(reply: object, status: int, code: str) -> None:
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"] == "application/problem+json"
    body = reply.json()
    assert set(body) == {"type", "title", "status", "detail", "instance", "code"}
    assert (body["status"], body["code"]) == (status, code)
    assert body["instance"] == reply.headers["x-request-id"]
    assert not re.search(r"Traceback|site-packages|PIL|tensorflow|/app/", reply.text)


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 422, "empty-file"),
        (b"hello", 415, "unsupported-image"),
        (encode(draw("7", (400, 400)))[:700], 422, "corrupt-image"),
        (encode(np.full((50, 50), 128, np.uint8)), 422, "no-ink"),
        (b"\0" * (10 * 2**20 + 1), 413, "upload-too-large"),
        (b"\0" * (11 * 2**20), 413, "upload-too-large"),
    ],
)
def test_images_that_cannot_be_read(client: TestClient, data: bytes, status: int, code: str) -> None:
    check(client.post("/predict/digit", files={"file": data}), status, code)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"xx", {"Content-Type": "multipart/form-data"}),
        (b"{}", {"Content-Type": "application/json"}),
        (b"", FORM),
        (b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nhi\r\n--b--\r\n', FORM),
        (b'--b\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\nhi\r\n--b--\r\n', FORM),
        (b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n', FORM),
        (b"--b\r\nbroken", FORM),
    ],
)
def test_uploads_that_are_not_one(client: TestClient, body: bytes, headers: dict[str, str]) -> None:
    check(client.post("/predict/digit", content=body, headers=headers), 400, "malformed-upload")


@pytest.mark.parametrize("content", [b"hello", b""])
@pytest.mark.parametrize(("path", "name"), [("/predict/digit", "file"), ("/predict/digit/batch", "files")])
def test_text_in_place_of_a_file_is_told_from_nothing(client: TestClient, path: str, name: str, content: bytes) -> None:
    text = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n--b--\r\n' % (name.encode(), content)
    reply = client.post(path, content=text, headers=FORM)
    check(reply, 400, "malformed-upload")
    assert f"named '{name}' has no filename" in reply.json()["detail"]
    assert f"curl: {name}=@NAME" in reply.json()["detail"]
    nothing = client.post(path, files={"other": (None, b"x")})
    assert nothing.json()["detail"] == f"Send multipart/form-data with the image file in a part named '{name}'."


def test_a_model_that_is_not_there_is_told_from_an_address_that_is_not(client: TestClient) -> None:
    for path in ("/predict/kanji", "/predict/kanji/batch"):
        reply = client.post(path, files={"file": b"x"})
        check(reply, 404, "not-found")
        assert reply.json()["detail"] == "There is no such model. GET /models lists them."
    for path in ("/predict", "/predict/digit/", "/predict/digit/more"):
        assert "nothing at this address" in client.post(path, files={"file": b"x"}).json()["detail"]


def test_addresses_and_methods(client: TestClient) -> None:
    check(client.get("/nowhere"), 404, "not-found")
    check(client.get("/models/nothing"), 404, "not-found")
    check(client.get("/predict/digit"), 405, "method-not-allowed")
    assert client.get("/predict/digit").headers["allow"] == "POST"


@pytest.mark.parametrize("base", [ImageError, InferenceError])
def test_every_error_of_the_layers_below_has_a_kind(base: type[Exception]) -> None:
    assert every_subclass(base) <= KINDS.keys()


def test_a_defect_is_a_plain_500() -> None:
    app = FastAPI()
    install_handlers(app)
    app.add_middleware(RequestContext)

    @app.get("/broken")
    async def broken() -> None:
        raise ZeroDivisionError("/app/secret.py")

    check(TestClient(app).get("/broken"), 500, "internal-error")


@pytest.mark.parametrize(("status", "has"), [(429, True), (503, True), (422, False)])
def test_retry_after_where_trying_again_helps(status: int, has: bool) -> None:
    kind = {429: problems.OVERLOADED, 503: problems.DRAINING, 422: problems.NO_INK}[status]
    assert ("retry-after" in problems.problem_response(problems.problem(kind, "x")).headers) is has


def test_the_metrics_know_every_problem_that_a_request_may_end_in() -> None:
    kinds = [kind.code for kind in vars(problems).values() if isinstance(kind, Kind) and kind is not MALFORMED_REQUEST]
    assert sorted(kinds) == CODES
