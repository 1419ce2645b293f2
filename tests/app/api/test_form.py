from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.api.form import boundary_of, single_file

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
    assert single_file(body, boundary, "file") == (None if b"\r\n--" + boundary in content else content)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        form(b"x")[:-4],
        form(b"x") + b"epilogue",
        b"preamble\r\n" + form(b"x"),
        form(b"x", end=b"\r\n") + form(b"y"),
        form(b"x", boundary=b"bb"),
        form(b"x", head=b"\r\n"),
        form(b"x", head=HEAD.replace(b'"file"', b'"image"')),
        form(b"x", head=HEAD.replace(b'; filename="a.png"', b"")),
        form(b"x", head=HEAD.replace(b'"a.png"', b'"a\\"b.png"')),
        form(b"x", head=HEAD.replace(b'"a.png"', b"\"a.png\"; filename*=UTF-8''b.png")),
        form(b"x", head=HEAD.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n")),
        form(b"x", head=HEAD.replace(b"\r\n", b"\n")),
        b"--b\r\n" + HEAD + b"--b--\r\n",
    ],
)
def test_anything_else_is_left_to_the_general_reader(body: bytes) -> None:
    assert single_file(body, b"b", "file") is None


def test_what_clients_need_not_send_may_be_missing() -> None:
    assert single_file(form(b"x", head=HEAD.replace(b"Content-Type: image/png\r\n", b"")), b"b", "file") == b"x"
    assert single_file(form(b"x", head=HEAD.replace(b"a.png", b"")), b"b", "file") == b"x"
    assert single_file(form(b"x", head=HEAD.lower()), b"b", "file") == b"x"
