"""A form of files without options takes a shorter way; nobody may notice but by the clock."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Iterable

import fastapi.routing
import numpy as np
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send

from app.api.direct import PUT_TOGETHER_BYTES, Call, Direct
from app.inference import Overloaded, RuntimeFailed
from app.main import create_app
from app.settings import Settings
from tests.conftest import wait_until_ready
from tests.models import MODELS
from tests.strokes import draw, encode

SEVEN = encode(draw("7"))
TINY = encode(draw("7", (28, 28)))
BIG = encode(np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8))
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


BATCHES: dict[str, list[tuple[str, tuple[str, bytes]]]] = {
    "one picture": [("files", ("a", TINY))],
    "all kinds": [("files", ("a", data)) for data in (TINY, SEVEN, BLANK, b"", b"hello", TINY)],
    "another part": [("file", ("a", TINY))],
    "files and another": [("files", ("a", TINY)), ("other", ("b", b"x")), ("files", ("c", TINY))],
    "too many": [("files", ("a", TINY))] * 65,
    "more than a form holds": [("files", ("a", b"x"))] * 1001,
}


def without_id(document: object) -> object:
    """Leave out what every request has of its own."""
    if isinstance(document, list):
        return [without_id(item) for item in document]
    if isinstance(document, dict):
        return {key: without_id(value) for key, value in document.items() if key != "instance"}
    return document


@pytest.mark.parametrize("form", BATCHES.values(), ids=BATCHES)
def test_both_ways_answer_batches_alike(client: TestClient, form: list[tuple[str, tuple[str, bytes]]]) -> None:
    short, long = (client.post(f"/predict/digit/batch{query}", files=form) for query in ("", "?top_k=3"))
    assert short.status_code == long.status_code
    assert without_id(short.json()) == without_id(long.json())
    assert short.headers["Content-Type"] == long.headers["Content-Type"]


#: What a browser sends where no file was chosen, but for the end.
EMPTY_INPUT = b'--b\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--b'


@pytest.mark.parametrize("further", [b"", b"x"])
def test_both_ways_pass_over_an_input_without_a_file(client: TestClient, further: bytes) -> None:
    second = b"\r\n" + EMPTY_INPUT[5:].replace(b'""\r\n\r\n', b'"a"\r\n\r\n' + further) if further else b""
    body = (EMPTY_INPUT + second + b"--\r\n").replace(b'"file"', b'"files"')
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    short, long = (
        client.post(f"/predict/digit/batch{query}", content=body, headers=headers) for query in ("", "?top_k=3")
    )
    assert short.status_code == long.status_code == (200 if further else 400)
    assert without_id(short.json()) == without_id(long.json())


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=b"),
        (b"--b\r\nbroken", "multipart/form-data; boundary=b"),
        (
            b"--b\r\nContent-Disposition: form-data; name=file\r\n\r\ntext\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
        ),
        (EMPTY_INPUT + b"--\r\n", "multipart/form-data; boundary=b"),
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
    assert client.post("/predict/digit/batch", files=[("files", SEVEN), *[("files", TINY)] * 7]).status_code == 200
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


def test_both_ways_know_the_same_largest_file() -> None:
    settings = Settings(models_dir=MODELS, runtime="litert", max_upload_bytes=2_000, _env_file=None)
    with TestClient(create_app(settings)) as limited:
        wait_until_ready(limited)
        replies = [limited.post(f"/predict/digit{query}", files={"file": BIG}) for query in ("", "?top_k=3")]
        form = [("files", BIG), ("files", TINY)]
        batches = [limited.post(f"/predict/digit/batch{query}", files=form) for query in ("", "?top_k=3")]
    assert [reply.status_code for reply in replies] == [413, 413]
    short, long = ({**reply.json(), "instance": ""} for reply in replies)
    assert short == long
    left, right = (without_id(reply.json()) for reply in batches)
    assert left == right
    assert [next(iter(result)) for result in left["results"]] == ["problem", "label"]


#: Of a request that a `Direct` answers whose call has this path.
SCOPE: Scope = {
    "type": "http",
    "method": "POST",
    "path": "/x",
    "query_string": b"",
    "headers": [(b"content-type", b"multipart/form-data; boundary=b")],
}


def exchange(received: Iterable[Message], error: Exception | None = None) -> tuple[list[bytes], list[Message], int]:
    """Send messages to a `Direct`: the files it answers, what reaches the application behind it, and the status."""
    left, answered, behind, sent = iter(received), [], [], []

    async def receive() -> Message:
        return next(left)

    async def send(message: Message) -> None:
        sent.append(message)

    async def answer(files: list[bytes]) -> bytes:
        answered.extend(files)
        if error is not None:
            raise error
        return b"{}"

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        while True:
            behind.append(message := await receive())
            if not message.get("more_body"):
                break
        await PlainTextResponse("")(scope, receive, send)

    calls = {"/x": Call("file", most=2, answer=answer)}
    asyncio.run(Direct(application, calls=calls)(SCOPE, receive, send))
    return answered, behind, sent[0]["status"]


def form_of(*files: bytes) -> bytes:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    return b"".join(head + file + b"\r\n" for file in files) + b"--b--\r\n"


FORM = form_of(b"ink")


def in_pieces(body: bytes, size: int) -> list[Message]:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, 1)
    ]


def test_a_body_in_pieces_is_put_together() -> None:
    assert exchange(in_pieces(form_of(b"ink", b"page"), 40)) == ([b"ink", b"page"], [], 200)


def test_a_batch_of_tiny_images_is_put_together_and_a_large_body_is_not() -> None:
    assert 64 * len(TINY) < PUT_TOGETHER_BYTES < 2**20
    large = form_of(bytes(2**20))
    answered, behind, _ = exchange(in_pieces(large, 2**16))
    assert answered == []
    assert b"".join(message["body"] for message in behind) == large
    assert len(behind) > 10, "all of it was waited for"
    assert exchange(in_pieces(large, 2**21)) == ([bytes(2**20)], [], 200)


def test_what_begins_as_no_form_is_not_waited_for() -> None:
    pieces = in_pieces(b"{}xy", 1)
    assert exchange(pieces) == ([], pieces, 200)
    begun, *rest = in_pieces(b"--cd", 1)[1:]
    assert exchange(in_pieces(b"--cd", 1)) == ([], [{**begun, "body": b"--c"}, *rest[1:]], 200)


def test_nothing_of_a_body_is_held_while_its_files_are_read() -> None:
    (message,) = in_pieces(FORM, 1000)
    messages = [message]

    async def receive() -> Message:
        return messages.pop()

    async def answer(files: list[bytes]) -> bytes:
        assert sys.getrefcount(message) <= 3  # the test's, the call's, and what counts
        return b"{}"

    async def send(message: Message) -> None:
        pass

    direct = Direct(PlainTextResponse(""), calls={"/x": Call("file", most=1, answer=answer)})
    asyncio.run(direct(SCOPE, receive, send))


def test_more_files_than_a_call_takes_are_the_routers_business() -> None:
    pieces = in_pieces(form_of(b"1", b"2", b"3"), 1000)
    assert exchange(pieces) == ([], pieces, 200)


def test_so_is_a_client_that_leaves_before_all_has_come() -> None:
    for came in (FORM[:40], FORM):
        left: list[Message] = [{"type": "http.request", "body": came, "more_body": True}, {"type": "http.disconnect"}]
        assert exchange(left) == ([], left, 200)


def test_a_client_that_is_gone_is_the_routers_business() -> None:
    gone: list[Message] = [{"type": "http.disconnect"}]
    assert exchange(gone) == ([], gone, 200)


@pytest.mark.parametrize(("error", "status"), [(RuntimeFailed("lost"), 500), (Overloaded("full"), 429)])
def test_what_goes_wrong_behind_it_has_its_status(error: Exception, status: int) -> None:
    assert exchange([{"type": "http.request", "body": FORM}], error) == ([b"ink"], [], status)
