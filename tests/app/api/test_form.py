from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartParser

from app.api.form import MOST_FILES, boundary_of, files_of

HEAD = b'Content-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'


def form(content: bytes, *, boundary: bytes = b"b", head: bytes = HEAD, end: bytes = b"--\r\n") -> bytes:
    return b"--" + boundary + b"\r\n" + head + content + b"\r\n--" + boundary + end


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        (b"multipart/form-data; boundary=b", b"b"),
        (b"multipart/form-data;boundary=----WebKitFormBoundaryX0y", b"----WebKitFormBoundaryX0y"),
        (b"Multipart/Form-Data; Boundary=b", b"b"),
        (b'multipart/form-data; boundary="a:b"', b"a:b"),
        (b"multipart/form-data; boundary=a:b", None),
        (b"multipart/form-data; boundary=", None),
        (b'multipart/form-data; boundary="b', None),
        (b"multipart/form-data; boundary=" + b"x" * 71, None),
        (b"multipart/form-data; boundary=b; charset=utf-8", None),
        (b"multipart/form-data", None),
        (b"multipart/mixed; boundary=b", None),
        (b"image/png", None),
    ],
)
def test_the_boundary_is_read_where_clients_write_it(content_type: bytes, boundary: bytes | None) -> None:
    assert boundary_of(content_type) == boundary


@given(st.binary(max_size=200), st.sampled_from([b"b", b"----x", b"0"]), st.sampled_from([b"--\r\n", b"--"]))
def test_the_bytes_between_the_delimiters_come_out(content: bytes, boundary: bytes, end: bytes) -> None:
    body = form(content, boundary=boundary, end=end)
    assert files_of(body, boundary, "file") == (None if b"\r\n--" + boundary in content else [content])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        form(b"x")[:-4],
        form(b"x") + b"epilogue",
        b"preamble\r\n" + form(b"x"),
        form(b"x", end=b"\r\n") + form(b"y"),
        form(b"x", end=b"\r\n" + HEAD.replace(b'"file"', b'"image"') + b"y\r\n--b--\r\n"),
        form(b"x", end=b"\r\n" + HEAD + b"y\r\n--b"),
        form(b"x", end=(b"\r\n" + HEAD + b"y\r\n--b") * MOST_FILES + b"--\r\n"),
        form(b"x", boundary=b"bb"),
        form(b"x", head=b"\r\n"),
        form(b"x", head=HEAD.replace(b'"file"', b'"image"')),
        form(b"x", head=HEAD.replace(b'; filename="a.png"', b"")),
        form(b"x", head=HEAD.replace(b'"a.png"', b'"a\\"b.png"')),
        form(b"x", head=HEAD.replace(b'"a.png"', b"\"a.png\"; filename*=UTF-8''b.png")),
        form(b"x", head=HEAD.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n")),
        form(b"x", head=HEAD.replace(b"\r\n", b"\n")),
        form(b"x", head=HEAD.replace(b"a.png", 5_000 * b"a")),
        form(b"x", head=HEAD.replace(b"image/png", 5_000 * b"a")),
        b"--b\r\n" + HEAD + b"--b--\r\n",
    ],
)
def test_anything_else_is_left_to_the_general_reader(body: bytes) -> None:
    assert files_of(body, b"b", "file") is None


def test_what_clients_need_not_send_may_be_missing() -> None:
    assert files_of(form(b"x", head=HEAD.replace(b"Content-Type: image/png\r\n", b"")), b"b", "file") == [b"x"]
    assert files_of(form(b"x", head=HEAD.replace(b"a.png", b"")), b"b", "file") == [b"x"]
    assert files_of(form(b"x", head=HEAD.lower()), b"b", "file") == [b"x"]


@given(st.lists(st.binary(max_size=50).filter(lambda content: b"--b" not in content), min_size=1, max_size=5))
def test_of_several_files_each_comes_out_in_its_place(contents: list[bytes]) -> None:
    body = b"".join(form(content, end=b"\r\n")[: -len(b"--b\r\n")] for content in contents) + b"--b--\r\n"
    assert files_of(body, b"b", "file") == contents


def test_as_many_files_are_read_as_the_general_reader_takes() -> None:
    body = form(b"x", end=(b"\r\n" + HEAD + b"x\r\n--b") * 999 + b"--\r\n")
    assert files_of(body, b"b", "file") == [b"x"] * 1000
    assert len(asyncio.run(read_in_pieces(body))) == 1000


async def read_in_pieces(body: bytes) -> list[tuple[str, object]]:
    """Return the names and contents of a form's parts as Starlette reads them; None as the content of no file."""

    async def stream() -> AsyncIterator[bytes]:
        yield body

    headers = Headers({"Content-Type": "multipart/form-data; boundary=b"})
    parts = await MultiPartParser(headers, stream()).parse()
    read = [(name, await item.read() if isinstance(item, UploadFile) else None) for name, item in parts.multi_items()]
    await parts.close()
    return read


PIECES = st.sampled_from(
    [b"--b", b"\r\n", b"--", b"\n", b"\r", b'"', b"; ", b"file", b'name="file"', b"filename=", HEAD, b"x", b"\0", b":"]
)


@settings(max_examples=500)
@given(st.lists(PIECES, max_size=4).map(b"".join), st.integers(0, 260), st.integers(0, 8), st.binary(max_size=20))
def test_what_it_reads_the_general_reader_reads_too(splice: bytes, at: int, cut: int, content: bytes) -> None:
    for whole in (form(content), form(content, end=b"\r\n" + HEAD + content + b"\r\n--b--\r\n")):
        body = whole[:at] + splice + whole[at + cut :]
        found = files_of(body, b"b", "file")
        if found is not None:
            assert asyncio.run(read_in_pieces(body)) == [("file", file) for file in found]
