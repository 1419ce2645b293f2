"""A form of one file without options takes a shorter way; nobody may notice but by the clock."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

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
