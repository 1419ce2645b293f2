"""Fetching a data set's archive: resumes, shows progress, checks SHA-256."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx2

from app.artifacts import sha256
from training.datasets.labelled import DatasetError
from training.progress import byte_progress

CHUNK_BYTES = 1 << 20
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class Download:
    """An archive on the web: its file name, addresses in order of preference, SHA-256, and a page for people."""

    file_name: str
    urls: tuple[str, ...]
    sha256: str
    page: str


def download(source: Download, folder: Path) -> Path:
    """Fetch an archive into a folder, going on from a part that an earlier call left.

    Args:
        source: what to fetch.
        folder: made where it is missing.

    Returns:
        The path of the complete, verified file. One that is already there and matches is not fetched again.

    Raises:
        DatasetError: no address answers, or what came has another checksum. The message says what to do.
    """
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / source.file_name
    if target.is_file():
        if sha256(target) == source.sha256:
            return target
        raise DatasetError(
            f"{target} is not the official file (its SHA-256 differs). If you put it there yourself, it is used as "
            "it is; to have the official one, remove it and download again."
        )
    part = target.with_suffix(target.suffix + ".part")
    failures = []
    for url in source.urls:
        try:
            _fetch(url, part)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            failures.append(f"  {url}: {error or type(error).__name__}")
            continue
        if sha256(part) != source.sha256:
            part.unlink()
            failures.append(f"  {url}: sent a file with another SHA-256 (removed)")
            continue
        part.rename(target)
        return target
    raise DatasetError(
        f"{source.file_name} could not be fetched:\n"
        + "\n".join(failures)
        + f"\nThe host may have moved. Look for the file on {source.page}, check that its SHA-256 is\n"
        f"  {source.sha256}\nand put it into {folder}, or point --data-dir at the folder that has it."
        + (
            f" The {part.stat().st_size} bytes that came are kept; the next call goes on from there."
            if part.exists()
            else ""
        )
    )


def _fetch(url: str, part: Path) -> None:
    have = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={have}-"} if have else {}
    with httpx2.stream("GET", url, headers=headers, follow_redirects=True, timeout=TIMEOUT_SECONDS) as reply:
        if reply.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return  # all of it is here already; the checksum will tell
        reply.raise_for_status()
        if reply.status_code != HTTPStatus.PARTIAL_CONTENT:
            have = 0
        length = reply.headers.get("Content-Length")
        with byte_progress() as progress, part.open("ab" if have else "wb") as file:
            task = progress.add_task(url.rsplit("/", 1)[-1], total=have + int(length) if length else None)
            progress.advance(task, have)
            for chunk in reply.iter_bytes(CHUNK_BYTES):
                file.write(chunk)
                progress.advance(task, len(chunk))
