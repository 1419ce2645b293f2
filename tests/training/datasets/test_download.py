from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from training.datasets import DatasetError
from training.datasets.download import Download, download

CONTENT = bytes(range(256)) * 20_000
PAGE = "https://example.org/the-data"


class Host(ThreadingHTTPServer):
    """A web server that knows ranges, can break off, and remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.break_after: int | None = None
        self.ranges: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/data.zip"


class Handler(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        stop = len(CONTENT) if self.server.break_after is None else self.server.break_after
        self.wfile.write(CONTENT[start:stop])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def source(*urls: str, digest: str = hashlib.sha256(CONTENT).hexdigest()) -> Download:
    return Download("data.zip", urls, digest, PAGE)


def test_a_download_is_verified_and_not_repeated(host: Host, tmp_path: Path) -> None:
    for _ in range(2):
        path = download(source(host.url), tmp_path / "new")
        assert path.read_bytes() == CONTENT
    assert host.ranges == [None]


def test_a_broken_download_goes_on_where_it_stopped(host: Host, tmp_path: Path) -> None:
    host.break_after = 3_000_000
    with pytest.raises(DatasetError, match="next call goes on from there"):
        download(source(host.url), tmp_path)
    part = tmp_path / "data.zip.part"
    kept = part.stat().st_size
    assert 0 < kept <= 3_000_000
    host.break_after = None
    assert download(source(host.url), tmp_path).read_bytes() == CONTENT
    assert host.ranges == [None, f"bytes={kept}-"]
    assert not part.exists()


def test_a_part_that_is_complete_is_not_fetched_again(host: Host, tmp_path: Path) -> None:
    (tmp_path / "data.zip.part").write_bytes(CONTENT)
    assert download(source(host.url), tmp_path).read_bytes() == CONTENT


def test_the_next_address_is_tried(host: Host, tmp_path: Path) -> None:
    assert download(source("http://127.0.0.1:9/data.zip", host.url), tmp_path).read_bytes() == CONTENT


def test_a_wrong_checksum_is_not_kept(host: Host, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="another SHA-256"):
        download(source(host.url, digest="0" * 64), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_when_the_host_is_gone_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as failure:
        download(source("http://127.0.0.1:9/data.zip"), tmp_path)
    for hint in (PAGE, hashlib.sha256(CONTENT).hexdigest(), str(tmp_path), "--data-dir"):
        assert hint in str(failure.value)


def test_a_file_of_ones_own_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "data.zip").write_bytes(b"mine")
    with pytest.raises(DatasetError, match="not the official file"):
        download(source("http://127.0.0.1:9/data.zip"), tmp_path)
    assert (tmp_path / "data.zip").read_bytes() == b"mine"
